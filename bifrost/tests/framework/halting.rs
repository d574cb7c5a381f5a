//! The halt flag and the timeout.

use crate::board::{BoardDeployer, Note, context, lab, owned};
use bifrost::halt::{self, Halt};
use bifrost::release::Release;
use bifrost::testing::Lab;
use chrono::TimeDelta;

async fn ask(lab: &Lab<BoardDeployer>, Release { envelope, .. }: &Release<Note>) {
    let client = lab.cloud().account().objects;
    halt::ask(client.as_ref(), &envelope.bucket, &envelope.root_dir(), "wrong image").await.unwrap();
}

fn later(lab: &Lab<BoardDeployer>, time: TimeDelta) {
    lab.store().transact(|world| world.clock += time).unwrap();
}

#[tokio::test]
async fn a_halt_stops_the_deploy_with_its_reason_until_it_is_cleared() {
    let (lab, release) = (lab(), owned("first", 1));
    let context = context(&lab);
    halt::check(&context, &release.envelope).await.unwrap();
    ask(&lab, &release).await;
    let halted = halt::check(&context, &release.envelope).await.unwrap_err();
    assert_eq!(halted.to_string(), "halted: wrong image");
    halt::clear(&context, &release.envelope).await.unwrap();
    halt::check(&context, &release.envelope).await.unwrap();
}

#[tokio::test]
async fn a_halt_of_six_minutes_ago_was_for_another_deploy() {
    let (lab, release) = (lab(), owned("first", 1));
    ask(&lab, &release).await;
    later(&lab, TimeDelta::minutes(6));
    halt::check(&context(&lab), &release.envelope).await.unwrap();
}

#[tokio::test]
async fn a_deploy_that_is_past_its_timeout_stops() {
    let (lab, mut release) = (lab(), owned("first", 1));
    release.envelope.started_at = Some(context(&lab).now());
    later(&lab, TimeDelta::seconds(3600));
    halt::check(&context(&lab), &release.envelope).await.unwrap();
    later(&lab, TimeDelta::seconds(1));
    let late = halt::check(&context(&lab), &release.envelope).await.unwrap_err();
    assert!(matches!(late, Halt::TimedOut { timeout: 3600, .. }), "{late}");
}
