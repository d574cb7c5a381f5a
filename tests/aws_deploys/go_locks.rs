//! Locks in the format of Go deployers, which share the table and the bucket with ours.

use crate::fixture::{AccountsFixture, DEPLOYER, LOCKS, REGION};
use crate::project::{Deployed, Project};
use bifrost_moto::AwsError;
use serde_json::{Value, json};

const BUCKET: &str = "coinbase-odin-000000000000";

impl Project<'_> {
    /// Takes the root lock as a Go deployer does: it knows no other item of the table.
    fn take_go_lock(&self, uuid: &str) -> Result<Value, AwsError> {
        let item = json!({"key": {"S": self.lock_key()}, "id": {"S": uuid}, "time": {"S": "2026-11-25T12:00:00Z"}});
        let condition = "attribute_not_exists(#key) OR id = :uuid";
        let put = json!({"TableName": LOCKS, "Item": item, "ConditionExpression": condition,
            "ExpressionAttributeNames": {"#key": "key"}, "ExpressionAttributeValues": {":uuid": {"S": uuid}}});
        self.fixture.moto.call(DEPLOYER, REGION, "dynamodb", "PutItem", put)
    }

    /// Gives it back as a Go deployer does.
    fn give_go_lock_back(&self, uuid: &str) -> Result<Value, AwsError> {
        let delete = json!({"TableName": LOCKS, "Key": {"key": {"S": self.lock_key()}}, "ConditionExpression": "id = :uuid",
            "ExpressionAttributeValues": {":uuid": {"S": uuid}}});
        self.fixture.moto.call(DEPLOYER, REGION, "dynamodb", "DeleteItem", delete)
    }

    /// Writes the second root lock of Go deployers.
    fn put_lock_object(&self, uuid: &str) {
        let body = json!({"uuid": uuid}).to_string();
        let put = json!({"Bucket": BUCKET, "Key": self.lock_key(), "Body": body});
        self.fixture.aws(DEPLOYER, "s3", "PutObject", put);
    }

    fn has_lock_object(&self) -> bool {
        let list = json!({"Bucket": BUCKET, "Prefix": self.lock_key()});
        self.fixture.aws(DEPLOYER, "s3", "ListObjectsV2", list)["KeyCount"] != 0
    }
}

fn assert_refused(refused: &Deployed) {
    assert_eq!((refused.code, refused.path()), (2, vec!["Validate", "Lock", "FailureClean"]), "{refused:#?}");
    let failure = &refused.end()["failures"][0];
    assert_eq!((&failure["error"], &failure["code"]), (&json!("LockExistsError"), &json!("lock/held")), "{failure}");
}

#[test]
fn stale_locks_of_go_refuse_until_they_are_cleared() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    let project = Project::create(&fixture, "go-stale");
    project.take_go_lock("go").unwrap();
    project.put_lock_object("go");
    assert_refused(&project.deploy());
    // Each of the two refuses alone.
    project.give_go_lock_back("go").unwrap();
    assert_refused(&project.deploy());
    project.take_go_lock("go").unwrap();

    let unlocked = project.unlock("");
    assert_eq!(unlocked.status.code(), Some(0), "{unlocked:?}");
    assert_eq!((project.root_lock(), project.has_lock_object()), (None, false));
    let deployed = project.deploy();
    assert_eq!(deployed.code, 0, "{deployed:#?}");
    let writes = fixture.moto.calls().into_iter().filter(|call| call.action == "PutObject");
    let locks: Vec<_> = writes.map(|call| call.path).filter(|path| path.ends_with("/development/lock")).collect();
    assert!(locks.is_empty() && !project.has_lock_object(), "{locks:?}");
}

#[test]
fn go_deployer_takes_turns_with_ours() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    let project = Project::create(&fixture, "go-turns");
    fixture.never_healthy();
    let mut deploy = project.start();
    deploy.wait_for("state", "WaitForHealthy");
    let owner = project.root_lock().unwrap()["id"]["S"].as_str().unwrap().to_owned();
    assert_eq!(project.take_go_lock("go").unwrap_err().code, "ConditionalCheckFailedException");
    fixture.healthy_at_once();
    let deployed = deploy.finish();
    assert_eq!(deployed.code, 0, "{deployed:#?}");
    assert!(project.item(&format!("ended/{owner}")).is_some());
    assert_eq!(project.deployed_item().unwrap()["release_id"]["S"], deployed.release_id());

    // These items are no locks.
    for _ in 0..2 {
        project.take_go_lock("go").unwrap();
    }
    assert_refused(&project.deploy());
    assert_eq!(project.give_go_lock_back("another").unwrap_err().code, "ConditionalCheckFailedException");
    project.give_go_lock_back("go").unwrap();
    let next = project.deploy();
    assert_eq!(next.code, 0, "{next:#?}");
}
