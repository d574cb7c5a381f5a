mod setup;
use setup::*;

bifrost::state_machine! {
    machine Courier(Parcel) starts at Validate, changes from Pack;
    task Validate = validate { validates; next Lock; catch _ => FailureClean; }
    task Lock = lock { locks; next Pack; catch LockFailure::LockExists => Success; catch _ => Unlock; }
    task Pack = pack { next Done; catch _ => Unpack; }
    task Unpack = pack { cleans up; next Unlock; catch _ => FailureDirty; }
    task Done = succeed { unlocks; next Success; catch _ => FailureDirty; }
    task Unlock = fail { unlocks; next FailureClean; catch _ => FailureDirty; }
    succeed Success;
    fail FailureClean = "FailureClean";
    fail FailureDirty = "FailureDirty";
}

fn main() {}
