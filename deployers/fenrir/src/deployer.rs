//! What makes Fenrir a deployer.

use crate::boundary::BOUNDARY;
use crate::machine::Fenrir;
use crate::permissions::PERMISSIONS;
use crate::release::{FenrirFields, FenrirRelease};
use crate::resolve::{RESOLVED_FILE, facts};
use crate::rules::{self, Answers};
use crate::template;
use bifrost::{Boundary, Deployer, Permission};

/// How many bytes a release may have. A state's output may have 200 KiB, and up to 64 KiB of events and outputs are added.
const MAX_RELEASE_BYTES: usize = 128 * 1024;

impl Deployer for Fenrir {
    type Fields = FenrirFields;
    type Machine = Self;

    const NAME: &'static str = "fenrir";
    const TIMEOUT_SECONDS: u32 = 300;
    const PERMISSIONS: &'static [Permission] = PERMISSIONS;
    const BOUNDARY: Option<Boundary> = Some(BOUNDARY);
    const WRITTEN_FILES: &'static [&'static str] = &["log", RESOLVED_FILE];

    fn check(release: &FenrirRelease) -> Result<(), String> {
        check_size(release)?;
        let Some(sent) = &release.fields.template else { return Ok(()) };
        let template = template::of_release(sent).map_err(|findings| findings.to_string())?;
        let findings = rules::apply(&template, &facts(release), &Answers::new()).findings;
        if findings.refuse() { Err(findings.to_string()) } else { Ok(()) }
    }
}

/// Refuses a release that would not travel to the end: the states add events and outputs to it.
///
/// # Errors
/// How large it is, and what to do.
pub(crate) fn check_size(release: &FenrirRelease) -> Result<(), String> {
    let size = serde_json::to_vec(release).map_err(|error| error.to_string())?.len();
    if size <= MAX_RELEASE_BYTES {
        return Ok(());
    }
    Err(format!(
        "the release has {size} bytes without white space, and {MAX_RELEASE_BYTES} are all that can travel: say less in \
         `metadata`, or refer to fewer files"
    ))
}
