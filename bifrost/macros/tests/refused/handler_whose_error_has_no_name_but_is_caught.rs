mod setup;
use setup::*;

pub enum Nameless {
    Heavy,
}

pub async fn weigh(_: &Context, _parcel: Parcel) -> Result<Parcel, Nameless> {
    Err(Nameless::Heavy)
}

bifrost::state_machine! {
    machine Courier(Parcel) starts at Validate, changes from Pack;
    task Validate = validate { validates; next Lock; catch _ => FailureClean; }
    task Lock = lock { locks; next Pack; catch _ => FailureDirty; }
    task Pack = weigh { next Unlock; catch Nameless::Heavy => FailureDirty; catch _ => FailureDirty; }
    task Unlock = succeed { unlocks; next Success; catch _ => FailureDirty; }
    succeed Success;
    fail FailureClean = "FailureClean";
    fail FailureDirty = "FailureDirty";
}

fn main() {}
