//! Every state of a deployer that `doctor` distinguishes, and the checks that fail in it.

use super::audit::audit_states;
use super::fixture::{
    bucket_is_not_protected, bucket_settings_are_denied, by_step, definition, denied, edited, everything_is_denied,
    function, healthy, machine, nothing_exists, other_version, report, returned, table, with_answer, with_failure,
    with_function, with_function_state, with_machine, with_options, with_role, with_subscriptions, with_table,
    with_time_to_live,
};
use crate::doctor::examine::Observed;
use bifrost_core::cloud::{FunctionConfiguration, Invocation, MachineConfiguration, Table};
use bifrost_core::self_check::Assumption;
use serde_json::json;

/// A state of a deployer, with its name and the checks that fail.
pub(super) type State = (&'static str, Observed, &'static [&'static str]);

/// Every state of a deployer that `doctor` distinguishes.
pub(super) fn states() -> Vec<State> {
    let states = [
        general_states(),
        bucket_states(),
        function_states(),
        machine_states(),
        table_states(),
        alarm_states(),
        role_states(),
        audit_states(),
    ];
    states.into_iter().flatten().collect()
}

pub(super) fn general_states() -> Vec<State> {
    vec![
        ("healthy", healthy(), &[]),
        (
            "nothing exists",
            nothing_exists(),
            &[
                "Bad function",
                "Bad state machine",
                "Bad lock table",
                "Bad bucket",
                "Warning alarm",
                "Warning role in 222222222222",
            ],
        ),
        (
            "everything is denied",
            everything_is_denied(),
            &[
                "Warning access",
                "Warning function",
                "Warning function's answer",
                "Warning state machine",
                "Warning lock table",
                "Warning bucket",
                "Warning alarm",
                "Warning roles",
            ],
        ),
    ]
}

pub(super) fn bucket_states() -> Vec<State> {
    vec![
        (
            "bucket settings are denied",
            bucket_settings_are_denied(),
            &[
                "Warning bucket: public access",
                "Bad bucket: TLS only",
                "Warning bucket: versions",
                "Warning bucket: encryption",
            ],
        ),
        (
            "bucket is not protected",
            bucket_is_not_protected(),
            &[
                "Bad bucket: public access",
                "Bad bucket: TLS only",
                "Warning bucket: versions",
                "Warning bucket: encryption",
            ],
        ),
        (
            "bucket of another account",
            Observed { bucket: Err(denied("s3:ListObjectsV2", "Access Denied")), ..healthy() },
            &["Bad bucket"],
        ),
    ]
}

pub(super) fn function_states() -> Vec<State> {
    vec![
        ("function failed", with_function_state("Failed", "Successful"), &["Bad function"]),
        ("function update failed", with_function_state("Active", "Failed"), &["Bad function"]),
        ("function update in progress", with_function_state("Active", "InProgress"), &["Warning function"]),
        ("function is idle", with_function_state("Inactive", "Successful"), &["Warning function"]),
        (
            "function timeout is short",
            with_function(FunctionConfiguration { timeout_seconds: 30, ..function() }),
            &["Warning function"],
        ),
        (
            "function timeout reaches that of its task",
            with_function(FunctionConfiguration { timeout_seconds: 310, ..function() }),
            &["Bad function"],
        ),
        (
            "function has no self-check",
            with_failure("UnmarshalError"),
            &["Bad function's answer", "Warning role in 222222222222"],
        ),
        (
            "function fails",
            with_failure("Runtime.ExitError"),
            &["Bad function's answer", "Warning role in 222222222222"],
        ),
        (
            "answer cannot be read",
            with_answer(Invocation::Returned(json!({}))),
            &["Bad function's answer", "Warning role in 222222222222"],
        ),
    ]
}

pub(super) fn machine_states() -> Vec<State> {
    let edited_machine = || with_machine(machine(edited()));
    let edited_answer = || with_answer(returned(&report(edited(), Assumption::Assumed)));
    let denied_answer = Some(Err(denied("lambda:Invoke", "no")));
    vec![
        (
            "state machine is not logged",
            with_machine(MachineConfiguration { log_level: "OFF".into(), ..machine(definition()) }),
            &["Warning state machine"],
        ),
        (
            "state machine is not traced",
            with_machine(MachineConfiguration { is_traced: false, ..machine(definition()) }),
            &["Warning state machine"],
        ),
        (
            "state machine is being deleted",
            with_machine(MachineConfiguration { status: "DELETING".into(), ..machine(definition()) }),
            &["Bad state machine"],
        ),
        ("state machine was edited", edited_machine(), &["Bad definition"]),
        (
            "state machine differs, function is unknown",
            Observed { answer: denied_answer, accounts: Ok([].into()), ..edited_machine() },
            &["Warning function's answer", "Bad definition"],
        ),
        ("client has another version", other_version(), &["Warning function's answer", "Bad definition"]),
        ("function has another definition", edited_answer(), &["Bad definition"]),
        ("function has another definition than Step deployed", by_step(edited_answer()), &["Bad definition"]),
        ("state machine was edited after Step deployed it", by_step(edited_machine()), &["Bad definition"]),
        (
            "all definitions differ",
            Observed { machine: Ok(Some(machine(json!("not JSON that is read")))), ..edited_answer() },
            &["Bad definition"],
        ),
    ]
}

pub(super) fn table_states() -> Vec<State> {
    vec![
        ("lock table has another key", with_table(table("id", "N")), &["Bad lock table"]),
        (
            "lock table is being updated",
            with_table(Table { status: "UPDATING".into(), ..table("key", "S") }),
            &["Warning lock table"],
        ),
        (
            "lock table is being deleted",
            with_table(Table { status: "DELETING".into(), ..table("key", "S") }),
            &["Bad lock table"],
        ),
        ("lock table does not exist", Observed { table: Ok(None), ..healthy() }, &["Bad lock table"]),
        (
            "lock table does not exist, deployer has options",
            Observed { table: Ok(None), ..with_options(Assumption::Assumed) },
            &["Bad lock table"],
        ),
        ("lock table has no TTL", with_time_to_live(Ok(None)), &["Warning lock table: TTL"]),
        ("lock table has another TTL", with_time_to_live(Ok(Some("ttl".into()))), &["Warning lock table: TTL"]),
        (
            "lock table's TTL is denied",
            with_time_to_live(Err(denied("dynamodb:DescribeTimeToLive", "no"))),
            &["Warning lock table: TTL"],
        ),
    ]
}

pub(super) fn alarm_states() -> Vec<State> {
    vec![
        ("nobody is subscribed to the alarm", with_subscriptions(0, 0), &["Warning alarm"]),
        ("subscription to the alarm is not confirmed", with_subscriptions(0, 1), &["Warning alarm"]),
        ("another subscription is not confirmed", with_subscriptions(1, 1), &[]),
        ("alarm does not exist", Observed { alarm: Ok(None), ..healthy() }, &["Warning alarm"]),
    ]
}

pub(super) fn role_states() -> Vec<State> {
    vec![
        ("role is denied", with_role(Assumption::Denied("AccessDenied".into())), &["Bad role in 222222222222"]),
        (
            "role is denied, deployer has options",
            with_options(Assumption::Denied("AccessDenied".into())),
            &["Bad role in 222222222222"],
        ),
        ("role is unknown", with_role(Assumption::Unknown("RequestTimeout".into())), &["Warning role in 222222222222"]),
    ]
}
