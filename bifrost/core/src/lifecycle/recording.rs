//! Records what an attempt may change, what it changed, and how it ended, in the audit log (contract §11).

use super::attempt::Role;
use super::{Context, Ends};
use crate::audit::{
    AttemptOutcome, Audit, AuditMode, Chain, Claims, Draft, Event, Outcome, Subject, execution_key, safe_text,
};
use crate::cloud::{CloudError, ErrorKind};
use crate::error_code::{Coded, full_message, split_code};
use crate::release::{Envelope, STARTED_BY, Sha256};
use crate::task::FunctionError;
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::OnceCell;

/// The audit log cannot be written, and nothing new may begin without it.
#[derive(Debug, thiserror::Error, Coded)]
#[error("the audit log cannot be written, and this deployer begins nothing without it")]
#[code(
    "audit/unavailable",
    "correct what the message names, then deploy a new release; `doctor` checks the audit log, and the setting `audit` says whether \
     it is required"
)]
pub(crate) struct AuditUnavailable(#[source] CloudError);

/// What an attempt adds to the audit log.
#[derive(Default)]
pub(super) struct Recording {
    chain: tokio::sync::Mutex<Option<Chain>>,
    /// The announcement of what the attempt may change.
    announced: OnceCell<Result<(), CloudError>>,
    notes: Mutex<Notes>,
}

#[derive(Debug, Default)]
struct Notes {
    /// Whether the state is the first that may change the target account.
    begins_changes: bool,
    release_sha256: Option<Sha256>,
    events: Vec<Event>,
    outcome: Option<Outcome>,
}

impl std::fmt::Debug for Recording {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recording").field("notes", &self.notes).finish_non_exhaustive()
    }
}

impl Recording {
    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_release(&self, stored: Sha256) {
        self.notes().release_sha256 = Some(stored);
    }

    pub(super) fn note(&self, event: Event) {
        self.notes().events.push(event);
    }

    /// The attempt ended the deploy in this way, if only one end follows.
    pub(super) fn set_end(&self, success: bool, ends: Ends) {
        self.notes().outcome = match (success, ends) {
            (true, _) => Some(Outcome::Success),
            (false, Ends::FailureClean) => Some(Outcome::FailureClean),
            // Other states follow.
            (false, _) => None,
        };
    }
}

/// Prepares the context for an attempt of a task with this role. `begins_changes` if its state is the first that may change the
/// target account.
pub(crate) fn begin<P>(context: &Context<P>, role: Role, begins_changes: bool) {
    context.guard.set_role(role);
    context.recording.notes().begins_changes = begins_changes;
}

impl<P> Context<P> {
    /// Records what the deploy is about to do, as a digest: of a change set, or of the settings of what will be created. The audit
    /// log has it before the first change, if the handler calls this before it asks for a proof.
    pub fn record_plan(&self, sha256: Sha256) {
        self.recording.note(Event::Plan { sha256 });
    }

    /// Announces what this attempt may change, once. Ask before every first change.
    ///
    /// # Errors
    /// `AuditLogUnavailable`, if nothing may begin without the audit log.
    pub(super) async fn announce(&self, envelope: &Envelope) -> Result<(), CloudError> {
        let announced = self.recording.announced.get_or_init(|| self.write_announcement(envelope)).await;
        let Err(error) = announced else { return Ok(()) };
        let may_begin = !self.recording.notes().begins_changes || self.account.audit.mode != AuditMode::Required;
        if may_begin {
            return Ok(());
        }
        Err(CloudError {
            kind: ErrorKind::Unavailable,
            code: "AuditLogUnavailable".into(),
            message: full_message(&AuditUnavailable(error.clone())),
            ..error.clone()
        })
    }

    async fn write_announcement(&self, envelope: &Envelope) -> Result<(), CloudError> {
        let Audit { ports: Some(_), operations, .. } = &self.account.audit else { return Ok(()) };
        let may_change = Event::MayChange {
            state: safe_text(&self.attempt.state),
            attempt: self.attempt.retry_count,
            account: envelope.aws_account_id.to_string(),
            region: envelope.aws_region.to_string(),
            operations: operations.iter().map(|operation| (*operation).to_owned()).collect(),
        };
        let mut events = std::mem::take(&mut self.recording.notes().events);
        events.push(may_change);
        let written = self.add(events.clone()).await;
        if let Err(error) = &written {
            tracing::error!(%error, "the audit log does not have what this attempt may change");
            events.pop();
            self.recording.notes().events = events;
        }
        written
    }

    /// Adds records to the chain of the execution.
    async fn add(&self, events: Vec<Event>) -> Result<(), CloudError> {
        let drafts = self.drafts(events);
        let mut chain = self.recording.chain.lock().await;
        let Some(chain) = self.open_chain(&mut chain) else { return Ok(()) };
        chain.add(&drafts).await
    }

    fn open_chain<'c>(&self, chain: &'c mut Option<Chain>) -> Option<&'c mut Chain> {
        let ports = self.account.audit.ports.clone()?;
        Some(chain.get_or_insert_with(|| Chain::new(ports, self.chain_dir())))
    }

    /// The directory of this execution's chain. Under a definition of the Go implementation the function does not know its execution,
    /// so the chain is that of the release.
    fn chain_dir(&self) -> String {
        let identity = &self.account.identity;
        let text = |field: &str| self.sent.get(field).and_then(Value::as_str).unwrap_or_default();
        let release = || {
            let fields = ["aws_account_id", "project_name", "config_name", "release_id"];
            fields.map(text).join("/")
        };
        let execution = self.attempt.execution.clone().unwrap_or_else(release);
        execution_key(&identity.name, &identity.execution_arn(""), &execution)
    }

    fn drafts(&self, events: Vec<Event>) -> Vec<Draft> {
        let (time, deployer) = (self.now(), &self.account.audit.deployer);
        let mut subject = Subject::of_input(self.attempt.execution.as_deref().unwrap_or_default(), &self.sent);
        let defaults = &self.account.defaults;
        subject.aws_account_id.get_or_insert_with(|| defaults.account.to_string());
        subject.aws_region.get_or_insert_with(|| defaults.region.to_string());
        let draft = |event| Draft { time, deployer: deployer.clone(), subject: subject.clone(), event };
        events.into_iter().map(draft).collect()
    }

    fn start(&self) -> Event {
        let metadata = self.sent.get("metadata");
        let claim = |name: &str| metadata.and_then(|all| all.get(name)?.as_str()).map(safe_text);
        Event::Start {
            release_sha256: self.recording.notes().release_sha256,
            definition_sha256: self.account.audit.definition_sha256,
            claims: Claims {
                started_by: claim(STARTED_BY),
                approved_by: claim("approved_by"),
                ticket: claim("ticket"),
                commit: claim("commit"),
            },
        }
    }
}

/// Records how an attempt ended. `since` is when it began.
///
/// # Errors
/// The attempt's own, and `BadReleaseError` or `LockError` if nothing new may begin because the log cannot be written.
pub(crate) async fn conclude<P>(
    context: &Context<P>,
    since: DateTime<Utc>,
    result: Result<Value, FunctionError>,
) -> Result<Value, FunctionError> {
    if context.account.audit.ports.is_none() {
        return result;
    }
    let Err(error) = write_conclusion(context, since, &result).await else { return result };
    tracing::error!(%error, "the audit log does not have how this attempt ended");
    let name = match context.guard.role() {
        Some(Role::Validates) => "BadReleaseError",
        Some(Role::Locks) => "LockError",
        _ => return result,
    };
    if context.account.audit.mode != AuditMode::Required {
        return result;
    }
    result.and_then(|_| Err(FunctionError::coded(name, &AuditUnavailable(error))))
}

async fn write_conclusion<P>(
    context: &Context<P>,
    since: DateTime<Utc>,
    result: &Result<Value, FunctionError>,
) -> Result<(), CloudError> {
    let (changes, last_failure) = context.changes.take();
    let (mut events, outcome) = {
        let mut notes = context.recording.notes();
        (std::mem::take(&mut notes.events), notes.outcome)
    };
    events.splice(0..0, changes);
    let error = result.as_ref().err();
    let (code, cause) = error.map_or((None, None), |error| (split_code(&error.message).0, Some(&error.message)));
    let (state, attempt) = (safe_text(&context.attempt.state), context.attempt.retry_count);
    let ended = Event::Attempt {
        state: state.clone(),
        attempt,
        duration_ms: u64::try_from((context.now() - since).num_milliseconds()).unwrap_or_default(),
        outcome: AttemptOutcome::of(result),
        error: error.map(|error| safe_text(&error.error)),
        code: code.map(safe_text),
        cause: last_failure.filter(|_| error.is_some()).map(|call| call.to_string()),
        cause_sha256: cause.map(|cause| Sha256::of(cause.as_bytes())),
    };
    events.push(ended);
    let role = context.guard.role();
    if let Some(error) = error.filter(|error| is_refusal(role, error)) {
        events.push(Event::Refusal { state, error: safe_text(&error.error), code: code.map(safe_text) });
    }
    let mut chain = context.recording.chain.lock().await;
    let Some(chain) = context.open_chain(&mut chain) else { return Ok(()) };
    // An earlier attempt may have recorded the start or the end, and its answer was lost.
    let earlier = if role == Some(Role::Validates) || (outcome.is_some() && attempt > 0) {
        chain.commit_all().await?
    } else {
        Vec::new()
    };
    if role == Some(Role::Validates) && earlier.is_empty() {
        events.insert(0, context.start());
    }
    let is_recorded = earlier.iter().any(|record| matches!(record.draft.event, Event::End { .. }));
    if let Some(outcome) = outcome.filter(|_| result.is_ok() && !is_recorded) {
        let start = chain.first().await?;
        let release_sha256 = start.and_then(|start| match start.draft.event {
            Event::Start { release_sha256, .. } => release_sha256,
            _ => None,
        });
        events.push(Event::End { outcome, release_sha256 });
    }
    let drafts = context.drafts(events);
    if let Err(error) = chain.add(&drafts).await {
        for draft in &drafts {
            // The function's own log keeps what the audit log could not take.
            tracing::error!(record = serde_json::to_string(draft).unwrap_or_default(), "record that the audit log does not have");
        }
        return Err(error);
    }
    chain.commit().await
}

/// Whether an error refuses the release.
fn is_refusal(role: Option<Role>, error: &FunctionError) -> bool {
    match role {
        Some(Role::Validates) => true,
        Some(Role::Locks) => error.error == "LockExistsError",
        _ => false,
    }
}
