//! The state `ValidateResources`.

use super::Context;
use crate::findings::Findings;
use crate::groups::{Groups, release_id};
use crate::release::{OdinRelease, fill_defaults};
use crate::resources::{look_up, resolve};
use crate::safe_release::differences;
use bifrost::cloud::CloudError;
use bifrost::json;
use bifrost::release::{Envelope, ReleaseId};
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
        let deployed = read_deployed(context, &release.envelope, id).await?;
        differences(release, &deployed).into_result()?;
    }
    Ok(())
}

/// Reads a release of the same project and config as it was uploaded.
async fn read_deployed(context: &Context, envelope: &Envelope, id: &str) -> Result<OdinRelease, ValidateFailure> {
    let unknown = |why: String| {
        let message = format!("it cannot be compared with the deployed release {id:?}: {why}");
        let mut findings = Findings::default();
        findings.add("safe_release", message);
        ValidateFailure::from(findings)
    };
    let id: ReleaseId = id.parse().map_err(|error| unknown(format!("{error}")))?;
    let key = envelope.root_dir().release_dir(&id).release();
    let object = context.objects.get(&envelope.bucket, &key).await.map_err(|error| not_known(&error))?;
    let object = object.ok_or_else(|| unknown(format!("there is no {key} in bucket {}", envelope.bucket)))?;
    let value = json::parse(&object.body).map_err(|error| unknown(error.to_string()))?;
    let mut deployed = OdinRelease::read(&value, &context.defaults).map_err(|error| unknown(error.to_string()))?;
    fill_defaults(&mut deployed);
    Ok(deployed)
}
