//! Advice is safe in every state in which it can be shown: the table names each text that asks an operator to delete,
//! keep, wait for, unlock or deploy something, with the states that show it and the groups that serve then.

use crate::errors::{BelowCapacity, DetachFailure, NotDetached};
use crate::release::sample;
use crate::{ERROR_CODES, Odin};
use bifrost::client::{ClientDeployer, Serving, StepFailure};
use bifrost::error_code::Coded;
use bifrost::machine::Machine;
use chrono::DateTime;
use std::collections::BTreeSet;

const NEW: Serving = Serving::New;
const PREVIOUS: Serving = Serving::Previous;
const UNKNOWN: Serving = Serving::Unknown;

/// Code, the states whose task raises it, and what serves when that state fails for good.
///
/// `ValidateResources` and `plan` show the findings of the release while nothing was created.
const ADVICE: &[(&str, &[Odin], Serving)] = &[
    ("odin/release-exists", &[Odin::ValidateResources], PREVIOUS),
    ("odin/group-untagged", &[Odin::ValidateResources], PREVIOUS),
    ("odin/several-groups", &[Odin::ValidateResources], PREVIOUS),
    ("odin/alarm-fires-before", &[Odin::ValidateResources], PREVIOUS),
    ("odin/image-unavailable", &[Odin::ValidateResources], PREVIOUS),
    ("odin/unsafe-change", &[Odin::ValidateResources], PREVIOUS),
    ("odin/deployed-unreadable", &[Odin::ValidateResources], PREVIOUS),
    ("odin/not-resolved", &[Odin::Deploy], PREVIOUS),
    // CleanUpFailure deletes what is left of the new groups.
    ("odin/terminating", &[Odin::CheckHealthy], PREVIOUS),
    ("odin/cannot-launch", &[Odin::CheckHealthy], PREVIOUS),
    ("odin/group-deleted", &[Odin::CheckHealthy], PREVIOUS),
    // The old groups may be all that serves. DetachForSuccess is followed by the other two.
    ("odin/group-deleted", &[Odin::DetachForSuccess, Odin::WaitDetachForSuccess, Odin::CleanUpSuccess], UNKNOWN),
    ("odin/below-capacity", &[Odin::DetachForSuccess, Odin::WaitDetachForSuccess, Odin::CleanUpSuccess], UNKNOWN),
    // The deploy continues by itself.
    ("odin/draining", &[Odin::DetachForSuccess], NEW),
    ("odin/hooks-running", &[Odin::DetachForSuccess], NEW),
    ("odin/still-used", &[Odin::CleanUpSuccess], NEW),
    ("odin/still-used", &[Odin::CleanUpFailure], PREVIOUS),
    // Only the commands `fleet` and `parity` show them.
    ("odin/deployed-item", &[], UNKNOWN),
    ("odin/nothing-deployed", &[], UNKNOWN),
];

/// Words of an advice that could end what serves, if it were wrong.
const RISKY: [&str; 6] = ["delete", "keep", "wait", "unlock", "deploy", "nothing to do"];

fn remedy(code: &str) -> &'static str {
    ERROR_CODES.iter().copied().flatten().find(|it| it.code == code).map_or("", |it| it.remedy)
}

fn failure(code: &str) -> StepFailure {
    StepFailure {
        time: DateTime::UNIX_EPOCH,
        state: "CleanUpSuccess".into(),
        error: "CleanUpError".into(),
        code: Some(code.into()),
        cause: "new groups are unhealthy".into(),
        attempt: 4,
        is_waiting: false,
    }
}

/// Whether a text has this word or phrase.
fn has(text: &str, phrase: &str) -> bool {
    let words = text.split(|c: char| !c.is_alphanumeric()).collect::<Vec<_>>().join(" ");
    format!(" {words} ").contains(&format!(" {phrase} "))
}

#[test]
fn table_names_every_risky_advice() {
    let codes = ERROR_CODES.iter().copied().flatten();
    let risky = codes.filter(|it| RISKY.iter().any(|phrase| has(it.remedy, phrase)));
    let risky: BTreeSet<_> = risky.map(|it| it.code).collect();
    assert_eq!(risky, ADVICE.iter().map(|(code, ..)| *code).collect());
}

#[test]
fn table_knows_what_serves_in_each_state() {
    let release = sample::release();
    for (code, in_states, serving) in ADVICE {
        for state in *in_states {
            assert_eq!(Odin::serving(*state, &release, &[failure(code)]), *serving, "{code} in {state}");
        }
    }
}

/// Once old groups may be detached, no error asks to delete a group: it is not known that the new ones are healthy.
#[test]
fn no_error_asks_to_delete_while_groups_are_replaced() {
    for (code, in_states, _) in ADVICE.iter().filter(|(.., serving)| *serving != PREVIOUS) {
        assert!(!has(remedy(code), "delete"), "{code} in {in_states:?}");
    }
    for code in ["odin/below-capacity", "odin/group-deleted"] {
        assert!(has(remedy(code), "keep the old groups"), "{code}");
    }
}

/// Every finding about an existing group names a condition before it asks to delete one.
#[test]
fn deletion_of_a_group_is_conditional() {
    for code in ["odin/group-untagged", "odin/several-groups"] {
        assert!(has(remedy(code), "only"), "{code}");
    }
}

/// The failure of an earlier state counts, too: after it, `CleanUpSuccess` may fail for another reason.
#[test]
fn earlier_failure_makes_serving_unknown() {
    let release = sample::release();
    let serving = |codes: &[&str]| {
        let failures: Vec<_> = codes.iter().map(|code| failure(code)).collect();
        Odin::serving(Odin::CleanUpSuccess, &release, &failures)
    };
    assert_eq!(serving(&["odin/below-capacity", "aws/access-denied"]), UNKNOWN);
    assert_eq!(serving(&["odin/draining", "aws/access-denied"]), NEW);
}

#[test]
fn lost_lock_makes_serving_unknown() {
    for code in ["lock/lost", "lock/given-back"] {
        for state in Odin::ALL {
            assert_eq!(Odin::serving(*state, &sample::release(), &[failure(code)]), UNKNOWN, "{code} in {state}");
        }
    }
}

#[test]
fn every_state_has_a_serving_release_until_the_end() {
    let release = sample::release();
    let states = Odin::ALL.iter().copied();
    let unknown: Vec<_> = states.filter(|state| Odin::serving(*state, &release, &[]) == UNKNOWN).collect();
    assert_eq!(unknown, [Odin::FailureClean, Odin::FailureDirty, Odin::Success]);
}

#[test]
fn halt_is_too_late_from_wait_for_detach_on() {
    let mut release = sample::release();
    let can_halt = |release: &_| {
        let states = Odin::ALL.iter().copied();
        states.filter(|state| Odin::too_late(*state, release).is_none()).collect::<Vec<_>>()
    };
    let in_time = [
        Odin::Validate,
        Odin::Lock,
        Odin::ValidateResources,
        Odin::Deploy,
        Odin::WaitForDeploy,
        Odin::WaitForHealthy,
        Odin::CheckHealthy,
    ];
    release.fields.healthy = Some(true);
    assert_eq!(can_halt(&release), in_time);
    release.fields.healthy = Some(false);
    assert_eq!(can_halt(&release), [&in_time[..], &[Odin::IsHealthy]].concat());
}

#[test]
fn only_draining_waits() {
    assert!(DetachFailure::from(NotDetached::Draining(vec!["web drains".into()])).is_waiting());
    // The task is retried for the same time while the new groups are unhealthy, but that needs attention.
    assert!(!DetachFailure::from(NotDetached::BelowCapacity(BelowCapacity(Vec::new()))).is_waiting());
}
