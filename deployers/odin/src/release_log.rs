//! The log of a release, which clients show while they follow a deploy: notes about fields that are ignored or lowered, and the
//! reasons why a deploy waits.

use bifrost::cloud::limit_bytes;
use bifrost::lifecycle::Context;
use bifrost::log;
use bifrost::release::Envelope;
use chrono::SecondsFormat;
use std::collections::BTreeSet;

/// The size at which a log takes no more lines, in bytes: a deploy of two days may have many reasons to wait.
const FULL_BYTES: usize = 256 * 1024;

/// Adds lines to the log of the release, each with the time, except those that it has already.
///
/// The log only informs: if S3 fails, the deploy continues without these lines.
pub(crate) async fn append<P>(context: &Context<P>, envelope: &Envelope, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    let (key, bucket) = (envelope.release_dir().log(), &envelope.bucket);
    let Ok(written) = context.account.objects.get(bucket, &key, limit_bytes::FILE).await else { return };
    let body = written.map(|object| object.body).unwrap_or_default();
    let mut text = String::from_utf8_lossy(&body).into_owned();
    let known: BTreeSet<_> = text.lines().filter_map(|line| Some(line.split_once(' ')?.1)).collect();
    let time = context.now().to_rfc3339_opts(SecondsFormat::Secs, true);
    let new: Vec<_> = lines.iter().filter(|line| !known.contains(line.as_str())).collect();
    if new.is_empty() || text.len() > FULL_BYTES {
        return;
    }
    for line in new {
        text.extend([time.as_str(), " ", line, "\n"]);
    }
    // A line is lost, not the deploy.
    let _ = log::write(context, envelope, &text).await;
}
