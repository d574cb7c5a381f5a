//! The log of a deploy (contract §3): what the change set would change, then what happened to the stack.
//!
//! A line is `<time> <status> <type> <logical id> <reason>`, as in the original's. Of a change the status is one of
//! `ADD`, `MODIFY`, `REPLACE`, `REPLACE?` (that depends on what is known only then), `REMOVE`, `IMPORT` and `DYNAMIC`; and
//! `SHIFT` of a function whose traffic shifts to new code step by step.

use crate::cloud::{Change, ChangeAction, FenrirPorts, Replacement, StackEvent};
use crate::impact::{is_stateful, traffic_shifts};
use crate::template::Node;
use bifrost::cloud::CloudError;
use bifrost::log;
use bifrost::release::Envelope;
use bifrost::task::Context;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::Value;

/// How many bytes of it travel with the release.
const MAX_SUMMARY_LEN: usize = 32 * 1024;

/// What ends the line of a change to a resource that holds data.
pub const HOLDS_DATA: &str = "(it holds data)";

/// The word for a function whose traffic shifts to new code step by step.
const SHIFT: &str = "SHIFT";

/// The words for what is to change.
const CHANGES: [&str; 8] = ["ADD", "MODIFY", "REPLACE", "REPLACE?", "REMOVE", "IMPORT", "DYNAMIC", SHIFT];

/// Writes what a change set of that template would change, other than tags alone, and which functions' traffic shifts step by step.
///
/// # Errors
/// Whatever S3 answers.
pub async fn write_changes(
    context: &Context<FenrirPorts>,
    envelope: &Envelope,
    changes: &[Change],
    template: &Value,
) -> Result<(), CloudError> {
    let now = context.now();
    let shifts = traffic_shifts(&Node::from(template)).into_iter();
    let shifts = shifts.map(|(name, how)| line(now, SHIFT, "AWS::Lambda::Alias", &name, &how));
    let told = changes.iter().filter(|change| !change.is_of_tags_alone());
    let text: String = told.map(|change| of_change(now, change)).chain(shifts).collect();
    log::write(context, envelope, &text).await
}

/// Writes what happened to the stack, after what was to change; and gives the part of it that travels with the release.
///
/// # Errors
/// Whatever S3 answers.
pub async fn write_events(
    context: &Context<FenrirPorts>,
    envelope: &Envelope,
    events: &[StackEvent],
) -> Result<String, CloudError> {
    let there = context.account.objects.get(&envelope.bucket, &envelope.release_dir().log()).await?;
    let there = there.map(|object| String::from_utf8_lossy(&object.body).into_owned()).unwrap_or_default();
    let changes: String = there.lines().filter(|line| is_change(line)).flat_map(|line| [line, "\n"]).collect();
    let events: Vec<String> = events.iter().map(of_event).collect();
    log::write(context, envelope, &(changes + &events.concat())).await?;
    Ok(summary(&events))
}

/// The reason of the first resource that failed, with its name; not of those that were cancelled because it did.
#[must_use]
pub fn first_failure(log: &str) -> Option<&str> {
    let failed = |line: &&str| {
        status(line).is_some_and(|status| status.ends_with("_FAILED")) && !line.to_lowercase().ends_with("cancelled")
    };
    let line = log.lines().find(failed)?;
    line.split_once(' ').map(|(_, rest)| rest)
}

/// What a line says became of its resource.
#[must_use]
pub fn status(line: &str) -> Option<&str> {
    line.split(' ').nth(1)
}

/// Whether a line is about what was to change.
#[must_use]
pub fn is_change(line: &str) -> bool {
    status(line).is_some_and(|status| CHANGES.contains(&status))
}

fn of_change(now: DateTime<Utc>, change: &Change) -> String {
    let Change { logical_id, resource_type, scope, .. } = change;
    let holds = match (is_stateful(resource_type), change.keeps_data()) {
        (_, true) => "(the old one is kept)",
        (true, false) => HOLDS_DATA,
        (false, false) => "",
    };
    line(now, word(change), resource_type, logical_id, &format!("{} {holds}", scope.join(", ")))
}

/// What becomes of a resource, in a word.
#[must_use]
pub fn word(change: &Change) -> &'static str {
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

fn of_event(event: &StackEvent) -> String {
    let reason = event.reason.as_deref().unwrap_or_default();
    line(event.timestamp, &event.status, &event.resource_type, &event.logical_id, reason)
}

/// A reason may have several lines; a line of the log is one.
fn line(time: DateTime<Utc>, status: &str, kind: &str, name: &str, reason: &str) -> String {
    let time = time.to_rfc3339_opts(SecondsFormat::Secs, true);
    let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
    format!("{}\n", format!("{time} {status} {kind} {name} {reason}").trim_end())
}

/// As much as travels: the latest events, and before them those that failed.
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
