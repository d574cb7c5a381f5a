mod setup;
use setup::*;

pub async fn weigh(_: &Context, parcel: Parcel) -> Result<u32, PackFailure> {
    Ok(parcel.fields.weight)
}

bifrost::state_machine! {
    machine Courier(Parcel) starts at Validate, changes from Pack;
    task Validate = validate { validates; next Lock; catch _ => FailureClean; }
    task Lock = lock { locks; next Pack; catch _ => FailureDirty; }
    task Pack = weigh { next Unlock; catch _ => FailureDirty; }
    task Unlock = succeed { unlocks; next Success; catch _ => FailureDirty; }
    succeed Success;
    fail FailureClean = "FailureClean";
    fail FailureDirty = "FailureDirty";
}

fn main() {}
