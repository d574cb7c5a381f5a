//! Chains that are damaged, incomplete, of a later version, or only in bundles.

use super::fixture::{Fixture, at, cause, target};
use bifrost_audit::bundle::make_bundles;
use bifrost_audit::reader::{ExecutionRecords, Index, ShowError, Story, show, show_one};
use bifrost_audit::source::{Folder, LogSource};
use bifrost_core::release::Sha256;

async fn problems(log: &Fixture) -> Vec<String> {
    log.story("release-1").await.problems
}

async fn damaged(key: &str, change: impl FnOnce(String) -> Vec<u8>) -> Vec<String> {
    let log = Fixture::new();
    log.success(&target("1"), 0).await;
    let key = format!("{}/{key}", target("1").dir());
    log.store.with(|state, now| {
        let body = state.get(&key, 99_999).unwrap().unwrap();
        state.objects.remove(&key);
        state.put(&key, change(String::from_utf8(body).unwrap()), now);
    });
    problems(&log).await
}

#[tokio::test]
async fn untouched_chain_has_no_problems() {
    let log = Fixture::new();
    log.success(&target("1"), 0).await;
    let story = log.story("release-1").await;
    assert_eq!(story.problems, [""; 0]);
    assert!(story.evidence.len() == 2 && story.evidence.iter().all(|it| it.matches));
}

#[tokio::test]
async fn damage_is_named() {
    let altered = damaged("000004", |body| body.replace("acme-web-1", "acme-web-9").into_bytes()).await;
    let end = damaged("000009", |body| body.replace("Success\"", "Stopped\"").into_bytes()).await;
    let garbage = damaged("000002", |_| b"\xff\x00{\n[]\n".to_vec()).await;
    let empty = damaged("000002", |_| Vec::new()).await;
    let swap = |body: String| body.lines().rev().fold(String::new(), |all, line| all + line + "\n").into_bytes();
    let swapped = damaged("000004", swap).await;
    let doubled = damaged("000005", |body| format!("{body}{body}").into_bytes()).await;
    insta::assert_json_snapshot!([altered, end, garbage, empty, swapped, doubled]);
}

#[tokio::test]
async fn missing_object_is_named() {
    let log = Fixture::new();
    log.success(&target("1"), 0).await;
    log.store.with(|state, _| state.objects.remove(&format!("{}/000009", target("1").dir())));
    assert_eq!(problems(&log).await, ["log entry 1 commits to record 17, and that record is missing"]);
    log.store.with(|state, _| state.objects.retain(|key, _| !key.starts_with("records/")));
    let problems = problems(&log).await;
    assert!(problems[0].contains("may be incomplete") && problems.len() == 3, "{problems:?}");
}

#[tokio::test]
async fn first_version_counts() {
    let log = Fixture::new();
    log.success(&target("1"), 0).await;
    let key = format!("{}/000009", target("1").dir());
    log.put(&key, "forged");
    log.store.with(|state, now| state.delete(&key, now));
    assert_eq!(problems(&log).await, [""; 0]);
}

#[tokio::test]
async fn records_of_later_versions_are_named() {
    let log = Fixture::new();
    let dir = "records/odin/later";
    let base = r#""time":"2026-11-30T12:00:00Z","deployer":{"name":"odin"}"#;
    let kind = format!(r#"{{"schema":2,"number":1,{base},"kind":"paused","for":"lunch"}}"#);
    let hash = Sha256::of(kind.as_bytes());
    let field =
        format!(r#"{{"schema":2,"number":2,"previous":"{hash}",{base},"kind":"end","outcome":{{"is":"Success"}}}}"#);
    log.put(&format!("{dir}/000001"), format!("{kind}\n{field}\n"));
    let found = ExecutionRecords::read(&log.source(), dir).await.unwrap();
    assert_eq!(found.records.len(), 1);
    assert_eq!(found.records[0].record.draft.event, bifrost_core::audit::Event::Unknown);
    assert!(found.problems[0].contains("schema 2") && found.problems.len() == 1, "{:?}", found.problems);
}

#[tokio::test]
async fn bundles_replace_objects() {
    let log = Fixture::new();
    log.success(&target("1"), 0).await;
    log.refused(&target("2"), 9).await;
    make_bundles(log.store.as_ref(), at(0).date_naive()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let source = log.source();
    for prefix in ["log/", "bundles/"] {
        for object in source.list(prefix).await.unwrap() {
            let path = folder.path().join(&object.key);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, source.get(&object.key).await.unwrap().unwrap()).unwrap();
        }
    }
    let copy = Folder::open(folder.path()).unwrap();
    let mut index = Index::open(None, &copy).await.unwrap();
    let story = show_one(&copy, &mut index, "release-1", &cause).await.unwrap();
    assert_eq!(story.text(), log.story("release-1").await.text());
}

#[tokio::test]
async fn release_with_two_deploys_is_ambiguous() {
    let log = Fixture::new();
    let mut again = target("1");
    again.name = "again".into();
    log.refused(&target("1"), 0).await;
    log.refused(&again, 9).await;
    let (source, mut index) = (log.source(), log.index().await);
    let error = show_one(&source, &mut index, "release-1", &cause).await.unwrap_err();
    assert!(matches!(&error, ShowError::Ambiguous { found, .. } if found.len() == 2), "{error}");
    let both = show(&source, &mut index, "release-1", &cause).await.unwrap();
    assert_eq!(both.iter().map(|story| story.deploy.time).collect::<Vec<_>>(), [at(0), at(9)]);
    let error = show_one(&source, &mut index, "release-9\x1b[2J", &cause).await.unwrap_err();
    assert!(matches!(error, ShowError::NotFound(_)) && !error.to_string().contains('\x1b'), "{error}");
}

#[tokio::test]
async fn entry_without_records_has_a_story() {
    let log = Fixture::new();
    log.refused(&target("1"), 0).await;
    let (mut index, empty) = (log.index().await, Fixture::new());
    let deploy = index.find("release-1").unwrap().remove(0);
    let story = Story::read(&empty.source(), &mut index, deploy, &cause).await.unwrap();
    assert!(story.text().contains("missing"));
}
