//! The state `ValidateResources`.

use super::Context;
use crate::deployed::{Unread, read_deployed};
use crate::findings::Findings;
use crate::groups::{Groups, release_id};
use crate::release::OdinRelease;
use crate::resources::{look_up, resolve};
use crate::safe_release::differences;
use bifrost::cloud::CloudError;
use bifrost::validate::ValidateFailure;
use std::collections::BTreeSet;
use tokio::try_join;

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
            Unread::Cloud(error) => not_known(&error),
            Unread::Unknown { .. } => {
                let mut findings = Findings::default();
                findings.add("safe_release", error.to_string());
                findings.into()
            }
        })?;
        differences(release, &deployed).into_result()?;
    }
    Ok(())
}
