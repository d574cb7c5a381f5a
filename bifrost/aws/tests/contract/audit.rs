//! Contract tests of `AuditStore`.

use crate::audit_log::AuditLogFixture;
use crate::fixture::{AccountFixture, refusal};
use bifrost::cloud::{CHECKPOINT_KEY, ErrorKind, LogHead, ObjectVersion, PutNew, Sequenced};
use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt as _};
use std::collections::BTreeSet;

const KEY: &str = "records/coinbase-idler/e1/000001";
const LIMIT_BYTES: u64 = 64;

pub async fn object_is_written_once(fixture: AccountFixture) {
    let log = fixture.audit_log();
    assert_eq!(log.store.get(KEY, LIMIT_BYTES).await.unwrap(), None);
    assert_eq!(log.store.put_new(KEY, b"first".to_vec()).await.unwrap(), PutNew::Written);
    for body in [&b"first"[..], b"second"] {
        assert_eq!(log.store.put_new(KEY, body.to_vec()).await.unwrap(), PutNew::Exists);
        assert_eq!(log.store.get(KEY, LIMIT_BYTES).await.unwrap().unwrap(), b"first");
    }
    assert!(log.store.get(KEY, 5).await.is_ok());
    assert!(log.store.get(KEY, 4).await.unwrap_err().is_too_large());
}

pub async fn one_of_ten_writers_writes_an_object(fixture: AccountFixture) {
    let log = fixture.audit_log();
    let answers = join_all((0..10).map(|n| log.store.put_new(KEY, vec![n]))).await;
    let written: Vec<_> = (0..10).filter(|n| answers[usize::from(*n)] == Ok(PutNew::Written)).collect();
    assert_eq!(log.store.get(KEY, LIMIT_BYTES).await.unwrap(), Some(written.clone()));
    assert_eq!((written.len(), log.store.versions("records/").await.unwrap().len()), (1, 1));
}

pub async fn all_pages_of_keys_are_listed(fixture: AccountFixture) {
    let log = fixture.audit_log();
    let keys: Vec<_> = (0..1_010).map(|number| format!("records/a/{number:06}")).collect();
    let puts = stream::iter(&keys).map(|key| log.store.put_new(key, b"x".to_vec())).buffer_unordered(20);
    assert!(puts.all(async |put| put == Ok(PutNew::Written)).await);
    log.store.put_new("records/b/000001", Vec::new()).await.unwrap();
    assert_eq!(log.store.list("records/a/").await.unwrap(), keys);
    assert_eq!(log.store.list("records/a/00000").await.unwrap(), keys[..10]);
    assert_eq!(log.store.list("log/").await.unwrap(), [""; 0]);

    let key_of = |version: &ObjectVersion| version.key.clone();
    let versions = log.store.versions("records/a/").await.unwrap();
    assert!(versions.iter().map(key_of).eq(keys.iter().cloned()));
    let (mut paged, mut after) = (Vec::new(), None::<String>);
    loop {
        let page = log.store.versions_page("records/a/", after.as_deref()).await.unwrap();
        paged.extend(page.versions);
        let Some(next) = page.next else { break };
        assert_eq!(paged.last().map(key_of).as_ref(), Some(&next));
        after = Some(next);
    }
    assert_eq!(paged, versions);
}

/// The versions of the object, with what they are.
async fn versions(log: &AuditLogFixture) -> Vec<(ObjectVersion, Option<Vec<u8>>)> {
    let mut found = Vec::new();
    for version in log.store.versions(KEY).await.unwrap() {
        let body = log.store.get_version(&version.key, &version.version, LIMIT_BYTES).await;
        found.push((version, body.ok()));
    }
    found
}

pub async fn versions_are_listed_the_oldest_first(fixture: AccountFixture) {
    let log = fixture.audit_log();
    log.store.put_new(KEY, b"first".to_vec()).await.unwrap();
    log.overwrite(KEY, b"other").await;
    assert_eq!(log.store.get(KEY, LIMIT_BYTES).await.unwrap().unwrap(), b"other");
    log.delete(KEY).await;
    assert_eq!(log.store.get(KEY, LIMIT_BYTES).await.unwrap(), None);
    assert_eq!(log.store.list("records/").await.unwrap(), [""; 0]);
    // `If-None-Match` protects the current version only.
    assert_eq!(log.store.put_new(KEY, b"again".to_vec()).await.unwrap(), PutNew::Written);
    log.store.put_new("records/other", Vec::new()).await.unwrap();

    let versions = versions(&log).await;
    let bodies: Vec<_> = versions.iter().map(|(_, body)| body.as_deref()).collect();
    assert_eq!(bodies[0], Some(&b"first"[..]));
    // S3 gives times in seconds, and the delete marker in another list.
    let between = BTreeSet::from([bodies[1], bodies[2]]);
    assert_eq!((between, bodies[3]), (BTreeSet::from([None, Some(&b"other"[..])]), Some(&b"again"[..])));
    for (version, body) in &versions {
        assert_eq!(version.is_delete_marker, body.is_none(), "{version:?}");
        assert_eq!(version.size, body.as_ref().map_or(0, |body| body.len() as u64), "{version:?}");
    }
    assert!(versions.is_sorted_by_key(|(version, _)| version.last_modified));
}

pub async fn missing_version_is_refused(fixture: AccountFixture) {
    let log = fixture.audit_log();
    log.store.put_new(KEY, b"first".to_vec()).await.unwrap();
    log.delete(KEY).await;
    let versions = log.store.versions(KEY).await.unwrap();
    let error = log.store.get_version(KEY, &versions[1].version, LIMIT_BYTES).await.unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (ErrorKind::Invalid, "MethodNotAllowed"));
    let other = "00000000-0000-0000-0000-000000000000";
    let error = log.store.get_version(KEY, other, LIMIT_BYTES).await.unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (ErrorKind::NotFound, "NoSuchVersion"));
    assert!(log.store.get_version(KEY, &versions[0].version, 4).await.unwrap_err().is_too_large());
}

pub async fn checkpoint_is_replaced_by_its_reader(fixture: AccountFixture) {
    let log = fixture.audit_log();
    assert_eq!(log.store.checkpoint().await.unwrap(), None);
    assert!(!log.store.put_checkpoint(b"none".to_vec(), Some("7")).await.unwrap(), "there is none to replace");
    assert!(log.store.put_checkpoint(b"one".to_vec(), None).await.unwrap());
    assert!(!log.store.put_checkpoint(b"other".to_vec(), None).await.unwrap());
    let one = log.store.checkpoint().await.unwrap().unwrap();
    assert_eq!(one.body, b"one");
    let puts = (0..10).map(|n| log.store.put_checkpoint(vec![n], Some(&one.tag)));
    let answers = join_all(puts).await;
    let written = answers.iter().position(|answer| *answer == Ok(true)).unwrap();
    assert_eq!(answers.iter().filter(|answer| **answer == Ok(false)).count(), 9);
    let two = log.store.checkpoint().await.unwrap().unwrap();
    assert_eq!(two.body.iter().map(|n| usize::from(*n)).collect::<Vec<_>>(), [written]);
    assert!(!log.store.put_checkpoint(b"three".to_vec(), Some(&one.tag)).await.unwrap());
    assert!(log.store.put_checkpoint(b"three".to_vec(), Some(&two.tag)).await.unwrap());
    assert_eq!(log.store.list("log/").await.unwrap(), [CHECKPOINT_KEY]);
}

pub async fn entry_gets_the_next_index(fixture: AccountFixture) {
    let log = fixture.audit_log();
    let empty = log.store.head().await.unwrap();
    assert_eq!(empty, LogHead::default());
    assert_eq!(log.add(&empty, "a").await, Sequenced::Added);
    let one = log.store.head().await.unwrap();
    assert_eq!((one.size, one.subtrees.len()), (1, 1));
    assert_eq!(log.add(&empty, "b").await, Sequenced::HeadMoved);
    assert_eq!(log.add(&one, "b").await, Sequenced::Added);
    let two = log.store.head().await.unwrap();
    // The answer to an earlier attempt was lost.
    assert_eq!(log.add(&one, "b").await, Sequenced::Added);
    assert_eq!(log.add(&two, "b").await, Sequenced::Found(1));
    assert_eq!(log.add(&empty, "b").await, Sequenced::Found(1));
    assert_eq!(log.store.head().await.unwrap(), two);
    assert_eq!(log.store.entries(0, 2).await.unwrap(), [b"a", b"b"]);
    let mut other = two.clone();
    other.subtrees.reverse();
    other.subtrees[0] = one.subtrees[0];
    assert_eq!(log.add(&other, "c").await, Sequenced::HeadMoved, "its size is the same");
}

pub async fn one_of_ten_writers_moves_the_head(fixture: AccountFixture) {
    let log = fixture.audit_log();
    let (head, entries) = (LogHead::default(), ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    let answers = join_all(entries.map(|entry| log.add(&head, entry))).await;
    let added = answers.iter().position(|answer| *answer == Sequenced::Added).unwrap();
    assert_eq!(answers.iter().filter(|answer| **answer == Sequenced::HeadMoved).count(), 9);
    assert_eq!(log.store.head().await.unwrap().size, 1);
    assert_eq!(log.store.entries(0, 1).await.unwrap(), [entries[added].as_bytes()]);
}

pub async fn hundreds_of_entries_are_read_in_order(fixture: AccountFixture) {
    let log = fixture.audit_log();
    let entries: Vec<_> = (0..210).map(|number| format!("entry {number}")).collect();
    let mut head = LogHead::default();
    for entry in &entries {
        assert_eq!(log.add(&head, entry).await, Sequenced::Added);
        head = log.store.head().await.unwrap();
    }
    for range in [0..210, 0..100, 0..101, 99..210, 7..8, 5..5] {
        let read = log.store.entries(range.start as u64, range.end as u64).await.unwrap();
        assert!(read.iter().eq(entries[range.clone()].iter().map(String::as_bytes)), "{range:?}");
    }
}

pub async fn missing_entry_is_damage(fixture: AccountFixture) {
    let log = fixture.audit_log();
    log.append("a").await;
    let (kind, code, message) = refusal(log.store.entries(0, 2).await);
    assert_eq!((kind, code.as_str()), (ErrorKind::Invalid, "AuditLogDamaged"), "{message}");
}

pub async fn writers_at_once_lose_no_entry(fixture: AccountFixture) {
    let log = fixture.audit_log();
    let entries: BTreeSet<_> = (0..10).map(|number| format!("entry {number}")).collect();
    join_all(entries.iter().map(|entry| log.append(entry))).await;
    assert_eq!(log.store.head().await.unwrap().size, 10);
    let read = log.store.entries(0, 10).await.unwrap();
    assert_eq!(read.into_iter().map(|entry| String::from_utf8(entry).unwrap()).collect::<BTreeSet<_>>(), entries);
}
