//! Odin as a deployer of the framework.

use crate::machine::Odin;
use crate::permissions::PERMISSIONS;
use crate::release::OdinFields;
use bifrost::{Deployer, Fields, Permission};

/// The file name of the user data in the directory of a release.
pub(crate) const USER_DATA: &str = "userdata";

impl Deployer for Odin {
    type Fields = OdinFields;
    type Machine = Self;

    const NAME: &'static str = "odin";
    const TIMEOUT_SECONDS: u32 = 600;
    /// A deploy may wait for `wait_for_detach` after its timeout, which has the same maximum; then a day to clean up.
    const MAX_EXECUTION_SECONDS: u32 = 2 * OdinFields::MAX_TIMEOUT_SECONDS + 86_400;
    const PERMISSIONS: &'static [Permission] = PERMISSIONS;
}
