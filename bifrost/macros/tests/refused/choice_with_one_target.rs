mod setup;
use setup::*;

bifrost::state_machine! {
    machine Courier(Parcel) starts at Validate, changes from Pack;
    task Validate = validate { validates; next Lock; catch _ => FailureClean; }
    task Lock = lock { locks; next Pack; catch _ => FailureDirty; }
    task Pack = pack { next Rest; catch _ => FailureDirty; }
    choice Rest { $.packed == true => Unlock; _ => Unlock; }
    task Unlock = succeed { unlocks; next Success; catch _ => FailureDirty; }
    succeed Success;
    fail FailureClean = "FailureClean";
    fail FailureDirty = "FailureDirty";
}

fn main() {}
