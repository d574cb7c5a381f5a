//! The states `Validate` and `ValidateResources`.

use super::Context;
use crate::deployer::USER_DATA;
use crate::findings::Findings;
use crate::groups::{Groups, release_id};
use crate::release::{OdinRelease, USER_DATA_LIMIT_BYTES, check, fill_defaults, render_user_data};
use crate::resources::{look_up, resolve};
use crate::safe_release::{DeployedReleaseError, differences, read_deployed};
use bifrost::cloud::CloudError;
use bifrost::validate::{ValidateFailure, read_file};
use std::collections::BTreeSet;
use tokio::{join, try_join};

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

/// Resolves every name to one resource that opted in to this release.
///
/// # Errors
/// [`ValidateFailure::BadRelease`] says all that is missing or not this release's.
pub async fn validate_resources(context: &Context, mut release: OdinRelease) -> Result<OdinRelease, ValidateFailure> {
    let envelope = release.envelope.clone();
    let ports = context.target(&envelope).await.map_err(|error| not_known(&error))?;
    let (found, groups) =
        try_join!(look_up(&ports, &release), Groups::find(&ports, &envelope)).map_err(|error| not_known(&error))?;
    resolve(&mut release, &found, &groups)?;
    if release.fields.safe_release {
        check_safe(context, &release, &groups).await?;
    }
    Ok(release)
}

fn not_known(error: &CloudError) -> ValidateFailure {
    ValidateFailure::BadRelease(format!("the release's resources cannot be checked: {error}"))
}

/// Holds a safe release against what is deployed.
async fn check_safe(context: &Context, release: &OdinRelease, groups: &Groups<'_>) -> Result<(), ValidateFailure> {
    let deployed: BTreeSet<_> = groups.of_others().map(|group| release_id(&group.tags).unwrap_or_default()).collect();
    for id in deployed {
        let read =
            read_deployed(context.account.objects.as_ref(), &context.account.defaults, &release.envelope, id).await;
        let deployed = read.map_err(|error| match error {
            DeployedReleaseError::Cloud(error) => not_known(&error),
            DeployedReleaseError::Unknown { .. } => {
                let mut findings = Findings::default();
                findings.add("safe_release", error.to_string());
                findings.into()
            }
        })?;
        differences(release, &deployed).into_result()?;
    }
    Ok(())
}
