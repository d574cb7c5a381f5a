//! News as lines of text.

use super::paint::Paint;
use super::{dots, remediation};
use crate::client::{Address, DeployEvent, DeployOutcome, Status, StepFailure};
use crate::client::{LogSeverity, Progress};
use crate::commands::arguments::CommandHint;
use crate::commands::escape_control::{escape_control, one_line};
use crate::commands::time::duration;
use bifrost_core::machine::State;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeSet;

/// Turns news into lines.
pub(super) struct Text {
    states: &'static [State],
    hint: CommandHint,
    paint: Paint,
    started_at: Option<DateTime<Utc>>,
    address: Option<Address>,
    state: String,
    /// The states that were told.
    entered: BTreeSet<String>,
    services: Vec<Progress>,
    /// The failure that was told last: the same again is not news.
    failure: Option<StepFailure>,
    /// How many characters a line may have: what a state does is told as far as it fits.
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

    /// For a terminal of so many columns.
    pub(super) fn within(self, columns: usize) -> Self {
        Self { columns, ..self }
    }

    /// The lines that tell the news. `seconds` is how long a person has waited.
    pub(super) fn lines(&mut self, events: &DeployEvent, seconds: f64) -> Vec<String> {
        match events {
            DeployEvent::Start { time, release_id, address, joined, is_ours, .. } => {
                self.started_at = Some(*time);
                self.address.clone_from(address);
                self.start(release_id, *joined, *is_ours)
            }
            DeployEvent::State { time, state, deadline } => {
                self.state.clone_from(state);
                // A loop is told once: what comes of it is told by other news.
                let is_new = self.entered.insert(state.clone());
                is_new.then(|| self.entered(*time, state, *deadline)).into_iter().collect()
            }
            DeployEvent::Failure(failure) => self.failed(failure).into_iter().collect(),
            DeployEvent::Progress { services, .. } => {
                self.services.clone_from(services);
                Vec::new()
            }
            DeployEvent::Log { time, line, tone } => vec![self.log_line(*time, line, *tone)],
            DeployEvent::End(outcome) => self.end(outcome, seconds),
        }
    }

    /// A line a service.
    pub(super) fn services(&self) -> Vec<String> {
        let width =
            self.services.iter().map(|service| one_line(&service.name).chars().count()).max().unwrap_or_default();
        self.services.iter().map(|service| dots::line(service, width, self.paint)).collect()
    }

    /// Where the deploy is, and how much time it has.
    pub(super) fn now(&self, now: DateTime<Utc>, deadline: Option<DateTime<Utc>>) -> String {
        self.paint.busy(&format!("{:>6}  {:>10}  {}", self.elapsed(now), left(now, deadline), self.state))
    }

    fn start(&self, release_id: &str, joined: bool, is_ours: bool) -> Vec<String> {
        let project = self.address.as_ref().map_or_else(|| "somewhere".to_owned(), ToString::to_string);
        let release_id = one_line(release_id);
        let line = match (joined, is_ours) {
            (false, _) => format!("Deploying {release_id} of {project}"),
            (true, true) => format!("{release_id} of {project} was started before: this is how it goes"),
            (true, false) => {
                format!("{release_id} of {project} is being deployed: following it, yours is not deployed")
            }
        };
        vec![self.paint.strong(&line)]
    }

    fn entered(&self, time: DateTime<Utc>, state: &str, deadline: Option<DateTime<Utc>>) -> String {
        let width = self.states.iter().map(|state| state.name.chars().count()).max().unwrap_or_default();
        let found = self.states.iter().find(|known| known.name == state);
        let comment = found.and_then(|state| state.comment?.lines().next()).unwrap_or_default();
        let (elapsed, left) = (self.elapsed(time), format!("{:>10}", left(time, deadline)));
        let told = format!("{elapsed:>6}  {left}  {state:width$}  ").chars().count();
        let comment = cut(comment, self.columns.saturating_sub(told));
        let line = format!("{elapsed:>6}  {}  {state:width$}  {}", self.paint.dim(&left), self.paint.dim(&comment));
        line.trim_end().to_owned()
    }

    fn failed(&mut self, failure: &StepFailure) -> Option<String> {
        let same = |told: &StepFailure| {
            (&told.state, &told.error, &told.cause) == (&failure.state, &failure.error, &failure.cause)
        };
        if self.failure.as_ref().is_some_and(same) {
            return None;
        }
        self.failure = Some(failure.clone());
        Some(self.paint.busy(&format!("        ! {}: {}", failure.error, indented(&failure.cause))))
    }

    fn log_line(&self, time: Option<DateTime<Utc>>, line: &str, tone: LogSeverity) -> String {
        let elapsed = time.map_or_else(String::new, |time| self.elapsed(time));
        self.paint.tone(tone, &format!("{elapsed:>6}    {}", one_line(line)))
    }

    fn end(&self, outcome: &DeployOutcome, seconds: f64) -> Vec<String> {
        let release_id = one_line(&outcome.release_id);
        let took = format!("after {} ({seconds:.1} s here)", duration(TimeDelta::seconds(outcome.seconds)));
        let mut lines = vec![String::new()];
        if outcome.status == Status::Success {
            lines.push(self.paint.good(&format!("Success: {release_id} is deployed, {took}")));
        } else {
            lines.push(self.paint.bad(&format!("{:?}: {release_id} is not deployed, {took}", outcome.status)));
        }
        lines.extend(self.causes(outcome));
        lines.extend(clean_up(outcome));
        let made = outcome.changes.created.iter();
        lines.extend(made.map(|what| format!("  {} {}", created(outcome.status), one_line(what))));
        lines.extend(outcome.changes.deleted.iter().map(|what| format!("  deleted  {}", one_line(what))));
        let outputs = outcome.changes.outputs.iter();
        lines.extend(outputs.map(|(name, value)| format!("  output   {} = {}", one_line(name), one_line(value))));
        lines.extend(outcome.changes.notes.iter().map(|note| format!("  note     {}", indented(note))));
        if !outcome.is_ours {
            lines.push(self.paint.bad("  yours    was not deployed: deploy it again"));
        }
        let next = remediation::next_step(outcome, self.address.as_ref(), &self.hint);
        if !next.is_empty() {
            lines.push(format!("  next     {next}"));
        }
        lines
    }

    fn causes(&self, outcome: &DeployOutcome) -> Vec<String> {
        let words = if outcome.status == Status::Success { ["yet", "yet"] } else { ["failed", "then"] };
        let word = |options: usize| if options == 0 { words[0] } else { words[1] };
        let lines = outcome.failures.iter().enumerate();
        lines
            .map(|(options, StepFailure { state, error, cause, .. })| {
                self.paint.bad(&format!("  {:8} in {state}: {error}: {}", word(options), indented(cause)))
            })
            .collect()
    }

    fn elapsed(&self, time: DateTime<Utc>) -> String {
        duration(time - self.started_at.unwrap_or(time))
    }
}

/// How much of the timeout is left; nothing while that is not known.
fn left(now: DateTime<Utc>, deadline: Option<DateTime<Utc>>) -> String {
    deadline.map_or_else(String::new, |deadline| format!("{} left", duration(deadline - now)))
}

/// The text in at most so many characters.
fn cut(text: &str, columns: usize) -> String {
    if text.chars().count() <= columns {
        return text.to_owned();
    }
    let kept: String = text.chars().take(columns.saturating_sub(1)).collect();
    if columns == 0 { kept } else { format!("{}…", kept.trim_end()) }
}

/// A cause of several lines, to stand below a line's beginning.
fn indented(cause: &str) -> String {
    escape_control(cause).replace('\n', "\n           ")
}

fn created(status: Status) -> &'static str {
    if status == Status::Success { "created " } else { "is left " }
}

/// What cleaned up, and what therefore holds.
fn clean_up(outcome: &DeployOutcome) -> Vec<String> {
    let way = match outcome.states_after_failure.as_slice() {
        [cleaning @ .., _end] if !cleaning.is_empty() => format!(" ({})", cleaning.join(" → ")),
        _ => String::new(),
    };
    match outcome.status {
        Status::FailureClean if !outcome.changed => {
            vec![format!("  clean    nothing was changed, and it holds no lock{way}")]
        }
        Status::FailureClean => {
            vec![format!("  clean    all that it made is gone, what ran before still runs, the lock is free{way}")]
        }
        Status::FailureDirty => vec![format!("  dirty    the clean-up failed; the lock may still be held{way}")],
        _ => Vec::new(),
    }
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
