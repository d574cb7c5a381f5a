#[allow(dead_code)]
mod setup;

bifrost::state_machine! {
    machine Courier(Parcel, (), ()) starts at Validate, changes from Pack;
    task Validate = validate { validates; next Lock; catch _ => FailureClean; }
}

fn main() {}
