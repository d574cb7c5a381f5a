//! Stories and comparisons, as people and programs read them.

use super::fixture::{Fixture, at, attempt, change, may_change, start, target};
use bifrost_audit::reader::{Comparison, Filter, Index, Sample, Story};
use bifrost_core::audit::{CallOutcome, Claims};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::sync::{LazyLock, Mutex};

async fn success() -> Story {
    let log = Fixture::new();
    log.success(&target("1"), 0).await;
    log.story("release-1").await
}

async fn dirty() -> Story {
    let log = Fixture::new();
    log.dirty(&target("3"), 0).await;
    log.story("release-3").await
}

#[tokio::test]
async fn story_of_a_success() {
    insta::assert_snapshot!(success().await.text());
}

#[tokio::test]
async fn story_of_a_refusal() {
    let log = Fixture::new();
    log.refused(&target("2"), 0).await;
    insta::assert_snapshot!(log.story("release-2").await.text());
}

#[tokio::test]
async fn story_of_a_dirty_failure() {
    let story = dirty().await;
    insta::assert_snapshot!(story.text());
    let unconcluded: Vec<_> = story.unconcluded.iter().map(|it| (it.state.as_str(), it.attempt, it.time)).collect();
    assert_eq!(unconcluded, [("Deploy", 0, at(2))]);
}

#[tokio::test]
async fn story_as_json() {
    let log = Fixture::new();
    log.refused(&target("2"), 0).await;
    insta::assert_json_snapshot!(log.story("release-2").await);
}

#[tokio::test]
async fn records_that_are_not_committed_prove_nothing() {
    let log = Fixture::new();
    log.uncommitted_success(&target("1"), 0).await;
    log.success(&target("2"), 200).await;
    let (open, whole) = (log.story("release-1").await, log.story("release-2").await);
    assert_eq!(whole.uncommitted(), None);
    let left_out = open.uncommitted().unwrap();
    assert!(left_out.starts_with("records 2 to ") && left_out.ends_with("they prove nothing yet"), "{left_out}");
    assert!(open.plans.is_empty() && !whole.plans.is_empty());
    let text = open.text();
    for part in
        ["the log has no end", "[not committed] Execution ended: Success", " 1 record, 0 changes;", "- records 2 to "]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("the chain of records is complete") && !text.contains("  Execution ended"), "{text}");
    let comparison = Comparison::new(&open, &whole);
    assert!(comparison.changes.iter().all(|change| change.only_a.is_empty() && change.both.is_empty()));
    assert_eq!(comparison.left_out, [format!("A: {left_out}")]);
    assert!(comparison.text().contains("Left out"));
}

#[tokio::test]
async fn story_of_a_running_deploy() {
    let log = Fixture::new();
    let running = target("1");
    log.records(
        &running,
        vec![vec![(0, start(&running)), (0, attempt("Validate", None))], vec![(2, may_change("Deploy"))]],
    )
    .await;
    let text = log.story("release-1").await.text();
    assert!(text.contains("the log has no end") && text.contains("Attempts without an end"), "{text}");
}

#[tokio::test]
async fn lines_fit_and_have_no_control_characters() {
    let log = Fixture::new();
    let mut hostile = target("1");
    let evil = "\x1b[2J\u{202e}evil\r\n = <script>";
    hostile.subject.project_name = Some(evil.into());
    hostile.claims =
        Claims { started_by: Some(evil.into()), approved_by: Some("long words ".repeat(30)), ..Claims::default() };
    let changes =
        vec![(1, change("ec2:RunInstances", evil, CallOutcome::Done)), (1, attempt(evil, Some((evil, evil))))];
    log.records(&hostile, vec![vec![(0, start(&hostile))], changes]).await;
    let story = log.story("release-1").await;
    for text in [story.text(), Comparison::new(&story, &dirty().await).text()] {
        for line in text.lines() {
            assert!(!line.contains(bifrost_core::strip_control::is_control), "{line:?}");
            let longest_word = line.split(' ').map(|word| word.chars().count()).max().unwrap_or_default();
            assert!(line.chars().count() <= 80 || longest_word > 50, "{line}");
        }
    }
}

#[tokio::test]
async fn comparison_of_two_releases() {
    let comparison = Comparison::new(&success().await, &dirty().await);
    insta::assert_snapshot!(comparison.text());
    insta::assert_json_snapshot!(comparison);
}

#[tokio::test]
async fn comparison_with_itself_has_no_difference() {
    let story = success().await;
    let comparison = Comparison::new(&story, &story);
    assert_eq!(comparison.different, []);
    assert!(comparison.changes.iter().all(|change| change.only_a.is_empty() && change.only_b.is_empty()));
    assert!(comparison.text().contains("nothing"));
}

async fn many() -> Fixture {
    let log = Fixture::new();
    for release in 0..40 {
        log.refused(&target(&format!("{release:02}")), release * 10).await;
    }
    log
}

#[tokio::test]
async fn sample_of_forty_deploys() {
    let index = many().await.index().await;
    let filter = Filter { since: Some(at(100)), ..Filter::default() };
    let sample = Sample::draw(&index, &filter, 3, "2026-q4").unwrap();
    assert_eq!(sample.population, 30);
    insta::assert_snapshot!(sample.text());
}

/// The index of many deploys, made once.
static MANY: LazyLock<Mutex<Index>> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    Mutex::new(runtime.block_on(async { many().await.index().await }))
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn sample_is_repeatable_and_grows(seed in ".{0,9}", count in 0..50usize, since in 0..40i64) {
        let index = MANY.lock().unwrap();
        let filter = Filter { since: Some(at(since * 10)), limit: Some(1), ..Filter::default() };
        let dirs = |count| -> Vec<String> {
            let sample = Sample::draw(&index, &filter, count, &seed).unwrap();
            sample.deploys.into_iter().map(|it| it.deploy.records).collect()
        };
        let (drawn, all) = (dirs(count), dirs(usize::MAX));
        prop_assert_eq!(drawn.len(), count.min(usize::try_from(40 - since).unwrap()));
        prop_assert_eq!(&drawn, &all[..drawn.len()]);
        prop_assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
        // A smaller population has the same order.
        let filter = Filter { since: Some(at((since + 5) * 10)), ..filter.clone() };
        let fewer = Sample::draw(&index, &filter, usize::MAX, &seed).unwrap();
        let fewer: Vec<String> = fewer.deploys.into_iter().map(|it| it.deploy.records).collect();
        prop_assert_eq!(all.iter().filter(|it| fewer.contains(it)).collect::<Vec<_>>(), fewer.iter().collect::<Vec<_>>());
    }
}
