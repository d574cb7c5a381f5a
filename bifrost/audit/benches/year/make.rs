//! Makes the copy: tiles, checkpoint, policy and daily bundles, without an append for each entry.

use super::{Done, at};
use bifrost_audit::bundle::{BUNDLE_BYTES, BUNDLES};
use bifrost_audit::key::{LocalKey, verifier_key};
use bifrost_audit::log::{SignedCheckpoint, encode_bundle, tile_key};
use bifrost_core::audit::{
    AttemptOutcome, CallOutcome, Claims, DeployerVersion, Draft, Event, LogEntry, Outcome, Record, SCHEMA, Subject,
};
use bifrost_core::cloud::{CHECKPOINT_KEY, LogSigner};
use bifrost_core::release::Sha256;
use chrono::{DateTime, TimeZone, Utc};
use serde_json::json;
use signed_note::{Note, Signature};
use std::fs;
use std::path::Path;
use tlog_tiles::{Error, Hash, HashReader, Tile, stored_hashes, tree_hash};

/// How many deploys a day has, and how many records a deploy.
pub(super) const DEPLOYS: u32 = 500;
pub(super) const RECORDS: u32 = 20;

const ORIGIN: &str = "coinbase-audit/000000000000/us-east-1";

pub(super) fn first_day() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 1, 1, 0, 0, 0).single().unwrap_or_default()
}

pub(super) fn project(number: u32) -> String {
    format!("company/service-{:02}", number % 100)
}

pub(super) fn person(number: u32) -> String {
    format!("engineer-{:03}@example.com", number % 300)
}

/// The stored hashes of the tree.
struct Stored(Vec<Hash>);

impl HashReader for Stored {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, Error> {
        Ok(indexes.iter().map(|index| self.0[usize::try_from(*index).unwrap()]).collect())
    }
}

/// The log while it is made.
struct Writer<'f> {
    folder: &'f Path,
    stored: Stored,
    size: u64,
    /// Entries of the last bundle of entries.
    pending: Vec<Vec<u8>>,
}

impl Writer<'_> {
    fn put(&self, key: &str, body: &[u8]) {
        let path = self.folder.join(key);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, body).unwrap();
    }

    fn append(&mut self, entry: &LogEntry) {
        let entry = serde_json::to_vec(entry).unwrap();
        let added = stored_hashes(self.size, &entry, &self.stored).unwrap();
        self.stored.0.extend(added);
        self.size += 1;
        self.pending.push(entry);
        if self.pending.len() == 256 {
            self.flush();
        }
    }

    /// Writes the bundle of entries.
    fn flush(&mut self) {
        if !self.pending.is_empty() {
            let width = u32::try_from(self.pending.len()).unwrap();
            let tile = Tile::new(8, 0, (self.size - 1) / 256, width, true);
            self.put(&tile_key(&tile), &encode_bundle(&self.pending).unwrap());
            self.pending.clear();
        }
    }

    /// Writes the tiles of hashes, and the checkpoint.
    async fn finish(&mut self) {
        self.flush();
        for tile in Tile::new_tiles(8, 0, self.size) {
            self.put(&tile_key(&tile), &tile.read_data(&self.stored).unwrap());
        }
        let key = LocalKey::generate(ORIGIN, [7; 32]);
        let verifier = verifier_key(ORIGIN, &key.public_key().await.unwrap());
        let id = u32::from_str_radix(verifier.split('+').nth(1).unwrap(), 16).unwrap();
        let text = SignedCheckpoint::text(ORIGIN, self.size, &tree_hash(self.size, &self.stored).unwrap());
        let signature = key.sign(&text).await.unwrap();
        let signature = Signature::new(ORIGIN.to_owned(), id, signature.to_vec()).unwrap();
        self.put(CHECKPOINT_KEY, &Note::new(&text, &[signature]).unwrap().to_bytes());
        self.put("policy", format!("log {verifier}\n").as_bytes());
    }
}

pub(super) async fn make(folder: &Path, days: u32) -> Done {
    let mut writer = Writer { folder, stored: Stored(Vec::new()), size: 0, pending: Vec::new() };
    let mut bytes = 0;
    for day in 0..days {
        let date = at(i64::from(day) * 86_400).date_naive();
        let (mut bundle, mut number) = (Vec::new(), 0);
        for deploy in 0..DEPLOYS {
            bundle.extend(execution(&mut writer, day, deploy));
            if bundle.len() >= BUNDLE_BYTES || deploy + 1 == DEPLOYS {
                number += 1;
                bytes += bundle.len();
                writer.put(&format!("{BUNDLES}{date}/{number:06}"), &bundle);
                bundle.clear();
            }
        }
    }
    writer.finish().await;
    let size = writer.size;
    Box::new(move |_| format!("{size} entries; {} MB of bundles", bytes / 1_000_000))
}

/// Appends the entries of an execution. Returns its lines in the bundle.
fn execution(writer: &mut Writer<'_>, day: u32, deploy: u32) -> Vec<u8> {
    let id = format!("{day:03}{deploy:03}");
    let name = format!("deploy-company-service-production-{id}");
    let deployer = if deploy.is_multiple_of(3) { "coinbase-fenrir" } else { "coinbase-odin" };
    let dir = format!("records/{deployer}/{name}");
    let subject = Subject {
        execution: Some(format!("arn:aws:states:us-east-1:000000000000:execution:{deployer}:{name}")),
        release_id: Some(format!("release-2026-{id}-{:012x}", u64::from(day * DEPLOYS + deploy) * 7919)),
        project_name: Some(project(deploy)),
        config_name: Some(if deploy.is_multiple_of(4) { "production".into() } else { "development".into() }),
        aws_account_id: Some(format!("{:012}", 111_111_111_111_u64 + u64::from(deploy % 7))),
        aws_region: Some("us-east-1".into()),
    };
    let version = Some("0.1.0".to_owned());
    let deployer = DeployerVersion { name: deployer.into(), version, code_sha256: Some(Sha256::of(b"code")) };
    let begun = i64::from(day) * 86_400 + i64::from(deploy) * 170;
    let (mut lines, mut previous, mut number, mut seconds) = (Vec::new(), None, 0, begun);
    for (object, events) in (1..).zip(events(deploy)) {
        let mut body = String::new();
        for event in events {
            (number, seconds) = (number + 1, seconds + 1);
            let draft = Draft { time: at(seconds), deployer: deployer.clone(), subject: subject.clone(), event };
            let record = Record { schema: SCHEMA, number, previous, draft };
            let line = serde_json::to_string(&record).unwrap();
            previous = Some(Sha256::of(line.as_bytes()));
            if let Some(entry) = LogEntry::for_record(&dir, &record, line.as_bytes()) {
                writer.append(&entry);
            }
            body += &line;
            body.push('\n');
        }
        lines.extend(json!({"key": format!("{dir}/{object:06}"), "body": body}).to_string().into_bytes());
        lines.push(b'\n');
    }
    assert_eq!(number, u64::from(RECORDS));
    lines
}

/// The records of a deploy, by object.
fn events(deploy: u32) -> Vec<Vec<Event>> {
    let release = Some(Sha256::of(&deploy.to_be_bytes()));
    let claims = Claims {
        started_by: Some(person(deploy)),
        ticket: Some(format!("CHG-{deploy}")),
        commit: Some("4f2a6c1d9b".into()),
        ..Claims::default()
    };
    let attempt = |state: &str| Event::Attempt {
        state: state.into(),
        attempt: 0,
        duration_ms: 420,
        outcome: AttemptOutcome::Succeeded,
        error: None,
        code: None,
        cause: None,
        cause_sha256: None,
    };
    let may_change = |state: &str| Event::MayChange {
        state: state.into(),
        attempt: 0,
        account: "111111111111".into(),
        region: "us-east-1".into(),
        operations: (0..12).map(|number| format!("autoscaling:Operation{number}")).collect(),
    };
    let change = |resource: u32| Event::Change {
        state: "Deploy".into(),
        attempt: 0,
        operation: "autoscaling:CreateAutoScalingGroup".into(),
        resource: format!("company-service-production-{deploy}-{resource}"),
        account: "111111111111".into(),
        region: "us-east-1".into(),
        outcome: CallOutcome::Done,
        code: None,
        request_id: Some("b1946ac9-2492-4d23-8f6b-2a1d7a5b1c11".into()),
        untagged: false,
    };
    let lock = "111111111111/company/service/production/lock".to_owned();
    let outcome = if deploy.is_multiple_of(20) { Outcome::FailureClean } else { Outcome::Success };
    vec![
        vec![Event::Start { release_sha256: release, definition_sha256: release, claims }, attempt("Validate")],
        vec![Event::LockTaken { lock: lock.clone() }, attempt("Lock")],
        vec![Event::Plan { sha256: Sha256::of(b"plan") }, may_change("Deploy")],
        vec![change(1), change(2), change(3), change(4), attempt("Deploy")],
        vec![attempt("CheckHealthy")],
        vec![attempt("CheckHealthy")],
        vec![may_change("CleanUpSuccess")],
        vec![
            change(5),
            change(6),
            Event::LockFreed { lock, deployed: outcome == Outcome::Success },
            attempt("CleanUpSuccess"),
            attempt("Finish"),
            Event::End { outcome, release_sha256: release },
        ],
    ]
}
