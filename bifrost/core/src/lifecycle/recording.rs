//! Records in the audit log what an attempt may change, before its first change (contract §11). `conclusion` records how it ended.

use super::{Context, Ends};
use crate::audit::{
    Audit, AuditMode, Chain, ChangeLog, Claims, Draft, Event, LookBack, Outcome, Subject, execution_key, release_key,
    safe_text,
};
use crate::cloud::{CloudError, ErrorKind};
use crate::error_code::{Coded, full_message};
use crate::release::{Envelope, STARTED_BY, Sha256};
use chrono::{DateTime, Utc};
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
pub(crate) struct AuditUnavailable(#[source] pub(super) CloudError);

/// An event with the time at which it happened.
pub(super) type TimedEvent = (DateTime<Utc>, Event);

/// What an attempt adds to the audit log.
#[derive(Default)]
pub(super) struct Recording {
    chain: tokio::sync::Mutex<Option<Chain>>,
    /// The announcement of what the attempt may change.
    announced: OnceCell<Result<(), CloudError>>,
    notes: Mutex<Notes>,
}

#[derive(Debug, Default)]
pub(super) struct Notes {
    /// Whether nothing is changed yet when the state is entered.
    precedes_changes: bool,
    /// Whether the chain was given how the attempt ended.
    is_concluded: bool,
    pub(super) release_sha256: Option<Sha256>,
    /// Why the attempt fails, if its handler knows.
    pub(super) cause: Option<String>,
    pub(super) events: Vec<TimedEvent>,
    pub(super) end: Option<RecordedEnd>,
}

/// How the deploy ended in an attempt.
#[derive(Debug, Clone, Copy)]
pub(super) struct RecordedEnd {
    pub(super) outcome: Outcome,
    /// Whether it ended in an earlier attempt, which may have recorded it.
    pub(super) is_earlier: bool,
}

impl std::fmt::Debug for Recording {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recording").field("notes", &self.notes).finish_non_exhaustive()
    }
}

impl Recording {
    pub(super) fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Prepares for an attempt; `precedes_changes` if nothing is changed yet when its state is entered.
    pub(super) fn begin(&self, precedes_changes: bool) {
        self.notes().precedes_changes = precedes_changes;
    }

    pub(super) fn set_release(&self, stored: Sha256) {
        self.notes().release_sha256 = Some(stored);
    }

    /// Whether the chain has not been given how the attempt ended. The next call returns `false`.
    pub(super) fn conclude(&self) -> bool {
        !std::mem::replace(&mut self.notes().is_concluded, true)
    }

    /// The attempt ended the deploy, or found that an earlier attempt did.
    pub(super) fn set_end(&self, success: bool, ends: Ends, is_earlier: bool) {
        let outcome = match (success, ends) {
            (true, _) => Outcome::Success,
            (false, Ends::FailureClean) => Outcome::FailureClean,
            // Other states follow.
            (false, _) => return,
        };
        self.notes().end = Some(RecordedEnd { outcome, is_earlier });
    }
}

impl<P> Context<P> {
    /// Records what the deploy is about to do, as a digest: of a change set, or of the settings of what will be created. The audit
    /// log has it before the first change, if the handler calls this before it asks for a proof.
    pub fn record_plan(&self, sha256: Sha256) {
        self.note(Event::Plan { sha256 });
    }

    /// Records why the attempt fails, where that is not the call that failed last: the audit log has the first 200 characters. Pass
    /// codes and names, no text of AWS: it may contain a secret.
    pub fn record_cause(&self, cause: &str) {
        self.recording.notes().cause = Some(safe_text(cause));
    }

    /// Adds an event to what the attempt records.
    pub(super) fn note(&self, event: Event) {
        let now = self.now();
        self.recording.notes().events.push((now, event));
    }

    /// Announces what this attempt may change, once. Ask before every first change.
    ///
    /// # Errors
    /// `AuditLogUnavailable`, if nothing may begin without the audit log.
    pub(super) async fn announce(&self, envelope: &Envelope) -> Result<(), CloudError> {
        let announced = self.recording.announced.get_or_init(|| self.write_announcement(envelope)).await;
        let Err(error) = announced else { return Ok(()) };
        if !self.recording.notes().precedes_changes || self.account.audit.mode != AuditMode::Required {
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
        self.note(Event::MayChange {
            state: safe_text(&self.attempt.state),
            attempt: self.attempt.retry_count,
            account: envelope.aws_account_id.to_string(),
            region: envelope.aws_region.to_string(),
            operations: operations.iter().map(|operation| (*operation).to_owned()).collect(),
        });
        let written = self.with_chain(async |chain| {
            // Taken after the last wait before the chain has them: an attempt that ends meanwhile loses none.
            let events = std::mem::take(&mut self.recording.notes().events);
            chain.add(self.drafts(events), LookBack::All).await
        });
        written
            .await
            .inspect_err(|error| tracing::error!(%error, "the audit log does not have what this attempt may change"))
    }

    /// Uses the chain of the execution. Does nothing without an audit log.
    pub(super) async fn with_chain(
        &self,
        work: impl AsyncFnOnce(&mut Chain) -> Result<(), CloudError>,
    ) -> Result<(), CloudError> {
        let Some(ports) = self.account.audit.ports.clone() else { return Ok(()) };
        let mut chain = self.recording.chain.lock().await;
        work(chain.get_or_insert_with(|| Chain::new(ports, self.chain_dir()))).await
    }

    /// The directory of this execution's chain. Under a definition of the Go implementation the function does not know its execution,
    /// so the chain is that of the release.
    fn chain_dir(&self) -> String {
        let identity = &self.account.identity;
        match &self.attempt.execution {
            Some(execution) => execution_key(&identity.name, &identity.execution_arn(""), execution),
            None => release_key(identity, &self.sent),
        }
    }

    /// The records of these events.
    pub(super) fn drafts(&self, events: Vec<TimedEvent>) -> Vec<Draft> {
        let deployer = &self.account.audit.deployer;
        let mut subject = Subject::of_input(self.attempt.execution.as_deref().unwrap_or_default(), &self.sent);
        let defaults = &self.account.defaults;
        subject.aws_account_id.get_or_insert_with(|| defaults.account.to_string());
        subject.aws_region.get_or_insert_with(|| defaults.region.to_string());
        let draft = |(time, event)| Draft { time, deployer: deployer.clone(), subject: subject.clone(), event };
        events.into_iter().map(draft).collect()
    }

    /// The start of the execution.
    pub(super) fn start(&self) -> Event {
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

    /// The changes of the attempt.
    pub(super) fn changes(&self) -> &ChangeLog {
        &self.changes
    }
}
