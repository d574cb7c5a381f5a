//! Writers that find something altered publish nothing, say what is wrong, and never overwrite it.

use crate::check::{ORIGIN, assert_complete, bytes, checkpoint, entry, key, log, published};
use crate::store::TestStore;
use bifrost_audit::key::{LocalKey, key_id};
use bifrost_audit::log::{CheckpointError, SignedCheckpoint, TiledLog};
use bifrost_audit::memory::{AuditState, MemoryStore};
use bifrost_core::audit::AuditLog;
use bifrost_core::cloud::{CHECKPOINT_KEY, CloudError, LogHead, LogSigner};
use bifrost_core::release::Sha256;
use signed_note::{Note, Signature};
use std::sync::Arc;
use tlog_tiles::Hash;

/// Appends to a log of 300 entries that was changed. Returns the error, which may come before or after the transaction.
async fn append_to(change: impl FnOnce(&mut AuditState)) -> CloudError {
    let memory = published(300).await;
    memory.with(|state, _| change(state));
    let before = memory.state();
    let error = match log(memory.clone()).append(&entry(300)).await {
        Ok(appended) => appended.unpublished.unwrap(),
        Err(error) => error,
    };
    let after = memory.state();
    assert_eq!(after.objects, before.objects, "nothing is written");
    error
}

fn replace(state: &mut AuditState, key: &str, change: impl FnOnce(&mut Vec<u8>)) {
    let version = state.objects.get_mut(key).unwrap_or_else(|| panic!("no {key}")).last_mut().unwrap();
    let mut body = version.body.as_ref().unwrap().to_vec();
    change(&mut body);
    version.body = Some(body.into());
}

async fn signed(origin: &str, size: u64, root: Hash, key: &LocalKey) -> Vec<u8> {
    let text = SignedCheckpoint::text(origin, size, &root);
    let signature = key.sign(&text).await.unwrap().to_vec();
    let signature = Signature::new(origin.to_owned(), key_id(origin, &key.public_bytes()), signature).unwrap();
    Note::new(&text, &[signature]).unwrap().to_bytes()
}

type Change = fn(&mut Vec<u8>);

#[tokio::test]
async fn altered_tile_or_bundle_is_named() {
    let (tile, parent, bundle) = ("log/tile/0/001.p/44", "log/tile/1/000.p/1", "log/tile/entries/001.p/44");
    let alter: Change = |body| body[9] ^= 1;
    let cut: Change = |body| body.truncate(31);
    let cases: [(&str, &str, &str, Change); 8] = [
        // The edge has the wrong root, and it is not known which of its tiles was altered.
        (tile, CHECKPOINT_KEY, "do not have the root", alter),
        (parent, CHECKPOINT_KEY, "do not have the root", alter),
        (tile, tile, "31 bytes", cut),
        (parent, parent, "31 bytes", cut),
        (parent, parent, "0 bytes", Vec::clear),
        (bundle, bundle, "not those of the hashes", alter),
        (bundle, bundle, "ends within", cut),
        (bundle, bundle, "not those of the hashes", Vec::clear),
    ];
    for (key, resource, problem, change) in cases {
        let error = append_to(|state| replace(state, key, change)).await;
        assert_eq!((error.code.as_str(), error.resource.as_str()), ("AuditLogDamaged", resource), "{error}");
        assert!(error.message.contains(problem), "{error}");
    }
    for key in [tile, parent, bundle] {
        let error = append_to(|state| state.delete(key, chrono::DateTime::UNIX_EPOCH)).await;
        assert_eq!((error.code.as_str(), error.resource.as_str()), ("AuditLogDamaged", key), "{error}");
        assert!(error.message.contains("missing"), "{error}");
    }
}

#[tokio::test]
async fn altered_or_missing_entry_is_named() {
    let missing = append_to(|state| {
        state.extend([bytes(999)]).unwrap();
        state.entries.remove(&300);
    });
    assert_eq!(missing.await.resource, "entry 300");
    let altered = append_to(|state| {
        state.extend([bytes(999)]).unwrap();
        state.entries.insert(300, bytes(998).into());
    });
    let altered = altered.await;
    assert_eq!(altered.code, "AuditLogDamaged");
    assert!(altered.message.contains("entries 300 to 302"), "{altered}");
}

#[tokio::test]
async fn entry_that_changes_during_publication_is_not_written() {
    let memory = Arc::new(MemoryStore::default());
    memory.with(|state, _| state.extend((0..1500).map(bytes)).unwrap());
    // Checkpoint, head and six reads of entries, which are too many to be kept. Then each bundle is read again and written.
    let change = |state: &mut AuditState| drop(state.entries.insert(700, bytes(999).into()));
    let store = TestStore::with_interferences(&memory, vec![(12, Box::new(change))]);
    let error = log(Arc::new(store)).publish().await.unwrap_err();
    assert_eq!(error.code, "AuditLogDamaged");
    assert!(error.message.contains("entries 512 to 768 in the table changed"), "{error}");
    let written = memory.state().list("log/tile/");
    assert_eq!(written, ["log/tile/entries/000", "log/tile/entries/001"]);
}

#[tokio::test]
async fn squatted_tile_is_not_overwritten() {
    for key in ["log/tile/0/001.p/45", "log/tile/entries/001.p/45"] {
        let memory = published(300).await;
        memory.with(|state, now| state.put_new(key, b"squatted".to_vec(), now));
        let appended = log(memory.clone()).append(&entry(300)).await.unwrap();
        let error = appended.unpublished.unwrap();
        assert_eq!((error.code.as_str(), error.resource.as_str()), ("AuditLogDamaged", key), "{error}");
        assert_eq!(memory.state().get(key, 99).unwrap().unwrap(), b"squatted");
        assert_eq!(checkpoint(&memory.state()).size, 300);
    }
}

#[tokio::test]
async fn forged_checkpoint_is_refused() {
    let (key, thief) = (key(), LocalKey::generate(ORIGIN, [9; 32]));
    let root = Hash([3; 32]);
    let forged = [
        b"garbage".to_vec(),
        Vec::new(),
        vec![b'a'; 100_000],
        signed(ORIGIN, 300, root, &key).await,
        signed(ORIGIN, 299, root, &key).await,
        signed(ORIGIN, 0, root, &key).await,
        signed(ORIGIN, 301, root, &key).await,
        signed(ORIGIN, u64::MAX, root, &key).await,
        signed(ORIGIN, u64::MAX - 255, root, &thief).await,
        signed("other-audit/000000000000/us-east-1", 300, root, &key).await,
    ];
    for body in forged {
        let text = String::from_utf8_lossy(&body).into_owned();
        let error = append_to(|state| replace(state, CHECKPOINT_KEY, |stored| *stored = body)).await;
        assert_eq!(
            (error.code.as_str(), error.resource.starts_with("log/")),
            ("AuditLogDamaged", true),
            "{text} {error}"
        );
    }
}

/// A checkpoint that cannot be one of this log is seen before the transaction.
#[tokio::test]
async fn entry_is_not_sequenced_after_a_forged_checkpoint() {
    for size in [300, 301, u64::MAX] {
        let memory = published(300).await;
        let forged = signed(ORIGIN, size, Hash([3; 32]), &key()).await;
        memory.with(|state, _| replace(state, CHECKPOINT_KEY, |stored| *stored = forged));
        let before = memory.state();
        let log = log(memory.clone());
        assert_eq!(log.append(&entry(300)).await.unwrap_err().resource, CHECKPOINT_KEY);
        assert_eq!(log.publish().await.unwrap_err().resource, CHECKPOINT_KEY);
        assert_eq!(memory.state(), before);
    }
}

#[tokio::test]
async fn lost_or_restored_table_begins_no_second_history() {
    let error = append_to(|state| {
        state.head = LogHead::default();
        state.entries.clear();
        state.index.clear();
    });
    assert_eq!(error.await.code, "AuditLogDamaged");
    let memory = published(300).await;
    let older = published(290).await.state();
    memory.with(|state, _| (state.head, state.entries, state.index) = (older.head, older.entries, older.index));
    // Even when it has grown over the size of the checkpoint.
    for number in 900..920 {
        match log(memory.clone()).append(&entry(number)).await {
            Err(error) => assert_eq!(error.code, "AuditLogDamaged"),
            Ok(appended) => panic!("{appended:?}"),
        }
    }
    memory.with(|state, _| state.extend((900..920).map(bytes)).unwrap());
    assert_eq!(log(memory.clone()).publish().await.unwrap_err().code, "AuditLogDamaged");
    assert_eq!(checkpoint(&memory.state()).size, 300);
}

#[tokio::test]
async fn invalid_head_is_damage() {
    for head in
        [LogHead { size: 3, subtrees: Vec::new() }, LogHead { size: u64::MAX, subtrees: vec![Sha256::of(b""); 64] }]
    {
        assert_eq!(append_to(|state| state.head = head).await.code, "AuditLogDamaged");
    }
}

#[tokio::test]
async fn deleted_checkpoint_is_made_again_from_the_table() {
    let memory = published(300).await;
    memory.with(|state, now| state.delete(CHECKPOINT_KEY, now));
    assert_eq!(log(memory.clone()).append(&entry(300)).await.unwrap().unpublished, None);
    assert_complete(&memory.state(), 0..301);
}

#[tokio::test]
async fn checkpoint_of_an_older_key_is_signed_again() {
    let memory = published(300).await;
    let older = LocalKey::generate(ORIGIN, [9; 32]);
    let root = checkpoint(&memory.state()).root;
    let body = signed(ORIGIN, 300, root, &older).await;
    memory.with(|state, _| replace(state, CHECKPOINT_KEY, |stored| *stored = body));
    log(memory.clone()).publish().await.unwrap();
    let now = checkpoint(&memory.state());
    assert!(now.is_signed_by(&older.public_bytes()));
    assert_complete(&memory.state(), 0..300);
}

#[tokio::test]
async fn cosignatures_are_kept_for_the_same_size_only() {
    let memory = published(300).await;
    let cosign = |body: &mut Vec<u8>| body.extend_from_slice("— witness.example/1 AAAABBBBCCCCDDDDEEEE\n".as_bytes());
    // With our signature, there is nothing to do.
    memory.with(|state, _| replace(state, CHECKPOINT_KEY, cosign));
    let before = memory.state();
    log(memory.clone()).publish().await.unwrap();
    assert_eq!(memory.state(), before);
    // Without, it is added beside the cosignature.
    let older = signed(ORIGIN, 300, checkpoint(&before).root, &LocalKey::generate(ORIGIN, [9; 32])).await;
    memory.with(|state, _| replace(state, CHECKPOINT_KEY, |body| *body = older));
    memory.with(|state, _| replace(state, CHECKPOINT_KEY, cosign));
    log(memory.clone()).publish().await.unwrap();
    let names = |memory: &MemoryStore| {
        let lines = checkpoint(&memory.state()).signatures();
        lines.iter().map(|line| line.name().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&memory), [ORIGIN, "witness.example/1", ORIGIN]);
    log(memory.clone()).append(&entry(300)).await.unwrap();
    assert_eq!(names(&memory), [ORIGIN]);
}

#[tokio::test]
async fn many_cosignatures_leave_room_for_ours() {
    let memory = published(3).await;
    let mut body = SignedCheckpoint::text(ORIGIN, 3, &checkpoint(&memory.state()).root);
    body.push(b'\n');
    for number in 0..100 {
        body.extend_from_slice(format!("— witness.example/{number} AAAABBBBCCCCDDDDEEEE\n").as_bytes());
    }
    memory.with(|state, _| replace(state, CHECKPOINT_KEY, |stored| *stored = body));
    log(memory.clone()).publish().await.unwrap();
    assert_complete(&memory.state(), 0..3);
}

/// A signer whose public key is that of another key.
struct WrongKey;

#[async_trait::async_trait]
impl LogSigner for WrongKey {
    async fn public_key(&self) -> Result<[u8; 32], CloudError> {
        Ok(key().public_bytes())
    }

    async fn sign(&self, message: &[u8]) -> Result<[u8; 64], CloudError> {
        LocalKey::generate(ORIGIN, [9; 32]).sign(message).await
    }
}

#[tokio::test]
async fn signature_of_a_wrong_key_is_not_published() {
    let memory = published(3).await;
    let log = TiledLog::new(memory.clone(), Arc::new(WrongKey), ORIGIN.to_owned());
    let appended = log.append(&entry(3)).await.unwrap();
    assert_eq!(appended.unpublished.unwrap().code, "AuditSignatureInvalid");
    assert_eq!(checkpoint(&memory.state()).size, 3);
}

#[tokio::test]
async fn origin_that_is_no_name_of_a_key_is_refused() {
    let log = TiledLog::new(Arc::new(MemoryStore::default()), Arc::new(key()), "two words".to_owned());
    assert_eq!(log.append(&entry(0)).await.unwrap().unpublished.unwrap().code, "AuditSignatureInvalid");
}

#[tokio::test]
async fn too_long_entry_is_refused() {
    let memory = published(3).await;
    let mut long = entry(3);
    long.deployer = "a".repeat(17_000);
    assert_eq!(log(memory.clone()).append(&long).await.unwrap_err().code, "AuditEntryInvalid");
    assert_complete(&memory.state(), 0..3);
}

#[tokio::test]
async fn invalid_signature_of_our_key_is_replaced() {
    let memory = published(3).await;
    let text = SignedCheckpoint::text(ORIGIN, 3, &checkpoint(&memory.state()).root);
    let invalid = Signature::new(ORIGIN.to_owned(), key_id(ORIGIN, &key().public_bytes()), vec![7; 64]).unwrap();
    let body = Note::new(&text, &[invalid]).unwrap().to_bytes();
    memory.with(|state, _| replace(state, CHECKPOINT_KEY, |stored| *stored = body));
    log(memory.clone()).publish().await.unwrap();
    assert_eq!(checkpoint(&memory.state()).signatures().len(), 1);
}

#[tokio::test]
async fn too_long_checkpoint_is_not_read() {
    let mut text = SignedCheckpoint::text(ORIGIN, 3, &Hash([3; 32]));
    text.extend(b"extension\n".repeat(7_000));
    let signature = Signature::new(ORIGIN.to_owned(), 7, vec![7; 64]).unwrap();
    let body = Note::new(&text, &[signature]).unwrap().to_bytes();
    assert!(matches!(SignedCheckpoint::parse(&body), Err(CheckpointError::TooLong(bytes)) if bytes == body.len()));
}
