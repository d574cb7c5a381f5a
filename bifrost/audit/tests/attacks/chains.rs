//! Attacks on the records of an execution, by somebody who knows the format and computes hashes again.

use crate::honest::{DEPLOYER, Ending, Honest, Shape, body, changed, check, dir, insert, named, set_body, small};
use bifrost_audit::memory::AuditState;
use bifrost_core::audit::{Chain, Draft, Event, LogEntry, Outcome, Record, read_lines};
use bifrost_core::cloud::ExecutionStatus;
use bifrost_core::release::Sha256;
use chrono::Duration;

pub(crate) fn object(name: &str, number: u32) -> String {
    format!("{}/{number:06}", dir(name))
}

/// The lines of an object.
fn lines(state: &AuditState, key: &str) -> Vec<Vec<u8>> {
    body(state, key).strip_suffix(b"\n").unwrap().split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}

fn set_lines(state: &mut AuditState, key: &str, lines: &[Vec<u8>]) {
    set_body(state, key, lines.iter().flat_map(|line| [&line[..], b"\n"].concat()).collect());
}

/// The records of a chain, by object.
pub(crate) fn records(state: &AuditState, name: &str) -> Vec<Vec<Record>> {
    let read = |number| {
        let key = object(name, number);
        state
            .objects
            .contains_key(&key)
            .then(|| read_lines(&body(state, &key)).unwrap().into_iter().map(|(record, _)| record).collect())
    };
    (1..).map_while(read).collect()
}

/// Writes a chain again, with numbers and hashes that fit.
pub(crate) fn relink(state: &mut AuditState, name: &str, objects: Vec<Vec<Record>>) {
    let (mut number, mut previous) = (0, None);
    for (index, records) in (1..).zip(objects) {
        let mut body = Vec::new();
        for mut record in records {
            number += 1;
            (record.number, record.previous) = (number, previous);
            let line = serde_json::to_vec(&record).unwrap();
            previous = Some(Sha256::of(&line));
            body.extend([&line[..], b"\n"].concat());
        }
        insert(state, &object(name, index), body);
    }
}

#[tokio::test]
async fn dropped_line_is_caught() {
    let state = small().await.state();
    for (number, objects) in (1..).zip(records(&state, "deployed")) {
        let key = object("deployed", number);
        for line in 0..objects.len() {
            let mut state = state.clone();
            let mut kept = lines(&state, &key);
            kept.remove(line);
            if kept.is_empty() {
                continue;
            }
            set_lines(&mut state, &key, &kept);
            let (code, found) = named(&check(state).await);
            assert_eq!(code, "audit/record-missing", "{key} {line}");
            // The record after the gap is named, which may be the first of the next object.
            assert!(found == key || found == object("deployed", number + 1), "{found}");
        }
    }
}

#[tokio::test]
async fn doubled_and_swapped_lines_are_caught() {
    let state = small().await.state();
    let key = object("deployed", 3);
    let honest = lines(&state, &key);
    assert!(honest.len() > 2);
    let (mut doubled, mut swapped) = (honest.clone(), honest.clone());
    doubled.insert(1, honest[0].clone());
    swapped.swap(0, 1);
    for (lines, code) in [(doubled, "audit/record-duplicated"), (swapped, "audit/record-reordered")] {
        let mut state = state.clone();
        set_lines(&mut state, &key, &lines);
        assert_eq!(named(&check(state).await), (code, key.clone()));
    }
}

#[tokio::test]
async fn object_of_another_execution_is_caught() {
    let mut state = small().await.state();
    let foreign = body(&state, &object("dirty", 2));
    set_body(&mut state, &object("deployed", 2), foreign);
    assert_eq!(named(&check(state).await), ("audit/record-moved", object("deployed", 2)));
}

#[tokio::test]
async fn executions_that_were_swapped_are_caught() {
    let mut state = small().await.state();
    let (a, b) = (records(&state, "aborted").len(), records(&state, "dirty").len());
    assert_eq!(a, b);
    for number in 1..=u32::try_from(a).unwrap() {
        crate::honest::swap(&mut state, &object("aborted", number), &object("dirty", number));
    }
    assert_eq!(named(&check(state).await), ("audit/record-moved", object("aborted", 1)));
}

#[tokio::test]
async fn altered_and_linked_again_is_caught() {
    let state = small().await.state();
    let honest = records(&state, "deployed");
    let count = honest.len();
    for (at, _) in honest.iter().enumerate().skip(1) {
        let mut state = state.clone();
        let mut forged = honest.clone();
        forged[at][0].draft.time += Duration::milliseconds(1);
        relink(&mut state, "deployed", forged);
        // The end is what the log committed to.
        let key = object("deployed", u32::try_from(count).unwrap());
        assert_eq!(named(&check(state).await), ("audit/record-altered", key));
    }
    let mut state = state.clone();
    let mut forged = honest;
    forged[0][0].draft.subject.release_id = Some("other".into());
    relink(&mut state, "deployed", forged);
    assert_eq!(named(&check(state).await), ("audit/record-altered", object("deployed", 1)));
}

#[tokio::test]
async fn inserted_and_removed_with_new_links_is_caught() {
    let state = small().await.state();
    let mut log = small().await;
    let (mut inserted, mut removed) = (records(&state, "deployed"), records(&state, "deployed"));
    let draft: Draft = log.draft("deployed", changed("Deploy0", 9));
    inserted[2].push(Record { schema: 1, number: 0, previous: None, draft });
    removed[2].remove(0);
    for forged in [inserted, removed] {
        let mut state = state.clone();
        relink(&mut state, "deployed", forged);
        let (code, key) = named(&check(state).await);
        assert!(["audit/record-altered", "audit/record-missing"].contains(&code), "{code}");
        assert!(key.starts_with(&dir("deployed")));
    }
}

#[tokio::test]
async fn numbers_that_were_squatted_are_caught() {
    let state = small().await.state();
    let count = u32::try_from(records(&state, "deployed").len()).unwrap();
    for (number, code) in [
        (count + 1, "audit/record-malformed"),
        (count + 5, "audit/object-squatted"),
        (999_999, "audit/object-squatted"),
    ] {
        for text in [&b"{}\n"[..], b"garbage", b""] {
            let mut state = state.clone();
            insert(&mut state, &object("deployed", number), text.to_vec());
            assert_eq!(named(&check(state).await), (code, object("deployed", number)));
        }
    }
}

#[tokio::test]
async fn writers_pass_over_a_squatted_number_and_the_rest_holds() {
    let mut log = Honest::new(true);
    let key = object("deployed", 2);
    log.store.with(|state, now| state.put(&key, b"garbage\n".to_vec(), now));
    log.execution("deployed", &Shape { attempts: vec![1, 2], ending: Ending::Deployed, is_committed: true }).await;
    let report = check(log.state()).await;
    assert_eq!(named(&report), ("audit/record-malformed", key));
    assert_eq!(report.findings.len(), 1, "{:#?}", report.findings);
}

#[tokio::test]
async fn start_of_an_execution_that_was_never_logged_is_reported() {
    let mut log = Honest::new(true);
    log.execution("deployed", &Shape { attempts: vec![1], ending: Ending::Deployed, is_committed: true }).await;
    log.execution("forged", &Shape { attempts: vec![1], ending: Ending::Deployed, is_committed: false }).await;
    let report = check(log.state()).await;
    let codes: Vec<_> = report.findings.iter().map(|finding| (finding.code, finding.key.clone().unwrap())).collect();
    assert_eq!(codes, [("audit/uncommitted-chain", dir("forged"))]);
    // Those who reconcile append what is missing.
    log.close("forged", ExecutionStatus::Succeeded, None).await;
    assert_eq!(check(log.state()).await.findings, []);
}

#[tokio::test]
async fn chain_that_was_deleted_is_caught() {
    let mut state = small().await.state();
    state.objects.retain(|key, _| !key.starts_with(&dir("dirty")));
    let report = check(state).await;
    assert_eq!(named(&report), ("audit/chain-missing", dir("dirty")));
    let first = report.first_error().unwrap();
    assert_eq!((first.release_id.as_deref(), first.entry.is_some()), (Some("dirty"), true));
}

/// Adds records to a chain and appends their entries, as the holder of a deployer's role could.
async fn add(log: &mut Honest, name: &str, events: Vec<Event>) {
    let mut state = log.state();
    let mut objects = records(&state, name);
    let drafts: Vec<Record> = events
        .into_iter()
        .map(|event| Record { schema: 1, number: 0, previous: None, draft: log.draft(name, event) })
        .collect();
    objects.push(drafts);
    let added = u32::try_from(objects.len()).unwrap();
    relink(&mut state, name, objects);
    let key = object(name, added);
    let body = body(&state, &key);
    log.store.with(|state, now| state.put_new(&key, body.clone(), now));
    for (record, line) in read_lines(&body).unwrap() {
        if let Some(entry) = LogEntry::for_record(&dir(name), &record, line) {
            bifrost_core::audit::AuditLog::append(&*log.log, &entry).await.unwrap();
        }
    }
}

pub(crate) fn start(release: &str) -> Event {
    let release_sha256 = Some(Sha256::of(release.as_bytes()));
    Event::Start { release_sha256, definition_sha256: None, claims: bifrost_core::audit::Claims::default() }
}

#[tokio::test]
async fn second_start_and_second_end_are_caught() {
    let ended = |outcome| Event::End { outcome, release_sha256: None };
    let closed = |outcome| Event::Closure { outcome, status: "ABORTED".into(), error: None, left_over: Vec::new() };
    let cases = [
        ("deployed", start("other"), "audit/started-twice", true),
        ("deployed", ended(Outcome::FailureClean), "audit/ended-twice", true),
        ("dirty", closed(Outcome::Success), "audit/ended-twice", true),
        // The execution was stopped after its last task.
        ("deployed", closed(Outcome::Stopped), "audit/outcome-changed", false),
        // A refused attempt was repeated.
        ("refused", ended(Outcome::Success), "audit/outcome-changed", false),
    ];
    for (name, event, code, is_error) in cases {
        let mut log = small().await;
        add(&mut log, name, vec![event]).await;
        let report = check(log.state()).await;
        let found: Vec<_> = report.findings.iter().map(|finding| finding.code).collect();
        assert_eq!(found, [code], "{name}");
        assert_eq!(report.is_ok(), !is_error, "{code}");
    }
}

#[tokio::test]
async fn clock_that_goes_back_is_reported() {
    for (back, code) in [(Duration::minutes(5), "audit/clock-back"), (Duration::days(365 * 56), "audit/clock-wrong")] {
        let mut log = small().await;
        log.pass(-back);
        add(&mut log, "running", vec![changed("Deploy0", 1)]).await;
        let report = check(log.state()).await;
        assert_eq!(report.findings.iter().map(|finding| finding.code).collect::<Vec<_>>(), [code]);
        assert!(report.is_ok());
    }
    // The clocks of two functions differ a little.
    let mut log = small().await;
    log.pass(-Duration::seconds(30));
    add(&mut log, "running", vec![changed("Deploy0", 1)]).await;
    assert_eq!(check(log.state()).await.findings, []);
}

#[tokio::test]
async fn chain_without_start_is_reported() {
    let mut log = Honest::new(true);
    add(&mut log, "late", vec![changed("Deploy0", 1)]).await;
    log.close("late", ExecutionStatus::Succeeded, None).await;
    let report = check(log.state()).await;
    assert_eq!(report.findings.iter().map(|finding| finding.code).collect::<Vec<_>>(), ["audit/without-start"]);
}

#[tokio::test]
async fn newer_schema_is_named_as_such() {
    let mut state = small().await.state();
    let key = object("running", 3);
    let text = String::from_utf8(body(&state, &key)).unwrap();
    set_body(&mut state, &key, text.replace("\"schema\":1", "\"schema\":2").into_bytes());
    assert_eq!(named(&check(state.clone()).await), ("audit/schema-unknown", key.clone()));
    // Whatever else a newer schema has.
    set_body(&mut state, &key, b"{\"schema\":7,\"n\":[]}\n".to_vec());
    assert_eq!(named(&check(state).await), ("audit/schema-unknown", key));
}

#[tokio::test]
async fn lost_answers_leave_nothing_wrong() {
    // The same records and entries are written again.
    let mut log = small().await;
    let state = log.state();
    let last = records(&state, "deployed").pop().unwrap().pop().unwrap();
    let line = serde_json::to_vec(&last).unwrap();
    let entry = LogEntry::for_record(&dir("deployed"), &last, &line).unwrap();
    bifrost_core::audit::AuditLog::append(&*log.log, &entry).await.unwrap();
    log.close("deployed", ExecutionStatus::Succeeded, None).await;
    log.close("dirty", ExecutionStatus::Failed, Some("AlertError")).await;
    assert_eq!(log.state().objects.len(), state.objects.len());
    assert_eq!(check(log.state()).await.findings, []);
    assert_eq!(last.draft.deployer.name, DEPLOYER);
    let _: fn(_, _) -> Chain = Chain::new;
}
