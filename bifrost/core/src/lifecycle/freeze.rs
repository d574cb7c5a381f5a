//! The freeze: it stops all deploys of a project and config until somebody lifts it.

use crate::cloud::{CloudError, Objects};
use crate::error_code::Coded;
use crate::json;
use crate::release::{BucketName, RootDir};
use crate::strip_control::strip_control;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Maximum size of a freeze, in bytes.
const MAX_BYTES: u64 = 64 * 1024;

/// A freeze: the content of `<root dir>/user-lock`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freeze {
    /// Who froze the config.
    #[serde(default)]
    pub user: String,
    /// Reason for the freeze, shown to anyone who tries to deploy.
    #[serde(default)]
    pub lock_reason: String,
}

/// The object `user-lock` exists, but is not a valid freeze.
#[derive(Debug, thiserror::Error, Coded)]
#[error("the object `user-lock` is not JSON of the form {{\"user\": …, \"lock_reason\": …}}: {0}")]
#[code("freeze/unreadable", "find out who wrote the object `user-lock`, then lift the freeze with `unfreeze`")]
pub struct FreezeError(#[from] serde_json::Error);

impl Freeze {
    /// Reads the content of `<root dir>/user-lock`. `{}` is no freeze.
    ///
    /// # Errors
    /// [`FreezeError`] if the content has another form.
    pub fn parse(content: &[u8]) -> Result<Option<Self>, FreezeError> {
        let freeze: serde_json::Value = json::from_slice(content)?;
        if freeze.as_object().is_some_and(serde_json::Map::is_empty) {
            return Ok(None);
        }
        Ok(Some(json::from_value(freeze)?))
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

/// The freeze of a project and config, if there is one. An object that cannot be read counts as a freeze: its writer meant
/// to stop deploys.
///
/// # Errors
/// [`CloudError`] from S3.
pub async fn current_freeze(
    objects: &dyn Objects,
    bucket: &BucketName,
    dir: &RootDir,
) -> Result<Option<Freeze>, CloudError> {
    let unreadable = |reason: String| Some(Freeze { user: "somebody".into(), lock_reason: reason });
    match objects.get(bucket, &dir.freeze(), MAX_BYTES).await {
        Ok(None) => Ok(None),
        Ok(Some(object)) => Ok(Freeze::parse(&object.body).unwrap_or_else(|error| unreadable(error.to_string()))),
        Err(error) if error.is_too_large() => Ok(unreadable(error.message)),
        Err(error) => Err(error),
    }
}
