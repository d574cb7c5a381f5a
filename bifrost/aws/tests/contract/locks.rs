//! Contract tests of `LockTable`.

use crate::fixture::{AccountFixture, GO_LOCK_TIME, refusal, root_dir};
use bifrost::cloud::{
    DeployedItem, ENDED_TTL, EndedBy, EndedItem, ErrorKind, GiveBack, GivenBack, LockItem, LockTaken, MAX_OLDER,
    TakeLock,
};
use bifrost::release::{ObjectKey, RootDir};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use uuid::Uuid;

const A: Uuid = Uuid::from_u128(0xA);
const B: Uuid = Uuid::from_u128(0xB);
const C: Uuid = Uuid::from_u128(0xC);

fn dir() -> RootDir {
    root_dir("development")
}

pub fn lock_key() -> ObjectKey {
    dir().lock()
}

pub fn ended_key() -> String {
    EndedItem::key(&A.to_string())
}

pub fn now() -> DateTime<Utc> {
    "2026-11-25T12:00:00.123Z".parse().unwrap()
}

/// A lock with all fields.
fn lock(owner: Uuid) -> LockItem {
    LockItem {
        key: lock_key().to_string(),
        id: owner.to_string(),
        time: now(),
        execution: Some(format!("arn:aws:states:us-east-1:000000000000:execution:coinbase-idler:{owner}")),
        release_id: Some(format!("release-1-{owner}")),
        started_by: Some("ada@laptop".into()),
    }
}

fn request(owner: Uuid) -> TakeLock {
    TakeLock { item: lock(owner), dir: dir(), created_at: now() }
}

fn end(owner: Uuid, by: EndedBy) -> EndedItem {
    EndedItem::new(&owner.to_string(), by, by == EndedBy::Execution, now())
}

fn give_back(owner: Uuid, by: EndedBy) -> GiveBack {
    GiveBack { key: lock_key(), owner: owner.to_string(), ended: end(owner, by), deployed: None }
}

/// The release of an owner, with all fields.
fn deployed(dir: &RootDir, owner: Uuid) -> DeployedItem {
    DeployedItem {
        key: DeployedItem::key(dir),
        release_id: format!("release-1-{owner}").parse().unwrap(),
        created_at_ms: now().timestamp_millis(),
        execution: Some(format!("arn:aws:states:us-east-1:000000000000:execution:coinbase-idler:{owner}")),
        time: now(),
        deployer: "coinbase-idler".into(),
        started_by: Some("ada@laptop".into()),
    }
}

fn succeed(owner: Uuid) -> GiveBack {
    GiveBack { deployed: Some(deployed(&dir(), owner)), ..give_back(owner, EndedBy::Execution) }
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

async fn take(fixture: &AccountFixture, owner: Uuid) -> LockTaken {
    fixture.client.account.locks.take(&request(owner)).await.unwrap()
}

async fn give(fixture: &AccountFixture, lock: &GiveBack) -> GivenBack {
    fixture.client.account.locks.give_back(lock).await.unwrap()
}

async fn held(fixture: &AccountFixture) -> Option<LockItem> {
    fixture.client.account.locks.get(&lock_key()).await.unwrap()
}

async fn ended(fixture: &AccountFixture, owner: Uuid) -> Option<EndedItem> {
    fixture.client.account.locks.ended(owner).await.unwrap()
}

async fn deployed_now(fixture: &AccountFixture) -> Option<DeployedItem> {
    fixture.client.account.locks.deployed(&dir()).await.unwrap()
}

fn held_by(owner: Uuid) -> GivenBack {
    GivenBack::NotHeld(Some(Box::new(lock(owner))))
}

pub async fn free_lock_is_taken(fixture: AccountFixture) {
    assert_eq!(held(&fixture).await, None);
    assert_eq!(take(&fixture, A).await, LockTaken::Taken);
    assert_eq!(held(&fixture).await, Some(lock(A)));
    assert_eq!((ended(&fixture, A).await, deployed_now(&fixture).await), (None, None));
}

pub async fn lock_is_taken_again_by_its_owner(fixture: AccountFixture) {
    let later = LockItem { time: "2026-11-25T12:05:00Z".parse().unwrap(), started_by: None, ..lock(A) };
    for item in [lock(A), later] {
        let taken = fixture.client.account.locks.take(&TakeLock { item: item.clone(), ..request(A) }).await;
        assert_eq!(taken.unwrap(), LockTaken::Taken);
        assert_eq!(held(&fixture).await, Some(item));
    }
}

pub async fn lock_of_another_is_returned_unchanged(fixture: AccountFixture) {
    take(&fixture, A).await;
    assert_eq!(take(&fixture, B).await, LockTaken::Held(Box::new(lock(A))));
    assert_eq!(held(&fixture).await, Some(lock(A)));
}

pub async fn ended_execution_takes_no_lock(fixture: AccountFixture) {
    for (owner, by) in [(A, EndedBy::Unlock), (B, EndedBy::Execution)] {
        give(&fixture, &give_back(owner, by)).await;
        assert_eq!(take(&fixture, owner).await, LockTaken::Ended(end(owner, by)));
        assert_eq!(held(&fixture).await, None);
    }
}

pub async fn much_older_release_takes_no_lock(fixture: AccountFixture) {
    take(&fixture, A).await;
    assert_eq!(give(&fixture, &succeed(A)).await, GivenBack::Done);
    let older = TakeLock { created_at: now() - MAX_OLDER - TimeDelta::milliseconds(1), ..request(B) };
    let answer = fixture.client.account.locks.take(&older).await.unwrap();
    assert_eq!(answer, LockTaken::Newer(Box::new(deployed(&dir(), A))));
    assert_eq!(held(&fixture).await, None);
    let oldest = TakeLock { created_at: now() - MAX_OLDER, ..request(B) };
    assert_eq!(fixture.client.account.locks.take(&oldest).await.unwrap(), LockTaken::Taken);
    assert_eq!(held(&fixture).await, Some(lock(B)));
}

pub async fn first_of_several_refusals_is_returned(fixture: AccountFixture) {
    take(&fixture, A).await;
    give(&fixture, &succeed(A)).await;
    take(&fixture, B).await;
    let older = |owner| TakeLock { created_at: now() - MAX_OLDER - TimeDelta::days(1), ..request(owner) };
    let locks = &fixture.client.account.locks;
    assert_eq!(locks.take(&older(A)).await.unwrap(), LockTaken::Ended(end(A, EndedBy::Execution)));
    assert_eq!(locks.take(&older(Uuid::from_u128(0xC))).await.unwrap(), LockTaken::Held(Box::new(lock(B))));
}

pub async fn lock_is_given_back_once(fixture: AccountFixture) {
    take(&fixture, A).await;
    for _ in 0..2 {
        assert_eq!(give(&fixture, &give_back(A, EndedBy::Execution)).await, GivenBack::Done);
        assert_eq!((held(&fixture).await, ended(&fixture, A).await), (None, Some(end(A, EndedBy::Execution))));
    }
    assert_eq!(ended(&fixture, A).await.unwrap().expires_at, (now() + ENDED_TTL).timestamp());
}

pub async fn lock_of_another_is_not_given_back(fixture: AccountFixture) {
    take(&fixture, A).await;
    let others = [B, C, Uuid::from_u128(0xD)];
    let ends = [give_back(B, EndedBy::Unlock), give_back(C, EndedBy::Execution), succeed(others[2])];
    for (owner, lock) in others.into_iter().zip(ends) {
        assert_eq!(give(&fixture, &lock).await, held_by(A));
        assert_eq!(ended(&fixture, owner).await, Some(lock.ended));
    }
    assert_eq!(held(&fixture).await, Some(lock(A)));
    assert_eq!(deployed_now(&fixture).await, None);
}

pub async fn only_the_holder_writes_what_is_deployed(fixture: AccountFixture) {
    assert_eq!(give(&fixture, &succeed(B)).await, GivenBack::NotHeld(None));
    assert_eq!((ended(&fixture, B).await, deployed_now(&fixture).await), (Some(end(B, EndedBy::Execution)), None));
    take(&fixture, A).await;
    assert_eq!(give(&fixture, &succeed(A)).await, GivenBack::Done);
    assert_eq!((held(&fixture).await, deployed_now(&fixture).await), (None, Some(deployed(&dir(), A))));
    let again = GiveBack { deployed: Some(deployed(&dir(), B)), ..succeed(A) };
    assert_eq!(give(&fixture, &again).await, GivenBack::NotHeld(None));
    assert_eq!(deployed_now(&fixture).await, Some(deployed(&dir(), A)));
}

pub async fn first_end_is_kept(fixture: AccountFixture) {
    for (first, second) in [(EndedBy::Unlock, EndedBy::Execution), (EndedBy::Execution, EndedBy::Unlock)] {
        let owner = if first == EndedBy::Unlock { A } else { B };
        let kept = Some(end(owner, first));
        take(&fixture, owner).await;
        give(&fixture, &give_back(owner, first)).await;
        assert_eq!(ended(&fixture, owner).await, kept);
        assert_eq!(give(&fixture, &give_back(owner, second)).await, GivenBack::Done);
        assert_eq!(ended(&fixture, owner).await, kept, "the lock is free");
    }
    take(&fixture, C).await;
    assert_eq!(give(&fixture, &give_back(A, EndedBy::Execution)).await, held_by(C));
    assert_eq!(ended(&fixture, A).await, Some(end(A, EndedBy::Unlock)), "another holds the lock");
}

/// A deployer that does not read `ended` may take the lock of an execution that has ended.
pub async fn lock_of_an_ended_execution_is_unlocked(fixture: AccountFixture) {
    take(&fixture, A).await;
    let ended_before = GiveBack { ended: end(A, EndedBy::Execution), ..give_back(B, EndedBy::Execution) };
    assert_eq!(give(&fixture, &ended_before).await, held_by(A));
    assert_eq!(give(&fixture, &give_back(A, EndedBy::Unlock)).await, GivenBack::Done);
    assert_eq!((held(&fixture).await, ended(&fixture, A).await), (None, Some(end(A, EndedBy::Execution))));
}

pub async fn deployed_releases_are_listed_by_key(fixture: AccountFixture) {
    let locks = &fixture.client.account.locks;
    assert_eq!(locks.all_deployed().await.unwrap(), []);
    let dirs = ["b", "c", "a"].map(root_dir);
    for (number, dir) in dirs.iter().enumerate() {
        let owner = Uuid::from_u128(number as u128);
        let item = LockItem { key: dir.lock().to_string(), ..lock(owner) };
        locks.take(&TakeLock { item, dir: dir.clone(), created_at: now() }).await.unwrap();
        let given = GiveBack { key: dir.lock(), deployed: Some(deployed(dir, owner)), ..succeed(owner) };
        assert_eq!(give(&fixture, &given).await, GivenBack::Done);
    }
    take(&fixture, A).await;
    let expected = [(2, &dirs[2]), (0, &dirs[0]), (1, &dirs[1])].map(|(n, dir)| Ok(deployed(dir, Uuid::from_u128(n))));
    assert_eq!(locks.all_deployed().await.unwrap(), expected);
}

pub async fn lock_of_a_go_deployer_is_read(fixture: AccountFixture) {
    let locks = &fixture.client.account.locks;
    assert_eq!(locks.get(&go_lock_key()).await.unwrap(), Some(go_lock()));
    let ours = LockItem { key: go_lock_key().to_string(), ..lock(A) };
    let ours = TakeLock { item: ours, dir: root_dir("go"), created_at: now() };
    assert_eq!(locks.take(&ours).await.unwrap(), LockTaken::Held(Box::new(go_lock())));
    let unlock = GiveBack { key: go_lock_key(), owner: "go".into(), ..give_back(A, EndedBy::Unlock) };
    assert_eq!(locks.give_back(&unlock).await.unwrap(), GivenBack::Done);
    assert_eq!(locks.get(&go_lock_key()).await.unwrap(), None);
}

pub async fn one_of_ten_calls_takes_the_lock(fixture: AccountFixture) {
    let answers = join_all((0..10).map(|n| take(&fixture, Uuid::from_u128(n)))).await;
    let winner = answers.iter().position(|answer| *answer == LockTaken::Taken).unwrap();
    let winner = lock(Uuid::from_u128(winner as u128));
    let others = answers.iter().filter(|answer| **answer == LockTaken::Held(Box::new(winner.clone())));
    assert_eq!(others.count(), 9);
    assert_eq!(held(&fixture).await, Some(winner));
}

pub async fn missing_table_is_named(fixture: AccountFixture) {
    let (locks, table) = (fixture.missing_lock_table().await, "coinbase-nobody-locks");
    let answers = [
        refusal(locks.take(&request(A)).await),
        refusal(locks.give_back(&succeed(A)).await),
        refusal(locks.get(&lock_key()).await),
        refusal(locks.ended(A).await),
        refusal(locks.deployed(&dir()).await),
        refusal(locks.all_deployed().await),
    ];
    for (kind, code, message) in answers {
        assert_eq!((kind, code.as_str()), (ErrorKind::NotFound, "ResourceNotFoundException"), "{message}");
        assert!(message.contains(table), "{message}");
    }
}
