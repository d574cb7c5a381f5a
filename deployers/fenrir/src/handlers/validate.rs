//! The state `Validate`.

use super::Context;
use crate::errors::{FileError, FileErrors, ReleaseError};
use crate::names::{change_set_name, is_stack_name, stack_name};
use crate::poll_interval::FIRST_SECONDS;
use crate::release::{FenrirFields, FenrirRelease};
use crate::resolve::resolved;
use bifrost::lifecycle::{BadRelease, ValidateFailure, Validated};
use bifrost::release::{Envelope, Replay, Sha256};
use futures_util::stream::{self, StreamExt};
use tokio::join;

/// How many files are read at once: each may have hundreds of megabytes.
const MAX_CONCURRENT_READS: usize = 4;

/// Refuses a release that is malformed, replayed or tampered with, or whose template breaks a rule. Sets the names of stack
/// and change set.
///
/// # Errors
/// [`ValidateFailure::BadRelease`], with all findings about the template.
pub async fn validate(context: &Context, release: FenrirRelease) -> Result<Validated<FenrirFields>, ValidateFailure> {
    let mut release = bifrost::lifecycle::validate(context, release).await?;
    let target = context.target(&release.envelope).await;
    let ports = target.map_err(|error| ValidateFailure::not_checked("cannot reach the target account", error))?;
    let (files, template) = join!(check_files(context, &release), resolved(context, &ports, &release));
    files?;
    template?;
    let stack = stack_name(&release.envelope);
    if !is_stack_name(&stack) {
        return Err(ValidateFailure::rule(ReleaseError::StackName { stack }));
    }
    release.fields.stack_name = Some(stack);
    release.fields.change_set_name = Some(change_set_name(&release.envelope));
    release.fields.wait_seconds = FIRST_SECONDS;
    Ok(release)
}

/// Checks that every file that the release lists exists and has the stated SHA-256 (contract §2, point 4).
///
/// # Errors
/// [`ValidateFailure::BadRelease`], with all files for which this does not hold.
pub(super) async fn check_files(context: &Context, release: &FenrirRelease) -> Result<(), ValidateFailure> {
    let files = release.fields.s3_uris_sha256s.clone();
    let checks = stream::iter(files).map(|(uri, stated)| check_file(context, &release.envelope, uri, stated));
    let errors: Vec<FileError> =
        checks.buffered(MAX_CONCURRENT_READS).filter_map(async |checked| checked.err()).collect().await;
    FileErrors::join(errors).map_or(Ok(()), |error| Err(error.into()))
}

async fn check_file(context: &Context, envelope: &Envelope, uri: String, stated: Sha256) -> Result<(), FileError> {
    let key = match envelope.project_dir().object(&envelope.bucket, &uri) {
        Ok(key) => key,
        Err(source) => return Err(FileError::Uri { uri, source }),
    };
    let file = format!("s3_uris_sha256s.{uri}");
    match context.account.objects.sha256(&envelope.bucket, &key).await {
        Ok(Some(found)) if found == stated => Ok(()),
        Ok(Some(found)) => Err(BadRelease::from(Replay::File { file, stated, found }).into()),
        Ok(None) => Err(BadRelease::FileMissing { name: file, bucket: envelope.bucket.clone(), key }.into()),
        Err(source) => Err(FileError::NotRead { uri, source }),
    }
}
