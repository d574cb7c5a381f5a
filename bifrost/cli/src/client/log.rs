//! The log of the deployer, as far as it was not told yet.

use super::{Client, DeployEvent};
use crate::client::ClientDeployer;
use bifrost_core::cloud::ErrorKind;
use bifrost_core::release::{BucketName, ObjectKey};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// Reads a log again and again, and tells what is new.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// Where it is; none if the deployer writes none, or it may not be read.
    options: Option<(BucketName, ObjectKey)>,
    /// How often each line was told. Lines are not counted by their place: one that AWS is late with comes in between.
    told: BTreeMap<String, usize>,
}

impl Log {
    /// The log that is written there.
    pub(super) fn at(bucket: BucketName, key: ObjectKey) -> Self {
        Self { options: Some((bucket, key)), told: BTreeMap::new() }
    }

    /// The lines that were written since the last look. A log that cannot be read is no reason to lose sight of a deploy.
    pub(super) async fn poll<D: ClientDeployer>(&mut self, client: &Client<D>) -> Vec<DeployEvent> {
        let Some((bucket, key)) = &self.options else { return Vec::new() };
        let written = match client.account.objects.get(bucket, key).await {
            Ok(written) => written,
            Err(error) => {
                self.options.take_if(|_| error.kind == ErrorKind::AccessDenied);
                return Vec::new();
            }
        };
        let text = written.map(|object| String::from_utf8_lossy(&object.body).into_owned()).unwrap_or_default();
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        let mut events = Vec::new();
        for written in text.lines() {
            let times = seen.entry(written).or_default();
            *times += 1;
            let told = self.told.entry(written.to_owned()).or_default();
            if *times > *told {
                *told = *times;
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
    DeployEvent::Log { time, tone: D::tone(line), line: line.to_owned() }
}
