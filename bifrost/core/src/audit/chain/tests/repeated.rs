//! What a chain has once.

use super::*;

#[tokio::test]
async fn two_writers_record_one_start() {
    let memory = Arc::<Memory>::default();
    let (mut one, mut other) = (chain(&memory), chain(&memory));
    assert!(one.is_empty().await.unwrap() && other.is_empty().await.unwrap());
    one.add(vec![start("a"), attempt("one")], LookBack::All).await.unwrap();
    other.add(vec![start("a"), attempt("other")], LookBack::All).await.unwrap();
    assert_eq!(memory.kinds(), objects(&[("000001", &[1, 2]), ("000002", &[3])]));
    other.commit().await.unwrap();
    assert_eq!(memory.entries.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn start_that_failed_is_added_once() {
    let memory = Arc::<Memory>::default();
    let mut chain = chain(&memory);
    *memory.failing.lock().unwrap() = Some(Failing::Puts);
    chain.add(vec![start("a"), attempt("Validate")], LookBack::All).await.unwrap_err();
    *memory.failing.lock().unwrap() = None;
    chain.add(vec![start("a"), refusal()], LookBack::All).await.unwrap();
    assert_eq!(memory.kinds(), objects(&[("000001", &[1, 2, 3])]));
}

#[tokio::test]
async fn end_is_recorded_once_and_committed_by_the_next_writer() {
    let memory = Arc::<Memory>::default();
    *memory.failing.lock().unwrap() = Some(Failing::Appends);
    let mut first = chain(&memory);
    first.add(vec![attempt("Unlock"), end(100)], LookBack::Since(DateTime::UNIX_EPOCH)).await.unwrap();
    first.commit().await.unwrap_err();
    *memory.failing.lock().unwrap() = None;
    let mut second = chain(&memory);
    second.add(vec![attempt("Unlock"), end(200)], LookBack::All).await.unwrap();
    second.commit().await.unwrap();
    assert_eq!(memory.kinds(), objects(&[("000001", &[1, 2]), ("000002", &[3])]));
    let entries = memory.entries.lock().unwrap();
    assert_eq!(entries.iter().map(|entry| entry.number).collect::<Vec<_>>(), [2]);
}

#[tokio::test]
async fn writer_looks_back_no_further_than_it_began() {
    let memory = Arc::<Memory>::default();
    for second in 0..20 {
        chain(&memory).add(vec![Draft { time: end(second).time, ..attempt("Check") }], LookBack::All).await.unwrap();
    }
    *memory.gets.lock().unwrap() = 0;
    let began = DateTime::from_timestamp(19, 0).unwrap();
    chain(&memory).add(vec![end(19)], LookBack::Since(began)).await.unwrap();
    assert_eq!(*memory.gets.lock().unwrap(), 2);
}

#[tokio::test]
async fn refusal_by_an_abandoned_attempt_is_left_out() {
    let memory = Arc::<Memory>::default();
    let mut chain = chain(&memory);
    chain.add(vec![start("a"), refusal()], LookBack::All).await.unwrap();
    chain.add(vec![refusal()], LookBack::All).await.unwrap();
    assert_eq!(memory.kinds(), objects(&[("000001", &[1, 2])]));
    chain.add(vec![may_change()], LookBack::All).await.unwrap();
    chain.add(vec![attempt("Lock"), refusal()], LookBack::All).await.unwrap();
    assert_eq!(memory.kinds(), objects(&[("000001", &[1, 2]), ("000002", &[3]), ("000003", &[4])]));
}

/// Days as seconds.
const fn days(days: i64) -> i64 {
    days * 24 * 3600
}

/// A later execution with the same name, and the same release unless another is given.
fn again(release: &str, day: i64) -> Draft {
    Draft { time: end(days(day)).time, ..start(release) }
}

/// How many records of each kind of [`is_unique`] the chain has: starts, refusals, ends.
async fn counts(memory: &Arc<Memory>) -> (usize, usize, usize) {
    let records = chain(memory).commit_all().await.unwrap();
    let count = |is: fn(&Event) -> bool| records.iter().filter(|record| is(&record.draft.event)).count();
    (
        count(|event| matches!(event, Event::Start { .. })),
        count(|event| matches!(event, Event::Refusal { .. })),
        count(|event| matches!(event, Event::End { .. } | Event::Closure { .. })),
    )
}

#[tokio::test]
async fn another_release_gets_a_second_start() {
    let memory = Arc::<Memory>::default();
    for release in ["a", "a", "b"] {
        chain(&memory).add(vec![start(release), attempt("Validate")], LookBack::All).await.unwrap();
    }
    assert_eq!(counts(&memory).await, (2, 0, 0));
}

#[tokio::test]
async fn name_used_again_has_its_own_start_refusal_and_end() {
    for release in ["a", "b"] {
        let memory = Arc::<Memory>::default();
        chain(&memory).add(vec![start("a"), may_change(), end(10)], LookBack::All).await.unwrap();
        chain(&memory).add(vec![again(release, 91), refusal()], LookBack::All).await.unwrap();
        assert_eq!(counts(&memory).await, (2, 1, 1), "{release}");
        chain(&memory).add(vec![refusal()], LookBack::All).await.unwrap();
        chain(&memory).add(vec![attempt("Unlock"), end(days(91))], LookBack::All).await.unwrap();
        chain(&memory).add(vec![attempt("Unlock"), end(days(91))], LookBack::All).await.unwrap();
        assert_eq!(counts(&memory).await, (2, 1, 2), "{release}");
    }
}

#[tokio::test]
async fn name_is_not_used_again_before_step_functions_forgets_it() {
    let memory = Arc::<Memory>::default();
    chain(&memory).add(vec![start("a"), end(10)], LookBack::All).await.unwrap();
    chain(&memory).add(vec![again("a", 89), refusal()], LookBack::All).await.unwrap();
    assert_eq!(counts(&memory).await, (1, 0, 1));
}

#[tokio::test]
async fn execution_knows_its_own_start() {
    let memory = Arc::<Memory>::default();
    chain(&memory).add(vec![start("a"), end(10)], LookBack::All).await.unwrap();
    chain(&memory).add(vec![again("b", 91), attempt("Validate")], LookBack::All).await.unwrap();
    let first = async |day| chain(&memory).first(end(days(day)).time).await.unwrap().unwrap().number;
    assert_eq!((first(0).await, first(91).await), (1, 3));
}

#[tokio::test]
async fn closure_covers_what_follows_an_end_once() {
    let memory = Arc::<Memory>::default();
    chain(&memory).add(vec![start("a"), end(10)], LookBack::All).await.unwrap();
    chain(&memory).add(vec![closure(Outcome::Success)], LookBack::All).await.unwrap();
    assert_eq!(counts(&memory).await, (1, 0, 1));
    chain(&memory).add(vec![attempt("Unlock"), end(20)], LookBack::All).await.unwrap();
    for _ in 0..2 {
        chain(&memory).add(vec![closure(Outcome::Success)], LookBack::All).await.unwrap();
    }
    assert_eq!(counts(&memory).await, (1, 0, 2));
}
