//! Honest logs: written as deployers write them.

use async_trait::async_trait;
use bifrost_audit::key::LocalKey;
use bifrost_audit::log::TiledLog;
use bifrost_audit::memory::{AuditState, MemoryStore};
use bifrost_audit::policy::Policy;
use bifrost_audit::source::StoreSource;
use bifrost_audit::verify::{Report, verify};
use bifrost_core::account::Identity;
use bifrost_core::audit::{
    Appended, AttemptOutcome, Audit, AuditLog, AuditMode, AuditPorts, CallOutcome, Chain, Claims, DeployerVersion,
    Draft, Event, FailStates, LogEntry, LookBack, Outcome, Record, Subject, close_execution,
};
use bifrost_core::cloud::{AuditStore, CloudError, ExecutionStatus, ExecutionSummary};
use bifrost_core::release::Sha256;
use chrono::{DateTime, Duration, TimeZone as _, Utc};
use proptest::prelude::*;
use serde_json::json;
use std::sync::Arc;

pub(crate) const ORIGIN: &str = "coinbase-audit/000000000000/us-east-1";
pub(crate) const DEPLOYER: &str = "coinbase-odin";
const ARNS: &str = "arn:aws:states:us-east-1:000000000000:execution:coinbase-odin:";

pub(crate) fn key() -> LocalKey {
    LocalKey::generate(ORIGIN, [7; 32])
}

pub(crate) fn policy() -> Policy {
    Policy::of_key(&key().public()).unwrap()
}

fn identity() -> Identity {
    let (account, region) = ("000000000000".parse().unwrap(), "us-east-1".parse().unwrap());
    Identity { name: DEPLOYER.into(), account, region }
}

/// The bytes of the release of an execution.
pub(crate) fn release(name: &str) -> Vec<u8> {
    format!("{{\"release_id\":\"{name}\"}}").into_bytes()
}

/// How an execution ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Deployed,
    Clean,
    Dirty,
    Refused,
    Aborted,
    Running,
}

/// What an execution records.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    /// How many changes each attempt makes.
    pub(crate) attempts: Vec<usize>,
    pub(crate) ending: Ending,
    /// Whether the entries of its first object are appended.
    pub(crate) is_committed: bool,
}

pub(crate) fn shapes(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Shape>> {
    let endings = [Ending::Deployed, Ending::Clean, Ending::Dirty, Ending::Refused, Ending::Aborted, Ending::Running];
    let ending = prop::sample::select(endings.to_vec());
    let shape = (prop::collection::vec(0_usize..4, 0..4), ending);
    prop::collection::vec(shape.prop_map(|(attempts, ending)| Shape { attempts, ending, is_committed: true }), count)
}

/// A log that sequences without publishing, to build large logs fast.
struct Unpublished(Arc<MemoryStore>);

#[async_trait]
impl AuditLog for Unpublished {
    async fn append(&self, entry: &LogEntry) -> Result<Appended, CloudError> {
        let bytes = serde_json::to_vec(entry).unwrap();
        let index = self.0.head().await?.size;
        if self.0.with(|state, _| state.index.contains_key(&Sha256::of(&bytes))) {
            return Ok(Appended { index: 0, unpublished: None });
        }
        self.0.with(|state, _| state.extend([bytes]))?;
        Ok(Appended { index, unpublished: None })
    }
}

/// A log that is being written.
pub(crate) struct Honest {
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) log: Arc<TiledLog>,
    audit: Audit,
    pub(crate) now: DateTime<Utc>,
}

impl Honest {
    /// `is_published` if each append publishes, as deployers do. Otherwise call [`publish`](Self::publish).
    pub(crate) fn new(is_published: bool) -> Self {
        let store = Arc::new(MemoryStore::default());
        let log = Arc::new(TiledLog::new(store.clone(), Arc::new(key()), ORIGIN.into()));
        let port: Arc<dyn AuditLog> = if is_published { log.clone() } else { Arc::new(Unpublished(store.clone())) };
        let deployer = DeployerVersion { name: DEPLOYER.into(), version: Some("1.2.3".into()), code_sha256: None };
        let ports = AuditPorts { store: store.clone(), log: port };
        let audit = Audit { mode: AuditMode::Required, ports: Some(ports), ..Audit::off(deployer) };
        let now = Utc.with_ymd_and_hms(2026, 3, 1, 12, 0, 0).unwrap();
        Self { store, log, audit, now }
    }

    pub(crate) async fn publish(&self) {
        self.log.publish().await.unwrap();
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        self.now += time;
    }

    fn chain(&self, name: &str) -> Chain {
        Chain::new(self.audit.ports.clone().unwrap(), dir(name))
    }

    pub(crate) fn draft(&mut self, name: &str, event: Event) -> Draft {
        self.now += Duration::milliseconds(700);
        let subject = Subject {
            execution: Some(format!("{ARNS}{name}")),
            release_id: Some(name.into()),
            project_name: Some("acme/web".into()),
            config_name: Some("production".into()),
            aws_account_id: Some("000000000001".into()),
            aws_region: Some("us-east-1".into()),
        };
        Draft { time: self.now, deployer: self.audit.deployer.clone(), subject, event }
    }

    /// Writes an execution from its start to its end.
    pub(crate) async fn execution(&mut self, name: &str, shape: &Shape) {
        let mut chain = self.chain(name);
        let claims = Claims { started_by: Some("ada".into()), ..Claims::default() };
        let start = Event::Start { release_sha256: Some(Sha256::of(&release(name))), definition_sha256: None, claims };
        let mut drafts = vec![self.draft(name, start), self.draft(name, attempt("Validate", None))];
        if shape.ending == Ending::Refused {
            let error = "BadReleaseError".to_owned();
            drafts.push(
                self.draft(
                    name,
                    Event::Refusal { state: "Validate".into(), error, code: Some("release/invalid".into()) },
                ),
            );
        }
        chain.add(drafts, LookBack::All).await.unwrap();
        if shape.is_committed {
            chain.commit().await.unwrap();
        }
        if shape.ending == Ending::Refused {
            return;
        }
        for (number, changes) in shape.attempts.iter().enumerate() {
            let state = format!("Deploy{number}");
            chain.add(vec![self.draft(name, may_change(&state))], LookBack::All).await.unwrap();
            let mut drafts: Vec<Draft> = Vec::new();
            for change in 0..*changes {
                drafts.push(self.draft(name, changed(&state, change)));
            }
            drafts.push(self.draft(name, attempt(&state, None)));
            chain.add(drafts, LookBack::All).await.unwrap();
        }
        self.end(name, &mut chain, shape).await;
    }

    async fn end(&mut self, name: &str, chain: &mut Chain, shape: &Shape) {
        let (status, error, outcome) = match shape.ending {
            Ending::Running | Ending::Refused => return,
            Ending::Deployed => (ExecutionStatus::Succeeded, None, Some(Outcome::Success)),
            Ending::Clean => (ExecutionStatus::Failed, Some("NotifyError"), Some(Outcome::FailureClean)),
            Ending::Dirty => (ExecutionStatus::Failed, Some("AlertError"), None),
            Ending::Aborted => (ExecutionStatus::Aborted, None, None),
        };
        if let Some(outcome) = outcome {
            let end = Event::End { outcome, release_sha256: Some(Sha256::of(&release(name))) };
            let drafts = vec![self.draft(name, attempt("CleanUp", None)), self.draft(name, end)];
            chain.add(drafts, LookBack::All).await.unwrap();
            if shape.is_committed {
                chain.commit().await.unwrap();
            }
        }
        if shape.is_committed {
            self.close(name, status, error).await;
        }
    }

    /// Closes an execution that has ended, as the client and `reconcile` do.
    pub(crate) async fn close(&mut self, name: &str, status: ExecutionStatus, error: Option<&str>) {
        self.pass(Duration::seconds(1));
        self.close_stopped(name, status, error, self.now).await;
    }

    /// Closes an execution that ended at this time.
    pub(crate) async fn close_stopped(
        &mut self,
        name: &str,
        status: ExecutionStatus,
        error: Option<&str>,
        stopped: DateTime<Utc>,
    ) {
        let ends = FailStates { clean: "NotifyError".into(), dirty: "AlertError".into() };
        let execution = ExecutionSummary {
            name: name.into(),
            arn: format!("{ARNS}{name}"),
            status,
            start_date: stopped,
            stop_date: Some(stopped),
            input: Arc::new(json!({"release_id": name, "project_name": "acme/web", "config_name": "production"})),
            output: None,
            error: error.map(Into::into),
            cause: None,
        };
        close_execution(&self.audit, &identity(), &ends, &execution, self.now).await.unwrap();
    }

    /// Adds records to an execution without committing to them, as an attempt whose execution has ended does.
    pub(crate) async fn late(&mut self, name: &str, events: Vec<Event>) {
        let mut chain = self.chain(name);
        let drafts = events.into_iter().map(|event| self.draft(name, event)).collect();
        chain.add(drafts, LookBack::All).await.unwrap();
    }

    /// Writes the record of an act of a person, or of a review. Returns its id.
    pub(crate) async fn act(&mut self, event: Event) -> String {
        self.act_with(event, true).await
    }

    pub(crate) async fn act_with(&mut self, event: Event, is_committed: bool) -> String {
        self.now += Duration::seconds(1);
        let subject = Subject::default();
        let draft = Draft { time: self.now, deployer: self.audit.deployer.clone(), subject, event };
        let record = Record { schema: 1, number: 1, previous: None, draft };
        let line = serde_json::to_vec(&record).unwrap();
        let digits = &Sha256::of(&line).to_string()[..16];
        let id = format!("{}-{digits}", self.now.format("%Y%m%dT%H%M%SZ"));
        let key = format!("records/_people/{id}");
        let ports = self.audit.ports.clone().unwrap();
        ports.store.put_new(&key, [&line[..], b"\n"].concat()).await.unwrap();
        if let Some(entry) = LogEntry::for_record(&key, &record, &line)
            && is_committed
        {
            ports.log.append(&entry).await.unwrap();
        }
        id
    }

    pub(crate) fn state(&self) -> AuditState {
        self.store.state()
    }
}

/// The directory of an execution.
pub(crate) fn dir(name: &str) -> String {
    format!("records/{DEPLOYER}/{name}")
}

pub(crate) fn may_change(state: &str) -> Event {
    let operations = vec!["autoscaling:CreateAutoScalingGroup".to_owned()];
    let (account, region) = ("000000000001".to_owned(), "us-east-1".to_owned());
    Event::MayChange { state: state.into(), attempt: 0, account, region, operations }
}

pub(crate) fn changed(state: &str, number: usize) -> Event {
    Event::Change {
        state: state.into(),
        attempt: 0,
        operation: "autoscaling:CreateAutoScalingGroup".into(),
        resource: format!("group-{number}"),
        account: "000000000001".into(),
        region: "us-east-1".into(),
        outcome: CallOutcome::Done,
        code: None,
        request_id: Some(format!("request-{number}")),
        untagged: false,
    }
}

pub(crate) fn attempt(state: &str, error: Option<&str>) -> Event {
    Event::Attempt {
        state: state.into(),
        attempt: 0,
        duration_ms: 12,
        outcome: if error.is_none() { AttemptOutcome::Succeeded } else { AttemptOutcome::Failed },
        error: error.map(Into::into),
        code: None,
        cause: None,
        cause_sha256: None,
    }
}

pub(crate) fn unlock(identity: &str) -> Event {
    Event::Act {
        action: "forced-unlock".into(),
        identity: identity.into(),
        confirmed: true,
        reason: Some("stuck".into()),
        ticket: None,
        break_glass: true,
        request_id: None,
    }
}

pub(crate) fn review(act: &str, identity: &str, confirmed: bool) -> Event {
    Event::Review {
        act: act.into(),
        identity: identity.into(),
        confirmed,
        note: "looked at".into(),
        ticket: None,
        request_id: None,
    }
}

pub(crate) const ADA: &str = "arn:aws:sts::000000000000:assumed-role/Admin/ada@example.com";
pub(crate) const BOB: &str = "arn:aws:sts::000000000000:assumed-role/Admin/bob@example.com";

/// A log with an execution of each kind, an act, and its review: 13 entries.
pub(crate) async fn small() -> Honest {
    let mut log = Honest::new(true);
    let shape = |attempts: &[usize], ending| Shape { attempts: attempts.to_vec(), ending, is_committed: true };
    log.execution("deployed", &shape(&[2, 1, 3], Ending::Deployed)).await;
    log.execution("clean", &shape(&[1], Ending::Clean)).await;
    let act = log.act(unlock(ADA)).await;
    log.execution("dirty", &shape(&[2, 2], Ending::Dirty)).await;
    log.execution("refused", &shape(&[], Ending::Refused)).await;
    log.act(review(&act, BOB, true)).await;
    log.execution("aborted", &shape(&[1, 1], Ending::Aborted)).await;
    log.execution("running", &shape(&[1], Ending::Running)).await;
    log
}

/// Verifies a state as the bucket.
pub(crate) async fn check(state: AuditState) -> Report {
    check_against(state, None).await
}

pub(crate) async fn check_against(state: AuditState, last: Option<&[u8]>) -> Report {
    let source = StoreSource::new(Arc::new(MemoryStore::new(state)));
    verify(&source, &policy(), last, &|_, _| {}).await.unwrap()
}

/// Code and key of the first error; with the whole report if there is none.
pub(crate) fn named(report: &Report) -> (&'static str, String) {
    let first = report.first_error().unwrap_or_else(|| panic!("nothing is wrong: {report:#?}"));
    (first.code, first.key.clone().unwrap_or_default())
}

/// The bytes of an object.
pub(crate) fn body(state: &AuditState, key: &str) -> Vec<u8> {
    let versions = state.objects.get(key).unwrap_or_else(|| panic!("no object {key}"));
    versions[0].body.as_ref().unwrap().to_vec()
}

/// Replaces the bytes of an object, as only the owner of the bucket's disks could, or anybody in a copy.
pub(crate) fn set_body(state: &mut AuditState, key: &str, body: Vec<u8>) {
    let versions = state.objects.get_mut(key).unwrap_or_else(|| panic!("no object {key}"));
    versions[0].body = Some(body.into());
}

/// Writes an object as the bucket had it at the beginning.
pub(crate) fn insert(state: &mut AuditState, key: &str, body: Vec<u8>) {
    state.objects.remove(key);
    state.put(key, body, DateTime::UNIX_EPOCH);
}

/// Swaps the bytes of two objects.
pub(crate) fn swap(state: &mut AuditState, a: &str, b: &str) {
    let (body_a, body_b) = (body(state, a), body(state, b));
    set_body(state, a, body_b);
    set_body(state, b, body_a);
}
