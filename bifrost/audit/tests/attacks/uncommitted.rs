//! Forged records to which no entry commits, and honest ones whose entries are late.

use crate::chains::{object, records, relink, start};
use crate::honest::{Ending, Shape, attempt, body, changed, check, dir, insert, may_change, named, small};
use bifrost_audit::memory::AuditState;
use bifrost_audit::verify::Report;
use bifrost_core::audit::{Event, Outcome, Record};
use bifrost_core::cloud::ExecutionStatus;
use chrono::Duration;

const UNCOMMITTED: Shape = Shape { attempts: Vec::new(), ending: Ending::Deployed, is_committed: false };

/// Codes and keys of what was found.
fn found(report: &Report) -> Vec<(&'static str, String)> {
    report.findings.iter().map(|finding| (finding.code, finding.key.clone().unwrap_or_default())).collect()
}

fn remedies_do_not_launder(report: &Report) {
    for finding in &report.findings {
        assert!(!finding.remedy.contains("`reconcile`") || finding.remedy.contains("only if"), "{finding:#?}");
    }
}

/// Copies the objects of a chain to another directory.
fn copy_chain(state: &mut AuditState, name: &str, to: &str, change: impl Fn(String) -> String) {
    for number in 1..=u32::try_from(records(state, name).len()).unwrap() {
        let text = change(String::from_utf8(body(state, &object(name, number))).unwrap());
        insert(state, &format!("{to}/{number:06}"), text.into_bytes());
    }
}

#[tokio::test]
async fn chain_that_was_copied_is_caught() {
    let state = small().await.state();
    for to in [dir("copied"), "records/coinbase-fenrir/deployed".to_owned(), dir("_0123456789")] {
        let mut state = state.clone();
        copy_chain(&mut state, "deployed", &to, |text| text);
        let report = check(state).await;
        assert_eq!(found(&report), [("audit/chain-forged", to)]);
        assert!(!report.is_ok());
        remedies_do_not_launder(&report);
    }
}

#[tokio::test]
async fn execution_that_is_not_that_of_its_directory_is_caught() {
    let mut log = small().await;
    log.execution("real", &UNCOMMITTED).await;
    let state = log.state();
    // Nothing of the chain is committed, so its hashes do not show that it was renamed.
    let forged = |to: &str, change: fn(String) -> String| {
        let mut state = state.clone();
        copy_chain(&mut state, "real", to, change);
        state.objects.retain(|key, _| !key.starts_with(&dir("real")));
        state
    };
    assert_eq!(found(&check(state.clone()).await), [("audit/uncommitted-chain", dir("real"))]);
    for to in [dir("other"), "records/coinbase-fenrir/real".to_owned(), dir("_0123456789")] {
        assert_eq!(named(&check(forged(&to, |text| text)).await), ("audit/chain-forged", to));
    }
    // Records without an execution are in the directory of a release.
    let mut nameless = records(&state, "real");
    nameless.iter_mut().flatten().for_each(|record| record.draft.subject.execution = None);
    let mut forged = state.clone();
    relink(&mut forged, "real", nameless);
    assert_eq!(named(&check(forged).await), ("audit/chain-forged", dir("real")));
}

#[tokio::test]
async fn execution_that_is_not_committed_for_a_day_is_an_error() {
    let mut log = small().await;
    log.execution("forged", &UNCOMMITTED).await;
    assert!(check(log.state()).await.is_ok());
    log.pass(Duration::hours(23));
    log.execution("next", &Shape { is_committed: true, ..UNCOMMITTED }).await;
    let report = check(log.state()).await;
    assert_eq!(
        (found(&report), report.errors(), report.warnings()),
        (vec![("audit/uncommitted-chain", dir("forged"))], 0, 1)
    );
    log.pass(Duration::hours(2));
    log.execution("later", &Shape { is_committed: true, ..UNCOMMITTED }).await;
    let report = check(log.state()).await;
    assert_eq!((named(&report), report.errors(), report.unproven), (("audit/uncommitted-late", dir("forged")), 1, 0));
    remedies_do_not_launder(&report);
    // If Step Functions knows the execution, what is missing is appended.
    log.close("forged", ExecutionStatus::Succeeded, None).await;
    assert_eq!(check(log.state()).await.findings, []);
}

/// Adds an object with records of which no entry is appended.
async fn with_records(name: &str, wait: Duration, events: Vec<Event>) -> Report {
    let mut log = small().await;
    log.pass(wait);
    let mut state = log.state();
    let mut objects = records(&state, name);
    let draft = |event| Record { schema: 1, number: 0, previous: None, draft: log.draft(name, event) };
    objects.push(events.into_iter().map(draft).collect());
    relink(&mut state, name, objects);
    check(state).await
}

#[tokio::test]
async fn records_after_the_end_are_errors_unless_an_attempt_was_late() {
    let late = || {
        vec![
            may_change("Deploy0"),
            changed("Deploy0", 9),
            Event::LockFreed { lock: "acme/web/production/lock".into(), deployed: false },
            attempt("Deploy0", None),
        ]
    };
    let ended = || Event::End { outcome: Outcome::FailureClean, release_sha256: None };
    let closed =
        || Event::Closure { outcome: Outcome::Stopped, status: "ABORTED".into(), error: None, left_over: Vec::new() };
    let minutes = Duration::minutes;
    let cases = [
        (minutes(10), late(), "audit/late-attempt"),
        (minutes(30), late(), "audit/after-end"),
        (minutes(1), [late(), vec![start("other")]].concat(), "audit/after-end"),
        (minutes(1), vec![ended()], "audit/after-end"),
        (minutes(1), vec![closed()], "audit/after-end"),
    ];
    for (wait, events, code) in cases {
        let report = with_records("deployed", wait, events.clone()).await;
        let first = report.findings.iter().find(|finding| finding.code == code);
        assert!(
            first.is_some_and(|first| first.message.contains("no entry commits to them")),
            "{events:?}: {report:#?}"
        );
        assert_eq!(report.is_ok(), code == "audit/late-attempt", "{events:?}: {report:#?}");
        remedies_do_not_launder(&report);
    }
}

#[tokio::test]
async fn closing_commits_to_late_attempts_only() {
    for (ending, status, error) in [
        (Ending::Deployed, ExecutionStatus::Succeeded, None),
        (Ending::Clean, ExecutionStatus::Failed, Some("NotifyError")),
        (Ending::Aborted, ExecutionStatus::Aborted, None),
    ] {
        let mut log = small().await;
        log.execution("repeated", &Shape { attempts: vec![1], ending, is_committed: true }).await;
        let stopped = log.now;
        log.late("repeated", vec![attempt("CleanUp", None)]).await;
        assert_eq!(check(log.state()).await.findings[0].code, "audit/late-attempt");
        for _ in 0..2 {
            log.pass(Duration::hours(20));
            log.close_stopped("repeated", status, error, stopped).await;
        }
        let before = check(log.state()).await;
        assert_eq!((before.findings, before.size), (Vec::new(), 16));
        // So late no attempt runs: somebody else wrote it.
        log.late("repeated", vec![attempt("CleanUp", None)]).await;
        log.close_stopped("repeated", status, error, stopped).await;
        assert_eq!(named(&check(log.state()).await).0, "audit/after-end");
    }
}

#[tokio::test]
async fn name_used_again_has_two_executions() {
    let mut log = small().await;
    let deployed = Shape { attempts: vec![1], ending: Ending::Deployed, is_committed: true };
    log.execution("again", &deployed).await;
    log.pass(Duration::days(91));
    for shape in [Shape { ending: Ending::Clean, ..deployed.clone() }, Shape { ending: Ending::Running, ..deployed }] {
        log.execution("again", &shape).await;
        log.pass(Duration::days(91));
        let report = check(log.state()).await;
        assert_eq!(report.findings, []);
        assert_eq!(report.open, 1 + u64::from(shape.ending == Ending::Running));
    }
}

#[tokio::test]
async fn end_that_is_not_committed_is_named_and_the_execution_is_open() {
    let end = Event::End { outcome: Outcome::Success, release_sha256: None };
    let report = with_records("running", Duration::zero(), vec![attempt("CleanUp", None), end]).await;
    assert_eq!(found(&report), [("audit/uncommitted-end", object("running", 4))]);
    assert_eq!((report.is_ok(), report.open, report.warnings()), (true, 1, 1));
    remedies_do_not_launder(&report);
}

#[tokio::test]
async fn clock_of_one_deployer_does_not_make_others_late() {
    let mut log = small().await;
    log.pass(Duration::days(400));
    log.execution("ahead", &Shape { is_committed: true, ..UNCOMMITTED }).await;
    log.pass(-Duration::days(400));
    log.execution("right", &Shape { is_committed: true, ..UNCOMMITTED }).await;
    log.execution("waits", &UNCOMMITTED).await;
    assert_eq!(found(&check(log.state()).await), [("audit/uncommitted-chain", dir("waits"))]);
}
