//! What a deployer's own commands read through the client: uploaded releases, and target accounts.

use crate::board::{harness, release};
use crate::client::client;
use bifrost::client::UploadedReleaseError;
use bifrost::cloud::Encryption;
use bifrost::error_code::Coded;
use bifrost::release::{AccountId, BucketName};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;

#[tokio::test]
async fn deployed_release_is_found_by_its_names() {
    let harness = harness();
    let client = client(&harness);
    let sent = release("a");
    harness.deploy(&sent, &[]).await.unwrap();
    let [deployed] = client.all_deployed(None).await.unwrap().releases.try_into().unwrap();
    let uploaded = client.uploaded_release(&deployed.name()).await.unwrap();
    assert_eq!((&uploaded.name, uploaded.created_at), (&deployed.name(), deployed.created_at));
    assert_eq!(uploaded.document["note"], sent["note"]);
    let (account, region) = (&uploaded.name.account, &uploaded.region);
    client.target_ports(account, region).await.unwrap();
}

#[tokio::test]
async fn release_is_searched_in_all_buckets_of_the_deployer() {
    let harness = harness();
    let mut client = client(&harness);
    let own = client.account.defaults.bucket.clone();
    harness.deploy(&release("a"), &[]).await.unwrap();
    let [deployed] = client.all_deployed(None).await.unwrap().releases.try_into().unwrap();
    let (name, key) = (deployed.name(), deployed.name().dir().release());
    let body = client.account.objects.get(&own, &key, u64::MAX).await.unwrap().unwrap().body;
    client.account.objects.delete(&own, &key).await.unwrap();
    let error = client.uploaded_release(&name).await.unwrap_err();
    assert!(matches!(&error, UploadedReleaseError::Missing { buckets, .. } if *buckets == [own.clone()]), "{error}");
    let other: BucketName = "acme-releases".parse().unwrap();
    let mut defaults = client.account.defaults.as_ref().clone();
    defaults.allowed_buckets = BTreeSet::from([other.clone(), own]);
    client.account.defaults = Arc::new(defaults);
    let create = |state: &mut bifrost::local::LocalState<_>| {
        let account: AccountId = "000000000000".parse().unwrap();
        state.accounts.get_mut(&account).unwrap().buckets.entry(other.clone()).or_default();
    };
    harness.store().transact(create).unwrap();
    client.account.objects.put(&other, &key, body, Encryption::Bucket).await.unwrap();
    assert_eq!(client.uploaded_release(&name).await.unwrap().bucket, other);
}

#[tokio::test]
async fn object_that_is_not_the_release_is_refused() {
    let harness = harness();
    let client = client(&harness);
    harness.deploy(&release("a"), &[]).await.unwrap();
    let [deployed] = client.all_deployed(None).await.unwrap().releases.try_into().unwrap();
    let (name, bucket) = (deployed.name(), &client.account.defaults.bucket);
    let document = client.uploaded_release(&name).await.unwrap().document;
    let with = |field: &str, value| {
        let mut changed = document.clone();
        changed[field] = value;
        changed.to_string()
    };
    for (body, code) in [
        ("no release".to_owned(), "release/not-json"),
        ("null".to_owned(), "release/null"),
        (with("created_at", json!(5)), "release/wrong-type"),
        (with("release_id", json!("release-1-b")), "release/upload-foreign"),
        (with("aws_account_id", json!("333333333333")), "release/upload-foreign"),
        (with("project_name", json!("acme/other")), "release/upload-foreign"),
        (with("config_name", json!("production")), "release/upload-foreign"),
    ] {
        client
            .account
            .objects
            .put(bucket, &name.dir().release(), body.clone().into(), Encryption::Bucket)
            .await
            .unwrap();
        assert_eq!(client.uploaded_release(&name).await.unwrap_err().code(), code, "{body}");
    }
    // Other fields are not read.
    let body = with("note", json!({"unknown": true}));
    client.account.objects.put(bucket, &name.dir().release(), body.into(), Encryption::Bucket).await.unwrap();
    assert_eq!(client.uploaded_release(&name).await.unwrap().name, name);
}

#[tokio::test]
async fn account_without_the_role_is_named() {
    let harness = harness();
    let client = client(&harness);
    let (account, region): (AccountId, _) = ("999999999999".parse().unwrap(), "us-east-1".parse().unwrap());
    let Err(error) = client.target_ports(&account, &region).await else { panic!("the account does not exist") };
    assert_eq!(
        (error.code(), &error.account, error.role.as_str()),
        ("aws/access-denied", &account, "coinbase-board-assumed")
    );
}
