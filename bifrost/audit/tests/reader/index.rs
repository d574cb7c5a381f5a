//! The index: lists, filters, growth, and logs that are damaged.

use super::fixture::{Fixture, ODIN, act, at, attempt, end, identity, review, start, target};
use async_trait::async_trait;
use bifrost_audit::reader::{Filter, Index, IndexError, OutcomeFilter};
use bifrost_audit::source::{LogSource, Pages, SourceError};
use bifrost_core::audit::{Event, Outcome};
use bifrost_core::cloud::CHECKPOINT_KEY;
use std::sync::atomic::{AtomicUsize, Ordering};

fn releases(index: &Index, filter: &Filter) -> Vec<String> {
    index.deploys(filter).unwrap().into_iter().filter_map(|deploy| deploy.release_id).collect()
}

async fn three() -> Fixture {
    let log = Fixture::new();
    log.success(&target("1"), 0).await;
    log.refused(&target("2"), 200).await;
    let mut other = target("3");
    other.subject.project_name = Some("acme/api".into());
    other.claims.started_by = Some("Grace".into());
    log.dirty(&other, 400).await;
    log
}

#[tokio::test]
async fn start_and_end_are_one_deploy() {
    let log = three().await;
    let found = log.index().await.deploys(&Filter::default()).unwrap();
    let [dirty, refused, success] = found.as_slice() else { panic!("{found:#?}") };
    assert_eq!((success.started, success.ended, success.outcome), (Some(at(0)), Some(at(92)), Some(Outcome::Success)));
    assert_eq!((success.start_entry, success.end_entry, success.record_count), (Some(0), Some(1), 17));
    assert_eq!((refused.outcome, refused.code.as_deref()), (Some(Outcome::Refused), Some("lock/held")));
    assert_eq!((dirty.outcome, dirty.closed, dirty.code.as_deref()), (Some(Outcome::FailureDirty), true, None));
}

#[tokio::test]
async fn filters_select() {
    let log = three().await;
    let index = log.index().await;
    let text = |text: &str| Some(text.to_owned());
    let all = Filter::default();
    for (filter, expected) in [
        (all.clone(), vec!["release-3", "release-2", "release-1"]),
        (Filter { project: text("acme/web"), ..all.clone() }, vec!["release-2", "release-1"]),
        (Filter { project: text("acme/we"), ..all.clone() }, vec![]),
        (Filter { config: text("production"), ..all.clone() }, vec![]),
        (Filter { account: text("111111111111"), limit: Some(1), ..all.clone() }, vec!["release-3"]),
        (Filter { deployer: text("coinbase-fenrir"), ..all.clone() }, vec![]),
        (Filter { person: text("grace"), ..all.clone() }, vec!["release-3"]),
        (Filter { person: text("' OR 1=1 --"), ..all.clone() }, vec![]),
        (Filter { outcome: Some(OutcomeFilter::Is(Outcome::Refused)), ..all.clone() }, vec!["release-2"]),
        (Filter { outcome: Some(OutcomeFilter::NotEnded), ..all.clone() }, vec![]),
        (Filter { since: Some(at(200)), until: Some(at(400)), ..all.clone() }, vec!["release-2"]),
        (Filter { until: Some(at(0)), ..all.clone() }, vec![]),
    ] {
        assert_eq!(releases(&index, &filter), expected, "{filter:?}");
    }
}

#[tokio::test]
async fn deploy_is_found_by_each_of_its_names() {
    let log = three().await;
    let index = log.index().await;
    let name = target("1").name;
    let arn = target("1").subject.execution.unwrap();
    for found in ["release-1".to_owned(), name, arn, target("1").dir()] {
        let deploys = index.find(&found).unwrap();
        assert_eq!(deploys.len(), 1, "{found}");
        assert_eq!(deploys[0].release_id.as_deref(), Some("release-1"));
    }
    for other in ["", "release", "%", "deploy-acme-web-development-", "/"] {
        assert_eq!(index.find(other).unwrap(), [], "{other}");
    }
}

#[tokio::test]
async fn deploy_without_an_end_is_not_ended() {
    let log = Fixture::new();
    log.records(&target("1"), vec![vec![(0, start(&target("1"))), (0, attempt("Validate", None))]]).await;
    let filter = Filter { outcome: Some("not-ended".parse().unwrap()), ..Filter::default() };
    assert_eq!(releases(&log.index().await, &filter), ["release-1"]);
}

#[tokio::test]
async fn refused_release_stays_refused_when_it_ends_clean() {
    let log = Fixture::new();
    let refusal =
        Event::Refusal { state: "Validate".into(), error: "BadReleaseError".into(), code: Some("release/old".into()) };
    let (clean, later) = (target("1"), target("2"));
    let end_clean = end(&clean, Outcome::FailureClean);
    log.records(&clean, vec![vec![(0, start(&clean)), (1, refusal.clone())], vec![(2, end_clean)]]).await;
    log.records(&later, vec![vec![(9, start(&later)), (9, refusal)], vec![(10, end(&later, Outcome::Success))]]).await;
    let found = log.index().await.deploys(&Filter::default()).unwrap();
    let outcomes: Vec<_> = found.iter().map(|deploy| (deploy.outcome.unwrap(), deploy.code.as_deref())).collect();
    assert_eq!(outcomes, [(Outcome::Success, None), (Outcome::Refused, Some("release/old"))]);
}

#[tokio::test]
async fn closure_after_an_end_covers_late_records() {
    let log = Fixture::new();
    let deploy = target("1");
    let closure = |outcome| Event::Closure { outcome, status: "SUCCEEDED".into(), error: None, left_over: Vec::new() };
    let ended = vec![(0, start(&deploy)), (1, end(&deploy, Outcome::Success))];
    log.records(&deploy, vec![ended, vec![(2, attempt("Unlock", None))], vec![(9, closure(Outcome::Success))]]).await;
    let found = log.index().await.deploys(&Filter::default()).unwrap().remove(0);
    assert_eq!((found.ended, found.closed, found.outcome), (Some(at(1)), false, Some(Outcome::Success)));
    assert_eq!((found.end_entry, found.record_count), (Some(2), 4));
}

#[tokio::test]
async fn empty_log_has_no_deploys() {
    let index = Fixture::new().index().await;
    assert_eq!((index.size(), index.origin(), index.deploy_count().unwrap()), (0, "", 0));
}

#[tokio::test]
async fn acts_are_open_until_another_person_reviews_them() {
    let log = Fixture::new();
    let ids = ["a", "b", "c", "d", "e"].map(|digit| format!("20261130T120000Z-{}", digit.repeat(16)));
    log.person(&ids[0], 0, act("unlock", "ada", true)).await;
    log.person(&ids[1], 1, act("freeze", "ada", false)).await;
    log.person(&ids[2], 2, act("unlock", "ada", true)).await;
    log.person(&ids[3], 3, act("unlock", "ada", true)).await;
    log.person(&ids[4], 4, act("unlock", "ada", true)).await;
    let result = Event::ActResult { act: ids[0].clone(), done: true, code: None };
    log.person(&format!("{}-result", ids[0]), 5, result).await;
    log.person("20261130T120001Z-0000000000000000", 6, review(&ids[2], "grace", true)).await;
    log.person("20261130T120001Z-0000000000000001", 7, review(&ids[3], "ADA", true)).await;
    log.person("20261130T120001Z-0000000000000002", 8, review(&ids[4], "grace", false)).await;
    let index = log.index().await;
    let open: Vec<String> = index.open_acts().unwrap().into_iter().map(|act| act.id).collect();
    assert_eq!(open, [&*ids[0], &*ids[3], &*ids[4]]);
    let done = index.act(&ids[0]).unwrap().unwrap();
    assert_eq!((done.done, done.reason.as_deref(), done.confirmed), (Some(true), Some("the deploy hangs"), Some(true)));
    assert_eq!(index.notices().unwrap(), []);
    let by = |person: &str| {
        let filter = Filter { person: Some(person.into()), ..Filter::default() };
        index.acts(&filter).unwrap().len()
    };
    assert_eq!((by("ada"), by(&identity("Grace")), by("grace"), by("eve")), (5, 2, 2, 0));
    let filter = Filter { deployer: Some(ODIN.into()), since: Some(at(1)), until: Some(at(3)), ..Filter::default() };
    assert_eq!(index.acts(&filter).unwrap().len(), 2);
}

#[tokio::test]
async fn act_whose_record_is_altered_is_open() {
    let log = Fixture::new();
    let id = "20261130T120000Z-aaaaaaaaaaaaaaaa";
    log.person(id, 0, act("freeze", "ada", false)).await;
    let key = format!("records/_people/{id}");
    log.store.with(|state, now| {
        let body = String::from_utf8(state.get(&key, 9999).unwrap().unwrap()).unwrap();
        state.objects.remove(&key);
        state.put(&key, body.replace("hangs", "works").into_bytes(), now);
    });
    let index = log.index().await;
    let open = index.open_acts().unwrap();
    assert_eq!((open[0].action.as_str(), open[0].reason.as_deref()), ("freeze", None));
    assert!(open[0].problem.is_some());
}

#[tokio::test]
async fn repaired_record_is_read_on_refresh() {
    let log = Fixture::new();
    let (id, review_id) = ("20261130T120000Z-aaaaaaaaaaaaaaaa", "20261130T130000Z-aaaaaaaaaaaaaaaa");
    log.person(id, 0, act("unlock", "ada", true)).await;
    log.person(review_id, 60, review(id, "grace", true)).await;
    let keys = [id, review_id].map(|id| format!("records/_people/{id}"));
    let take = |key: &String| log.store.with(|state, _| state.objects.remove(key).unwrap());
    let taken = keys.each_ref().map(take);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("index.sqlite");
    for _ in 0..2 {
        let index = Index::open(Some(&file), &log.source()).await.unwrap();
        assert!(index.act(id).unwrap().unwrap().problem.is_some());
        assert_eq!(index.notices().unwrap().len(), 1);
    }
    log.store.with(|state, _| state.objects.extend(keys.into_iter().zip(taken)));
    let index = Index::open(Some(&file), &log.source()).await.unwrap();
    let act = index.act(id).unwrap().unwrap();
    assert_eq!((act.problem.as_deref(), act.reviews.len(), act.is_open()), (None, 1, false));
    assert_eq!(index.notices().unwrap(), []);
}

/// Counts reads of bundles.
struct Counting<'a>(&'a dyn LogSource, AtomicUsize);

#[async_trait]
impl LogSource for Counting<'_> {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SourceError> {
        self.1.fetch_add(usize::from(key.starts_with("log/tile/")), Ordering::Relaxed);
        self.0.get(key).await
    }

    async fn pages<'s>(&'s self, prefix: &str) -> Result<Box<dyn Pages + 's>, SourceError> {
        self.0.pages(prefix).await
    }

    fn has_versions(&self) -> bool {
        self.0.has_versions()
    }
}

#[tokio::test]
async fn file_grows_with_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("index.sqlite");
    let log = Fixture::new();
    for release in 0..150 {
        log.refused(&target(&release.to_string()), release).await;
    }
    let source = log.source();
    let reads = |counting: Counting<'_>| counting.1.into_inner();
    let first = Counting(&source, AtomicUsize::new(0));
    assert_eq!(Index::open(Some(&file), &first).await.unwrap().size(), 300);
    assert_eq!(reads(first), 2);
    log.refused(&target("new"), 999).await;
    let second = Counting(&source, AtomicUsize::new(0));
    let index = Index::open(Some(&file), &second).await.unwrap();
    assert_eq!((index.size(), index.deploy_count().unwrap(), reads(second)), (302, 151, 1));
    assert_eq!(index.root(), log.index().await.root());
    let third = Counting(&source, AtomicUsize::new(0));
    let index = Index::open(Some(&file), &third).await.unwrap();
    assert_eq!((index.size(), reads(third)), (302, 0));
}

#[tokio::test]
async fn index_of_another_log_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("index.sqlite");
    let (one, other) = (three().await, Fixture::new());
    Index::open(Some(&file), &one.source()).await.unwrap();
    for release in 0..9 {
        other.success(&target(&format!("other-{release}")), 1000 * release).await;
    }
    let index = Index::open(Some(&file), &other.source()).await.unwrap();
    assert_eq!((index.size(), index.deploy_count().unwrap()), (18, 9));
    let index = Index::open(Some(&file), &one.source()).await.unwrap();
    assert_eq!((index.size(), index.deploy_count().unwrap()), (6, 3));
    let index = Index::open(Some(&file), &Fixture::new().source()).await.unwrap();
    assert_eq!(index.deploy_count().unwrap(), 0);
}

#[tokio::test]
async fn files_of_others_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let log = three().await;
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "notes ".repeat(200)).unwrap();
    let foreign = folder.path().join("other.sqlite");
    rusqlite::Connection::open(&foreign)
        .unwrap()
        .execute_batch("CREATE TABLE t (a); INSERT INTO t VALUES (1)")
        .unwrap();
    for file in [text, foreign] {
        let before = std::fs::read(&file).unwrap();
        let error = Index::open(Some(&file), &log.source()).await.unwrap_err();
        assert!(matches!(error, IndexError::Foreign(_)), "{error}");
        assert_eq!(std::fs::read(&file).unwrap(), before);
    }
    let missing = folder.path().join("no/such/folder");
    let error = Index::open(Some(&missing), &log.source()).await.unwrap_err();
    assert!(matches!(error, IndexError::Sqlite { .. }), "{error}");
}

#[tokio::test]
async fn damaged_index_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("index.sqlite");
    let log = three().await;
    Index::open(Some(&file), &log.source()).await.unwrap();
    for damage in ["UPDATE state SET head = '{'", "PRAGMA user_version = 99", "DELETE FROM state"] {
        rusqlite::Connection::open(&file).unwrap().execute_batch(damage).unwrap();
        let index = Index::open(Some(&file), &log.source()).await.unwrap();
        assert_eq!((index.size(), index.deploy_count().unwrap()), (6, 3), "{damage}");
    }
}

fn bundle_key(log: &Fixture) -> String {
    log.store.state().list("log/tile/entries/").pop().unwrap()
}

#[tokio::test]
async fn altered_entry_is_named_by_the_root() {
    let log = three().await;
    let key = bundle_key(&log);
    log.store.with(|state, now| {
        let mut body = state.get(&key, 99_999).unwrap().unwrap();
        let place = body.windows(7).position(|text| text == b"Refused").unwrap();
        body[place..place + 7].copy_from_slice(b"Stopped");
        state.objects.remove(&key);
        state.put(&key, body, now);
    });
    let error = Index::open(None, &log.source()).await.unwrap_err();
    assert!(matches!(error, IndexError::RootDiffers { size: 6, .. }), "{error}");
}

#[tokio::test]
async fn missing_and_cut_bundles_are_named() {
    let log = three().await;
    let key = bundle_key(&log);
    let body = log.store.with(|state, _| state.objects.remove(&key)).unwrap()[0].body.clone().unwrap().to_vec();
    let error = Index::open(None, &log.source()).await.unwrap_err();
    assert!(matches!(&error, IndexError::MissingEntries { key: missing } if *missing == key), "{error}");
    for cut in [0, 1, body.len() / 2, body.len() - 1] {
        log.store.with(|state, now| {
            state.objects.remove(&key);
            state.put(&key, body[..cut].to_vec(), now);
        });
        let error = Index::open(None, &log.source()).await.unwrap_err();
        assert!(matches!(&error, IndexError::DamagedEntries { key: damaged, .. } if *damaged == key), "{cut}: {error}");
    }
}

#[tokio::test]
async fn garbage_checkpoint_is_refused() {
    let log = Fixture::new();
    log.put(CHECKPOINT_KEY, "garbage");
    let error = Index::open(None, &log.source()).await.unwrap_err();
    assert!(matches!(error, IndexError::Checkpoint(_)), "{error}");
}
