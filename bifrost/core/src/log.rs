//! The log of a release: text that the deployer's tasks write, and that whoever follows the deploy is told.
//!
//! It is one object of lines, written whole each time. A line that begins with an RFC 3339 time and a space happened then.

use crate::cloud::{CloudError, Encryption};
use crate::release::Envelope;
use crate::task::Context;

/// Writes the log, over what was written before: all of the earlier lines, then the new ones.
///
/// # Errors
/// Whatever S3 answers.
pub async fn write<P>(context: &Context<P>, envelope: &Envelope, text: &str) -> Result<(), CloudError> {
    let key = envelope.release_dir().log();
    context.account.objects.put(&envelope.bucket, &key, text.as_bytes().to_vec(), Encryption::Bucket).await
}
