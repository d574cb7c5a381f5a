//! Attacks on the Merkle log: its entries, hash tiles and checkpoints.

use crate::honest::{
    DEPLOYER, Ending, Honest, ORIGIN, Shape, body, check, check_against, insert, key, named, policy, set_body, small,
};
use bifrost_audit::key::LocalKey;
use bifrost_audit::log::{SignedCheckpoint, TiledLog, decode_bundle, encode_bundle, next_head};
use bifrost_audit::memory::{AuditState, MemoryStore};
use bifrost_audit::policy::Policy;
use bifrost_audit::source::StoreSource;
use bifrost_audit::verify::{VerifyError, verify};
use bifrost_core::audit::LogEntry;
use bifrost_core::cloud::{CHECKPOINT_KEY, LogHead};
use std::sync::Arc;

/// A log of 600 entries: two whole tiles, and a part of a third.
async fn large() -> AuditState {
    static STATE: tokio::sync::OnceCell<AuditState> = tokio::sync::OnceCell::const_new();
    let write = || async {
        let mut log = Honest::new(false);
        for number in 0..300 {
            let shape = Shape { attempts: Vec::new(), ending: Ending::Deployed, is_committed: true };
            log.execution(&format!("deploy-{number}"), &shape).await;
        }
        log.publish().await;
        log.state()
    };
    STATE.get_or_init(write).await.clone()
}

const FIRST: &str = "log/tile/entries/000";
const LAST: &str = "log/tile/entries/002.p/88";

fn entries(state: &AuditState, key: &str) -> Vec<Vec<u8>> {
    decode_bundle(&body(state, key)).unwrap()
}

fn with_entries(state: &AuditState, key: &str, change: impl FnOnce(&mut Vec<Vec<u8>>)) -> AuditState {
    let (mut state, mut entries) = (state.clone(), entries(state, key));
    change(&mut entries);
    set_body(&mut state, key, encode_bundle(entries).unwrap());
    state
}

#[tokio::test]
async fn entry_that_was_changed_moved_dropped_or_added_is_named() {
    let state = large().await;
    let alien = || b"{}".to_vec();
    for (key, at, index) in [(FIRST, 0_usize, 0_u64), (FIRST, 255, 255), (LAST, 87, 599)] {
        let last = entries(&state, key).len() - 1;
        let cases: [(Box<dyn FnOnce(&mut Vec<Vec<u8>>)>, &str); 5] = [
            (Box::new(move |all| all[at][20] ^= 1), "audit/entry-altered"),
            (Box::new(move |all| all.swap(at, if at == last { at - 1 } else { at + 1 })), "audit/entry-reordered"),
            (Box::new(move |all| drop(all.remove(at))), "audit/entry-dropped"),
            (Box::new(move |all| all.insert(at, alien())), "audit/entry-inserted"),
            (Box::new(move |all| all.insert(at, all[at].clone())), "audit/entry-inserted"),
        ];
        for (change, code) in cases {
            let report = check(with_entries(&state, key, change)).await;
            assert_eq!(named(&report), (code, key.into()), "{at}");
            let found = report.first_error().unwrap().entry.unwrap();
            assert!(found.abs_diff(index) <= 1, "{code} at {index}: {found}");
        }
    }
}

#[tokio::test]
async fn everything_else_holds_if_one_part_is_damaged() {
    let state = large().await;
    for key in [FIRST, LAST, "log/tile/0/001", "log/tile/0/002.p/88", "log/tile/1/000.p/2"] {
        let (mut gone, mut garbage) = (state.clone(), state.clone());
        gone.objects.remove(key);
        set_body(&mut garbage, key, b"garbage".to_vec());
        for state in [gone, garbage] {
            let report = check(state).await;
            let about: Vec<_> =
                report.findings.iter().filter(|one| one.severity == bifrost_audit::verify::Severity::Error).collect();
            assert!(about.iter().all(|finding| finding.key.as_deref() == Some(key)), "{key}: {about:#?}");
            assert!(!about.is_empty());
            assert_eq!(report.executions, 300);
        }
    }
}

#[tokio::test]
async fn entries_and_tiles_that_were_replaced_together_are_caught() {
    // The log is computed again with one entry less, but nobody can sign it.
    let honest = large().await;
    let mut forged = AuditState::default();
    let mut all: Vec<Vec<u8>> =
        [FIRST, "log/tile/entries/001", LAST].iter().flat_map(|key| entries(&honest, key)).collect();
    all.remove(300);
    all.push(b"{}".to_vec());
    forged.extend(all).unwrap();
    let store = Arc::new(MemoryStore::new(forged));
    TiledLog::new(store.clone(), Arc::new(key()), ORIGIN.into()).publish().await.unwrap();
    let mut forged = store.state();
    forged.objects.insert(CHECKPOINT_KEY.into(), honest.objects[CHECKPOINT_KEY].clone());
    forged.objects.extend(
        honest
            .objects
            .iter()
            .filter(|(key, _)| key.starts_with("records/"))
            .map(|(key, value)| (key.clone(), value.clone())),
    );
    assert_eq!(check(forged).await.first_error().unwrap().code, "audit/root-mismatch");
}

/// The checkpoint of another log, or of this one with another key.
fn signed(origin: &str, key: &LocalKey, checkpoint: &SignedCheckpoint) -> Vec<u8> {
    use bifrost_core::cloud::LogSigner as _;
    let text = SignedCheckpoint::text(origin, checkpoint.size, &checkpoint.root);
    let signature = futures_util::FutureExt::now_or_never(key.sign(&text)).unwrap().unwrap();
    let id = key.public().split('+').nth(1).map(|id| u32::from_str_radix(id, 16).unwrap()).unwrap();
    let line = signed_note::Signature::new(origin.into(), id, signature.to_vec()).unwrap();
    signed_note::Note::new(&text, &[line]).unwrap().to_bytes()
}

#[tokio::test]
async fn checkpoint_of_somebody_else_is_caught() {
    let state = small().await.state();
    let honest = SignedCheckpoint::parse(&body(&state, CHECKPOINT_KEY)).unwrap();
    let other = LocalKey::generate(ORIGIN, [8; 32]);
    let stranger = "coinbase-audit/000000000009/us-east-1";
    let cases = [
        (signed(ORIGIN, &other, &honest), "audit/checkpoint-key-unknown"),
        (signed(stranger, &LocalKey::generate(stranger, [7; 32]), &honest), "audit/checkpoint-other-log"),
        (b"garbage".to_vec(), "audit/checkpoint-malformed"),
        (Vec::new(), "audit/checkpoint-malformed"),
        (vec![b'x'; 100_000], "audit/checkpoint-malformed"),
    ];
    for (checkpoint, code) in cases {
        let mut state = state.clone();
        insert(&mut state, CHECKPOINT_KEY, checkpoint);
        assert_eq!(named(&check(state).await), (code, CHECKPOINT_KEY.into()));
    }
    let mut state = state.clone();
    let text = String::from_utf8(body(&state, CHECKPOINT_KEY)).unwrap();
    insert(&mut state, CHECKPOINT_KEY, text.replace("\n13\n", "\n12\n").into_bytes());
    assert_eq!(named(&check(state).await), ("audit/checkpoint-signature", CHECKPOINT_KEY.into()));
}

#[tokio::test]
async fn key_that_was_replaced_is_accepted_if_the_policy_has_both() {
    let state = small().await.state();
    let old = LocalKey::generate(ORIGIN, [8; 32]);
    let both = format!("log {}\nlog {}\n", old.public(), key().public());
    let source = StoreSource::new(Arc::new(MemoryStore::new(state)));
    let both = Policy::parse(both.as_bytes()).unwrap();
    let old = Policy::of_key(&old.public()).unwrap();
    assert_eq!(verify(&source, &both, None, &|_, _| {}).await.unwrap().findings, []);
    let report = verify(&source, &old, None, &|_, _| {}).await.unwrap();
    assert_eq!(named(&report).0, "audit/checkpoint-key-unknown");
    assert!(
        report.holds.iter().all(|held| !held.contains("signed tree") && !held.contains("should")),
        "{:?}",
        report.holds
    );
    assert!(report.holds.iter().any(|held| held.contains("nobody known signed")), "{:?}", report.holds);
    assert_eq!((report.errors(), report.warnings()), (1, 0));
    // Only the signature is wrong.
    assert_eq!(report.findings.len(), 1);
}

#[tokio::test]
async fn log_that_was_rolled_back_is_caught() {
    let mut log = small().await;
    let earlier = log.state();
    log.execution("later", &Shape { attempts: vec![1], ending: Ending::Deployed, is_committed: true }).await;
    let seen = body(&log.state(), CHECKPOINT_KEY);
    assert_eq!(named(&check_against(earlier, Some(&seen)).await), ("audit/rolled-back", CHECKPOINT_KEY.into()));
    let none = check_against(AuditState::default(), Some(&seen)).await;
    assert_eq!(named(&none), ("audit/rolled-back", CHECKPOINT_KEY.into()));
}

#[tokio::test]
async fn fork_by_the_holder_of_the_key_is_caught() {
    let seen = body(&small().await.state(), CHECKPOINT_KEY);
    // A log of the same size, and one that grew.
    for count in [13, 14] {
        let mut fork = Honest::new(true);
        let shape = Shape { attempts: Vec::new(), ending: Ending::Deployed, is_committed: true };
        for number in 0..count {
            fork.execution(&format!("fork-{number}"), &Shape { ending: Ending::Running, ..shape.clone() }).await;
        }
        let state = fork.state();
        assert_eq!(check(state.clone()).await.findings, []);
        assert_eq!(named(&check_against(state, Some(&seen)).await), ("audit/forked", CHECKPOINT_KEY.into()));
    }
}

#[tokio::test]
async fn last_checkpoint_that_is_none_is_an_error() {
    let state = small().await.state();
    let honest = SignedCheckpoint::parse(&body(&state, CHECKPOINT_KEY)).unwrap();
    let other = signed(ORIGIN, &LocalKey::generate(ORIGIN, [8; 32]), &honest);
    for last in [&b"garbage"[..], b"", &other] {
        let source = StoreSource::new(Arc::new(MemoryStore::new(state.clone())));
        let result = verify(&source, &policy(), Some(last), &|_, _| {}).await;
        assert!(matches!(result, Err(VerifyError::LastSeen(_))));
    }
}

#[tokio::test]
async fn checkpoint_larger_than_the_log_is_caught() {
    let state = large().await;
    for size in [601, 100_000, u64::MAX] {
        let mut state = state.clone();
        let claim = SignedCheckpoint { size, ..SignedCheckpoint::parse(&body(&state, CHECKPOINT_KEY)).unwrap() };
        insert(&mut state, CHECKPOINT_KEY, signed(ORIGIN, &key(), &claim));
        let report = check(state).await;
        assert!(
            ["audit/entries-missing", "audit/root-mismatch", "audit/tile-missing"].contains(&named(&report).0),
            "{size}: {:?}",
            named(&report)
        );
    }
}

/// A log whose sequenced entries somebody wrote who can write to the table.
async fn forged(change: impl FnOnce(&mut Vec<Vec<u8>>)) -> AuditState {
    let honest = small().await.state();
    let mut all = entries(&honest, "log/tile/entries/000.p/13");
    change(&mut all);
    let mut state = AuditState::default();
    let mut head = LogHead::default();
    for (index, entry) in (0..).zip(all) {
        head = next_head(&head, &entry).unwrap();
        state.entries.insert(index, entry.into());
    }
    state.head = head;
    let store = Arc::new(MemoryStore::new(state));
    TiledLog::new(store.clone(), Arc::new(key()), ORIGIN.into()).publish().await.unwrap();
    let mut state = store.state();
    state.objects.extend(
        honest
            .objects
            .iter()
            .filter(|(key, _)| key.starts_with("records/"))
            .map(|(key, value)| (key.clone(), value.clone())),
    );
    state
}

#[tokio::test]
async fn entries_that_writers_do_not_write_are_caught() {
    assert_eq!(check(forged(|_| {}).await).await.findings, []);
    let text = |entry: &[u8], from: &str, to: &str| {
        let text = String::from_utf8(entry.to_vec()).unwrap();
        assert!(text.contains(from), "{text}");
        text.replace(from, to).into_bytes()
    };
    let cases: Vec<(Box<dyn FnOnce(&mut Vec<Vec<u8>>)>, &str)> = vec![
        (Box::new(|all| all.push(all[2].clone())), "audit/entry-duplicated"),
        (Box::new(|all| all.push(b"garbage".to_vec())), "audit/entry-malformed"),
        (Box::new(|all| all.push(b"{\"schema\":2}".to_vec())), "audit/schema-unknown"),
        (
            Box::new(move |all| all[1] = text(&all[1], "\"outcome\":\"Success\"", "\"outcome\":\"FailureClean\"")),
            "audit/entry-forged",
        ),
        (
            Box::new(move |all| all[0] = text(&all[0], "\"started_by\":\"ada\"", "\"started_by\":\"eve\"")),
            "audit/entry-forged",
        ),
        (Box::new(move |all| all[0] = text(&all[0], "/deployed\"", "/nothing\"")), "audit/chain-missing"),
        (Box::new(move |all| all[1] = text(&all[1], "\"number\":", "\"number\":9")), "audit/record-missing"),
        (Box::new(|all| all.push(with_hash(&all[1]))), "audit/record-altered"),
    ];
    for (number, (change, code)) in cases.into_iter().enumerate() {
        let report = check(forged(change).await).await;
        let codes: Vec<_> = report.findings.iter().map(|finding| finding.code).collect();
        assert!(codes.contains(&code), "case {number}: {code} is not in {codes:?}");
        assert!(!report.is_ok());
    }
}

/// An entry that commits to another record of the same number, instead of the honest one.
fn with_hash(entry: &[u8]) -> Vec<u8> {
    let mut entry: LogEntry = serde_json::from_slice(entry).unwrap();
    entry.number -= 1;
    serde_json::to_vec(&entry).unwrap()
}

#[tokio::test]
async fn entry_that_was_not_appended_is_reported() {
    let state = forged(|all| drop(all.remove(0))).await;
    let report = check(state).await;
    let found: Vec<_> = report.findings.iter().map(|finding| (finding.code, finding.key.clone().unwrap())).collect();
    assert_eq!(found, [("audit/entry-missing", format!("records/{DEPLOYER}/deployed/000001"))]);
}

#[tokio::test]
async fn entries_that_are_not_signed_yet_are_no_fault() {
    let mut log = small().await;
    let earlier = body(&log.state(), CHECKPOINT_KEY);
    log.execution("later", &Shape { attempts: vec![1], ending: Ending::Deployed, is_committed: true }).await;
    let mut state = log.state();
    // The writer crashed before it replaced the checkpoint.
    set_body(&mut state, CHECKPOINT_KEY, earlier);
    let report = check(state).await;
    let codes: Vec<_> = report.findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["audit/uncommitted-chain"]);
    assert!(report.limits.iter().any(|limit| limit.contains("2 entries are published")), "{:?}", report.limits);
}
