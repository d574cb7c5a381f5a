//! Tests on moto only: how calls reach AWS, and answers of several pages.

use crate::fixture::{AccountFixture, REGION, refusal, release_dir};
use crate::moto::{AUDIT_LOG, EXTERNAL_ID_ROLE, MANY_EVENTS, connect, connection, run_faulty_test, run_test};
use crate::{audit_log, locks, objects, targets};
use bifrost::audit::{AuditLog as _, LogEntry};
use bifrost::cloud::{
    CHECKPOINT_KEY, ENDED_TTL, ErrorKind, ExecutionFilter, LogHead, LogSigner as _, Names, PutNew, Sequenced,
    StartError,
};
use bifrost::release::Sha256;
use bifrost_audit::log::{SignedCheckpoint, TiledLog};
use bifrost_aws::{KmsSigner, KnownKey};
use bifrost_moto::Fault;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;

#[tokio::test]
async fn s3_receives_the_encryption_key() {
    let name = "wire::s3_receives_the_encryption_key";
    let Some(accounts) = run_test(name, objects::object_is_encrypted_with_a_key).await else { return };
    let bucket = format!("coinbase-idler-{}", accounts.deployer);
    let object = json!({"Bucket": bucket, "Key": release_dir().file("userdata").as_str()});
    let object = accounts.deployer("s3", "HeadObject", object);
    assert_eq!((&object["ServerSideEncryption"], &object["SSEKMSKeyId"]), (&json!("aws:kms"), &json!("alias/aws/s3")));
}

#[tokio::test]
async fn lock_item_has_the_attributes_that_go_reads() {
    let name = "wire::lock_item_has_the_attributes_that_go_reads";
    let Some(accounts) = run_test(name, locks::free_lock_is_taken).await else { return };
    let item = json!({"TableName": "coinbase-idler-locks", "Key": {"key": {"S": locks::lock_key().as_str()}}});
    let item = &accounts.deployer("dynamodb", "GetItem", item)["Item"];
    assert_eq!(
        [&item["key"], &item["id"], &item["time"]],
        [
            &json!({"S": locks::lock_key().as_str()}),
            &json!({"S": "00000000-0000-0000-0000-00000000000a"}),
            &json!({"S": "2026-11-25T12:00:00.123Z"}),
        ]
    );
}

#[tokio::test]
async fn ended_item_expires_by_the_ttl_of_the_table() {
    let name = "wire::ended_item_expires_by_the_ttl_of_the_table";
    let Some(accounts) = run_test(name, locks::lock_is_given_back_once).await else { return };
    let item = json!({"TableName": "coinbase-idler-locks", "Key": {"key": {"S": locks::ended_key()}}});
    let item = &accounts.deployer("dynamodb", "GetItem", item)["Item"];
    let expires_at = (locks::now() + ENDED_TTL).timestamp().to_string();
    assert_eq!(
        [&item["expires_at"], &item["by"], &item["success"]],
        [&json!({"N": expires_at}), &json!({"S": "execution"}), &json!({"BOOL": true})]
    );
}

#[tokio::test]
async fn table_has_the_attribute_of_its_ttl() {
    let name = "wire::table_has_the_attribute_of_its_ttl";
    let test = async |_| {
        let inventory = connection("coinbase-idler").await.inventory;
        let table = inventory.table("coinbase-idler-locks").await.unwrap().unwrap();
        assert_eq!(table.time_to_live, Ok(Some("expires_at".into())));
        assert_eq!(inventory.table("coinbase-nobody-locks").await.unwrap(), None);
    };
    run_test(name, test).await;
}

#[tokio::test]
async fn role_is_assumed_once_by_the_named_session() {
    let name = "wire::role_is_assumed_once_by_the_named_session";
    let Some(accounts) = run_test(name, targets::role_opens_ports_in_its_account).await else { return };
    let calls = accounts.moto.calls();
    let assumed = calls.iter().filter(|call| call.action == "AssumeRole" && call.account == accounts.deployer);
    assert_eq!(assumed.count(), 1);
    let target_calls: Vec<_> = calls.iter().filter(|call| call.account == accounts.target).collect();
    let session = format!("arn:aws:sts::{}:assumed-role/coinbase-idler-assumed/release-1-session", accounts.target);
    assert_eq!(target_calls.len(), 2);
    assert!(target_calls.iter().all(|call| call.principal.as_deref() == Some(&session)), "{target_calls:#?}");
}

#[tokio::test]
async fn denied_role_has_a_remedy() {
    let name = "wire::denied_role_has_a_remedy";
    let test = async |fixture: AccountFixture| {
        let role = fixture.role(EXTERNAL_ID_ROLE);
        let (kind, _, message) = refusal(fixture.client.targets.assume(&role).await.map(drop));
        let account = &fixture.client.account.identity.account;
        assert_eq!(kind, ErrorKind::AccessDenied);
        assert!(message.contains(&format!("arn:aws:iam::{account}:user/admin")), "{message}");
        assert!(message.contains(&role.arn()) && message.contains("external id"), "{message}");
        let target = &fixture.target;
        let command = format!(
            "`idler --deployer coinbase-idler bootstrap --target {target} --deployer-account {account} --apply`"
        );
        assert!(message.contains(&command), "{message}");
    };
    run_test(name, test).await;
}

#[tokio::test]
async fn missing_state_machine_has_a_remedy() {
    let name = "wire::missing_state_machine_has_a_remedy";
    let test = async |fixture: AccountFixture| {
        let executions = connect("coinbase-nobody").await.executions;
        let started = executions.start("one", &json!({})).await;
        let Err(StartError::Cloud(started)) = started else { panic!("unexpected: {started:?}") };
        for (kind, code, message) in
            [refusal::<()>(Err(started)), refusal(executions.list(&ExecutionFilter::running(Names::Any), 1).await)]
        {
            assert_eq!((kind, code.as_str()), (ErrorKind::NotFound, "StateMachineDoesNotExist"), "{message}");
            let account = &fixture.client.account.identity.account;
            assert!(message.contains("coinbase-nobody") && message.contains(account.as_str()), "{message}");
            assert!(message.contains("`nobody --deployer coinbase-nobody bootstrap --apply`"), "{message}");
        }
    };
    run_test(name, test).await;
}

#[tokio::test]
async fn history_of_several_pages_is_complete() {
    let name = "wire::history_of_several_pages_is_complete";
    let test = async |fixture: AccountFixture| {
        let client = connect(MANY_EVENTS).await;
        let items: Vec<u32> = (0..600).collect();
        client.executions.start("all", &json!({"items": items})).await.unwrap();
        let ended = async |_: &_| client.executions.describe("all").await.unwrap().unwrap().stop_date.is_some();
        fixture.until("the execution ended", ended).await;

        let history = client.executions.history("all", 0).await.unwrap();
        let entered = history.iter().filter(|event| event.event_type == "PassStateEntered");
        assert_eq!(entered.count(), 600);
        assert!(history.is_sorted_by(|one, next| one.id < next.id));
        for seen in [1, 700, history.len() - 3] {
            assert_eq!(client.executions.history("all", history[seen].id).await.unwrap(), history[seen + 1..]);
        }
    };
    run_test(name, test).await;
}

/// The requests of the audit log whose answers are lost: after that, the SDK repeats them.
fn lost_answers() -> Vec<Fault> {
    let lost = |service: &str, action: &str| Fault::reset(service, action).after_the_effect();
    vec![lost("dynamodb", "TransactWriteItems"), lost("s3", "PutObject"), lost("dynamodb", "BatchGetItem")]
}

#[tokio::test]
async fn lost_answers_lose_no_entry_and_no_object() {
    let name = "wire::lost_answers_lose_no_entry_and_no_object";
    let test = async |fixture: AccountFixture| {
        let log = fixture.audit_log();
        assert_eq!(log.add(&LogHead::default(), "a").await, Sequenced::Added);
        assert_eq!(log.store.entries(0, 1).await.unwrap(), [b"a"]);
        // The writer compares the object with what it wrote.
        assert_eq!(log.store.put_new("records/a/b/000001", b"one".to_vec()).await.unwrap(), PutNew::Exists);
        assert_eq!(log.store.get("records/a/b/000001", 10).await.unwrap().unwrap(), b"one");
    };
    let Some(accounts) = run_faulty_test(name, &lost_answers(), test).await else { return };
    let calls = accounts.moto.calls();
    let lost = calls.iter().filter(|call| call.account == accounts.deployer && call.fault.is_some());
    assert_eq!(lost.count(), 3);
}

#[tokio::test]
async fn conflicting_requests_are_repeated() {
    let name = "wire::conflicting_requests_are_repeated";
    let faults = [Fault::error("s3", "PutObject", 409, "ConditionalRequestConflict").times(3)];
    let test = async |fixture: AccountFixture| {
        let log = fixture.audit_log();
        assert_eq!(log.store.put_new("records/a/b/000001", b"one".to_vec()).await.unwrap(), PutNew::Written);
    };
    run_faulty_test(name, &faults, test).await;
}

#[tokio::test]
async fn checkpoint_is_retained_for_a_day() {
    let name = "wire::checkpoint_is_retained_for_a_day";
    let test = async |fixture: AccountFixture| {
        let log = fixture.audit_log();
        assert!(log.store.put_checkpoint(b"one".to_vec(), None).await.unwrap());
        assert_eq!(log.store.put_new("records/a/b/000001", b"one".to_vec()).await.unwrap(), PutNew::Written);
    };
    let Some(accounts) = run_test(name, test).await else { return };
    let head = |key: &str| {
        let bucket = format!("{AUDIT_LOG}-{}-{REGION}", accounts.deployer);
        accounts.deployer("s3", "HeadObject", json!({"Bucket": bucket, "Key": key, "ChecksumMode": "ENABLED"}))
    };
    let (checkpoint, record) = (head(CHECKPOINT_KEY), head("records/a/b/000001"));
    assert_eq!(checkpoint["ObjectLockMode"], "GOVERNANCE");
    let until: DateTime<Utc> = checkpoint["ObjectLockRetainUntilDate"].as_str().unwrap().parse().unwrap();
    assert!((until - Utc::now() - TimeDelta::hours(24)).abs() < TimeDelta::minutes(10), "{until}");
    // The retention of the bucket applies to it.
    assert_eq!(record.get("ObjectLockMode"), None);
    let sha256 = aws_smithy_types::base64::encode(Sha256::of(b"one").as_bytes());
    assert_eq!((&checkpoint["ChecksumSHA256"], &record["ChecksumSHA256"]), (&json!(sha256), &json!(sha256)));
}

fn entry(number: u64) -> LogEntry {
    let entry = json!({
        "schema": 1, "kind": "started", "time": "2026-11-25T12:00:00Z", "records": format!("records/coinbase-idler/{number}"),
        "number": 1, "sha256": Sha256::of(&number.to_be_bytes()).to_string(), "deployer": "coinbase-idler",
    });
    serde_json::from_value(entry).unwrap()
}

#[tokio::test]
async fn writers_at_once_publish_one_signed_log() {
    let name = "wire::writers_at_once_publish_one_signed_log";
    let test = async |fixture: AccountFixture| {
        let session = audit_log::session(&fixture.client.account.identity.account);
        let (known, origin) = (KnownKey::default(), fixture.client.account.identity.audit_origin());
        let log = fixture.audit_log();
        let log_of_a_writer = || {
            let signer = KmsSigner::new(session.clone(), format!("alias/{AUDIT_LOG}"), known.clone());
            TiledLog::new(Arc::clone(&log.store), Arc::new(signer), origin.clone())
        };
        let appended =
            join_all((0..10).map(async |number| log_of_a_writer().append(&entry(number)).await.unwrap())).await;
        let indexes: BTreeSet<_> = appended.iter().map(|appended| appended.index).collect();
        assert_eq!(indexes, (0..10).collect());
        log_of_a_writer().publish().await.unwrap();
        let signed = log.store.checkpoint().await.unwrap().unwrap();
        let checkpoint = SignedCheckpoint::parse(&signed.body).unwrap();
        assert_eq!((checkpoint.size, checkpoint.origin.as_str()), (10, origin.as_str()));
        let kms = KmsSigner::new(session.clone(), format!("alias/{AUDIT_LOG}"), known.clone());
        assert!(checkpoint.is_signed_by(&kms.public_key().await.unwrap()));
        assert!(!checkpoint.is_signed_by(&[7; 32]));
        assert_eq!(log_of_a_writer().append(&entry(3)).await.unwrap().index, appended[3].index);
    };
    let Some(accounts) = run_test(name, test).await else { return };
    let calls = accounts.moto.calls();
    let of_key = calls.iter().filter(|call| call.account == accounts.deployer && call.action == "GetPublicKey");
    assert_eq!(of_key.count(), 1, "the process knows the key");
}

#[tokio::test]
async fn other_key_signs_no_checkpoint() {
    let name = "wire::other_key_signs_no_checkpoint";
    let test = async |fixture: AccountFixture| {
        let session = audit_log::session(&fixture.client.account.identity.account);
        let signer = |key: &str| KmsSigner::new(session.clone(), key.into(), KnownKey::default());
        let (kind, code, message) = refusal(signer("alias/aws/s3").sign(b"message").await);
        assert_eq!((kind, code.as_str()), (ErrorKind::Invalid, "InvalidSigningKey"), "{message}");
        let (kind, _, message) = refusal(signer("alias/nobody").public_key().await);
        assert!(kind == ErrorKind::NotFound && message.contains("alias/nobody"), "{message}");
    };
    run_test(name, test).await;
}
