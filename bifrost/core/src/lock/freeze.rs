//! The user lock: a person's freeze of a project's config.

use crate::cloud::{CloudError, Objects};
use crate::release::{BucketName, RootDir};
use crate::strip_control::strip_control;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Who froze a project's config, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freeze {
    /// The person.
    #[serde(default)]
    pub user: String,
    /// Why nothing shall be deployed.
    #[serde(default)]
    pub lock_reason: String,
}

/// The content of `<root dir>/user-lock` is no user lock.
#[derive(Debug, thiserror::Error)]
#[error("the user lock is not JSON of the form {{\"user\": …, \"lock_reason\": …}}: {0}")]
pub struct FreezeError(#[from] serde_json::Error);

impl Freeze {
    /// Reads the content of `<root dir>/user-lock`; `{}` is no lock.
    ///
    /// # Errors
    /// If the content is no such JSON.
    pub fn parse(content: &[u8]) -> Result<Option<Self>, FreezeError> {
        let lock: serde_json::Value = serde_json::from_slice(content)?;
        if lock.as_object().is_some_and(serde_json::Map::is_empty) {
            return Ok(None);
        }
        Ok(Some(serde_json::from_value(lock)?))
    }
}

impl fmt::Display for Freeze {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or = |text: &str, otherwise: &str| {
            if text.is_empty() { otherwise.to_owned() } else { strip_control(text) }
        };
        write!(f, "{}: {}", or(&self.user, "somebody"), or(&self.lock_reason, "no reason given"))
    }
}

/// The freeze of a project's config, if there is one. One that cannot be read is one: whoever wrote it meant to stop
/// deploys.
///
/// # Errors
/// Whatever S3 answers.
pub async fn current_freeze(
    objects: &dyn Objects,
    bucket: &BucketName,
    dir: &RootDir,
) -> Result<Option<Freeze>, CloudError> {
    let Some(object) = objects.get(bucket, &dir.freeze()).await? else {
        return Ok(None);
    };
    Ok(Freeze::parse(&object.body)
        .unwrap_or_else(|error| Some(Freeze { user: "somebody".into(), lock_reason: error.to_string() })))
}
