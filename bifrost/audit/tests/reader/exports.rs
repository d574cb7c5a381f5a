//! CSV, JSON lines and in-toto statements.

use super::fixture::{Fixture, ORIGIN, act, change, key, review, start, target};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bifrost_audit::key::verifier_key;
use bifrost_audit::reader::Filter;
use bifrost_audit::reader::export::{
    Envelope, PAYLOAD_TYPE, StatementError, StatementSigner, acts_csv, deploys_csv, envelope, json_lines, statement,
};
use bifrost_core::audit::{CallOutcome, Claims};
use bifrost_core::cloud::LogSigner;
use ed25519_dalek::{Signature, VerifyingKey};
use serde_json::Value;

async fn log() -> Fixture {
    let log = Fixture::new();
    log.success(&target("1"), 0).await;
    let mut hostile = target("2");
    hostile.claims.started_by = Some("=HYPERLINK(\"http://x\")".into());
    hostile.subject.project_name = Some("a,\"b\"\r\n".into());
    log.refused(&hostile, 200).await;
    let id = "20261130T120000Z-aaaaaaaaaaaaaaaa";
    log.person(id, 300, act("unlock", "ada", true)).await;
    log.person("20261130T130000Z-aaaaaaaaaaaaaaaa", 400, review(id, "grace", true)).await;
    log
}

#[tokio::test]
async fn csv_of_deploys_and_acts() {
    let index = log().await.index().await;
    insta::assert_snapshot!("deploys.csv", deploys_csv(&index.deploys(&Filter::default()).unwrap()));
    insta::assert_snapshot!("acts.csv", acts_csv(&index.acts(&Filter::default()).unwrap()));
}

#[tokio::test]
async fn json_lines_have_a_value_each() {
    let deploys = log().await.index().await.deploys(&Filter::default()).unwrap();
    let lines = json_lines(&deploys);
    assert_eq!(lines.lines().count(), 2);
    let first: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(first["outcome"], "Refused");
    // Control characters are not in entries.
    assert_eq!(first["project_name"], "a,\"b\"");
}

async fn signed(log: &Fixture) -> Envelope {
    let (key, story) = (key(), log.story("release-1").await);
    let id = verifier_key(ORIGIN, &key.public_key().await.unwrap());
    envelope(&story, ORIGIN, Some(StatementSigner { key: &key, id: &id })).await.unwrap()
}

#[tokio::test]
async fn statement_of_a_success() {
    let log = log().await;
    let statement = statement(&log.story("release-1").await, ORIGIN).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&statement).unwrap());
    insta::assert_json_snapshot!("envelope", signed(&log).await);
    let documentation = include_str!("../../../../docs/deployment-predicate.md");
    let example = serde_json::to_string_pretty(&statement).unwrap();
    assert!(documentation.contains(&example), "the example of docs/deployment-predicate.md is this statement");
}

#[tokio::test]
async fn fields_of_the_predicate_are_documented() {
    let documentation = include_str!("../../../../docs/deployment-predicate.md");
    let schema = documentation.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
    let schema: Value = serde_json::from_str(schema).unwrap();
    let log = Fixture::new();
    let mut all = target("1");
    all.claims.approved_by = Some("grace".into());
    all.claims.commit = Some("4f2a".into());
    log.success(&all, 0).await;
    let mut other = target("2");
    other.claims = all.claims;
    log.refused(&other, 200).await;
    let mut documented = Vec::new();
    fields(&schema, "", &mut documented);
    let mut found = Vec::new();
    for release in ["release-1", "release-2"] {
        let made = statement(&log.story(release).await, ORIGIN).unwrap();
        present(&made["predicate"], "", &mut found);
    }
    for list in [&mut documented, &mut found] {
        list.sort();
        list.dedup();
    }
    assert_eq!(documented, found);
}

/// The paths of all fields that a schema describes, except those of digests.
fn fields(schema: &Value, path: &str, all: &mut Vec<String>) {
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}/{name}");
        all.push(path.clone());
        fields(field, &path, all);
        fields(&field["items"], &path, all);
    }
}

/// The paths of all fields that a value has, except those of digests.
fn present(value: &Value, path: &str, all: &mut Vec<String>) {
    for (name, field) in value.as_object().into_iter().flatten().filter(|(name, _)| *name != "sha256") {
        let path = format!("{path}/{name}");
        all.push(path.clone());
        present(field, &path, all);
        for item in field.as_array().into_iter().flatten() {
            present(item, &path, all);
        }
    }
}

#[tokio::test]
async fn signature_is_over_the_encoding_of_the_specification() {
    let envelope = signed(&log().await).await;
    let payload = BASE64_STANDARD.decode(&envelope.payload).unwrap();
    let mut message = format!("DSSEv1 {} {PAYLOAD_TYPE} {} ", PAYLOAD_TYPE.len(), payload.len()).into_bytes();
    message.extend(&payload);
    let key = VerifyingKey::from_bytes(&key().public_key().await.unwrap()).unwrap();
    let signature = BASE64_STANDARD.decode(&envelope.signatures[0].sig).unwrap();
    key.verify_strict(&message, &Signature::from_slice(&signature).unwrap()).unwrap();
    assert!(!message.contains(&b'\n'), "a statement must not look like a checkpoint");
}

#[tokio::test]
async fn envelope_without_a_key_has_no_signature() {
    let envelope = envelope(&log().await.story("release-1").await, ORIGIN, None).await.unwrap();
    assert!(envelope.signatures.is_empty());
}

#[tokio::test]
async fn nothing_is_stated_about_damaged_records() {
    let log = log().await;
    log.store.with(|state, _| state.objects.remove(&format!("{}/000004", target("1").dir())));
    let error = statement(&log.story("release-1").await, ORIGIN).unwrap_err();
    assert!(matches!(error, StatementError::Damaged { .. }), "{error}");
}

#[tokio::test]
async fn changes_that_are_not_committed_are_not_stated() {
    let log = Fixture::new();
    log.uncommitted_success(&target("1"), 0).await;
    let statement = statement(&log.story("release-1").await, ORIGIN).unwrap();
    let predicate = &statement["predicate"];
    assert_eq!(predicate["changes"], serde_json::json!({"done": 0, "refused": 0, "unknown": 0}));
    assert_eq!((&predicate["log"]["recordCount"], &predicate["plans"]), (&1.into(), &serde_json::json!([])));
    assert!(predicate["outcome"].is_null());
}

#[tokio::test]
async fn release_without_a_digest_has_no_statement() {
    let log = Fixture::new();
    let unread =
        bifrost_core::audit::Event::Start { release_sha256: None, definition_sha256: None, claims: Claims::default() };
    log.records(&target("1"), vec![vec![(0, unread)]]).await;
    let error = statement(&log.story("release-1").await, ORIGIN).unwrap_err();
    assert!(matches!(error, StatementError::NoRelease(_)), "{error}");
}

#[tokio::test]
async fn statement_that_is_too_long_to_sign_is_refused() {
    let log = Fixture::new();
    let mut wordy = target("1");
    // A writer cuts claims, but a forged record may have any length.
    wordy.claims.commit = Some("é".repeat(3000));
    log.records(&wordy, vec![vec![(0, start(&wordy)), (1, change("ec2:RunInstances", "x", CallOutcome::Done))]]).await;
    let (key, story) = (key(), log.story("release-1").await);
    let error = envelope(&story, ORIGIN, Some(StatementSigner { key: &key, id: "id" })).await.unwrap_err();
    assert!(matches!(error, StatementError::TooLong { .. }), "{error}");
    assert!(envelope(&story, ORIGIN, None).await.is_ok());
}
