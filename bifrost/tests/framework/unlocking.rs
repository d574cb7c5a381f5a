//! What `unlock` and `status --all` do.

use crate::board::{BoardDeployer, harness, harness_with, lock_holder, lock_table, notes};
use crate::client::{address, client, follow, note, start};
use async_trait::async_trait;
use bifrost::client::{Address, Client, DeployOutcome, Started, Status, TaskLimit};
use bifrost::cloud::{
    CloudError, Encryption, EndedBy, EndedItem, GiveBack, LockItem, LockTaken, Object, Objects, PutNew, TakeLock,
};
use bifrost::lifecycle::request_halt;
use bifrost::release::{BucketName, ObjectKey, RootDir};
use bifrost::testing::TestHarness;
use chrono::TimeDelta;
use serde_json::json;
use std::sync::Arc;

pub(crate) type Board = Client<BoardDeployer>;

/// A deploy that holds the lock, and waits.
pub(crate) async fn running(name: &str) -> (TestHarness<BoardDeployer>, Board, Started) {
    let harness = harness();
    let client = client(&harness);
    let started = start(&client, name, &note("hello")).await;
    harness.run_until(|| true).await.unwrap();
    assert!(lock_holder(&harness).is_some());
    (harness, client, started)
}

/// Writes a root lock as Go deployers do.
async fn put_lock_object(client: &Board, address: &Address, uuid: &str) {
    let lock = json!({ "uuid": uuid }).to_string().into_bytes();
    client.account.objects.put(&address.bucket, &address.root_dir().lock(), lock, Encryption::Bucket).await.unwrap();
}

#[tokio::test]
async fn forced_unlock_stops_the_execution_and_waits_for_its_last_task() {
    let (harness, client, started) = running("force").await;
    let (address, owner) = (address(&client), lock_holder(&harness).unwrap());
    let plan = client.prepare_unlock(&address, Some("wrong release")).await.unwrap();
    assert_eq!((plan.stopped.as_slice(), plan.kept.len()), ([started.execution.clone()].as_slice(), 0));
    assert_eq!(plan.active_for().num_seconds(), 310);
    assert_eq!(plan.limit, Some(TaskLimit { seconds: 310, is_assumed: false }));
    assert_eq!(lock_holder(&harness).as_ref(), Some(&owner), "its last task may still run");

    // The command was interrupted, and runs again. The clock of the second machine may be 5 minutes fast.
    harness.advance(TimeDelta::seconds(100)).unwrap();
    let again = client.prepare_unlock(&address, Some("again")).await.unwrap();
    assert_eq!((again.stopped.len(), again.stale.len(), again.active_for().num_seconds()), (0, 1, 510));
    harness.advance(TimeDelta::seconds(510)).unwrap();
    let later = client.prepare_unlock(&address, None).await.unwrap();
    assert_eq!((later.active_for(), later.limit), (TimeDelta::zero(), None));
    assert_eq!(client.unlock(&address, later).await.unwrap().cleared.len(), 1);
    assert_eq!(lock_holder(&harness), None);
    let ended = lock_table(&harness, |table| table.ended[&EndedItem::key(&owner)].clone());
    assert_eq!((ended.by, ended.success), (EndedBy::Unlock, false));

    harness.run().await.unwrap();
    let outcome = follow(&client, started).await.1.unwrap();
    assert_eq!((outcome.status, outcome.exit_code), (Status::Aborted, 3));
    assert_eq!(outcome.failures[0].cause, "wrong release");
}

#[tokio::test]
async fn lock_taken_in_the_meantime_is_kept() {
    let (harness, client, _) = running("meantime").await;
    let (address, owner, now) = (address(&client), lock_holder(&harness).unwrap(), client.account.env.now());
    let plan = client.prepare_unlock(&address, Some("wrong release")).await.unwrap();

    let (locks, dir) = (&client.account.locks, address.root_dir());
    let ended = EndedItem::new(&owner, EndedBy::Unlock, false, now);
    locks.give_back(&GiveBack { key: dir.lock(), owner, ended, deployed: None }).await.unwrap();
    let next = LockItem {
        key: dir.lock().to_string(),
        id: "next".into(),
        time: now,
        execution: None,
        release_id: None,
        started_by: None,
    };
    let taken = locks.take(&TakeLock { item: next, dir, created_at: now }).await.unwrap();
    assert_eq!(taken, LockTaken::Taken);

    let unlocked = client.unlock(&address, plan).await.unwrap();
    assert_eq!((unlocked.cleared.len(), unlocked.kept[0].holder.id.as_str()), (0, "next"));
    assert_eq!(lock_holder(&harness).as_deref(), Some("next"));
}

#[tokio::test]
async fn lock_that_names_no_execution_belongs_to_the_running_or_cut_off_one() {
    let harness = harness();
    let client = client(&harness);
    let address = address(&client);
    let execution = "deploy-acme-shop-development-1";
    client.executions.start(execution, &note("hello")).await.unwrap();
    put_lock_object(&client, &address, "theirs").await;
    assert_eq!(client.prepare_unlock(&address, None).await.unwrap().kept.len(), 1);
    let plan = client.prepare_unlock(&address, Some("wrong release")).await.unwrap();
    assert_eq!(plan.stopped, [execution]);
    let again = client.prepare_unlock(&address, None).await.unwrap();
    assert_eq!((plan.active_for().num_seconds(), again.active_for().num_seconds()), (310, 610));
    assert_eq!(again.stale.len(), 1);
    assert_eq!(client.unlock(&address, again).await.unwrap().cleared[0].holder.id, "theirs");
    assert!(client.lock_state(&address).await.unwrap().root_locks.is_empty());
}

#[tokio::test]
async fn lock_object_of_another_owner_is_kept() {
    let harness = harness();
    let client = client(&harness);
    let address = address(&client);
    put_lock_object(&client, &address, "theirs").await;
    let plan = client.prepare_unlock(&address, None).await.unwrap();
    put_lock_object(&client, &address, "next").await;
    let unlocked = client.unlock(&address, plan).await.unwrap();
    assert_eq!((unlocked.cleared.len(), unlocked.kept[0].holder.id.as_str()), (0, "next"));
}

/// A bucket in which another release takes the lock as soon as the halt flag is deleted.
struct TakenMeanwhile(Arc<dyn Objects>, RootDir);

#[async_trait]
impl Objects for TakenMeanwhile {
    async fn get(&self, bucket: &BucketName, key: &ObjectKey, limit: u64) -> Result<Option<Object>, CloudError> {
        self.0.get(bucket, key, limit).await
    }

    async fn exists(&self, bucket: &BucketName, key: &ObjectKey) -> Result<bool, CloudError> {
        self.0.exists(bucket, key).await
    }

    async fn put(
        &self,
        bucket: &BucketName,
        key: &ObjectKey,
        body: Vec<u8>,
        how: Encryption,
    ) -> Result<(), CloudError> {
        self.0.put(bucket, key, body, how).await
    }

    async fn put_new(&self, bucket: &BucketName, key: &ObjectKey, body: Vec<u8>) -> Result<PutNew, CloudError> {
        self.0.put_new(bucket, key, body).await
    }

    async fn delete(&self, bucket: &BucketName, key: &ObjectKey) -> Result<(), CloudError> {
        if *key == self.1.halt() {
            self.0.put(bucket, &self.1.lock(), br#"{"uuid": "next"}"#.to_vec(), Encryption::Bucket).await?;
        }
        self.0.delete(bucket, key).await
    }
}

#[tokio::test]
async fn lock_object_taken_during_the_unlock_is_kept() {
    let harness = harness();
    let mut client = client(&harness);
    let address = address(&client);
    put_lock_object(&client, &address, "theirs").await;
    let plan = client.prepare_unlock(&address, None).await.unwrap();
    client.account.objects = Arc::new(TakenMeanwhile(Arc::clone(&client.account.objects), address.root_dir()));
    let unlocked = client.unlock(&address, plan).await.unwrap();
    assert_eq!((unlocked.cleared.len(), unlocked.kept[0].holder.id.as_str()), (0, "next"));
    assert_eq!(client.lock_state(&address).await.unwrap().root_locks[0].holder.id, "next");
}

/// A deploy that was halted, and ended dirty with its lock and its halt flag.
async fn halted_and_dirty(name: &str) -> (TestHarness<BoardDeployer>, Board) {
    let denied = json!({"operation": "board:TakeDownNote", "kind": {"error": "AccessDenied"}});
    let harness = harness_with(&json!([denied]));
    let client = client(&harness);
    let started = start(&client, name, &note("hello")).await;
    harness.run_until(|| true).await.unwrap();
    // The flag counts for 5 minutes, and the deploy looks for it after 10.
    harness.advance(TimeDelta::minutes(7)).unwrap();
    halt(&client).await;
    harness.run().await.unwrap();
    assert_eq!(end(&client, started).await.status, Status::FailureDirty);
    assert!(lock_holder(&harness).is_some() && has_halt_flag(&client).await);
    (harness, client)
}

pub(crate) async fn end(client: &Board, started: Started) -> DeployOutcome {
    follow(client, started).await.1.unwrap()
}

pub(crate) async fn halt(client: &Board) {
    let address = address(client);
    request_halt(client.account.objects.as_ref(), &address.bucket, &address.root_dir(), "wrong build").await.unwrap();
}

pub(crate) async fn has_halt_flag(client: &Board) -> bool {
    let address = address(client);
    client.account.objects.exists(&address.bucket, &address.root_dir().halt()).await.unwrap()
}

#[tokio::test]
async fn halt_flag_of_a_dirty_deploy_does_not_halt_the_next() {
    let (harness, client) = halted_and_dirty("halted").await;
    let address = address(&client);
    let plan = client.prepare_unlock(&address, None).await.unwrap();
    assert_eq!(plan.active_for().num_seconds(), 0, "no invocation was lost");
    assert_eq!(client.unlock(&address, plan).await.unwrap().cleared.len(), 1);
    assert!(!has_halt_flag(&client).await);
    let next = start(&client, "after-halted", &note("next")).await;
    harness.run().await.unwrap();
    assert_eq!(end(&client, next).await.status, Status::Success);
}

#[tokio::test]
async fn halt_flag_of_a_stopped_deploy_does_not_halt_the_next() {
    let (harness, client, _) = running("halted-force").await;
    let address = address(&client);
    halt(&client).await;
    let plan = client.prepare_unlock(&address, Some("wrong release")).await.unwrap();
    client.unlock(&address, plan).await.unwrap();
    assert!(!has_halt_flag(&client).await);
    let next = start(&client, "after-force", &note("next")).await;
    harness.run().await.unwrap();
    assert_eq!(end(&client, next).await.status, Status::Success);
    assert_eq!(notes(&harness).last().map(String::as_str), Some("next"));
}

#[tokio::test]
async fn halt_flag_stays_while_another_execution_holds_a_lock() {
    let (_harness, client, _) = running("halted-other").await;
    let address = address(&client);
    // The object belongs to an execution that has ended, the item to the one that runs.
    put_lock_object(&client, &address, "dead").await;
    let mut plan = client.prepare_unlock(&address, None).await.unwrap();
    let object = plan.kept.iter().position(|lock| lock.is_object).unwrap();
    plan.stale.push(plan.kept.remove(object));
    halt(&client).await;
    let unlocked = client.unlock(&address, plan).await.unwrap();
    assert_eq!((unlocked.cleared.len(), unlocked.kept.len()), (1, 1));
    assert!(has_halt_flag(&client).await);
}

#[tokio::test]
async fn deploys_of_all_accounts_and_projects_are_listed() {
    let harness = harness();
    let client = client(&harness);
    assert_eq!(client.all_deployed(None).await.unwrap(), bifrost::client::AllDeployed::default());
    for config in ["production", "development"] {
        let mut release = note("hello");
        release["config_name"] = json!(config);
        start(&client, &format!("all-{config}"), &release).await;
        harness.run().await.unwrap();
        harness.advance(TimeDelta::days(20)).unwrap();
    }
    let all = client.all_deployed(None).await.unwrap().releases;
    let places: Vec<_> = all.iter().map(|it| (it.account.as_str(), it.project.as_str(), it.config.as_str())).collect();
    let place = |config| ("222222222222", "acme/shop", config);
    assert_eq!(places, [place("development"), place("production")]);
    assert_eq!((all[0].started_by.as_deref(), all[0].deployer.as_str()), (Some("ada@laptop"), "coinbase-board"));
    assert_eq!((all[0].age_seconds, all[0].since), (20 * 86_400, client.account.env.now() - TimeDelta::days(20)));
    let old = client.all_deployed(Some(TimeDelta::days(30))).await.unwrap().releases;
    assert_eq!(old, [all[1].clone()]);
}

#[tokio::test]
async fn unlock_waits_for_an_invocation_that_was_lost() {
    let lost = |operation: &str, state: &str| json!({"operation": operation, "state": state, "kind": {"lost": "Sandbox.Timedout"}});
    let harness = harness_with(&json!([lost("*", "Unlock")]));
    let client = client(&harness);
    let started = start(&client, "lost", &note("hello")).await;
    harness.run().await.unwrap();
    assert_eq!(end(&client, started).await.status, Status::FailureDirty);
    let plan = client.prepare_unlock(&address(&client), None).await.unwrap();
    assert_eq!(plan.active_for().num_seconds(), 610);
}
