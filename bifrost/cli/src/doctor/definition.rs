//! Checks that client, function and state machine have the same definition.

use super::DoctorFinding;
use super::answer::update_the_older;
use super::remediation::Remediation;
use bifrost_core::json;
use bifrost_core::self_check::{SelfCheckReport, VERSION};
use serde_json::{Map, Value};

const CHECK: &str = "definition";

/// How many differences a message names.
const MAX_NAMED: usize = 5;

/// `None` if there is no state machine to compare: another check reports that.
pub(super) fn check(
    client: &Value,
    machine: Option<&Value>,
    report: Option<&SelfCheckReport>,
    remediation: &Remediation<'_>,
) -> Option<DoctorFinding> {
    let of_function = report.map(|report| differences(client, &report.definition));
    let of_machine = machine.map(|machine| differences(client, machine));
    Some(match (of_machine?, of_function) {
        (None, Some(None)) => DoctorFinding::good(CHECK, "state machine, function and client have the same definition"),
        (None, None) => DoctorFinding::good(CHECK, "the state machine has the definition of this client"),
        (None, Some(Some(differences))) => {
            let message = format!(
                "the state machine has the definition of this client, but the function has another one: {differences}"
            );
            DoctorFinding::bad(CHECK, message, remediation.bootstrap())
        }
        (Some(differences), Some(None)) => {
            let message = format!(
                "the state machine was edited by hand, or was not updated with its function: it differs from function \
                 and client: {differences}"
            );
            DoctorFinding::bad(CHECK, message, remediation.update_definition())
        }
        (Some(differences), _) => third_definition(&differences, machine, report, remediation),
    })
}

/// State machine and client differ. The function differs from the client as well, or is not known.
fn third_definition(
    differences: &str,
    machine: Option<&Value>,
    report: Option<&SelfCheckReport>,
    remediation: &Remediation<'_>,
) -> DoctorFinding {
    let Some(report) = report else {
        let message =
            format!("the state machine was edited by hand, or has another version than this client: {differences}");
        return DoctorFinding::bad(CHECK, message, remediation.restore());
    };
    if machine.is_some_and(|machine| json::same(machine, &report.definition)) {
        let version = &report.version;
        let message = format!(
            "this client (version {VERSION}) has another definition than state machine and function (version \
             {version}): {differences}"
        );
        return DoctorFinding::bad(CHECK, message, update_the_older(remediation));
    }
    let message = format!("state machine, function and client have different definitions: {differences}");
    let next_step = format!("{}; {}", remediation.bootstrap(), remediation.check_again());
    DoctorFinding::bad(CHECK, message, next_step)
}

/// The names of the states and top-level fields in which two definitions differ; `None` if they are equivalent.
#[must_use]
pub fn differences(ours: &Value, theirs: &Value) -> Option<String> {
    if json::same(ours, theirs) {
        return None;
    }
    let (states, other_states) = (states(ours), states(theirs));
    let mut names = different(states, other_states);
    let fields = different(ours.as_object(), theirs.as_object());
    names.extend(fields.into_iter().filter(|field| *field != "States"));
    let more = names.len().saturating_sub(MAX_NAMED);
    names.truncate(MAX_NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    Some(if names.is_empty() {
        "one of them is not a definition".into()
    } else {
        format!("{}{more}", names.join(", "))
    })
}

fn states(definition: &Value) -> Option<&Map<String, Value>> {
    definition.get("States")?.as_object()
}

/// The names of members that differ, or that only one object has.
fn different<'a>(ours: Option<&'a Map<String, Value>>, theirs: Option<&'a Map<String, Value>>) -> Vec<&'a str> {
    let (Some(ours), Some(theirs)) = (ours, theirs) else { return Vec::new() };
    let changed = ours.iter().filter(|(name, value)| !theirs.get(*name).is_some_and(|other| json::same(value, other)));
    let added = theirs.iter().filter(|(name, _)| !ours.contains_key(*name));
    changed.chain(added).map(|(name, _)| name.as_str()).collect()
}
