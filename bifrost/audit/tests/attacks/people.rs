//! Forged acts and reviews.

use crate::honest::{ADA, BOB, Honest, body, check, insert, named, review, unlock};
use bifrost_core::audit::Event;

async fn reviewed(identity: &str, confirmed: bool) -> (Honest, String) {
    let mut log = Honest::new(true);
    let act = log.act(unlock(ADA)).await;
    let review = log.act(review(&act, identity, confirmed)).await;
    (log, format!("records/_people/{review}"))
}

#[tokio::test]
async fn review_by_another_person_is_accepted() {
    assert_eq!(check(reviewed(BOB, true).await.0.state()).await.findings, []);
}

#[tokio::test]
async fn forged_review_is_caught() {
    let same_in_another_role = "arn:aws:sts::000000000000:assumed-role/Operate/ada@example.com";
    let cases = [
        (ADA, true, "audit/review-by-same-person"),
        (same_in_another_role, true, "audit/review-by-same-person"),
        (BOB, false, "audit/review-unconfirmed"),
    ];
    for (identity, confirmed, code) in cases {
        let (log, key) = reviewed(identity, confirmed).await;
        assert_eq!(named(&check(log.state()).await), (code, key));
    }
}

#[tokio::test]
async fn review_of_an_act_that_nobody_did_is_caught() {
    let mut log = Honest::new(true);
    let review = log.act(review("20260301T120000Z-0123456789abcdef", BOB, true)).await;
    assert_eq!(named(&check(log.state()).await), ("audit/review-of-unknown-act", format!("records/_people/{review}")));
}

#[tokio::test]
async fn act_without_entry_is_reported_and_cannot_be_reviewed() {
    let mut log = Honest::new(true);
    let act = log.act_with(unlock(ADA), false).await;
    let report = check(log.state()).await;
    assert_eq!(
        report.findings.iter().map(|finding| finding.code).collect::<Vec<_>>(),
        ["audit/checkpoint-missing", "audit/uncommitted-chain"]
    );
    let review = log.act(review(&act, BOB, true)).await;
    assert_eq!(named(&check(log.state()).await), ("audit/review-of-unknown-act", format!("records/_people/{review}")));
}

#[tokio::test]
async fn invented_review_is_an_error_once_the_log_went_on() {
    let (mut log, _) = reviewed(BOB, true).await;
    let act = log.act(unlock(ADA)).await;
    let key = format!("records/_people/{}", log.act_with(review(&act, BOB, true), false).await);
    // An honest one may still wait for its entry.
    let report = check(log.state()).await;
    let found: Vec<_> = report.findings.iter().map(|one| (one.code, one.key.clone().unwrap())).collect();
    assert_eq!(found, [("audit/uncommitted-chain", key.clone())]);
    log.pass(chrono::Duration::minutes(2));
    log.act(unlock(BOB)).await;
    let report = check(log.state()).await;
    assert_eq!(named(&report), ("audit/uncommitted-act", key));
    assert!(!report.first_error().unwrap().remedy.contains("reconcile"));
    // A committed record under another name.
    let mut state = log.state();
    let copied = body(&state, &format!("records/_people/{act}"));
    insert(&mut state, "records/_people/20260301T120000Z-0123456789abcdef", copied);
    let codes: Vec<_> = check(state).await.findings.iter().map(|one| one.code).collect();
    assert_eq!(codes, ["audit/chain-forged", "audit/uncommitted-act"]);
}

#[tokio::test]
async fn act_with_a_second_record_is_caught() {
    let (log, key) = reviewed(BOB, true).await;
    let mut state = log.state();
    let line = String::from_utf8(body(&state, &key)).unwrap();
    let second = line.replace("\"number\":1", "\"number\":2");
    insert(&mut state, &key, format!("{line}{second}").into_bytes());
    let report = check(state).await;
    assert!(!report.is_ok());
    assert_eq!(named(&report).1, key);
}

#[tokio::test]
async fn result_of_an_act_is_covered() {
    let mut log = Honest::new(true);
    let act = log.act(unlock(ADA)).await;
    let result = log.act(Event::ActResult { act, done: true, code: None }).await;
    let mut state = log.state();
    assert_eq!(check(state.clone()).await.findings, []);
    let key = format!("records/_people/{result}");
    let text = String::from_utf8(body(&state, &key)).unwrap().replace("\"done\":true", "\"done\":false");
    insert(&mut state, &key, text.into_bytes());
    assert_eq!(named(&check(state).await), ("audit/record-altered", key));
}
