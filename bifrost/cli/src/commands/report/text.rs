//! Formats events as text.

use super::paint::Paint;
use super::remediation::LockAfter;
use super::{dots, remediation};
use crate::client::{Address, AuditTrail, DeployEvent, DeployOutcome, Serving, Status, StepFailure};
use crate::client::{LogSeverity, Progress};
use crate::commands::arguments::{CommandHint, shell_quoted};
use crate::commands::time::duration;
use bifrost_core::machine::State;
use bifrost_core::strip_control::{escape_control, one_line};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeSet;

/// Formats events as lines.
pub(super) struct Text {
    states: &'static [State],
    hint: CommandHint,
    paint: Paint,
    started_at: Option<DateTime<Utc>>,
    address: Option<Address>,
    state: String,
    /// The states that were shown.
    entered: BTreeSet<String>,
    services: Vec<Progress>,
    /// The failure that was shown last. The same failure of a retry is not shown again.
    failure: Option<StepFailure>,
    /// The width of the terminal, to which the comments of states are cut.
    columns: usize,
}

impl Text {
    pub(super) fn new(states: &'static [State], hint: CommandHint, paint: Paint) -> Self {
        Self {
            states,
            hint,
            paint,
            started_at: None,
            address: None,
            state: String::new(),
            entered: BTreeSet::new(),
            services: Vec::new(),
            failure: None,
            columns: usize::MAX,
        }
    }

    /// Sets the width of the terminal.
    pub(super) fn within(self, columns: usize) -> Self {
        Self { columns, ..self }
    }

    /// The lines of an event. `seconds` is how long the command has run.
    pub(super) fn lines(&mut self, event: &DeployEvent, seconds: f64) -> Vec<String> {
        match event {
            DeployEvent::Start { time, release_id, address, joined, is_ours, .. } => {
                self.started_at = Some(*time);
                self.address.clone_from(address);
                self.start(release_id, *joined, *is_ours)
            }
            DeployEvent::State { time, state, deadline } => {
                self.state.clone_from(state);
                // The states of a loop are shown once. Other events show its progress.
                let is_new = self.entered.insert(state.clone());
                is_new.then(|| self.entered(*time, state, *deadline)).into_iter().collect()
            }
            DeployEvent::Failure(failure) => self.failed(failure).into_iter().collect(),
            DeployEvent::Progress { services, .. } => {
                self.services.clone_from(services);
                Vec::new()
            }
            DeployEvent::Log { time, line, severity } => vec![self.log_line(*time, line, *severity)],
            DeployEvent::End(outcome) => self.end(outcome, seconds),
        }
    }

    /// One line per service.
    pub(super) fn services(&self) -> Vec<String> {
        let width =
            self.services.iter().map(|service| one_line(&service.name).chars().count()).max().unwrap_or_default();
        self.services.iter().map(|service| dots::line(service, width, self.paint)).collect()
    }

    /// The current state, and how much of the timeout is left.
    pub(super) fn now(&self, now: DateTime<Utc>, deadline: Option<DateTime<Utc>>) -> String {
        self.paint.busy(&format!("{:>6}  {:>10}  {}", self.elapsed(now), left(now, deadline), self.state))
    }

    fn start(&self, release_id: &str, joined: bool, is_ours: bool) -> Vec<String> {
        let project = self.address.as_ref().map_or_else(|| "an unknown project".to_owned(), ToString::to_string);
        let release_id = one_line(release_id);
        let line = match (joined, is_ours) {
            (false, _) => format!("Deploying {release_id} of {project}"),
            (true, true) => format!("Following the earlier deploy of {release_id} of {project}"),
            (true, false) => {
                format!("Following the running deploy of {release_id} of {project}; your release is not deployed")
            }
        };
        vec![self.paint.strong(&line)]
    }

    fn entered(&self, time: DateTime<Utc>, state: &str, deadline: Option<DateTime<Utc>>) -> String {
        let width = self.states.iter().map(|state| state.name.chars().count()).max().unwrap_or_default();
        let found = self.states.iter().find(|known| known.name == state);
        let comment = found.and_then(|state| state.comment?.lines().next()).unwrap_or_default();
        let (elapsed, left) = (self.elapsed(time), format!("{:>10}", left(time, deadline)));
        let used = format!("{elapsed:>6}  {left}  {state:width$}  ").chars().count();
        let comment = cut(comment, self.columns.saturating_sub(used));
        let line = format!("{elapsed:>6}  {}  {state:width$}  {}", self.paint.dim(&left), self.paint.dim(&comment));
        line.trim_end().to_owned()
    }

    fn failed(&mut self, failure: &StepFailure) -> Option<String> {
        let is_same = |last: &StepFailure| {
            (&last.state, &last.error, &last.cause) == (&failure.state, &failure.error, &failure.cause)
        };
        if self.failure.as_ref().is_some_and(is_same) {
            return None;
        }
        self.failure = Some(failure.clone());
        Some(if failure.is_waiting {
            self.paint.dim(&format!("        … waiting: {}", indented(&failure.cause)))
        } else {
            self.paint.busy(&format!("        ! {}", failure_text(failure)))
        })
    }

    fn log_line(&self, time: Option<DateTime<Utc>>, line: &str, severity: LogSeverity) -> String {
        let elapsed = time.map_or_else(String::new, |time| self.elapsed(time));
        self.paint.severity(severity, &format!("{elapsed:>6}    {}", one_line(line)))
    }

    fn end(&self, outcome: &DeployOutcome, seconds: f64) -> Vec<String> {
        let release_id = one_line(&outcome.release_id);
        let took = format!("after {} ({seconds:.1} s here)", duration(TimeDelta::seconds(outcome.seconds)));
        let mut lines = vec![String::new()];
        let line = format!("{:?}: {release_id} {}, {took}", outcome.status, result(outcome));
        lines.push(if outcome.status == Status::Success { self.paint.good(&line) } else { self.paint.bad(&line) });
        lines.extend(self.causes(outcome));
        lines.extend(clean_up(outcome));
        let resources = |label: &str, names: &[String]| -> Vec<String> {
            names.iter().map(|name| format!("  {label:8} {}", one_line(name))).collect()
        };
        // What is left over of the release itself is listed once.
        if outcome.left_over != outcome.changes.created {
            lines.extend(resources("created", &outcome.changes.created));
        }
        lines.extend(resources("deleted", &outcome.changes.deleted));
        lines.extend(resources("left", &outcome.left_over));
        let outputs = outcome.changes.outputs.iter();
        lines.extend(outputs.map(|(name, value)| format!("  output   {} = {}", one_line(name), one_line(value))));
        lines.extend(outcome.changes.notes.iter().map(|note| format!("  note     {}", indented(note))));
        lines.extend(self.audit(outcome));
        if !outcome.is_ours {
            let when = match outcome.status {
                Status::Success | Status::FailureClean => "deploy it again",
                _ => "deploy it again after the steps below",
            };
            lines.push(self.paint.bad(&format!("  yours    your release was not deployed; {when}")));
        }
        let next = remediation::next_step(outcome, self.address.as_ref(), LockAfter::MayBeHeld, &self.hint);
        if !next.is_empty() {
            lines.push(format!("  next     {}", indented(&next)));
        }
        lines
    }

    /// Where auditors find the deploy.
    fn audit(&self, outcome: &DeployOutcome) -> Option<String> {
        match outcome.audit {
            AuditTrail::Enabled => {
                let show = self.hint.audit(&format!("show {}", shell_quoted(&one_line(&outcome.release_id))));
                let known = match outcome.audit_entry {
                    Some(entry) => format!("entry {entry} of the audit log has the end of this deploy:"),
                    None => "the deployer writes an audit log; whether it has this deploy says".to_owned(),
                };
                Some(format!("  audit    {known}\n           {show}"))
            }
            AuditTrail::NotRecorded => Some("  audit    not recorded: the audit log could not be written".to_owned()),
            AuditTrail::Off => Some("  audit    no audit log: this deployer was set up without one".to_owned()),
            AuditTrail::Unknown => None,
        }
    }

    fn causes(&self, outcome: &DeployOutcome) -> Vec<String> {
        let word = |index: usize| match (outcome.status, index) {
            (Status::Success, _) => "warning",
            (_, 0) => "failed",
            _ => "then",
        };
        let failures = outcome.failures.iter().enumerate();
        let line = |(index, failure): (usize, &StepFailure)| {
            self.paint.bad(&format!("  {:8} in {}: {}", word(index), failure.state, failure_text(failure)))
        };
        failures.map(line).collect()
    }

    fn elapsed(&self, time: DateTime<Utc>) -> String {
        duration(time - self.started_at.unwrap_or(time))
    }
}

/// How much of the timeout is left, if it is known.
fn left(now: DateTime<Utc>, deadline: Option<DateTime<Utc>>) -> String {
    deadline.map_or_else(String::new, |deadline| format!("{} left", duration(deadline - now)))
}

/// Cuts a text to a number of characters.
fn cut(text: &str, columns: usize) -> String {
    if text.chars().count() <= columns {
        return text.to_owned();
    }
    let kept: String = text.chars().take(columns.saturating_sub(1)).collect();
    if columns == 0 { kept } else { format!("{}…", kept.trim_end()) }
}

/// Indents the further lines of a text below a label.
pub(in crate::commands) fn indented(cause: &str) -> String {
    escape_control(cause).replace('\n', "\n           ")
}

/// The error of a failed attempt, with its code.
pub(in crate::commands) fn failure_text(failure: &StepFailure) -> String {
    let StepFailure { error, code, cause, .. } = failure;
    let code = code.as_ref().map_or_else(String::new, |code| format!(" [{code}]"));
    format!("{error}{code}: {}", indented(cause))
}

/// Whether the release is deployed.
fn result(outcome: &DeployOutcome) -> &'static str {
    match (outcome.status, outcome.serving) {
        (Status::Success, _) => "is deployed",
        (_, Serving::New) => "is deployed, but the clean-up failed",
        (_, Serving::Previous) => "is not deployed",
        (_, Serving::Unknown) => "may be deployed",
    }
}

/// The state after a failure, and the states that cleaned up.
fn clean_up(outcome: &DeployOutcome) -> Vec<String> {
    let states = match outcome.states_after_failure.as_slice() {
        [cleaning @ .., _end] if !cleaning.is_empty() => format!(" ({})", cleaning.join(" → ")),
        _ => String::new(),
    };
    let dirty = match outcome.serving {
        Serving::New => "the new release is in service; the lock may still be held",
        Serving::Previous => "what was in service before still is; the lock may still be held",
        Serving::Unknown => "the lock may still be held",
    };
    match outcome.status {
        Status::FailureClean if !outcome.changed => {
            vec![format!("  clean    it changed nothing and holds no lock{states}")]
        }
        Status::FailureClean => vec![format!(
            "  clean    all that it created is deleted, what was deployed before still runs, and the lock is free{states}"
        )],
        Status::FailureDirty => vec![format!("  dirty    the clean-up failed: {dirty}{states}")],
        _ => Vec::new(),
    }
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
