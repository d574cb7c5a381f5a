//! The states `Validate` and `ValidateResources`.

use super::Context;
use crate::deployer::USER_DATA;
use crate::groups::{Groups, release_id};
use crate::release::{OdinFields, OdinRelease, USER_DATA_LIMIT_BYTES, fill_defaults, notes, render_user_data};
use crate::release_log;
use crate::resources::{look_up, resolve};
use crate::rules;
use crate::safe_release::{DeployedReleaseError, differences, read_deployed};
use bifrost::cloud::{CloudError, limit_bytes};
use bifrost::findings::Findings;
use bifrost::lifecycle::{ValidateFailure, Validated, read_file};
use std::collections::BTreeSet;
use tokio::{join, try_join};

/// Refuses a release that is malformed, replayed or tampered with, and fills in defaults.
///
/// # Errors
/// [`ValidateFailure::BadRelease`], with every rule that the release breaks.
pub async fn validate(context: &Context, release: OdinRelease) -> Result<Validated<OdinFields>, ValidateFailure> {
    let notes = notes(&release);
    let template = read_user_data(context, &release);
    let (validated, template) = join!(bifrost::lifecycle::validate(context, release.clone()), template);
    let mut release = validated?;
    fill_defaults(&mut release);
    check_user_data(&release, &template?)?;
    release_log::append(context, &release.envelope, &notes).await;
    Ok(release)
}

/// The user data of the release, with placeholders.
pub(super) async fn read_user_data(context: &Context, release: &OdinRelease) -> Result<Vec<u8>, ValidateFailure> {
    // EC2 accepts far less, which is checked after rendering.
    let (sha256, limit) = (&release.fields.user_data_sha256, limit_bytes::FILE);
    read_file(context, release, USER_DATA, sha256, limit).await
}

/// Checks that the rendered user data is not larger than EC2 accepts.
pub(crate) fn check_user_data(release: &OdinRelease, template: &[u8]) -> Result<(), Findings> {
    let mut findings = Findings::default();
    for service in release.fields.services.keys() {
        let length = render_user_data(template, release, service).as_bytes().len();
        let path = format!("services.{service}");
        findings.require(length <= USER_DATA_LIMIT_BYTES, rules::USER_DATA_TOO_LARGE, &path, || {
            format!(
                "its user data has {length} bytes, and EC2 accepts {USER_DATA_LIMIT_BYTES}: download large files when \
                 the instance boots"
            )
        });
    }
    findings.into_result()
}

/// Resolves every name to one resource that opted in to this release.
///
/// # Errors
/// [`ValidateFailure::BadRelease`], with every resource that is missing or did not opt in.
pub async fn validate_resources(context: &Context, mut release: OdinRelease) -> Result<OdinRelease, ValidateFailure> {
    let envelope = release.envelope.clone();
    let ports = context.target(&envelope).await.map_err(not_checked)?;
    let (found, groups) = try_join!(look_up(&ports, &release), Groups::find(&ports, &envelope)).map_err(not_checked)?;
    resolve(&mut release, &found, &groups)?;
    if release.fields.safe_release {
        check_safe(context, &release, &groups).await?;
    }
    Ok(release)
}

fn not_checked(error: CloudError) -> ValidateFailure {
    ValidateFailure::not_checked("cannot look up the resources of the release", error)
}

/// Compares a safe release with what is deployed.
async fn check_safe(context: &Context, release: &OdinRelease, groups: &Groups<'_>) -> Result<(), ValidateFailure> {
    let deployed: BTreeSet<_> = groups.of_others().map(|group| release_id(&group.tags).unwrap_or_default()).collect();
    for id in deployed {
        let read =
            read_deployed(context.account.objects.as_ref(), &context.account.defaults, &release.envelope, id).await;
        let deployed = read.map_err(|error| match error {
            DeployedReleaseError::Cloud(error) => not_checked(error),
            DeployedReleaseError::Unreadable(error) => error.finding().into(),
        })?;
        differences(release, &deployed).into_result()?;
    }
    Ok(())
}
