//! Checks that client, function and state machine have the same definition.

use super::DoctorFinding;
use super::answer::update_the_older;
use super::remediation::Remediation;
use bifrost_core::json;
use bifrost_core::machine::{LATEST, function_versions, set_function_version};
use bifrost_core::self_check::{SelfCheckReport, VERSION};
use serde_json::{Map, Value};

const CHECK: &str = "definition";

/// How many differences a message names.
const MAX_NAMED: usize = 5;

/// `None` if there is no state machine to compare: another check reports that.
///
/// Step can deploy a definition that names a version of the function. That is no difference. The function's own definition is that of
/// its newest code, which may be newer than the version.
pub(super) fn check(
    client: &Value,
    machine: Option<&Value>,
    report: Option<&SelfCheckReport>,
    remediation: &Remediation<'_>,
) -> Option<DoctorFinding> {
    let arn = remediation.identity().function_arn();
    let version = machine.map(|machine| described_version(machine, &arn)).unwrap_or_default();
    let machine = machine.map(|machine| {
        let mut machine = machine.clone();
        set_function_version(&mut machine, &arn, None);
        machine
    });
    let mut finding = compare(client, machine.as_ref(), report, remediation)?;
    finding.message.push_str(&version);
    Some(finding)
}

/// Which versions of the function the state machine runs, with `; ` before; empty if it runs the function's present code.
fn described_version(machine: &Value, function_arn: &str) -> String {
    let versions: Vec<String> = function_versions(machine, function_arn).into_iter().collect();
    match versions.as_slice() {
        [] => String::new(),
        [version] if version == LATEST => String::new(),
        [version] => format!("; it runs version {version} of the function"),
        several => format!("; it runs different versions of the function: {}", several.join(", ")),
    }
}

fn compare(
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
            DoctorFinding::bad(CHECK, message, remediation.upgrade())
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
        let next_step = remediation.step_deploy().unwrap_or_else(|| remediation.restore());
        return DoctorFinding::bad(CHECK, message, next_step);
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
    let next_step = format!("{}; {}", remediation.upgrade(), remediation.check_again());
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
