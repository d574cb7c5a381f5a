//! What a template refers to in S3.

use crate::cloud::FenrirPorts;
use crate::release::FenrirRelease;
use bifrost::release::{Envelope, Sha256};
use bifrost::task::Context;
use bifrost::validate::ValidateFailure;
use futures_util::stream::{self, StreamExt};

/// How many files are read at once: each may have hundreds of megabytes.
const AT_ONCE: usize = 4;

/// Checks that every file that the release states is there, and is the one that it states (contract §2, point 4).
///
/// # Errors
/// [`ValidateFailure::BadRelease`] says all that are not.
pub(crate) async fn check_files(
    context: &Context<FenrirPorts>,
    release: &FenrirRelease,
) -> Result<(), ValidateFailure> {
    let files = release.fields.s3_uris_sha256s.clone();
    let checks = stream::iter(files).map(|(uri, stated)| check_file(context, &release.envelope, uri, stated));
    let wrong: Vec<String> = checks.buffered(AT_ONCE).filter_map(async |wrong| wrong.err()).collect().await;
    if wrong.is_empty() { Ok(()) } else { Err(ValidateFailure::BadRelease(wrong.join("\n"))) }
}

async fn check_file(
    context: &Context<FenrirPorts>,
    envelope: &Envelope,
    uri: String,
    stated: Sha256,
) -> Result<(), String> {
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
