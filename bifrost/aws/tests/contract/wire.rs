//! What AWS alone shows: how calls reach it, and answers in several pages.

use crate::fixture::{AccountFixture, refusal, release_dir};
use crate::locks;
use crate::moto::{CAUTIOUS, CROWD, connect, tell};
use crate::objects;
use crate::targets;
use bifrost::cloud::{ErrorKind, ExecutionFilter, Names, StartError};
use serde_json::json;

#[tokio::test]
async fn s3_is_told_the_key_that_an_object_is_encrypted_with() {
    let test = "wire::s3_is_told_the_key_that_an_object_is_encrypted_with";
    let Some(left) = tell(test, objects::an_object_may_be_encrypted_with_a_key).await else { return };
    let object =
        json!({"Bucket": format!("coinbase-idler-{}", left.deployer), "Key": release_dir().file("userdata").as_str()});
    let object = left.deployer("s3", "HeadObject", object);
    assert_eq!((&object["ServerSideEncryption"], &object["SSEKMSKeyId"]), (&json!("aws:kms"), &json!("alias/aws/s3")));
}

#[tokio::test]
async fn a_lock_is_written_as_the_originals_read_it() {
    let test = "wire::a_lock_is_written_as_the_originals_read_it";
    let Some(left) = tell(test, locks::a_free_lock_is_taken_and_told_as_it_was_written).await else { return };
    let item = json!({"TableName": "coinbase-idler-locks", "Key": {"key": {"S": locks::lock_key().as_str()}}});
    let item = &left.deployer("dynamodb", "GetItem", item)["Item"];
    assert_eq!(
        [&item["key"], &item["id"], &item["time"]],
        [&json!({"S": locks::lock_key().as_str()}), &json!({"S": "a"}), &json!({"S": "2026-11-25T12:00:00.123Z"})]
    );
}

#[tokio::test]
async fn a_role_is_assumed_once_by_a_session_of_the_name_that_was_asked_for() {
    let test = "wire::a_role_is_assumed_once_by_a_session_of_the_name_that_was_asked_for";
    let Some(left) = tell(test, targets::a_role_opens_ports_in_its_account).await else { return };
    let calls = left.moto.calls();
    let assumed = calls.iter().filter(|call| call.action == "AssumeRole" && call.account == left.deployer);
    assert_eq!(assumed.count(), 1);
    let visits: Vec<_> = calls.iter().filter(|call| call.account == left.target).collect();
    let session = format!("arn:aws:sts::{}:assumed-role/coinbase-idler-assumed/release-1-session", left.target);
    assert_eq!(visits.len(), 2);
    assert!(visits.iter().all(|call| call.principal.as_deref() == Some(&session)), "{visits:#?}");
}

#[tokio::test]
async fn who_cannot_assume_a_role_is_told_who_it_is_and_what_to_run() {
    let test = "wire::who_cannot_assume_a_role_is_told_who_it_is_and_what_to_run";
    let story = async |fixture: AccountFixture| {
        let role = fixture.role(CAUTIOUS);
        let (kind, _, told) = refusal(fixture.client.targets.assume(&role).await.map(drop));
        let account = &fixture.client.account.identity.account;
        assert_eq!(kind, ErrorKind::AccessDenied);
        assert!(told.contains(&format!("arn:aws:iam::{account}:user/person cannot assume {}", role.arn())), "{told}");
        assert!(told.contains("asks for an external id, and none is given"), "{told}");
        let target = &fixture.target;
        let command = format!("`idler bootstrap --target {target} --deployer-account {account} --apply`");
        assert!(told.contains(&command), "{told}");
    };
    tell(test, story).await;
}

#[tokio::test]
async fn a_state_machine_that_is_not_there_is_named_and_how_to_find_or_make_it() {
    let test = "wire::a_state_machine_that_is_not_there_is_named_and_how_to_find_or_make_it";
    let story = async |fixture: AccountFixture| {
        let executions = connect("coinbase-nobody").await.executions;
        let started = executions.start("one", &json!({})).await;
        let Err(StartError::Cloud(started)) = started else { panic!("not refused so: {started:?}") };
        for (kind, code, told) in
            [refusal::<()>(Err(started)), refusal(executions.list(&ExecutionFilter::running(Names::Any), 1).await)]
        {
            assert_eq!((kind, code.as_str()), (ErrorKind::NotFound, "StateMachineDoesNotExist"), "{told}");
            let account = &fixture.client.account.identity.account;
            let hint =
                format!("there is no deployer coinbase-nobody in us-east-1 of account {account}: name its region");
            assert!(told.contains(&hint) && told.contains("`nobody bootstrap --apply`"), "{told}");
        }
    };
    tell(test, story).await;
}

#[tokio::test]
async fn a_history_of_several_pages_is_told_whole_and_its_end_alone() {
    let test = "wire::a_history_of_several_pages_is_told_whole_and_its_end_alone";
    let story = async |fixture: AccountFixture| {
        let crowd = connect(CROWD).await;
        let items: Vec<u32> = (0..600).collect();
        crowd.executions.start("all", &json!({"items": items})).await.unwrap();
        let ended = async |_: &_| crowd.executions.describe("all").await.unwrap().unwrap().stop_date.is_some();
        fixture.until("the crowd was through", ended).await;

        let history = crowd.executions.history("all", 0).await.unwrap();
        let entered = history.iter().filter(|event| event.event_type == "PassStateEntered");
        assert_eq!(entered.count(), 600);
        assert!(history.is_sorted_by(|one, next| one.id < next.id));
        for seen in [1, 700, history.len() - 3] {
            assert_eq!(crowd.executions.history("all", history[seen].id).await.unwrap(), history[seen + 1..]);
        }
    };
    tell(test, story).await;
}
