//! Contract §2: what `Validate` refuses.

use crate::board::{BoardDeployer, Note, context, harness, owned, payload, release};
use bifrost::cloud::Attempt;
use bifrost::error_code::Coded;
use bifrost::lifecycle::{ValidateFailure, lock, read_file, validate};
use bifrost::release::{Release, Sha256};
use bifrost::testing::TestHarness;
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
    Ok(serde_json::to_value(&*valid).unwrap())
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

/// An account's bucket of that name.
fn with_bucket(harness: &TestHarness<BoardDeployer>, account: &str, name: &str) {
    let (account, name) = (account.parse().unwrap(), name.parse().unwrap());
    let bucket = bifrost::local::Bucket::default();
    harness.store().transact(|state| state.accounts.get_mut(&account).unwrap().buckets.insert(name, bucket)).unwrap();
}

#[tokio::test]
async fn bucket_that_is_not_the_deployers_is_refused() {
    for account in ["000000000000", "222222222222"] {
        let (harness, mut sent) = (harness(), release("first"));
        sent["bucket"] = json!("another-bucket");
        with_bucket(&harness, account, "another-bucket");
        let context = harness.context(Attempt::default(), sent.clone());
        let release = Release::<Note>::read(&sent, harness.cloud().defaults()).unwrap();
        assert_eq!(validate(&context, release).await.unwrap_err().code(), "release/foreign-bucket", "{account}");
    }
}

#[tokio::test]
async fn bucket_of_another_account_is_refused_even_if_allowed() {
    let (harness, mut sent) = (harness(), release("first"));
    sent["bucket"] = json!("another-bucket");
    let release = Release::<Note>::read(&sent, harness.cloud().defaults()).unwrap();
    for (account, code) in [("222222222222", "aws/access-denied"), ("000000000000", "release/not-uploaded")] {
        with_bucket(&harness, account, "another-bucket");
        let mut context = harness.context(Attempt::default(), sent.clone());
        let mut defaults = harness.cloud().defaults().clone();
        defaults.allowed_buckets.insert("another-bucket".parse().unwrap());
        context.account.defaults = defaults.into();
        assert_eq!(validate(&context, release.clone()).await.unwrap_err().code(), code);
        harness
            .store()
            .transact(|state| {
                state
                    .accounts
                    .values_mut()
                    .for_each(|account| account.buckets.retain(|name, _| name.as_str() != "another-bucket"));
            })
            .unwrap();
    }
}

#[tokio::test]
async fn timeout_above_two_days_is_refused() {
    for (timeout, code) in [(172_800, None), (172_801, Some("release/timeout-too-long"))] {
        let mut sent = release("first");
        sent["timeout"] = json!(timeout);
        let validated = validated(&harness(), &sent, &sent).await;
        assert_eq!(validated.err().map(|refused| refused.code()), code);
    }
}

#[tokio::test]
async fn rule_of_the_deployer_is_checked() {
    let mut sent = release("first");
    sent["note"] = json!("");
    let refused = validated(&harness(), &sent, &sent).await.unwrap_err();
    assert_eq!(refused.code(), "note/empty");
}

#[tokio::test]
async fn release_older_than_the_deployed_one_is_refused() {
    let harness = harness();
    lock(&context(&harness), owned("first", 1)).await.unwrap();
    harness.invoke(payload("Unlock", &owned("first", 1))).await.unwrap();
    for (created_at, code) in
        [("2026-03-01T11:54:00Z", None), ("2026-03-01T11:53:59Z", Some("release/older-than-deployed"))]
    {
        let mut sent = release("older");
        sent["created_at"] = json!(created_at);
        let validated = validated(&harness, &sent, &sent).await;
        assert_eq!(validated.err().map(|refused| refused.code()), code, "{created_at}");
    }
}

#[tokio::test]
async fn upload_above_one_mebibyte_is_refused() {
    let (harness, sent) = (harness(), release("first"));
    let objects = harness.cloud().account().objects;
    let envelope = owned("first", 1).envelope;
    let body = vec![b' '; 1024 * 1024 + 1];
    let (key, encryption) = (envelope.release_dir().release(), bifrost::cloud::Encryption::Bucket);
    objects.put(&envelope.bucket, &key, body, encryption).await.unwrap();
    let context = harness.context(Attempt::default(), sent.clone());
    let release = Release::<Note>::read(&sent, harness.cloud().defaults()).unwrap();
    assert_eq!(validate(&context, release).await.unwrap_err().code(), "aws/object-too-large");
}

#[tokio::test]
async fn file_is_read_only_with_the_stated_hash() {
    let (harness, release) = (harness(), owned("first", 1));
    harness.upload(&serde_json::to_value(&release).unwrap(), &[("notes", b"hello")]).await.unwrap();
    let read = async |name: &'static str, content: &[u8], max_bytes: u64| {
        let read = read_file(&context(&harness), &release, name, &Sha256::of(content), max_bytes).await;
        read.map_err(|refused| refused.code())
    };
    assert_eq!(read("notes", b"hello", 5).await, Ok(b"hello".to_vec()));
    assert_eq!(read("notes", b"hullo", 5).await, Err("release/file-differs"));
    assert_eq!(read("notes", b"hello", 4).await, Err("aws/object-too-large"));
    assert_eq!(read("other", b"hello", 5).await, Err("release/file-missing"));
}

#[tokio::test]
async fn input_that_is_no_release_ends_clean() {
    for input in [json!([]), json!(1), json!("x"), json!({ "note": "x".repeat(262_000) })] {
        let harness = harness();
        harness.cloud().executions().start("odd", &input).await.unwrap();
        harness.run().await.unwrap();
        let run = harness.execution("odd").await.unwrap();
        assert_eq!(run.path(), ["Validate", "FailureClean"], "{}", input.to_string().len());
        assert_eq!(run.execution.error.as_deref(), Some("FailureClean"));
    }
}
