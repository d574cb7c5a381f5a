//! What the table of root locks promises.

use crate::fixture::{AccountFixture, TAKEN, refusal, root_dir};
use bifrost::cloud::{ErrorKind, LockItem, PutLock};
use bifrost::release::ObjectKey;
use futures_util::future::join_all;

pub fn lock_key() -> ObjectKey {
    root_dir("development").lock()
}

/// A lock with all that may be said of it.
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

pub fn original_key() -> ObjectKey {
    root_dir("original").lock()
}

/// The lock that an original holds.
pub fn original() -> LockItem {
    LockItem {
        key: original_key().to_string(),
        id: "original".into(),
        time: TAKEN.parse().unwrap(),
        execution: None,
        release_id: None,
        started_by: None,
    }
}

async fn held(fixture: &AccountFixture) -> Option<LockItem> {
    fixture.client.account.locks.get(&lock_key()).await.unwrap()
}

pub async fn a_free_lock_is_taken_and_told_as_it_was_written(fixture: AccountFixture) {
    assert_eq!(held(&fixture).await, None);
    assert_eq!(fixture.client.account.locks.put(&lock("a")).await.unwrap(), PutLock::Taken);
    assert_eq!(held(&fixture).await, Some(lock("a")));
}

pub async fn a_lock_is_taken_again_by_its_owner(fixture: AccountFixture) {
    let later = LockItem { time: "2026-11-25T12:05:00Z".parse().unwrap(), started_by: None, ..lock("a") };
    for item in [lock("a"), later] {
        assert_eq!(fixture.client.account.locks.put(&item).await.unwrap(), PutLock::Taken);
        assert_eq!(held(&fixture).await, Some(item));
    }
}

pub async fn a_lock_that_another_holds_stays_and_its_holder_is_told(fixture: AccountFixture) {
    let locks = &fixture.client.account.locks;
    locks.put(&lock("a")).await.unwrap();
    let answer = locks.put(&lock("b")).await.unwrap();
    assert_eq!(answer, PutLock::Held(Box::new(lock("a"))));
    assert_eq!(held(&fixture).await, Some(lock("a")));
}

pub async fn a_lock_is_deleted_by_its_owner_alone(fixture: AccountFixture) {
    let locks = &fixture.client.account.locks;
    locks.put(&lock("a")).await.unwrap();
    assert!(!locks.delete(&lock_key(), "b").await.unwrap());
    assert_eq!(held(&fixture).await, Some(lock("a")));
    assert!(locks.delete(&lock_key(), "a").await.unwrap());
    assert_eq!(held(&fixture).await, None);
    assert!(!locks.delete(&lock_key(), "a").await.unwrap(), "it is gone already");
}

pub async fn a_lock_is_told_as_an_original_wrote_it(fixture: AccountFixture) {
    let locks = &fixture.client.account.locks;
    assert_eq!(locks.get(&original_key()).await.unwrap(), Some(original()));
    let ours = LockItem { key: original_key().to_string(), ..lock("a") };
    assert_eq!(locks.put(&ours).await.unwrap(), PutLock::Held(Box::new(original())));
}

pub async fn of_ten_who_take_a_lock_at_once_one_has_it(fixture: AccountFixture) {
    let locks = &fixture.client.account.locks;
    let puts = (0..10).map(|n| async move { locks.put(&lock(&n.to_string())).await.unwrap() });
    let answers = join_all(puts).await;
    let winner = answers.iter().position(|answer| *answer == PutLock::Taken).unwrap();
    let winner = lock(&winner.to_string());
    let told = answers.iter().filter(|answer| **answer == PutLock::Held(Box::new(winner.clone())));
    assert_eq!(told.count(), 9);
    assert_eq!(held(&fixture).await, Some(winner));
}

pub async fn a_table_that_is_not_there_is_named(fixture: AccountFixture) {
    let (locks, table) = (fixture.nobodys_locks().await, "coinbase-nobody-locks");
    let answers = [
        refusal(locks.get(&lock_key()).await),
        refusal(locks.put(&lock("a")).await),
        refusal(locks.delete(&lock_key(), "a").await),
    ];
    for (kind, code, told) in answers {
        assert_eq!((kind, code.as_str()), (ErrorKind::NotFound, "ResourceNotFoundException"), "{told}");
        assert!(told.contains(table), "{told}");
    }
}
