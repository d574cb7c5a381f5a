//! The log of a deploy (contract §3): the changes of the change set, then the events of the stack.
//!
//! A line is `<time> <status> <type> <logical id> <reason>`, as in Go Fenrir. The status of a change is `ADD`, `MODIFY`,
//! `REPLACE`, `REPLACE?` (CloudFormation decides during the update), `REMOVE`, `IMPORT` or `DYNAMIC`; or `SHIFT` for a
//! function whose traffic shifts to new code step by step.

use crate::cloud::{Change, ChangeAction, FenrirPorts, Replacement, StackEvent};
use crate::impact::{is_stateful, traffic_shifts};
use crate::template::Node;
use bifrost::cloud::CloudError;
use bifrost::lifecycle::Context;
use bifrost::log;
use bifrost::release::Envelope;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::Value;

/// How many bytes of the log a release carries.
const MAX_SUMMARY_LEN: usize = 32 * 1024;

/// The largest log that is read again, in bytes. The function has 256 MiB of memory.
const LIMIT_BYTES: u64 = 8 * 1024 * 1024;

/// The end of the line of a change to a resource that holds data.
pub const HOLDS_DATA: &str = "(it holds data)";

/// The status of a function whose traffic shifts to new code step by step.
const SHIFT: &str = "SHIFT";

/// The statuses of changes.
const CHANGES: [&str; 8] = ["ADD", "MODIFY", "REPLACE", "REPLACE?", "REMOVE", "IMPORT", "DYNAMIC", SHIFT];

/// Writes the changes of a change set, and the functions of its template whose traffic shifts step by step. Leaves out
/// resources of which only the tags change.
///
/// # Errors
/// `CloudError` from S3.
pub async fn write_changes(
    context: &Context<FenrirPorts>,
    envelope: &Envelope,
    changes: &[Change],
    template: &Value,
) -> Result<(), CloudError> {
    let now = context.now();
    let shifts = traffic_shifts(&Node::from(template)).into_iter();
    let shifts = shifts.map(|(name, how)| line(now, SHIFT, "AWS::Lambda::Alias", &name, &how));
    let shown = changes.iter().filter(|change| !change.is_of_tags_alone());
    let text: String = shown.map(|change| change_line(now, change)).chain(shifts).collect();
    log::write(context, envelope, &text).await
}

/// Writes the events of the stack below the changes that the log has already. Returns the part of the events that the
/// release carries.
///
/// # Errors
/// `CloudError` from S3.
pub async fn write_events(
    context: &Context<FenrirPorts>,
    envelope: &Envelope,
    events: &[StackEvent],
) -> Result<String, CloudError> {
    let written = context.account.objects.get(&envelope.bucket, &envelope.release_dir().log(), LIMIT_BYTES).await;
    let written = match written {
        // A deploy does not fail for its log.
        Err(error) if error.is_too_large() => None,
        written => written?,
    };
    let written = written.map(|object| String::from_utf8_lossy(&object.body).into_owned()).unwrap_or_default();
    let changes: String = written.lines().filter(|line| is_change(line)).flat_map(|line| [line, "\n"]).collect();
    let events: Vec<String> = events.iter().map(event_line).collect();
    log::write(context, envelope, &(changes + &events.concat())).await?;
    Ok(summary(&events))
}

/// The first resource that failed, with its status and reason. Resources that CloudFormation cancelled because of that one
/// do not count.
#[must_use]
pub fn first_failure(log: &str) -> Option<&str> {
    let failed = |line: &&str| {
        status(line).is_some_and(|status| status.ends_with("_FAILED")) && !line.to_lowercase().ends_with("cancelled")
    };
    let line = log.lines().find(failed)?;
    line.split_once(' ').map(|(_, rest)| rest)
}

/// The status in a line.
#[must_use]
pub fn status(line: &str) -> Option<&str> {
    line.split(' ').nth(1)
}

/// Whether a line shows a change of the change set.
#[must_use]
pub fn is_change(line: &str) -> bool {
    status(line).is_some_and(|status| CHANGES.contains(&status))
}

fn change_line(now: DateTime<Utc>, change: &Change) -> String {
    let Change { logical_id, resource_type, scope, .. } = change;
    let note = match (is_stateful(resource_type), change.keeps_data()) {
        (_, true) => "(the old resource is kept)",
        (true, false) => HOLDS_DATA,
        (false, false) => "",
    };
    line(now, change_status(change), resource_type, logical_id, &format!("{} {note}", scope.join(", ")))
}

/// The status of a change.
#[must_use]
pub fn change_status(change: &Change) -> &'static str {
    match (change.action, change.replacement) {
        (ChangeAction::Add, _) => "ADD",
        (ChangeAction::Modify, Some(Replacement::True)) => "REPLACE",
        (ChangeAction::Modify, Some(Replacement::Conditional)) => "REPLACE?",
        (ChangeAction::Modify, _) => "MODIFY",
        (ChangeAction::Remove, _) => "REMOVE",
        (ChangeAction::Import, _) => "IMPORT",
        (ChangeAction::Dynamic, _) => "DYNAMIC",
    }
}

fn event_line(event: &StackEvent) -> String {
    let reason = event.reason.as_deref().unwrap_or_default();
    line(event.timestamp, &event.status, &event.resource_type, &event.logical_id, reason)
}

/// A reason may have several lines, and is joined into one.
fn line(time: DateTime<Utc>, status: &str, kind: &str, name: &str, reason: &str) -> String {
    let time = time.to_rfc3339_opts(SecondsFormat::Secs, true);
    let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
    format!("{}\n", format!("{time} {status} {kind} {name} {reason}").trim_end())
}

/// The part of the events that the release carries: the latest, and before them only those that failed.
fn summary(events: &[String]) -> String {
    let mut room = MAX_SUMMARY_LEN;
    let mut kept: Vec<&str> = events
        .iter()
        .rev()
        .take_while(|line| {
            room = room.saturating_sub(line.len());
            room > MAX_SUMMARY_LEN / 2
        })
        .map(String::as_str)
        .collect();
    let earlier = events.len() - kept.len();
    let failed = events.iter().take(earlier).filter(|line| first_failure(line).is_some());
    kept.extend(
        failed
            .take_while(|line| {
                room = room.saturating_sub(line.len());
                room > 0
            })
            .map(String::as_str)
            .collect::<Vec<_>>()
            .into_iter()
            .rev(),
    );
    kept.reverse();
    kept.concat()
}

#[cfg(test)]
#[path = "log_tests.rs"]
mod tests;
