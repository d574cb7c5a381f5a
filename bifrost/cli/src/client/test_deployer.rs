//! A small deployer for tests.

use super::{ClientContext, ClientDeployer, Deployed, Serving, StepFailure};
use bifrost_core::deployer::Deployer;
use bifrost_core::error_code::CodedError;
use bifrost_core::lifecycle::{Context, LockFailure, fail, lock, succeed, validate};
use bifrost_core::release::Release;

/// No fields.
#[bifrost_core::fields(crate = bifrost_core)]
pub(crate) struct Nothing {}

bifrost_core::state_machine! {
    pub(crate) machine Idle(Release<Nothing>) starts at Validate, changes from Deploy;

    task Validate = validate { validates; next Lock; catch _ => FailureClean; }
    task Lock = lock { locks; next Deploy; catch LockFailure::LockExists => FailureClean; catch _ => UnlockFailure; }
    task Deploy = rest { next Unlock; catch _ => CleanUp; }
    task Unlock = succeed { unlocks; next Success; catch _ => FailureDirty; }
    task CleanUp = rest { cleans up; next UnlockFailure; catch _ => FailureDirty; }
    task UnlockFailure = fail { unlocks; next FailureClean; catch _ => FailureDirty; }
    succeed Success;
    fail FailureClean = "FailureClean";
    fail FailureDirty = "FailureDirty";
}

#[expect(clippy::unused_async, reason = "a handler is async")]
async fn rest(_: &Context<()>, release: Release<Nothing>) -> Result<Release<Nothing>, LockFailure> {
    Ok(release)
}

/// Does nothing.
pub(crate) struct Idler;

impl Deployer for Idler {
    type Fields = Nothing;
    type Machine = Idle;

    const NAME: &'static str = "idler";
    const TIMEOUT_SECONDS: u32 = 60;
}

impl ClientDeployer for Idler {
    const ABOUT: &'static str = "Does nothing";

    fn serving(state: Idle, _: &Release<Nothing>, _: &[StepFailure]) -> Serving {
        if state == Idle::Unlock { Serving::New } else { Serving::Previous }
    }

    async fn deployed(_: &ClientContext<Self>) -> Result<Vec<Deployed>, CodedError> {
        Ok(Vec::new())
    }
}
