//! The state Validate.

use super::Context;
use crate::deployer::USER_DATA;
use crate::findings::Findings;
use crate::release::{OdinRelease, USER_DATA_LIMIT_BYTES, check, fill_defaults, render_user_data};
use bifrost::validate::{ValidateFailure, read_file};
use tokio::join;

/// Refuses what is malformed, replayed or tampered with, and fills in defaults.
///
/// # Errors
/// [`ValidateFailure::BadRelease`] says all that is wrong.
pub async fn validate(context: &Context, release: OdinRelease) -> Result<OdinRelease, ValidateFailure> {
    let template = read_user_data(context, &release);
    let (validated, template) = join!(bifrost::validate::validate(context, release.clone()), template);
    let mut release = validated?;
    check(&release)?;
    fill_defaults(&mut release);
    check_user_data(&release, &template?)?;
    Ok(release)
}

/// The user data that the release means, before names are put in.
pub(super) async fn read_user_data(context: &Context, release: &OdinRelease) -> Result<String, ValidateFailure> {
    let body = read_file(context, release, USER_DATA, &release.fields.user_data_sha256).await?;
    String::from_utf8(body).map_err(|error| {
        ValidateFailure::BadRelease(format!(
            "the user data is no text: {error}; if it is compressed, leave that to the image"
        ))
    })
}

/// Whether EC2 takes the user data, once names are put in.
pub(crate) fn check_user_data(release: &OdinRelease, template: &str) -> Result<(), Findings> {
    let mut findings = Findings::default();
    for service in release.fields.services.keys() {
        let length = render_user_data(template, release, service).len();
        findings.require(length <= USER_DATA_LIMIT_BYTES, &format!("services.{service}"), || {
            format!(
                "its user data has {length} bytes, and EC2 takes {USER_DATA_LIMIT_BYTES}: let it fetch what is large"
            )
        });
    }
    findings.into_result()
}
