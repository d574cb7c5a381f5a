//! The release that is deployed, as it was uploaded: what a new one is compared with.

use crate::release::{OdinRelease, fill_defaults};
use bifrost::cloud::{CloudError, Objects};
use bifrost::json;
use bifrost::release::{Defaults, Envelope, ReleaseId};

/// The deployed release cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unread {
    /// S3 refused, or did not answer.
    #[error(transparent)]
    Cloud(#[from] CloudError),
    /// It is not there, or no release.
    #[error("it cannot be compared with the deployed release {id:?}: {why}")]
    Unknown { id: String, why: String },
}

/// Reads a release of the same project and config as it was uploaded.
pub(crate) async fn read_deployed(
    objects: &dyn Objects,
    defaults: &Defaults,
    envelope: &Envelope,
    id: &str,
) -> Result<OdinRelease, Unread> {
    let unknown = |why: String| Unread::Unknown { id: id.to_owned(), why };
    let id: ReleaseId = id.parse().map_err(|error| unknown(format!("{error}")))?;
    let key = envelope.root_dir().release_dir(&id).release();
    let object = objects.get(&envelope.bucket, &key).await?;
    let object = object.ok_or_else(|| unknown(format!("there is no {key} in bucket {}", envelope.bucket)))?;
    let value = json::parse(&object.body).map_err(|error| unknown(error.to_string()))?;
    let mut deployed = OdinRelease::read(&value, defaults).map_err(|error| unknown(error.to_string()))?;
    fill_defaults(&mut deployed);
    Ok(deployed)
}
