mod setup;
use setup::*;

bifrost::state_machine! {
    machine Courier(Parcel) starts at Validate, changes from Pack;
    task Validate = validate { validates; next Lock; catch _ => FailureClean; }
    task Lock = lock { locks; next Pack; catch _ => FailureDirty; }
    task Pack = pack { next Look; catch _ => FailureDirty; }
    task Look = pack { next Which; catch _ => FailureDirty; }
    choice Which { $.packed == true => Unlock; _ => Look; }
    task Unlock = succeed { unlocks; next Success; catch _ => FailureDirty; }
    succeed Success;
    fail FailureClean = "FailureClean";
    fail FailureDirty = "FailureDirty";
}

fn main() {}
