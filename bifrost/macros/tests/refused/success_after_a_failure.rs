mod setup;
use setup::*;

bifrost::state_machine! {
    machine Courier(Parcel) starts at Validate, changes from Pack;
    task Validate = validate { validates; next Lock; catch _ => FailureClean; }
    task Lock = lock { locks; next Pack; catch _ => FailureDirty; }
    task Pack = pack { looks for halt; next Rest; catch _ => Unlock; }
    wait Rest for 5 seconds { next Look; }
    task Look = pack { next Unlock; catch _ => FailureDirty; }
    task Unlock = succeed { unlocks; next Success; catch _ => FailureDirty; }
    succeed Success;
    fail FailureClean = "FailureClean";
    fail FailureDirty = "FailureDirty";
}

fn main() {}
