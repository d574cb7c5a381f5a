//! Attempts of Deploy after a lost one, while the deploy is halted. The lost attempt may have created what AWS does not show
//! yet, so the later one must not raise `HaltError`, which promises that nothing was created.

use crate::paths::failed_in_deploy;
use crate::sample_cloud::Scenario;
use bifrost::testing::Run;
use serde_json::json;
use std::collections::BTreeMap;

/// The names and codes of the errors.
fn errors(run: &Run) -> Vec<(String, String)> {
    run.errors().into_iter().map(|raised| (raised.error, raised.code.unwrap_or_default())).collect()
}

/// The first attempt is lost, the second finds out that the deploy must stop.
fn lost_and_halted(lost: &str, code: &str) -> [(String, String); 2] {
    [(lost.into(), String::new()), ("DeployError".into(), code.into())]
}

#[tokio::test]
async fn halted_retry_cleans_up() {
    for lost in ["Lambda.Unknown", "Sandbox.Timedout", "Runtime.ExitError"] {
        let fixture = Scenario::sample().build();
        let call = "autoscaling:DescribeAutoScalingGroups";
        fixture.fault(json!({"operation": call, "state": "Deploy", "times": 1, "kind": {"lost": lost}}));
        fixture.halt("wrong image").await;
        let run = fixture.deploy("first").await;
        assert_eq!(run.path(), failed_in_deploy(), "{lost}");
        assert_eq!(errors(&run), lost_and_halted(lost, "halt/requested"));
    }
}

#[tokio::test]
async fn retry_after_the_timeout_cleans_up() {
    let fixture = Scenario::sample().with("/timeout", json!(5)).build();
    fixture.fault(json!({"operation": "ec2:CreateLaunchTemplate", "state": "Deploy", "times": 2, "kind": "die"}));
    let run = fixture.deploy("first").await;
    assert_eq!(run.path(), failed_in_deploy());
    assert_eq!(errors(&run), lost_and_halted("Lambda.Unknown", "halt/timeout"));
}

/// AWS shows the launch template only after the second attempt.
#[tokio::test]
async fn what_a_lost_attempt_created_is_deleted() {
    let fixture = Scenario::worker().with("/timeout", json!(5)).build();
    fixture.fault(json!({"operation": "ec2:CreateLaunchTemplate", "state": "Deploy", "times": 1, "kind": "die_after"}));
    let release = fixture.release("first");
    fixture.upload(&release).await;
    let deploy = fixture.start(&release).await;
    let mut hidden = BTreeMap::new();
    let hide_and_show = |run: &Run| {
        match run.path().last().copied() {
            Some("Deploy") => fixture.change(|region| hidden.append(&mut region.launch_templates)),
            Some("WaitDetachForFailure") => fixture.change(|region| region.launch_templates.append(&mut hidden)),
            _ => {}
        }
        false
    };
    fixture.run_until(&deploy, hide_and_show).await;
    let run = fixture.finish(&deploy).await;
    assert_eq!(run.path(), failed_in_deploy());
    assert_eq!(errors(&run), lost_and_halted("Lambda.Unknown", "halt/timeout"));
    let journal = fixture.journal();
    assert_eq!(journal.count("autoscaling:CreateAutoScalingGroup"), 0);
    assert_eq!(journal.count("ec2:DeleteLaunchTemplate"), 1);
}
