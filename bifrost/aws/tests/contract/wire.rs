//! Tests on moto only: how calls reach AWS, and answers of several pages.

use crate::fixture::{AccountFixture, refusal, release_dir};
use crate::locks;
use crate::moto::{EXTERNAL_ID_ROLE, MANY_EVENTS, connect, connection, run_test};
use crate::objects;
use crate::targets;
use bifrost::cloud::{ENDED_TTL, ErrorKind, ExecutionFilter, Names, StartError};
use serde_json::json;

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
