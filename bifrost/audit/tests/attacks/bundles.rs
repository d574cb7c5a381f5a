//! Bundles of records, honest and altered.

use crate::honest::{Ending, Honest, Shape, body, check, named, set_body, small};
use crate::untouched::{check_copy, copy};
use bifrost_audit::bundle::{BUNDLE_BYTES, make_bundles, read_bundle};
use bifrost_audit::memory::AuditState;
use chrono::{Duration, NaiveDate};

const KEY: &str = "bundles/2026-03-01/000001";

fn day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, 1).unwrap()
}

async fn bundled() -> Honest {
    let log = small().await;
    let made = make_bundles(&*log.store, day()).await.unwrap();
    assert_eq!((made.written, made.executions, made.skipped), (vec![KEY.to_owned()], 5, 0));
    log
}

/// The lines of the bundle.
fn lines(state: &AuditState) -> Vec<String> {
    String::from_utf8(body(state, KEY)).unwrap().lines().map(|line| format!("{line}\n")).collect()
}

#[tokio::test]
async fn bundles_have_what_ended_on_the_day_and_are_made_once() {
    let mut log = bundled().await;
    let state = log.state();
    let objects: Vec<_> = read_bundle(&body(&state, KEY)).map(Result::unwrap).collect();
    for object in &objects {
        assert_eq!(object.body, body(&state, &object.key));
        assert!(!object.key.contains("/running/"));
    }
    assert_eq!(make_bundles(&*log.store, day()).await.unwrap().written, Vec::<String>::new());
    // A late end is added, and so is another day.
    log.execution("late", &Shape { attempts: vec![1], ending: Ending::Clean, is_committed: true }).await;
    assert_eq!(make_bundles(&*log.store, day()).await.unwrap().written, ["bundles/2026-03-01/000002"]);
    log.pass(Duration::days(1));
    log.execution("next", &Shape { attempts: vec![1], ending: Ending::Dirty, is_committed: true }).await;
    assert_eq!(make_bundles(&*log.store, day()).await.unwrap().written, Vec::<String>::new());
    let next = make_bundles(&*log.store, day().succ_opt().unwrap()).await.unwrap();
    assert_eq!((next.written, next.executions), (vec!["bundles/2026-03-02/000001".to_owned()], 1));
    assert_eq!(make_bundles(&*log.store, day().pred_opt().unwrap()).await.unwrap().executions, 0);
    let report = check(log.state()).await;
    assert_eq!((report.findings, report.bundled, report.executions), (Vec::new(), 7, 8));
}

#[tokio::test]
async fn report_is_the_same_with_and_without_bundles() {
    let (with, without) = (check(bundled().await.state()).await, check(small().await.state()).await);
    assert_eq!(with.findings, []);
    assert_eq!(
        (with.records, with.uncommitted, with.executions, with.open),
        (without.records, without.uncommitted, without.executions, without.open)
    );
    assert_eq!((with.bundled, without.bundled), (5, 0));
}

#[tokio::test]
async fn copy_of_bundles_without_their_objects_verifies() {
    let mut state = bundled().await.state();
    state.objects.retain(|key, _| !key.starts_with("records/coinbase-odin/") || key.contains("/running/"));
    let dir = tempfile::tempdir().unwrap();
    copy(&state, dir.path());
    let report = check_copy(dir.path()).await;
    assert_eq!((report.findings, report.executions, report.bundled), (Vec::new(), 6, 5));
    assert!(report.limits.iter().any(|limit| limit.contains("no objects of 5 executions")), "{:?}", report.limits);
    // But in a bucket they must not be missing.
    assert_eq!(named(&check(state).await).0, "audit/object-missing");
}

#[tokio::test]
async fn altered_bundle_is_caught_and_the_objects_count() {
    let state = bundled().await.state();
    let honest = lines(&state);
    let replace = |at: usize, with: &str| {
        let mut lines = honest.clone();
        lines[at] = with.to_owned();
        lines.concat().into_bytes()
    };
    let without = |at: usize| [&honest[..at], &honest[at + 1..]].concat().concat().into_bytes();
    let mut swapped = honest.clone();
    swapped.swap(1, 2);
    let mut doubled = honest.clone();
    doubled.insert(1, honest[1].clone());
    let whole = honest.concat().into_bytes();
    let last_of_first = honest.iter().rposition(|line| line.contains("/aborted/")).unwrap();
    let cases = [
        (replace(1, &honest[1].replace("Deploy0", "Deploy9")), "audit/bundle-altered"),
        (replace(0, "garbage\n"), "audit/bundle-malformed"),
        (replace(0, "{\"key\":\"../../etc/passwd\",\"body\":\"\"}\n"), "audit/bundle-malformed"),
        (replace(0, "{\"key\":\"records/coinbase-odin/new/000001\",\"body\":\"\"}\n"), "audit/bundle-altered"),
        (without(1), "audit/bundle-altered"),
        (without(last_of_first), "audit/bundle-altered"),
        (swapped.concat().into_bytes(), "audit/bundle-altered"),
        (doubled.concat().into_bytes(), "audit/bundle-altered"),
        (whole[..whole.len() / 2].to_vec(), "audit/bundle-malformed"),
        (Vec::new(), "audit/bundle-malformed"),
    ];
    for (number, (bundle, code)) in cases.into_iter().enumerate() {
        let mut state = state.clone();
        set_body(&mut state, KEY, bundle);
        let report = check(state).await;
        assert_eq!(named(&report), (code, KEY.into()), "case {number}");
        assert!(
            report.findings.iter().all(|finding| finding.key.as_deref() == Some(KEY)),
            "case {number}: {:#?}",
            report.findings
        );
        assert_eq!(report.executions, 6);
    }
}

#[tokio::test]
async fn altered_object_is_caught_although_a_bundle_has_it() {
    let mut state = bundled().await.state();
    let key = "records/coinbase-odin/deployed/000003";
    let altered = String::from_utf8(body(&state, key)).unwrap().replace("group-0", "group-9");
    set_body(&mut state, key, altered.into_bytes());
    let dir = tempfile::tempdir().unwrap();
    copy(&state, dir.path());
    assert_eq!(named(&check_copy(dir.path()).await), ("audit/record-altered", key.into()));
    // In a bucket with one version of each object, only sizes are compared, and another size is read.
    let longer = [&body(&state, key)[..], b"\n"].concat();
    set_body(&mut state, key, longer);
    assert_eq!(named(&check(state).await).1, key);
}

#[tokio::test]
async fn bundle_with_a_number_before_it_missing_is_caught() {
    let mut log = bundled().await;
    log.execution("late", &Shape { attempts: vec![1], ending: Ending::Clean, is_committed: true }).await;
    make_bundles(&*log.store, day()).await.unwrap();
    let mut state = log.state();
    state.objects.remove(KEY);
    assert_eq!(named(&check(state).await), ("audit/object-missing", KEY.into()));
}

#[tokio::test]
async fn chain_that_is_damaged_is_not_bundled() {
    let log = small().await;
    let key = "records/coinbase-odin/deployed/000003";
    log.store.with(|state, _| set_body(state, key, b"garbage\n".to_vec()));
    log.store.with(|state, _| state.objects.remove("records/coinbase-odin/clean/000002"));
    let made = make_bundles(&*log.store, day()).await.unwrap();
    assert_eq!((made.executions, made.skipped), (3, 2));
    assert!(!lines(&log.state()).concat().contains("/deployed/"));
}

#[tokio::test]
async fn large_day_has_several_bundles() {
    let mut log = Honest::new(false);
    let shape = Shape { attempts: vec![1200], ending: Ending::Deployed, is_committed: true };
    for number in 0..12 {
        log.execution(&format!("deploy-{number}"), &shape).await;
    }
    log.publish().await;
    let made = make_bundles(&*log.store, day()).await.unwrap();
    assert!(made.written.len() > 1, "{made:?}");
    for key in &made.written {
        assert!(body(&log.state(), key).len() <= BUNDLE_BYTES);
    }
    let report = check(log.state()).await;
    assert_eq!((report.findings, report.bundled), (Vec::new(), 12));
}

#[tokio::test]
async fn older_bundle_does_not_hide_that_an_execution_was_removed() {
    let log = small().await;
    make_bundles(&*log.store, day()).await.unwrap();
    let older = body(&log.state(), KEY);
    let mut log = small().await;
    log.close("deployed", bifrost_core::cloud::ExecutionStatus::Aborted, None).await;
    let mut state = log.state();
    crate::honest::insert(&mut state, KEY, older.clone());
    assert!(check(state.clone()).await.is_ok());
    // The objects, with what was recorded last, are gone. So is the end in the second case.
    state.objects.retain(|key, _| !key.starts_with("records/coinbase-odin/deployed/"));
    let last = lines(&state).iter().rposition(|line| line.contains("/deployed/")).unwrap();
    let mut without_end = lines(&state);
    without_end.remove(last);
    for (bundle, codes) in [
        (older, &["audit/chain-missing"][..]),
        (without_end.concat().into_bytes(), &["audit/bundle-altered", "audit/chain-missing"]),
    ] {
        set_body(&mut state, KEY, bundle);
        let dir = tempfile::tempdir().unwrap();
        copy(&state, dir.path());
        for report in [check(state.clone()).await, check_copy(dir.path()).await] {
            let errors = report.findings.iter().filter(|one| one.severity == bifrost_audit::verify::Severity::Error);
            assert_eq!(errors.map(|error| error.code).collect::<Vec<_>>(), codes, "{:#?}", report.findings);
            let missing = report.findings.iter().find(|one| one.code == "audit/chain-missing").unwrap();
            assert_eq!(missing.key.as_deref(), Some("records/coinbase-odin/deployed"));
        }
    }
}

#[tokio::test]
async fn execution_that_went_on_after_its_bundle_is_read_from_its_objects() {
    let mut log = bundled().await;
    // Step Functions says something else than the deploy: a closure is added.
    log.close("deployed", bifrost_core::cloud::ExecutionStatus::Aborted, None).await;
    let report = check(log.state()).await;
    assert!(report.is_ok(), "{:#?}", report.findings);
    assert_eq!(report.bundled, 4);
}
