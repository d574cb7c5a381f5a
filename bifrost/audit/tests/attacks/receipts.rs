//! Receipts: each entry has one, and no altered one verifies.

use crate::honest::{BOB, DEPLOYER, Ending, Honest, ORIGIN, Shape, body, dir, policy, release, small, unlock};
use bifrost_audit::key::LocalKey;
use bifrost_audit::log::decode_bundle;
use bifrost_audit::memory::{AuditState, MemoryStore};
use bifrost_audit::policy::Policy;
use bifrost_audit::receipt::{ReceiptError, ReceiptInvalid, ReceiptTextError, find_entry, receipt, verify_receipt};
use bifrost_audit::source::StoreSource;
use bifrost_core::audit::{EntryKind, LogEntry, Outcome};
use bifrost_core::cloud::CHECKPOINT_KEY;
use bifrost_core::error_code::Coded as _;
use std::sync::Arc;

fn source(state: AuditState) -> StoreSource {
    StoreSource::new(Arc::new(MemoryStore::new(state)))
}

async fn deployed() -> (AuditState, String) {
    let state = small().await.state();
    let source = source(state.clone());
    let index = find_entry(&source, &dir("deployed")).await.unwrap().unwrap();
    (state, receipt(&source, index).await.unwrap())
}

#[tokio::test]
async fn receipt_says_what_was_deployed() {
    let (_, text) = deployed().await;
    let receipt = verify_receipt(&text, &release("deployed"), &policy()).unwrap();
    assert_eq!((receipt.entry.kind, receipt.entry.outcome), (EntryKind::Ended, Some(Outcome::Success)));
    assert_eq!((receipt.entry.deployer.as_str(), receipt.origin.as_str(), receipt.size), (DEPLOYER, ORIGIN, 13));
    assert!(text.starts_with("c2sp.org/tlog-proof@v1\nextra "));
}

#[tokio::test]
async fn every_entry_of_logs_of_many_sizes_has_a_receipt() {
    let mut log = Honest::new(false);
    for number in 0..290_usize {
        log.execution(
            &format!("deploy-{number}"),
            &Shape { attempts: Vec::new(), ending: Ending::Deployed, is_committed: true },
        )
        .await;
        let size = 2 * (number + 1);
        if ![1, 2, 3, 64, 127, 128, 129, 256, 257, 258, 290].contains(&(number + 1)) {
            continue;
        }
        log.publish().await;
        let source = source(log.state());
        for index in (0..size).step_by(1 + size / 40).chain([size - 1]) {
            let text = receipt(&source, index as u64).await.unwrap();
            let name = format!("deploy-{}", index / 2);
            assert_eq!(verify_receipt(&text, &release(&name), &policy()).unwrap().index, index as u64);
        }
        let error = receipt(&source, size as u64).await.unwrap_err();
        assert!(matches!(error, ReceiptError::NotSigned { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn altered_receipt_never_verifies() {
    let (_, text) = deployed().await;
    let honest = verify_receipt(&text, &release("deployed"), &policy()).unwrap();
    for offset in 0..text.len() {
        for flip in [1, 4] {
            let mut altered = text.clone().into_bytes();
            altered[offset] ^= flip;
            let Ok(altered) = String::from_utf8(altered) else { continue };
            // Only the name of a signature line may differ, as lines of unknown keys are kept for witnesses. There is one line here.
            if let Ok(found) = verify_receipt(&altered, &release("deployed"), &policy()) {
                assert_eq!(found, honest, "byte {offset}");
                panic!("byte {offset} can be altered: {altered}");
            }
        }
        assert!(
            verify_receipt(text.get(..offset).unwrap_or_default(), &release("deployed"), &policy()).is_err(),
            "cut at {offset}"
        );
    }
}

#[tokio::test]
async fn what_does_not_fit_is_named() {
    let (state, text) = deployed().await;
    let other_key = Policy::of_key(&LocalKey::generate(ORIGIN, [8; 32]).public()).unwrap();
    let other_log = Policy::of_key(&LocalKey::generate("other", [7; 32]).public()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let without_extra = text.replace(&format!("{}\n", lines[1]), "");
    let without_hash = text.replace(&format!("{}\n", lines[3]), "");
    let other_index = text.replace(lines[2], "index 2");
    let other_size = text.replace("\n13\n", "\n14\n");
    let verify = |text: &str, policy: &Policy| verify_receipt(text, &release("deployed"), policy).unwrap_err().code();
    assert_eq!(verify(&text, &other_key), "audit/receipt-key-unknown");
    assert_eq!(verify(&text, &other_log), "audit/receipt-other-log");
    assert_eq!(verify(&without_extra, &policy()), "audit/receipt-no-entry");
    assert_eq!(verify(&without_hash, &policy()), "audit/receipt-inclusion");
    assert_eq!(verify(&other_index, &policy()), "audit/receipt-inclusion");
    assert_eq!(verify(&other_size, &policy()), "audit/receipt-signature");
    assert_eq!(verify("", &policy()), "audit/receipt-malformed");
    let cut = verify_receipt(&text[..text.find("\n\n").unwrap()], b"", &policy());
    assert!(matches!(cut, Err(ReceiptInvalid::Text(ReceiptTextError::Cut | ReceiptTextError::Hash(_)))), "{cut:?}");
    let other = verify_receipt(&text, b"other", &policy());
    assert!(matches!(other, Err(ReceiptInvalid::OtherRelease { .. })), "{other:?}");
    // The proof of another entry of the same log.
    let entries = decode_bundle(&body(&state, "log/tile/entries/000.p/13")).unwrap();
    let act = entries
        .iter()
        .position(|entry| serde_json::from_slice::<LogEntry>(entry).unwrap().kind == EntryKind::Act)
        .unwrap();
    let of_act = receipt(&source(state), act as u64).await.unwrap();
    assert_eq!(verify(&of_act, &policy()), "audit/receipt-without-release");
}

#[tokio::test]
async fn receipt_of_a_damaged_log_is_not_made() {
    let state = small().await.state();
    for key in ["log/tile/0/000.p/13", "log/tile/entries/000.p/13", CHECKPOINT_KEY] {
        let (mut gone, mut altered) = (state.clone(), state.clone());
        gone.objects.remove(key);
        let mut bytes = body(&altered, key);
        let at = bytes.len() / 2;
        bytes[at] ^= 1;
        crate::honest::set_body(&mut altered, key, bytes);
        for state in [gone, altered] {
            let error = receipt(&source(state), 0).await;
            // A damaged signature is noticed when the receipt is verified.
            let is_caught = error.map_or(true, |text| verify_receipt(&text, &release("deployed"), &policy()).is_err());
            assert!(is_caught || key.contains("entries"), "{key}");
        }
    }
}

#[tokio::test]
async fn chain_without_entry_has_no_receipt() {
    let mut log = Honest::new(true);
    log.act(unlock(BOB)).await;
    log.execution("running", &Shape { attempts: vec![1], ending: Ending::Running, is_committed: true }).await;
    let source = source(log.state());
    assert_eq!(find_entry(&source, &dir("other")).await.unwrap(), None);
    // Its start, as long as it has no end.
    assert_eq!(find_entry(&source, &dir("running")).await.unwrap(), Some(1));
    let empty = receipt(&crate::receipts::source(AuditState::default()), 0).await;
    assert!(matches!(empty, Err(ReceiptError::Checkpoint(None))));
}
