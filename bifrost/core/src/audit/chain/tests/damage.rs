//! Objects that nobody reads, and records of newer versions.

use super::*;

#[tokio::test]
async fn garbage_is_passed_over() {
    let memory = Arc::<Memory>::default();
    chain(&memory).add(vec![attempt("Validate")], LookBack::All).await.unwrap();
    for (name, body) in [("000002", &b"garbage"[..]), ("000003", b""), ("000004", b"{\"schema\":1}\n")] {
        memory.put(name, body);
    }
    chain(&memory).add(vec![attempt("Lock"), end(0)], LookBack::All).await.unwrap();
    assert_eq!(memory.kinds().last().unwrap(), &("000005".to_owned(), vec![2, 3]));
    let mut closing = chain(&memory);
    assert_eq!(closing.commit_all().await.unwrap().len(), 3);
    assert_eq!(memory.entries.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn garbage_at_the_start_does_not_stop_a_chain() {
    let memory = Arc::<Memory>::default();
    memory.put("000001", b"\xff\xff");
    chain(&memory).add(vec![start("a")], LookBack::All).await.unwrap();
    assert_eq!(memory.kinds(), objects(&[("000001", &[]), ("000002", &[1])]));
}

#[tokio::test]
async fn squatted_numbers_and_foreign_keys_are_ignored() {
    let memory = Arc::<Memory>::default();
    chain(&memory).add(vec![attempt("Validate")], LookBack::All).await.unwrap();
    for name in ["999999", "000009", "1", "0000002", "00000a", "000002/000001", "notes.txt", "-00002", "+00002"] {
        memory.put(name, b"garbage");
    }
    chain(&memory).add(vec![attempt("Lock")], LookBack::All).await.unwrap();
    assert!(memory.kinds().contains(&("000002".to_owned(), vec![2])), "{:?}", memory.kinds());
}

#[tokio::test]
async fn squatted_next_object_is_passed_over() {
    let memory = Arc::<Memory>::default();
    let mut chain = chain(&memory);
    chain.add(vec![attempt("Validate")], LookBack::All).await.unwrap();
    memory.put("000002", b"garbage");
    chain.add(vec![attempt("Lock")], LookBack::All).await.unwrap();
    assert_eq!(memory.kinds(), objects(&[("000001", &[1]), ("000002", &[]), ("000003", &[2])]));
}

#[tokio::test]
async fn object_that_is_too_large_is_not_read() {
    let memory = Arc::<Memory>::default();
    memory.put("000001", &vec![b' '; usize::try_from(MAX_OBJECT_BYTES).unwrap() + 1]);
    chain(&memory).add(vec![start("a")], LookBack::All).await.unwrap();
    assert_eq!(memory.kinds()[1], ("000002".to_owned(), vec![1]));
}

#[test]
fn record_of_a_later_version_is_read() {
    let line = br#"{"schema":2,"number":7,"kind":"teleported","time":"2027-01-01T00:00:00Z","deployer":{"name":"d","new":1.50},"more":[1]}"#;
    let (record, _) = read_lines(line).unwrap().remove(0);
    assert_eq!((record.number, record.draft.event), (7, Event::Unknown));
}

/// A record of a newer version, which changed the meaning of fields.
const NEWER: &[u8] =
    br#"{"schema":2,"number":3,"kind":{"name":"end"},"time":1772366400,"outcome":["Success"],"deployer":"odin","more":{}}"#;

/// A chain whose last record is from a newer version.
async fn rolled_back() -> Arc<Memory> {
    let memory = Arc::<Memory>::default();
    chain(&memory).add(vec![start("a"), attempt("Validate")], LookBack::All).await.unwrap();
    memory.put("000002", &[NEWER, b"\n"].concat());
    memory
}

#[tokio::test]
async fn record_of_a_newer_version_is_continued() {
    let memory = rolled_back().await;
    chain(&memory).add(vec![attempt("Unlock"), end(20)], LookBack::Since(end(10).time)).await.unwrap();
    let body = memory.objects.lock().unwrap()[&format!("{DIR}/000003")].clone();
    let next = read_lines(&body).unwrap()[0].0.clone();
    assert_eq!((next.number, next.previous), (4, Some(Sha256::of(NEWER))));
}

#[tokio::test]
async fn entry_of_a_newer_record_is_left_to_a_newer_version() {
    let memory = rolled_back().await;
    memory.put("000003", br#"{"schema":2,"number":4,"kind":"end","time":"2027-01-01T00:00:00Z","deployer":{"name":"d"},"outcome":"Success"}"#);
    chain(&memory).add(vec![attempt("Unlock"), end(20)], LookBack::All).await.unwrap();
    chain(&memory).commit_all().await.unwrap();
    let numbers: Vec<u64> = memory.entries.lock().unwrap().iter().map(|entry| entry.number).collect();
    assert_eq!(numbers, [1, 6]);
}
