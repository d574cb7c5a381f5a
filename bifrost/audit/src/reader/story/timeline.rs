//! The records of a deploy as lines for people: without announcements, and with waits in one line.

use super::{Step, Story};
use crate::reader::plain_text::moment;
use bifrost_core::audit::{AttemptOutcome, CallOutcome, Event};
use chrono::{DateTime, Utc};

/// A line of a time line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::reader) struct TimelineLine {
    pub(in crate::reader) time: DateTime<Utc>,
    pub(in crate::reader) text: String,
    pub(in crate::reader) mark: Mark,
}

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::reader) enum Mark {
    /// The deploy began or ended.
    Ends,
    /// Something was changed.
    Change,
    /// Something failed.
    Failure,
    /// Anything else.
    Other,
}

/// The time line of a deploy. What it announced is left out, because the story has it apart; attempts of one state that follow each other
/// and changed nothing are one line.
pub(in crate::reader) fn timeline(story: &Story) -> Vec<TimelineLine> {
    let mut lines = Vec::new();
    let mut rest = story.steps.as_slice();
    while let Some((step, others)) = rest.split_first() {
        let waits = waits(rest);
        if let (Some((state, _)), Some((last, _))) =
            (waited_in(step), rest.get(1..waits).and_then(<[Step]>::split_last))
        {
            let text = format!("{state} ran {waits} times until {}, and changed nothing", moment(last.time));
            lines.push(TimelineLine { time: step.time, text: marked(step, &text), mark: Mark::Other });
            rest = rest.get(waits..).unwrap_or_default();
            continue;
        }
        rest = others;
        if !matches!(step.event, Event::MayChange { .. }) {
            lines.push(TimelineLine { time: step.time, text: marked(step, &step.text), mark: mark(step) });
        }
    }
    lines
}

/// How many steps from the first on only waited in the same state.
fn waits(steps: &[Step]) -> usize {
    let first = steps.first().and_then(waited_in);
    steps.iter().take_while(|step| first.is_some() && waited_in(step) == first).count()
}

/// The text of a step. What is not committed is no fact.
fn marked(step: &Step, text: &str) -> String {
    if step.is_committed { text.to_owned() } else { format!("[not committed] {text}") }
}

/// The state of an attempt that succeeded, and whether that is committed.
fn waited_in(step: &Step) -> Option<(&str, bool)> {
    match &step.event {
        Event::Attempt { state, outcome: AttemptOutcome::Succeeded, .. } => Some((state, step.is_committed)),
        _ => None,
    }
}

fn mark(step: &Step) -> Mark {
    match &step.event {
        _ if !step.is_committed => Mark::Other,
        Event::Start { .. } | Event::End { .. } | Event::Closure { .. } => Mark::Ends,
        Event::Change { outcome: CallOutcome::Done, .. } => Mark::Change,
        Event::Change { .. } | Event::Attempt { outcome: AttemptOutcome::Failed, .. } | Event::Refusal { .. } => {
            Mark::Failure
        }
        _ => Mark::Other,
    }
}
