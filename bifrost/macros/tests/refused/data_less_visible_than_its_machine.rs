mod setup;
use setup::*;

use bifrost::release::Release;

#[bifrost::fields]
struct LetterFields {}

async fn post(_: &Context, letter: Release<LetterFields>) -> Result<Release<LetterFields>, PackFailure> {
    Ok(letter)
}

bifrost::state_machine! {
    pub machine Courier(Release<LetterFields>) starts at Validate, changes from Pack;
    task Validate = validate { validates; next Lock; catch _ => FailureClean; }
    task Lock = lock { locks; next Pack; catch _ => FailureDirty; }
    task Pack = post { next Unlock; catch _ => FailureDirty; }
    task Unlock = succeed { unlocks; next Success; catch _ => FailureDirty; }
    succeed Success;
    fail FailureClean = "FailureClean";
    fail FailureDirty = "FailureDirty";
}

fn main() {}
