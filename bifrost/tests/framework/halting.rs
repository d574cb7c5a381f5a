//! The halt flag and the timeout.

use crate::board::{BoardDeployer, Note, context, harness, owned};
use bifrost::halt::{self, Halt};
use bifrost::release::Release;
use bifrost::testing::TestHarness;
use chrono::TimeDelta;

async fn ask(harness: &TestHarness<BoardDeployer>, Release { envelope, .. }: &Release<Note>) {
    let client = harness.cloud().account().objects;
    halt::ask(client.as_ref(), &envelope.bucket, &envelope.root_dir(), "wrong image").await.unwrap();
}

fn later(harness: &TestHarness<BoardDeployer>, time: TimeDelta) {
    harness.store().transact(|state| state.clock += time).unwrap();
}

#[tokio::test]
async fn a_halt_stops_the_deploy_with_its_reason_until_it_is_cleared() {
    let (harness, release) = (harness(), owned("first", 1));
    let context = context(&harness);
    halt::check(&context, &release.envelope).await.unwrap();
    ask(&harness, &release).await;
    let halted = halt::check(&context, &release.envelope).await.unwrap_err();
    assert_eq!(halted.to_string(), "halted: wrong image");
    halt::clear(&context, &release.envelope).await.unwrap();
    halt::check(&context, &release.envelope).await.unwrap();
}

#[tokio::test]
async fn a_halt_of_six_minutes_ago_was_for_another_deploy() {
    let (harness, release) = (harness(), owned("first", 1));
    ask(&harness, &release).await;
    later(&harness, TimeDelta::minutes(6));
    halt::check(&context(&harness), &release.envelope).await.unwrap();
}

#[tokio::test]
async fn a_deploy_that_is_past_its_timeout_stops() {
    let (harness, mut release) = (harness(), owned("first", 1));
    release.envelope.started_at = Some(context(&harness).now());
    later(&harness, TimeDelta::seconds(3600));
    halt::check(&context(&harness), &release.envelope).await.unwrap();
    later(&harness, TimeDelta::seconds(1));
    let late = halt::check(&context(&harness), &release.envelope).await.unwrap_err();
    assert!(matches!(late, Halt::TimedOut { timeout: 3600, .. }), "{late}");
}
