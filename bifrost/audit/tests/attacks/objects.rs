//! Attacks on objects: of any kind, wherever they are.

use crate::honest::{Ending, Honest, Shape, body, check, insert, named, set_body, small, swap};
use bifrost_audit::memory::AuditState;
use chrono::DateTime;

/// Keys of objects whose every byte is proven: not those with the last records of an execution that runs.
fn proven_keys(state: &AuditState) -> Vec<String> {
    state.objects.keys().filter(|key| !key.contains("/running/") || key.ends_with("/000001")).cloned().collect()
}

#[tokio::test]
async fn altered_byte_is_caught_and_its_object_named() {
    let state = small().await.state();
    for (number, key) in proven_keys(&state).into_iter().enumerate() {
        let honest = body(&state, &key);
        let offsets = [(7 + 37 * number) % honest.len(), honest.len() - 1].into_iter();
        for (offset, flip) in offsets.zip([1, 0x20, 0x80].into_iter().cycle().skip(number)) {
            let (mut state, mut altered) = (state.clone(), honest.clone());
            altered[offset] ^= flip;
            set_body(&mut state, &key, altered);
            let report = check(state).await;
            assert_eq!(named(&report).1, key, "byte {offset} ^ {flip}: {:#?}", report.findings);
        }
    }
}

#[tokio::test]
async fn dropped_object_is_caught() {
    let state = small().await.state();
    for key in proven_keys(&state) {
        // Tiles of earlier sizes are needed by nobody.
        if key.contains(".p/") && !key.ends_with(".p/13") {
            continue;
        }
        let mut state = state.clone();
        state.objects.remove(&key);
        let (code, found) = named(&check(state).await);
        let expected = match key.as_str() {
            "log/checkpoint" => "audit/checkpoint-missing",
            key if key.starts_with("log/tile/entries") => "audit/entries-missing",
            key if key.starts_with("log/tile") => "audit/tile-missing",
            key if key.starts_with("records/_people") => "audit/chain-missing",
            key if key.contains("/refused/") => "audit/chain-missing",
            _ if code == "audit/record-missing" => "audit/record-missing",
            _ => "audit/object-missing",
        };
        assert_eq!(code, expected, "{key}");
        if code == "audit/record-missing" {
            // The last object of a chain: the one before it is where the chain now ends.
            assert_eq!(found[..found.len() - 6], key[..key.len() - 6]);
        } else {
            assert!(key.starts_with(&found), "{key}: {found}");
        }
    }
}

#[tokio::test]
async fn object_without_its_end_is_caught() {
    let state = small().await.state();
    for key in proven_keys(&state) {
        let honest = body(&state, &key);
        for length in [0, honest.len() / 2, honest.len() - 1] {
            let mut state = state.clone();
            set_body(&mut state, &key, honest[..length].to_vec());
            let report = check(state).await;
            assert_eq!(named(&report).1, key, "{length} bytes: {:#?}", report.findings);
        }
    }
}

#[tokio::test]
async fn object_with_more_at_its_end_is_caught() {
    let state = small().await.state();
    for key in proven_keys(&state) {
        for more in [&b"\n"[..], b"{}\n", &[0; 32]] {
            let mut state = state.clone();
            let longer = [&body(&state, &key)[..], more].concat();
            set_body(&mut state, &key, longer);
            let report = check(state).await;
            assert_eq!(named(&report).1, key, "{more:?}: {:#?}", report.findings);
        }
    }
}

#[tokio::test]
async fn swapped_objects_are_caught() {
    let state = small().await.state();
    let keys = proven_keys(&state);
    for (at, a) in keys.iter().enumerate() {
        // Each with the next and one further away.
        for b in [keys.get(at + 1), keys.get(at + 7)].into_iter().flatten() {
            let mut state = state.clone();
            swap(&mut state, a, b);
            let (_, key) = named(&check(state).await);
            assert!(key == *a || key == *b, "{a} and {b}: {key}");
        }
    }
}

#[tokio::test]
async fn second_version_and_deletion_are_caught() {
    let state = small().await.state();
    let now = DateTime::UNIX_EPOCH;
    for key in state.objects.keys().filter(|key| *key != "log/checkpoint") {
        let (mut overwritten, mut deleted, mut recreated) = (state.clone(), state.clone(), state.clone());
        overwritten.put(key, b"{}\n".to_vec(), now);
        deleted.delete(key, now);
        recreated.delete(key, now);
        recreated.put(key, body(&state, key), now);
        let cases = [
            (overwritten, "audit/object-overwritten"),
            (deleted, "audit/object-deleted"),
            (recreated, "audit/object-recreated"),
        ];
        for (state, code) in cases {
            let report = check(state).await;
            assert_eq!(named(&report), (code, key.clone()));
            // The first version counts, and nothing else is wrong with it.
            assert_eq!(report.findings.len(), 1, "{:#?}", report.findings);
        }
    }
}

#[tokio::test]
async fn version_before_a_delete_marker_is_gone() {
    let mut state = small().await.state();
    let key = "records/coinbase-odin/deployed/000002";
    let honest = body(&state, key);
    state.objects.remove(key);
    state.delete(key, DateTime::UNIX_EPOCH);
    assert_eq!(named(&check(state.clone()).await), ("audit/object-missing", key.into()));
    state.put(key, honest, DateTime::UNIX_EPOCH);
    assert_eq!(named(&check(state).await), ("audit/object-recreated", key.into()));
}

#[tokio::test]
async fn day_that_was_replaced_is_caught() {
    let state = small().await.state();
    let mut other = Honest::new(true);
    for name in ["deployed", "clean", "dirty", "refused", "aborted"] {
        other.execution(name, &Shape { attempts: vec![1], ending: Ending::Deployed, is_committed: true }).await;
    }
    let other = other.state();
    // All records of the day, without the log.
    let mut records = state.clone();
    records.objects.retain(|key, _| !key.starts_with("records/coinbase-odin/"));
    records.objects.extend(
        other
            .objects
            .iter()
            .filter(|(key, _)| key.starts_with("records/"))
            .map(|(key, value)| (key.clone(), value.clone())),
    );
    let report = check(records).await;
    let wrong: Vec<&str> = report.findings.iter().filter_map(|finding| finding.key.as_deref()).collect();
    for name in ["deployed", "clean", "dirty", "refused", "aborted"] {
        assert!(wrong.iter().any(|key| key.contains(&format!("/{name}"))), "{name}: {wrong:?}");
    }
    // And the entries and tiles, but without the key that signs.
    let mut all = other.clone();
    all.objects.insert("log/checkpoint".into(), state.objects["log/checkpoint"].clone());
    assert!(!check(all).await.is_ok());
}

#[tokio::test]
async fn foreign_objects_are_reported_and_nothing_else() {
    let mut state = small().await.state();
    let keys = [
        "a.txt",
        "records/coinbase-odin/deployed/000003.Ab12Cd",
        "records/readme",
        "log/tile/0/1",
        "bundles/x/000001",
        "records/\u{1b}[31m",
    ];
    for key in keys {
        insert(&mut state, key, b"garbage".to_vec());
    }
    let report = check(state).await;
    assert!(report.is_ok());
    assert!(report.findings.iter().all(|finding| finding.code == "audit/foreign-object"), "{:#?}", report.findings);
    assert_eq!(report.findings.len(), keys.len());
    assert!(report.findings.iter().all(|finding| !finding.key.as_ref().unwrap().contains('\u{1b}')));
}
