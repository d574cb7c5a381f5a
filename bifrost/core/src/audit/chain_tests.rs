use super::*;
use crate::audit::record::{AttemptOutcome, DeployerVersion, Outcome, Subject};
use crate::audit::{Appended, AuditLog};
use crate::cloud::{AuditStore, LogHead, NewEntry, ObjectVersion, Sequenced, StoredCheckpoint};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

const DIR: &str = "records/coinbase-odin/deploy-1";

/// Objects in memory, and the entries that were appended. What stands in `failing` fails: before the effect, or after it.
#[derive(Default)]
struct Memory {
    objects: Mutex<BTreeMap<String, Vec<u8>>>,
    entries: Mutex<Vec<LogEntry>>,
    failing: Mutex<Option<Failing>>,
    gets: Mutex<u32>,
}

#[derive(Clone, Copy, PartialEq)]
enum Failing {
    Puts,
    AnswersToPuts,
    Appends,
}

impl Memory {
    fn fails(&self, what: Failing) -> Result<(), CloudError> {
        if *self.failing.lock().unwrap() != Some(what) {
            return Ok(());
        }
        Err(CloudError {
            operation: "s3:PutObject",
            resource: String::new(),
            kind: ErrorKind::Unavailable,
            code: "ServiceUnavailable".into(),
            message: "not now".into(),
            request_id: None,
        })
    }

    fn put(&self, name: &str, body: &[u8]) {
        self.objects.lock().unwrap().insert(format!("{DIR}/{name}"), body.to_vec());
    }

    /// The kinds of records by object.
    fn kinds(&self) -> Vec<(String, Vec<u64>)> {
        let objects = self.objects.lock().unwrap();
        let numbers =
            |body: &Vec<u8>| read_lines(body).map(|lines| lines.iter().map(|(record, _)| record.number).collect());
        let name = |key: &String| key.strip_prefix(DIR).unwrap_or(key).trim_start_matches('/').to_owned();
        objects.iter().map(|(key, body)| (name(key), numbers(body).unwrap_or_default())).collect()
    }
}

#[async_trait]
impl AuditStore for Memory {
    async fn put_new(&self, key: &str, body: Vec<u8>) -> Result<PutNew, CloudError> {
        self.fails(Failing::Puts)?;
        let mut objects = self.objects.lock().unwrap();
        if objects.contains_key(key) {
            return Ok(PutNew::Exists);
        }
        objects.insert(key.to_owned(), body);
        self.fails(Failing::AnswersToPuts)?;
        Ok(PutNew::Written)
    }

    async fn get(&self, key: &str, limit_bytes: u64) -> Result<Option<Vec<u8>>, CloudError> {
        *self.gets.lock().unwrap() += 1;
        let found = self.objects.lock().unwrap().get(key).cloned();
        match found {
            Some(body) if body.len() as u64 > limit_bytes => Err(CloudError::object_too_large(key, None, limit_bytes)),
            found => Ok(found),
        }
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, CloudError> {
        Ok(self.objects.lock().unwrap().keys().filter(|key| key.starts_with(prefix)).cloned().collect())
    }

    async fn checkpoint(&self) -> Result<Option<StoredCheckpoint>, CloudError> {
        Ok(None)
    }

    async fn put_checkpoint(&self, _: Vec<u8>, _: Option<&str>) -> Result<bool, CloudError> {
        Ok(false)
    }

    async fn head(&self) -> Result<LogHead, CloudError> {
        Ok(LogHead::default())
    }

    async fn sequence(&self, _: &NewEntry) -> Result<Sequenced, CloudError> {
        Ok(Sequenced::HeadMoved)
    }

    async fn entries(&self, _: u64, _: u64) -> Result<Vec<Vec<u8>>, CloudError> {
        Ok(Vec::new())
    }

    async fn versions(&self, _: &str) -> Result<Vec<ObjectVersion>, CloudError> {
        Ok(Vec::new())
    }

    async fn get_version(&self, _: &str, _: &str, _: u64) -> Result<Vec<u8>, CloudError> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl AuditLog for Memory {
    async fn append(&self, entry: &LogEntry) -> Result<Appended, CloudError> {
        self.fails(Failing::Appends)?;
        let mut entries = self.entries.lock().unwrap();
        let index = entries.iter().position(|known| known == entry).unwrap_or_else(|| {
            entries.push(entry.clone());
            entries.len() - 1
        });
        Ok(Appended { index: index as u64, unpublished: None })
    }
}

fn chain(memory: &Arc<Memory>) -> Chain {
    let (store, log) = (Arc::clone(memory), Arc::clone(memory));
    Chain::new(AuditPorts { store, log }, DIR.to_owned())
}

fn at(second: i64, event: Event) -> Draft {
    let deployer = DeployerVersion { name: "coinbase-odin".into(), ..DeployerVersion::default() };
    Draft { time: DateTime::from_timestamp(second, 0).unwrap(), deployer, subject: Subject::default(), event }
}

fn attempt(state: &str) -> Draft {
    at(
        0,
        Event::Attempt {
            state: state.into(),
            attempt: 0,
            duration_ms: 0,
            outcome: AttemptOutcome::Succeeded,
            error: None,
            code: None,
            cause: None,
            cause_sha256: None,
        },
    )
}

fn start(release: &str) -> Draft {
    let release_sha256 = Some(Sha256::of(release.as_bytes()));
    at(0, Event::Start { release_sha256, definition_sha256: None, claims: super::super::Claims::default() })
}

fn end(second: i64) -> Draft {
    at(second, Event::End { outcome: Outcome::Success, release_sha256: None })
}

fn refusal() -> Draft {
    at(0, Event::Refusal { state: "Validate".into(), error: "BadReleaseError".into(), code: None })
}

fn may_change() -> Draft {
    let (account, region) = ("222222222222".into(), "us-east-1".into());
    at(0, Event::MayChange { state: "Deploy".into(), attempt: 0, account, region, operations: Vec::new() })
}

/// The numbers of records by object.
fn objects(expected: &[(&str, &[u64])]) -> Vec<(String, Vec<u64>)> {
    expected.iter().map(|(name, numbers)| ((*name).to_owned(), numbers.to_vec())).collect()
}

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

#[tokio::test]
async fn name_used_again_gets_a_second_start() {
    let memory = Arc::<Memory>::default();
    for release in ["a", "a", "b"] {
        chain(&memory).add(vec![start(release), attempt("Validate")], LookBack::All).await.unwrap();
    }
    let starts = chain(&memory).commit_all().await.unwrap();
    let starts = starts.iter().filter(|record| matches!(record.draft.event, Event::Start { .. }));
    assert_eq!(starts.count(), 2);
}

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

#[test]
fn record_survives_a_round_trip() {
    let drafts = [start("a"), attempt("Lock"), end(1), refusal(), may_change()];
    for draft in drafts {
        let record = Record { schema: SCHEMA, number: u64::MAX, previous: Some(Sha256::of(b"")), draft };
        let line = serde_json::to_vec(&record).unwrap();
        assert_eq!(read_lines(&line).unwrap(), [(record, line.as_slice())]);
    }
}
