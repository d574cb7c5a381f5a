mod setup;
use setup::*;

pub enum Nameless {
    Heavy,
}

pub async fn weigh(_: &Context, _parcel: Parcel) -> Result<Parcel, Nameless> {
    Err(Nameless::Heavy)
}

pub async fn unpack(_: &Context, parcel: Parcel) -> Result<Parcel, Nameless> {
    Ok(parcel)
}

bifrost::state_machine! {
    machine Courier(Parcel) starts at Validate, changes from Weigh;
    task Validate = validate { validates; next Lock; catch _ => FailureClean; }
    task Lock = lock { locks; next Weigh; catch _ => FailureDirty; }
    task Weigh = weigh { next Again; catch _ => Unpack; }
    task Again = weigh { next Unlock; catch Nameless::Heavy => Unpack; catch _ => Unpack; }
    task Unlock = succeed { unlocks; next Success; catch _ => FailureDirty; }
    task Unpack = unpack { cleans up; next GiveUp; retry Nameless::Heavy { max_attempts: 2 } catch _ => FailureDirty; }
    task GiveUp = fail { cleans up; unlocks; next FailureClean; catch _ => FailureDirty; }
    succeed Success;
    fail FailureClean = "FailureClean";
    fail FailureDirty = "FailureDirty";
}

fn main() {}
