mod setup;
use setup::{Context, PackFailure, lock, succeed, validate};

use bifrost::release::Release;

#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Letter {
    pub address: String,
}

pub async fn pack(_: &Context, letter: Release<Letter>) -> Result<Release<Letter>, PackFailure> {
    Ok(letter)
}

bifrost::state_machine! {
    machine Courier(Release<Letter>) starts at Validate, changes from Pack;
    task Validate = validate { validates; next Lock; catch _ => FailureClean; }
    task Lock = lock { locks; next Pack; catch _ => FailureDirty; }
    task Pack = pack { next Unlock; catch _ => FailureDirty; }
    task Unlock = succeed { unlocks; next Success; catch _ => FailureDirty; }
    succeed Success;
    fail FailureClean = "FailureClean";
    fail FailureDirty = "FailureDirty";
}

fn main() {}
