mod setup;
use setup::*;

bifrost::state_machine! {
    machine Courier(Parcel) starts at Validate, changes from Deliver;
    task Validate = validate { validates; next Lock; catch _ => FailureClean; }
    task Lock = lock { locks; next Deliver; catch _ => FailureDirty; }
    task Deliver = succeed { unlocks; next Success; catch _ => GiveUp; }
    task GiveUp = fail { unlocks; next FailureClean; catch _ => FailureDirty; }
    succeed Success;
    fail FailureClean = "FailureClean";
    fail FailureDirty = "FailureDirty";
}

fn main() {}
