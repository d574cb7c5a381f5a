//! How records follow each other, and how writers meet.

use super::*;

#[tokio::test]
async fn records_are_linked_across_objects() {
    let memory = Arc::<Memory>::default();
    chain(&memory).add(vec![start("a"), attempt("Validate")], LookBack::All).await.unwrap();
    chain(&memory).add(vec![attempt("Lock")], LookBack::All).await.unwrap();
    assert_eq!(memory.kinds(), objects(&[("000001", &[1, 2]), ("000002", &[3])]));
    let first = memory.objects.lock().unwrap()[&format!("{DIR}/000001")].clone();
    let last = memory.objects.lock().unwrap()[&format!("{DIR}/000002")].clone();
    let lines = read_lines(&first).unwrap();
    assert_eq!(read_lines(&last).unwrap()[0].0.previous, Some(Sha256::of(lines[1].1)));
}

#[tokio::test]
async fn later_writer_continues_after_the_earlier() {
    let memory = Arc::<Memory>::default();
    let (mut one, mut other) = (chain(&memory), chain(&memory));
    assert!(one.is_empty().await.unwrap() && other.is_empty().await.unwrap());
    one.add(vec![attempt("one")], LookBack::All).await.unwrap();
    other.add(vec![attempt("other")], LookBack::All).await.unwrap();
    one.add(vec![attempt("one again")], LookBack::All).await.unwrap();
    assert_eq!(memory.kinds(), objects(&[("000001", &[1]), ("000002", &[2]), ("000003", &[3])]));
}

#[tokio::test]
async fn lost_answer_is_found_done() {
    let memory = Arc::<Memory>::default();
    let mut chain = chain(&memory);
    *memory.failing.lock().unwrap() = Some(Failing::AnswersToPuts);
    chain.add(vec![may_change()], LookBack::All).await.unwrap_err();
    *memory.failing.lock().unwrap() = None;
    chain.add(vec![attempt("Deploy")], LookBack::All).await.unwrap();
    assert_eq!(memory.kinds(), objects(&[("000001", &[1]), ("000002", &[2])]));
}

#[tokio::test]
async fn failed_records_are_added_with_the_next() {
    let memory = Arc::<Memory>::default();
    let mut chain = chain(&memory);
    *memory.failing.lock().unwrap() = Some(Failing::Puts);
    chain.add(vec![may_change()], LookBack::All).await.unwrap_err();
    *memory.failing.lock().unwrap() = None;
    chain.add(vec![attempt("Deploy")], LookBack::All).await.unwrap();
    assert_eq!(memory.kinds(), objects(&[("000001", &[1, 2])]));
}

#[tokio::test]
async fn end_of_a_long_chain_is_found() {
    for length in [998, 999, 1000, 1001, 1999, 2000, 3500, 9001] {
        let memory = Arc::<Memory>::default();
        for number in 1..=length {
            memory.put(&format!("{number:06}"), b"garbage");
        }
        let chain = chain(&memory);
        assert_eq!(chain.last_object().await.unwrap(), length);
    }
}

#[test]
fn record_survives_a_round_trip() {
    let drafts = [start("a"), attempt("Lock"), end(1), refusal(), may_change()];
    for draft in drafts {
        let record = Record { schema: SCHEMA, number: u64::MAX, previous: Some(Sha256::of(b"")), draft };
        let line = serde_json::to_vec(&record).unwrap();
        assert_eq!(read_lines(&line).unwrap(), [(record, line.as_slice())]);
    }
}

#[test]
fn array_is_no_record() {
    let touched = TouchedResource {
        operation: "s3:PutObject".into(),
        resource: "a".into(),
        account: "000000000000".into(),
        region: "us-east-1".into(),
    };
    let closure = Event::Closure {
        outcome: Outcome::FailureDirty,
        status: "ABORTED".into(),
        error: None,
        left_over: vec![touched],
    };
    for (draft, pointer) in
        [(start("a"), ""), (start("a"), "/deployer"), (start("a"), "/claims"), (at(0, closure), "/left_over/0")]
    {
        let record = Record { schema: SCHEMA, number: 1, previous: None, draft };
        let mut value = serde_json::to_value(&record).unwrap();
        let object = value.pointer_mut(pointer).unwrap();
        *object = object.as_object().unwrap().values().cloned().collect();
        let error = read_lines(&serde_json::to_vec(&value).unwrap()).unwrap_err().1.to_string();
        assert!(error.contains("invalid type"), "{pointer}: {error}");
    }
}
