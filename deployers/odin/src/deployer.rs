//! Odin as a deployer of the framework.

use crate::machine::Odin;
use crate::permissions::PERMISSIONS;
use crate::release::{OdinFields, OdinRelease, check};
use bifrost::error_code::CodedError;
use bifrost::{Deployer, Permission};

/// The file name of the user data in the directory of a release.
pub(crate) const USER_DATA: &str = "userdata";

impl Deployer for Odin {
    type Fields = OdinFields;
    type Machine = Self;

    const NAME: &'static str = "odin";
    const TIMEOUT_SECONDS: u32 = 600;
    const PERMISSIONS: &'static [Permission] = PERMISSIONS;

    fn check(release: &OdinRelease) -> Result<(), CodedError> {
        Ok(check(release)?)
    }
}
