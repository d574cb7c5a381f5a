//! What makes Odin a deployer.

use crate::machine::Odin;
use crate::permissions::PERMISSIONS;
use crate::release::{OdinFields, OdinRelease, check};
use bifrost::{Deployer, Permission};

/// What the user data of a release are called in its directory.
pub(crate) const USER_DATA: &str = "userdata";

impl Deployer for Odin {
    type Fields = OdinFields;
    type Machine = Self;

    const NAME: &'static str = "odin";
    const TIMEOUT_SECONDS: u32 = 600;
    const PERMISSIONS: &'static [Permission] = PERMISSIONS;

    fn check(release: &OdinRelease) -> Result<(), String> {
        check(release).map_err(|findings| findings.to_string())
    }
}
