//! Contract §2: what `Validate` refuses.

use crate::board::{BoardDeployer, Note, harness, release};
use bifrost::cloud::Attempt;
use bifrost::error_code::Coded;
use bifrost::release::Release;
use bifrost::testing::TestHarness;
use bifrost::validate::{ValidateFailure, validate};
use serde_json::{Value, json};

/// Validates `sent` where `uploaded` was uploaded.
async fn validated(
    harness: &TestHarness<BoardDeployer>,
    uploaded: &Value,
    sent: &Value,
) -> Result<Value, ValidateFailure> {
    harness.upload(uploaded, &[]).await.unwrap();
    let context = harness.context(Attempt::default(), sent.clone());
    let release = Release::<Note>::read(sent, harness.cloud().defaults()).unwrap();
    let valid = validate(&context, release).await?;
    Ok(serde_json::to_value(valid).unwrap())
}

#[tokio::test]
async fn release_gets_uuid_start_time_and_defaults() {
    let sent = release("first");
    let valid = validated(&harness(), &sent, &sent).await.unwrap();
    assert_eq!(valid["started_at"], "2026-03-01T12:00:00Z");
    assert_eq!(valid["bucket"], "coinbase-board-000000000000");
    assert_eq!(valid["timeout"], 3600);
    assert!(valid["uuid"].is_string());
}

#[tokio::test]
async fn fields_of_the_deployer_are_cleared() {
    let mut sent = release("first");
    sent["uuid"] = json!("11111111-1111-1111-1111-111111111111");
    sent["started_at"] = json!("2020-01-01T00:00:00Z");
    sent["success"] = json!(true);
    sent["error"] = json!({"Error": "none", "Cause": "none"});
    let valid = validated(&harness(), &sent, &sent).await.unwrap();
    assert_ne!(valid["uuid"], sent["uuid"]);
    assert_ne!(valid["started_at"], sent["started_at"]);
    assert!(valid.get("success").is_none() && valid.get("error").is_none());
}

#[tokio::test]
async fn old_and_future_releases_are_refused() {
    for (created_at, code) in
        [("2026-02-18T12:00:00Z", "release/too-old"), ("2026-03-01T12:03:00Z", "release/from-the-future")]
    {
        let mut sent = release("first");
        sent["created_at"] = json!(created_at);
        let refused = validated(&harness(), &sent, &sent).await.unwrap_err();
        assert_eq!(refused.code(), code);
    }
}

#[tokio::test]
async fn difference_from_upload_is_refused_without_values() {
    let mut sent = release("first");
    sent["note"] = json!("secret");
    let refused = validated(&harness(), &release("first"), &sent).await.unwrap_err();
    assert_eq!(refused.code(), "release/differs-from-upload");
    let message = refused.to_string();
    assert!(message.contains("note") && !message.contains("secret"), "{message}");
}

#[tokio::test]
async fn release_that_was_not_uploaded_is_refused() {
    let (harness, sent) = (harness(), release("first"));
    let context = harness.context(Attempt::default(), sent.clone());
    let release = Release::<Note>::read(&sent, harness.cloud().defaults()).unwrap();
    let refused = validate(&context, release).await.unwrap_err();
    assert_eq!(refused.code(), "release/not-uploaded");
}

#[tokio::test]
async fn a_bucket_of_another_account_is_refused() {
    let harness = harness();
    let mut sent = release("first");
    sent["bucket"] = json!("a-bucket-of-theirs");
    harness
        .store()
        .transact(|state| {
            let theirs = state.accounts.get_mut(&"222222222222".parse().unwrap()).unwrap();
            theirs.buckets.insert("a-bucket-of-theirs".parse().unwrap(), bifrost::local::Bucket::default());
        })
        .unwrap();
    let context = harness.context(Attempt::default(), sent.clone());
    let release = Release::<Note>::read(&sent, harness.cloud().defaults()).unwrap();
    let refused = validate(&context, release).await.unwrap_err();
    assert_eq!(refused.code(), "aws/access-denied");
}
