//! What a chain has once: its start, a refusal, and its end.

use super::lines::Line;
use crate::audit::record::{Draft, Event};
use chrono::{DateTime, TimeDelta, Utc};

/// How long Step Functions keeps the name of an execution that has ended: so long no other execution has it.
const NAME_IS_KEPT: TimeDelta = TimeDelta::days(90);

/// Whether an execution that began at `start` is not the one that recorded something `before`, though both have the same name.
#[must_use]
pub fn is_name_used_again(before: DateTime<Utc>, start: DateTime<Utc>) -> bool {
    start.signed_duration_since(before) >= NAME_IS_KEPT
}

/// The records of the execution that began last, of all that had the name of the chain. `event` is the event of a record.
pub(crate) fn since_last_start<T>(records: &[T], event: impl Fn(&T) -> &Event) -> &[T] {
    let start = records.iter().rposition(|record| matches!(event(record), Event::Start { .. }));
    records.get(start.unwrap_or_default()..).unwrap_or_default()
}

/// Whether a chain has an event of this kind once.
pub(super) fn is_unique(event: &Event) -> bool {
    matches!(event, Event::Start { .. } | Event::Refusal { .. } | Event::End { .. } | Event::Closure { .. })
}

/// Drops what is in the queue twice, because it could not be written before.
pub(super) fn drop_doubled(queue: &mut Vec<Draft>) {
    let mut kept: Vec<Draft> = Vec::with_capacity(queue.len());
    for draft in queue.drain(..) {
        if !kept.iter().any(|earlier| repeats(&draft.event, &earlier.event)) {
            kept.push(draft);
        }
    }
    *queue = kept;
}

/// Drops from the queue what the chain must not have again, and returns the records that it has instead.
pub(super) fn take_repeated(queue: &mut Vec<Draft>, stored: &[Line]) -> Vec<Line> {
    let stored = since_last_start(stored, |(record, _)| &record.draft.event);
    let Some((last, _)) = stored.last() else { return Vec::new() };
    let (mut found, mut is_another) = (Vec::new(), false);
    queue.retain(|draft| {
        let is_same = |(record, _): &&Line| match &draft.event {
            Event::Start { .. } if is_name_used_again(last.draft.time, draft.time) => false,
            // Records after an end have an entry only if another end follows them.
            Event::Closure { .. } if record.number != last.number => false,
            event => !is_another && repeats(event, &record.draft.event),
        };
        let same = stored.iter().find(is_same);
        is_another |= same.is_none() && matches!(draft.event, Event::Start { .. });
        found.extend(same.cloned());
        same.is_none()
    });
    found
}

/// Whether a chain that has the `stored` event must not have the `new` one.
fn repeats(new: &Event, stored: &Event) -> bool {
    match (new, stored) {
        (Event::Start { release_sha256: new, .. }, Event::Start { release_sha256: stored, .. }) => {
            new.is_none() || new == stored
        }
        // An invocation that was given up does not refuse what went on without it.
        (Event::Refusal { .. }, Event::MayChange { .. } | Event::End { .. } | Event::Closure { .. }) => true,
        (
            Event::Refusal { state, error, code },
            Event::Refusal { state: stored_state, error: stored_error, code: stored_code },
        ) => (state, error, code) == (stored_state, stored_error, stored_code),
        (
            Event::End { outcome, .. } | Event::Closure { outcome, .. },
            Event::End { outcome: stored, .. } | Event::Closure { outcome: stored, .. },
        ) => outcome == stored,
        _ => false,
    }
}
