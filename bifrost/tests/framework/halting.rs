//! The halt flag and the timeout.

use crate::board::{BoardDeployer, Note, context, harness, owned};
use bifrost::halt::{self, Halt, HaltCheckError};
use bifrost::release::Release;
use bifrost::testing::TestHarness;
use chrono::TimeDelta;

async fn request_halt(harness: &TestHarness<BoardDeployer>, Release { envelope, .. }: &Release<Note>) {
    let client = harness.cloud().account().objects;
    halt::request(client.as_ref(), &envelope.bucket, &envelope.root_dir(), "wrong image").await.unwrap();
}

fn advance(harness: &TestHarness<BoardDeployer>, time: TimeDelta) {
    harness.store().transact(|state| state.clock += time).unwrap();
}

#[tokio::test]
async fn halt_stops_the_deploy_until_it_is_cleared() {
    let (harness, release) = (harness(), owned("first", 1));
    let context = context(&harness);
    halt::check(&context, &release.envelope).await.unwrap();
    request_halt(&harness, &release).await;
    let halted = halt::check(&context, &release.envelope).await.unwrap_err();
    assert!(matches!(halted, HaltCheckError::Halt(Halt::Requested(reason)) if reason == "wrong image"));
    halt::clear(&context, &release.envelope).await.unwrap();
    halt::check(&context, &release.envelope).await.unwrap();
}

#[tokio::test]
async fn halt_of_six_minutes_ago_is_ignored() {
    let (harness, release) = (harness(), owned("first", 1));
    request_halt(&harness, &release).await;
    advance(&harness, TimeDelta::minutes(6));
    halt::check(&context(&harness), &release.envelope).await.unwrap();
}

#[tokio::test]
async fn deploy_past_its_timeout_stops() {
    let (harness, mut release) = (harness(), owned("first", 1));
    release.envelope.started_at = Some(context(&harness).now());
    advance(&harness, TimeDelta::seconds(3600));
    halt::check(&context(&harness), &release.envelope).await.unwrap();
    advance(&harness, TimeDelta::seconds(1));
    let late = halt::check(&context(&harness), &release.envelope).await.unwrap_err();
    assert!(matches!(late, HaltCheckError::Halt(Halt::TimedOut { timeout: 3600, .. })), "{late}");
}
