//! The log of a release: text that the deployer's tasks write, and that clients show while they follow the deploy.
//!
//! It is one object, which is replaced as a whole each time. A line may begin with the RFC 3339 time of its event and a space.

use crate::cloud::{CloudError, Encryption};
use crate::lifecycle::Context;
use crate::release::Envelope;
use crate::strip_control::strip_lines;

/// Replaces the log. `text` has all earlier lines, then the new ones. Control characters except line ends and tabs are removed:
/// parts of it, such as the names of resources, come from outside.
///
/// # Errors
/// [`CloudError`] from S3.
pub async fn write<P>(context: &Context<P>, envelope: &Envelope, text: &str) -> Result<(), CloudError> {
    let key = envelope.release_dir().log();
    context.account.objects.put(&envelope.bucket, &key, strip_lines(text).into_bytes(), Encryption::Bucket).await
}
