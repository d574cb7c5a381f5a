//! Contract tests of `LockTable`.

use crate::fixture::{AccountFixture, GO_LOCK_TIME, refusal, root_dir};
use bifrost::cloud::{ErrorKind, LockItem, PutLock};
use bifrost::release::ObjectKey;
use futures_util::future::join_all;

pub fn lock_key() -> ObjectKey {
    root_dir("development").lock()
}

/// A lock with all fields.
fn lock(owner: &str) -> LockItem {
    LockItem {
        key: lock_key().to_string(),
        id: owner.into(),
        time: "2026-11-25T12:00:00.123Z".parse().unwrap(),
        execution: Some(format!("arn:aws:states:us-east-1:000000000000:execution:coinbase-idler:{owner}")),
        release_id: Some(format!("release-{owner}")),
        started_by: Some("ada@laptop".into()),
    }
}

pub fn go_lock_key() -> ObjectKey {
    root_dir("go").lock()
}

/// The lock of a Go deployer, which has no other fields.
pub fn go_lock() -> LockItem {
    LockItem {
        key: go_lock_key().to_string(),
        id: "go".into(),
        time: GO_LOCK_TIME.parse().unwrap(),
        execution: None,
        release_id: None,
        started_by: None,
    }
}

async fn held(fixture: &AccountFixture) -> Option<LockItem> {
    fixture.client.account.locks.get(&lock_key()).await.unwrap()
}

pub async fn free_lock_is_taken(fixture: AccountFixture) {
    assert_eq!(held(&fixture).await, None);
    assert_eq!(fixture.client.account.locks.put(&lock("a")).await.unwrap(), PutLock::Taken);
    assert_eq!(held(&fixture).await, Some(lock("a")));
}

pub async fn lock_is_taken_again_by_its_owner(fixture: AccountFixture) {
    let later = LockItem { time: "2026-11-25T12:05:00Z".parse().unwrap(), started_by: None, ..lock("a") };
    for item in [lock("a"), later] {
        assert_eq!(fixture.client.account.locks.put(&item).await.unwrap(), PutLock::Taken);
        assert_eq!(held(&fixture).await, Some(item));
    }
}

pub async fn lock_of_another_is_returned_unchanged(fixture: AccountFixture) {
    let locks = &fixture.client.account.locks;
    locks.put(&lock("a")).await.unwrap();
    let answer = locks.put(&lock("b")).await.unwrap();
    assert_eq!(answer, PutLock::Held(Box::new(lock("a"))));
    assert_eq!(held(&fixture).await, Some(lock("a")));
}

pub async fn lock_is_deleted_by_its_owner_only(fixture: AccountFixture) {
    let locks = &fixture.client.account.locks;
    locks.put(&lock("a")).await.unwrap();
    assert!(!locks.delete(&lock_key(), "b").await.unwrap());
    assert_eq!(held(&fixture).await, Some(lock("a")));
    assert!(locks.delete(&lock_key(), "a").await.unwrap());
    assert_eq!(held(&fixture).await, None);
    assert!(!locks.delete(&lock_key(), "a").await.unwrap(), "deleted already");
}

pub async fn lock_of_a_go_deployer_is_read(fixture: AccountFixture) {
    let locks = &fixture.client.account.locks;
    assert_eq!(locks.get(&go_lock_key()).await.unwrap(), Some(go_lock()));
    let ours = LockItem { key: go_lock_key().to_string(), ..lock("a") };
    assert_eq!(locks.put(&ours).await.unwrap(), PutLock::Held(Box::new(go_lock())));
}

pub async fn one_of_ten_calls_takes_the_lock(fixture: AccountFixture) {
    let locks = &fixture.client.account.locks;
    let puts = (0..10).map(|n| async move { locks.put(&lock(&n.to_string())).await.unwrap() });
    let answers = join_all(puts).await;
    let winner = answers.iter().position(|answer| *answer == PutLock::Taken).unwrap();
    let winner = lock(&winner.to_string());
    let others = answers.iter().filter(|answer| **answer == PutLock::Held(Box::new(winner.clone())));
    assert_eq!(others.count(), 9);
    assert_eq!(held(&fixture).await, Some(winner));
}

pub async fn missing_table_is_named(fixture: AccountFixture) {
    let (locks, table) = (fixture.missing_lock_table().await, "coinbase-nobody-locks");
    let answers = [
        refusal(locks.get(&lock_key()).await),
        refusal(locks.put(&lock("a")).await),
        refusal(locks.delete(&lock_key(), "a").await),
    ];
    for (kind, code, message) in answers {
        assert_eq!((kind, code.as_str()), (ErrorKind::NotFound, "ResourceNotFoundException"), "{message}");
        assert!(message.contains(table), "{message}");
    }
}
