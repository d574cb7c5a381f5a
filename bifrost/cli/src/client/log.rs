//! Follows the log of the deployer.

use super::{Client, DeployEvent};
use crate::client::ClientDeployer;
use bifrost_core::cloud::ErrorKind;
use bifrost_core::release::{BucketName, ObjectKey};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// The largest log that is shown: far more than anyone reads.
const LIMIT_BYTES: u64 = 8 * 1024 * 1024;

/// A log that is polled for new lines.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// Bucket and key; `None` if the deployer writes no log, or the user may not read it.
    location: Option<(BucketName, ObjectKey)>,
    /// How often each line was returned. The position of a line does not identify it: CloudFormation reports some events
    /// late, and the deployer inserts them by time.
    returned: BTreeMap<String, usize>,
}

impl Log {
    /// The log with this bucket and key.
    pub(super) fn at(bucket: BucketName, key: ObjectKey) -> Self {
        Self { location: Some((bucket, key)), returned: BTreeMap::new() }
    }

    /// The lines that were written since the last poll. If the log cannot be read, the deploy is followed without it.
    pub(super) async fn poll<D: ClientDeployer>(&mut self, client: &Client<D>) -> Vec<DeployEvent> {
        let Some((bucket, key)) = &self.location else { return Vec::new() };
        let written = match client.account.objects.get(bucket, key, LIMIT_BYTES).await {
            Ok(written) => written,
            Err(error) => {
                self.location.take_if(|_| error.kind == ErrorKind::AccessDenied || error.is_too_large());
                return Vec::new();
            }
        };
        let text = written.map(|object| String::from_utf8_lossy(&object.body).into_owned()).unwrap_or_default();
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        let mut events = Vec::new();
        for written in text.lines() {
            let times = seen.entry(written).or_default();
            *times += 1;
            let returned = self.returned.entry(written.to_owned()).or_default();
            if *times > *returned {
                *returned = *times;
                events.push(line::<D>(written));
            }
        }
        events
    }
}

fn line<D: ClientDeployer>(written: &str) -> DeployEvent {
    let time = |text: &str| DateTime::parse_from_rfc3339(text).ok().map(|time| time.with_timezone(&Utc));
    let parts = written.split_once(' ').and_then(|(first, rest)| Some((time(first)?, rest)));
    let (time, line) = parts.map_or((None, written), |(time, rest)| (Some(time), rest));
    DeployEvent::Log { time, severity: D::severity(line), line: line.to_owned() }
}
