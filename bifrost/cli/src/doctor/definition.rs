//! The definition: client, function and state machine should have the same.

use super::DoctorFinding;
use super::remediation::Advice;
use bifrost_core::json;
use bifrost_core::self_check::{SelfCheckReport, VERSION};
use serde_json::{Map, Value};

const CHECK: &str = "definition";

/// How many differences are named.
const NAMED: usize = 5;

/// Nothing, if there is nothing to compare with: other checks say so.
pub(super) fn check(
    client: &Value,
    machine: Option<&Value>,
    report: Option<&SelfCheckReport>,
    advice: &Advice<'_>,
) -> Option<DoctorFinding> {
    let of_function = report.map(|report| differences(client, &report.definition));
    let of_machine = machine.map(|machine| differences(client, machine));
    Some(match (of_machine?, of_function) {
        (None, Some(None)) => DoctorFinding::good(CHECK, "state machine, function and client have the same"),
        (None, None) => DoctorFinding::good(CHECK, "the state machine has this client's"),
        (None, Some(Some(differences))) => {
            let message = format!("the state machine has this client's, and the function another: {differences}");
            DoctorFinding::bad(CHECK, message, advice.bootstrap())
        }
        (Some(differences), Some(None)) => {
            let message = format!(
                "the state machine was edited by hand, or not updated with its function, which has this client's \
                 definition: {differences}"
            );
            DoctorFinding::bad(CHECK, message, advice.redefine())
        }
        (Some(differences), _) => another(&differences, machine, report, advice),
    })
}

/// The state machine does not have what this client has, nor does the function, as far as it is known.
fn another(
    differences: &str,
    machine: Option<&Value>,
    report: Option<&SelfCheckReport>,
    advice: &Advice<'_>,
) -> DoctorFinding {
    let Some(report) = report else {
        let message = format!("the state machine was edited by hand, or is of another version: {differences}");
        return DoctorFinding::bad(CHECK, message, advice.bootstrap());
    };
    if machine.is_some_and(|machine| json::same(machine, &report.definition)) {
        let version = &report.version;
        let message = format!(
            "this client, of version {VERSION}, is not of the deployer's, {version}: it has another definition than \
             function and state machine: {differences}"
        );
        let next_step =
            format!("update this client, or, if it is the newer one, the deployer with {}", advice.bootstrap());
        return DoctorFinding::bad(CHECK, message, next_step);
    }
    let message = format!("state machine, function and client all have different ones: {differences}");
    DoctorFinding::bad(CHECK, message, advice.bootstrap())
}

/// The names of the states in which two definitions differ, and other fields of theirs; `None` if they mean the same.
#[must_use]
pub fn differences(ours: &Value, theirs: &Value) -> Option<String> {
    if json::same(ours, theirs) {
        return None;
    }
    let (states, other_states) = (states(ours), states(theirs));
    let mut names = different(states, other_states);
    let fields = different(ours.as_object(), theirs.as_object());
    names.extend(fields.into_iter().filter(|field| *field != "States"));
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    Some(if names.is_empty() { "one is no definition".into() } else { format!("{}{more}", names.join(", ")) })
}

fn states(definition: &Value) -> Option<&Map<String, Value>> {
    definition.get("States")?.as_object()
}

/// The members that are not the same in both, or only in one.
fn different<'a>(ours: Option<&'a Map<String, Value>>, theirs: Option<&'a Map<String, Value>>) -> Vec<&'a str> {
    let (Some(ours), Some(theirs)) = (ours, theirs) else { return Vec::new() };
    let changed = ours.iter().filter(|(name, value)| !theirs.get(*name).is_some_and(|other| json::same(value, other)));
    let added = theirs.iter().filter(|(name, _)| !ours.contains_key(*name));
    changed.chain(added).map(|(name, _)| name.as_str()).collect()
}
