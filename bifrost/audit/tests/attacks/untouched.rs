//! An untouched log verifies, whatever its shape.

use crate::honest::{Ending, Honest, Shape, check, check_against, policy, shapes, small};
use bifrost_audit::memory::AuditState;
use bifrost_audit::source::{Folder, LogSource as _};
use bifrost_audit::verify::{Report, verify};
use bifrost_core::cloud::CHECKPOINT_KEY;
use proptest::prelude::*;
use std::path::Path;

/// Copies the current versions, as `aws s3 sync` does.
pub(crate) fn copy(state: &AuditState, to: &Path) {
    for (key, versions) in &state.objects {
        let Some(body) = versions.last().and_then(|version| version.body.as_ref()) else { continue };
        let path = to.join(key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, &body[..]).unwrap();
    }
}

pub(crate) async fn check_copy(path: &Path) -> Report {
    verify(&Folder::open(path).unwrap(), &policy(), None, &|_, _| {}).await.unwrap()
}

async fn write(shapes: &[Shape], is_published: bool) -> Honest {
    let mut log = Honest::new(is_published);
    for (number, shape) in shapes.iter().enumerate() {
        log.execution(&format!("deploy-{number}"), shape).await;
    }
    if !is_published {
        log.publish().await;
    }
    log
}

#[tokio::test]
async fn small_log_verifies_in_bucket_and_copy() {
    let state = small().await.state();
    let report = check(state.clone()).await;
    assert_eq!(report.findings, []);
    assert_eq!((report.size, report.executions, report.open, report.acts), (13, 6, 1, 2));
    let dir = tempfile::tempdir().unwrap();
    copy(&state, dir.path());
    let copied = check_copy(dir.path()).await;
    assert_eq!(copied.findings, []);
    assert_eq!((copied.records, copied.uncommitted), (report.records, report.uncommitted));
    insta::assert_json_snapshot!(report);
}

#[tokio::test]
async fn empty_log_verifies() {
    let report = check(AuditState::default()).await;
    assert_eq!((report.findings, report.size), (Vec::new(), 0));
}

#[tokio::test]
async fn log_of_several_tiles_verifies() {
    let shapes = vec![Shape { attempts: vec![1], ending: Ending::Deployed, is_committed: true }; 300];
    let report = check(write(&shapes, false).await.state()).await;
    assert_eq!((report.findings, report.size, report.executions), (Vec::new(), 600, 300));
}

#[tokio::test]
async fn listing_has_pages_of_a_copy() {
    let dir = tempfile::tempdir().unwrap();
    copy(&small().await.state(), dir.path());
    let folder = Folder::open(dir.path()).unwrap();
    let keys: Vec<String> = folder.list("").await.unwrap().into_iter().map(|object| object.key).collect();
    assert!(keys.is_sorted());
    assert_eq!(keys.len(), small().await.state().objects.len());
    let ours = folder.list("records/coinbase-odin/deployed/").await.unwrap();
    assert!(
        !ours.is_empty() && ours.iter().all(|object| object.key.starts_with("records/coinbase-odin/deployed/0000"))
    );
    let by_name = folder.list("records/coinbase-odin/d").await.unwrap();
    assert!(by_name.iter().any(|object| object.key.contains("/dirty/")) && by_name.len() > ours.len());
}

fn block<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(12) })]

    #[test]
    fn any_honest_log_verifies(shapes in shapes(0..12)) {
        let report = block(async { check(write(&shapes, true).await.state()).await });
        prop_assert_eq!(report.findings, []);
        prop_assert_eq!(report.executions, shapes.len() as u64);
        let open = shapes.iter().filter(|shape| shape.ending == Ending::Running).count();
        prop_assert_eq!(report.open, open as u64);
    }

    #[test]
    fn log_that_grew_is_consistent_with_every_earlier_checkpoint(shapes in shapes(2..10)) {
        block(async {
            let mut log = Honest::new(true);
            let mut seen = Vec::new();
            for (number, shape) in shapes.iter().enumerate() {
                log.execution(&format!("deploy-{number}"), shape).await;
                seen.push(crate::honest::body(&log.state(), CHECKPOINT_KEY));
            }
            for last in seen {
                let report = check_against(log.state(), Some(&last)).await;
                prop_assert_eq!(report.findings, []);
            }
            Ok(())
        })?;
    }
}
