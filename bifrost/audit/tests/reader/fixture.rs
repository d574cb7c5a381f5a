//! Logs with the deploys that tests need.

use bifrost_audit::key::LocalKey;
use bifrost_audit::log::TiledLog;
use bifrost_audit::memory::MemoryStore;
use bifrost_audit::reader::{Index, Story, show_one};
use bifrost_audit::source::StoreSource;
use bifrost_core::audit::{
    AttemptOutcome, AuditLog, CallOutcome, Claims, DeployerVersion, Draft, Event, LogEntry, Outcome, Record, SCHEMA,
    Subject, TouchedResource,
};
use bifrost_core::release::Sha256;
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;

pub(crate) const ORIGIN: &str = "coinbase-audit/000000000000/us-east-1";
pub(crate) const ODIN: &str = "coinbase-odin";
const ARNS: &str = "arn:aws:states:us-east-1:000000000000:execution:";

/// A time, some seconds after the first.
pub(crate) fn at(seconds: i64) -> DateTime<Utc> {
    "2026-11-30T12:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::seconds(seconds)
}

pub(crate) fn key() -> LocalKey {
    LocalKey::generate(ORIGIN, [7; 32])
}

/// A log in memory.
pub(crate) struct Fixture {
    pub(crate) store: Arc<MemoryStore>,
    log: TiledLog,
}

/// Who deploys what.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) deployer: &'static str,
    pub(crate) name: String,
    pub(crate) subject: Subject,
    pub(crate) claims: Claims,
}

/// A deploy of this release of `acme/web`.
pub(crate) fn target(release: &str) -> Target {
    let name = format!("deploy-acme-web-development-{release}");
    Target {
        deployer: ODIN,
        subject: Subject {
            execution: Some(format!("{ARNS}{ODIN}:{name}")),
            release_id: Some(format!("release-{release}")),
            project_name: Some("acme/web".into()),
            config_name: Some("development".into()),
            aws_account_id: Some("111111111111".into()),
            aws_region: Some("us-east-1".into()),
        },
        name,
        claims: Claims {
            started_by: Some("ada@example.com".into()),
            ticket: Some("CHG-1042".into()),
            ..Claims::default()
        },
    }
}

impl Target {
    pub(crate) fn dir(&self) -> String {
        format!("records/{}/{}", self.deployer, self.name)
    }
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let store = Arc::new(MemoryStore::default());
        let log = TiledLog::new(store.clone(), Arc::new(key()), ORIGIN.into());
        Self { store, log }
    }

    pub(crate) fn source(&self) -> StoreSource {
        StoreSource::new(self.store.clone())
    }

    pub(crate) async fn index(&self) -> Index {
        Index::open(None, &self.source()).await.unwrap()
    }

    pub(crate) async fn story(&self, name: &str) -> Story {
        let mut index = self.index().await;
        show_one(&self.source(), &mut index, name, &cause).await.unwrap()
    }

    pub(crate) fn put(&self, key: &str, body: impl Into<Vec<u8>>) {
        let body = body.into();
        self.store.with(|state, now| state.put(key, body, now));
    }

    /// Writes the records of an execution, each group as one object, and appends their entries.
    pub(crate) async fn records(&self, target: &Target, objects: Vec<Vec<(i64, Event)>>) {
        let (mut number, mut previous) = (0, None);
        let mut lines = Vec::new();
        for (object, events) in (1..).zip(objects) {
            let mut body = Vec::new();
            for (seconds, event) in events {
                number += 1;
                let deployer = DeployerVersion {
                    name: target.deployer.into(),
                    version: Some("0.1.0".into()),
                    code_sha256: Some(Sha256::of(b"code")),
                };
                let draft = Draft { time: at(seconds), deployer, subject: target.subject.clone(), event };
                let record = Record { schema: SCHEMA, number, previous, draft };
                let line = serde_json::to_vec(&record).unwrap();
                previous = Some(Sha256::of(&line));
                body.extend_from_slice(&line);
                body.push(b'\n');
                lines.push((record, line));
            }
            self.put(&format!("{}/{object:06}", target.dir()), body);
        }
        for (record, line) in lines {
            self.commit(&target.dir(), &record, &line).await;
        }
    }

    /// Writes the record of an act of a person, its result, or a review, and appends its entry.
    pub(crate) async fn person(&self, id: &str, seconds: i64, event: Event) {
        let key = format!("records/_people/{id}");
        let deployer = DeployerVersion { name: ODIN.into(), ..Default::default() };
        let subject = Subject { execution: None, ..target("1").subject };
        let draft = Draft { time: at(seconds), deployer, subject, event };
        let record = Record { schema: SCHEMA, number: 1, previous: None, draft };
        let line = serde_json::to_vec(&record).unwrap();
        self.put(&key, [line.as_slice(), b"\n"].concat());
        self.commit(&key, &record, &line).await;
    }

    async fn commit(&self, records: &str, record: &Record, line: &[u8]) {
        if let Some(entry) = LogEntry::for_record(records, record, line) {
            self.log.append(&entry).await.unwrap();
        }
    }

    /// A deploy that succeeds after it waited for health.
    pub(crate) async fn success(&self, target: &Target, since: i64) {
        let wait = |seconds| vec![(since + seconds, attempt("CheckHealthy", None))];
        self.records(
            target,
            vec![
                vec![(since, start(target)), (since, attempt("Validate", None))],
                vec![(since + 1, Event::LockTaken { lock: lock() }), (since + 1, attempt("Lock", None))],
                vec![(since + 2, Event::Plan { sha256: Sha256::of(b"plan") }), (since + 2, may_change("Deploy"))],
                vec![
                    (since + 3, change("autoscaling:CreateAutoScalingGroup", "acme-web-1", CallOutcome::Done)),
                    (since + 4, change("autoscaling:PutScalingPolicy", "acme-web-1 policy", CallOutcome::Done)),
                    (since + 4, attempt("Deploy", None)),
                ],
                wait(30),
                wait(60),
                wait(90),
                vec![(since + 91, may_change("CleanUpSuccess"))],
                vec![
                    (since + 92, change("autoscaling:DeleteAutoScalingGroup", "acme-web-0", CallOutcome::Done)),
                    (since + 92, Event::LockFreed { lock: lock(), deployed: true }),
                    (since + 92, attempt("CleanUpSuccess", None)),
                    (since + 92, end(target, Outcome::Success)),
                ],
            ],
        )
        .await;
    }

    /// As [`success`](Self::success), but the log has only its start: nothing commits to the other records.
    pub(crate) async fn uncommitted_success(&self, target: &Target, since: i64) {
        let whole = Self::new();
        whole.success(target, since).await;
        self.records(target, vec![vec![(since, start(target)), (since, attempt("Validate", None))]]).await;
        let records = whole.store.with(|state, _| {
            let records = state.objects.iter().filter(|(key, _)| key.starts_with("records/"));
            records.map(|(key, versions)| (key.clone(), versions.clone())).collect::<Vec<_>>()
        });
        self.store.with(|state, _| state.objects.extend(records));
    }

    /// A deploy that is refused, because another holds the lock.
    pub(crate) async fn refused(&self, target: &Target, since: i64) {
        let refusal =
            Event::Refusal { state: "Lock".into(), error: "LockExistsError".into(), code: Some("lock/held".into()) };
        self.records(
            target,
            vec![
                vec![(since, start(target)), (since, attempt("Validate", None))],
                vec![(since + 1, attempt("Lock", Some(("LockExistsError", "lock/held")))), (since + 1, refusal)],
            ],
        )
        .await;
    }

    /// A deploy whose function was killed in the middle, whose clean-up failed, and which was closed later.
    pub(crate) async fn dirty(&self, target: &Target, since: i64) {
        let group = "acme-web-2";
        let left_over = vec![TouchedResource {
            operation: "autoscaling:CreateAutoScalingGroup".into(),
            resource: group.into(),
            account: "111111111111".into(),
            region: "us-east-1".into(),
        }];
        let (outcome, status) = (Outcome::FailureDirty, "FAILED".into());
        self.records(
            target,
            vec![
                vec![(since, start(target)), (since, attempt("Validate", None))],
                vec![(since + 2, may_change("Deploy"))],
                vec![(since + 63, retry("Deploy", 1))],
                vec![
                    (since + 64, change("autoscaling:CreateAutoScalingGroup", group, CallOutcome::Unknown)),
                    (since + 64, attempt_number("Deploy", 1, Some(("DeployError", "aws/unavailable")))),
                ],
                vec![(since + 65, may_change("CleanUpFailure"))],
                vec![
                    (since + 66, change("autoscaling:DeleteAutoScalingGroup", group, CallOutcome::Refused)),
                    (since + 66, attempt("CleanUpFailure", Some(("CleanUpError", "aws/refused")))),
                ],
                vec![(
                    since + 86_400,
                    Event::Closure { outcome, status, error: Some("FailureDirty".into()), left_over },
                )],
            ],
        )
        .await;
    }
}

/// A documented cause of two codes.
pub(crate) fn cause(code: &str) -> Option<&'static str> {
    match code {
        "lock/held" => Some("Another deploy of this project and config holds the lock."),
        "aws/unavailable" => Some("AWS did not answer."),
        _ => None,
    }
}

fn lock() -> String {
    "111111111111/acme/web/development/lock".into()
}

pub(crate) fn start(target: &Target) -> Event {
    Event::Start {
        release_sha256: Some(Sha256::of(target.name.as_bytes())),
        definition_sha256: Some(Sha256::of(b"definition")),
        claims: target.claims.clone(),
    }
}

pub(crate) fn end(target: &Target, outcome: Outcome) -> Event {
    Event::End { outcome, release_sha256: Some(Sha256::of(target.name.as_bytes())) }
}

pub(crate) fn may_change(state: &str) -> Event {
    retry(state, 0)
}

fn retry(state: &str, attempt: u32) -> Event {
    let operations =
        ["autoscaling:CreateAutoScalingGroup", "autoscaling:DeleteAutoScalingGroup", "autoscaling:PutScalingPolicy"];
    Event::MayChange {
        state: state.into(),
        attempt,
        account: "111111111111".into(),
        region: "us-east-1".into(),
        operations: operations.map(Into::into).into(),
    }
}

pub(crate) fn change(operation: &str, resource: &str, outcome: CallOutcome) -> Event {
    Event::Change {
        state: "Deploy".into(),
        attempt: 0,
        operation: operation.into(),
        resource: resource.into(),
        account: "111111111111".into(),
        region: "us-east-1".into(),
        outcome,
        code: (outcome != CallOutcome::Done).then(|| "ResourceInUse".into()),
        request_id: (outcome != CallOutcome::Unknown).then(|| "b1946ac9-2492-4d23-8f6b".into()),
        untagged: false,
    }
}

pub(crate) fn attempt(state: &str, error: Option<(&str, &str)>) -> Event {
    attempt_number(state, 0, error)
}

fn attempt_number(state: &str, attempt: u32, error: Option<(&str, &str)>) -> Event {
    Event::Attempt {
        state: state.into(),
        attempt,
        duration_ms: 420,
        outcome: if error.is_some() { AttemptOutcome::Failed } else { AttemptOutcome::Succeeded },
        error: error.map(|(name, _)| name.into()),
        code: error.map(|(_, code)| code.into()),
        cause: None,
        cause_sha256: error.map(|(name, _)| Sha256::of(name.as_bytes())),
    }
}

pub(crate) fn identity(person: &str) -> String {
    format!("arn:aws:sts::000000000000:assumed-role/operators/{person}")
}

pub(crate) fn act(action: &str, person: &str, break_glass: bool) -> Event {
    Event::Act {
        action: action.into(),
        identity: identity(person),
        confirmed: true,
        reason: Some("the deploy hangs".into()),
        ticket: Some("INC-7".into()),
        break_glass,
        request_id: None,
    }
}

pub(crate) fn review(act: &str, person: &str, confirmed: bool) -> Event {
    let note = "agreed in INC-7".into();
    Event::Review { act: act.into(), identity: identity(person), confirmed, note, ticket: None, request_id: None }
}
