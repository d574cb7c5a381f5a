//! The state `Validate`.

use super::Context;
use crate::deployer::check_size;
use crate::names::{change_set_name, is_stack_name, stack_name};
use crate::poll_interval;
use crate::release::FenrirRelease;
use crate::resolve::resolved;
use bifrost::release::{Envelope, Sha256};
use bifrost::validate::ValidateFailure;
use futures_util::stream::{self, StreamExt};
use tokio::join;

/// How many files are read at once: each may have hundreds of megabytes.
const MAX_CONCURRENT_READS: usize = 4;

/// Refuses what is malformed, replayed or tampered with, and every template that breaks a rule; and names stack and change
/// set.
///
/// # Errors
/// [`ValidateFailure::BadRelease`] says all that is wrong.
pub async fn validate(context: &Context, release: FenrirRelease) -> Result<FenrirRelease, ValidateFailure> {
    let mut release = bifrost::validate::validate(context, release).await?;
    check_size(&release).map_err(ValidateFailure::BadRelease)?;
    let ports = context
        .target(&release.envelope)
        .await
        .map_err(|error| ValidateFailure::BadRelease(format!("the target account cannot be reached: {error}")))?;
    let (files, template) = join!(check_files(context, &release), resolved(context, &ports, &release));
    files?;
    template?;
    let stack = stack_name(&release.envelope);
    if !is_stack_name(&stack) {
        return Err(ValidateFailure::BadRelease(format!(
            "project_name and config_name: {stack} is no name of a stack, which has letters, digits and `-`, 128 at most"
        )));
    }
    release.fields.stack_name = Some(stack);
    release.fields.change_set_name = Some(change_set_name(&release.envelope));
    release.fields.wait_seconds = poll_interval::MIN_SECONDS;
    Ok(release)
}

/// Checks that every file that the release states is there, and is the one that it states (contract §2, point 4).
///
/// # Errors
/// [`ValidateFailure::BadRelease`] says all that are not.
pub(super) async fn check_files(context: &Context, release: &FenrirRelease) -> Result<(), ValidateFailure> {
    let files = release.fields.s3_uris_sha256s.clone();
    let checks = stream::iter(files).map(|(uri, stated)| check_file(context, &release.envelope, uri, stated));
    let wrong: Vec<String> =
        checks.buffered(MAX_CONCURRENT_READS).filter_map(async |wrong| wrong.err()).collect().await;
    if wrong.is_empty() { Ok(()) } else { Err(ValidateFailure::BadRelease(wrong.join("\n"))) }
}

async fn check_file(context: &Context, envelope: &Envelope, uri: String, stated: Sha256) -> Result<(), String> {
    let path = format!("s3_uris_sha256s.{uri}");
    let key = envelope.project_dir().object(&envelope.bucket, &uri).map_err(|error| format!("{path}: {error}"))?;
    let found = context.account.objects.sha256(&envelope.bucket, &key).await;
    match found.map_err(|error| format!("{path}: {error}"))? {
        Some(found) if found == stated => Ok(()),
        Some(found) => Err(format!(
            "{path}: the file has SHA-256 {found}, but the release states {stated}: upload the file that the release was \
             made for"
        )),
        None => Err(format!("{path}: there is no such file; deploy with the client, which uploads it")),
    }
}
