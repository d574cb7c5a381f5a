//! Fenrir's name, settings and permissions, and the checks that need no cloud.

use crate::errors::{ReleaseError, TemplateRefused};
use crate::machine::Fenrir;
use crate::permissions::PERMISSIONS;
use crate::release::{FenrirFields, FenrirRelease};
use crate::resolve::facts;
use crate::rules::{self, Answers};
use crate::template;
use bifrost::error_code::CodedError;
use bifrost::{Deployer, Permission};

/// How many bytes a release may have. A state's output may have 200 KiB, and tasks add up to 64 KiB of events and outputs.
const MAX_RELEASE_BYTES: usize = 128 * 1024;

impl Deployer for Fenrir {
    type Fields = FenrirFields;
    type Machine = Self;

    const NAME: &'static str = "fenrir";
    const TIMEOUT_SECONDS: u32 = 300;
    const PERMISSIONS: &'static [Permission] = PERMISSIONS;
}

/// Checks the rules that need no cloud: the size of the release, and those of its template that refer to no resource.
///
/// # Errors
/// [`ReleaseError::TooLarge`], or [`TemplateRefused`] with all findings.
pub(crate) fn check(release: &FenrirRelease) -> Result<(), CodedError> {
    check_size(release)?;
    let Some(sent) = &release.fields.template else { return Ok(()) };
    let template = template::of_release(sent).map_err(TemplateRefused)?;
    let findings = rules::apply(&template, &facts(release), &Answers::new()).findings;
    if findings.refuse() { Err(TemplateRefused(findings).into()) } else { Ok(()) }
}

/// Refuses a release that becomes too large on its way: the states add events and outputs to it.
fn check_size(release: &FenrirRelease) -> Result<(), ReleaseError> {
    // The envelope and the fields are maps with string keys, which are always JSON.
    let size = serde_json::to_vec(release).map_or(usize::MAX, |json| json.len());
    if size <= MAX_RELEASE_BYTES { Ok(()) } else { Err(ReleaseError::TooLarge { size, max: MAX_RELEASE_BYTES }) }
}
