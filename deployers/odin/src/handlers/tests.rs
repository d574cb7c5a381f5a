//! What a handler alone would not show: executions in the embedded world that go on after half of a task's work, and late
//! second runs.

use super::clean_up_success;
use crate::Odin;
use crate::lab::{REGION, context, deploy, groups, output, region, release, world};
use crate::release::{OdinRelease, sample};
use bifrost::cloud::Objects;
use bifrost::halt;
use bifrost::testing::{Lab, Run};
use serde_json::{Value, json};

const SUCCESS: [&str; 13] = [
    "Validate",
    "Lock",
    "ValidateResources",
    "Deploy",
    "WaitForDeploy",
    "WaitForHealthy",
    "CheckHealthy",
    "Healthy?",
    "WaitForDetach",
    "DetachForSuccess",
    "WaitDetachForSuccess",
    "CleanUpSuccess",
    "Success",
];

fn last(run: &Run) -> &str {
    run.path().last().copied().unwrap_or_default()
}

/// Errors as `name: message`.
fn errors(run: &Run) -> Vec<String> {
    run.errors().into_iter().map(|(name, message)| format!("{name}: {message}")).collect()
}

async fn ask_halt(lab: &Lab<Odin>, release: &OdinRelease, reason: &str) {
    let envelope = &release.envelope;
    halt::ask(lab.cloud().client().as_ref(), &envelope.bucket, &envelope.root_dir(), reason).await.unwrap();
}

/// Nothing of a deploy that failed is left.
fn assert_nothing_left(lab: &Lab<Odin>) {
    let region = region(lab);
    assert_eq!(groups(lab), Vec::<String>::new());
    assert!(region.launch_templates.is_empty() && region.placement_groups.is_empty() && region.alarms.is_empty());
}

#[tokio::test]
async fn a_second_release_replaces_the_first() {
    let lab = world(&[]);
    let first = deploy(&lab, &release(2, &[])).await;
    assert_eq!((first.path(), errors(&first)), (SUCCESS.to_vec(), vec![]));
    assert_eq!(region(&lab).alarms.len(), 2);
    let second = deploy(&lab, &release(1, &[])).await;
    assert_eq!(last(&second), "Success");
    assert_eq!(
        groups(&lab),
        [
            "coinbase/deploy-test-development-2026-11-21T11-00-00Z-web",
            "coinbase/deploy-test-development-2026-11-21T11-00-00Z-worker",
        ]
    );
    let region = region(&lab);
    assert_eq!(region.launch_templates.len(), 2);
    assert!(region.alarms.keys().all(|name| name.contains("T11-00-00Z-web-cpu_scale_")), "{:?}", region.alarms);
    let web = output(&lab, &second).fields.services[&"web".parse().unwrap()].clone();
    assert_eq!(web.previous_desired_capacity, Some(3));
    assert_eq!(region.auto_scaling_groups[&web.created_asg.unwrap()].capacity.desired, 3);
}

#[tokio::test]
async fn a_service_that_is_gone_from_the_release_loses_its_group() {
    let lab = world(&[]);
    deploy(&lab, &release(2, &[])).await;
    let web = release(1, &[])["services"]["web"].clone();
    let second = deploy(&lab, &release(1, &[("/services", json!({ "web": web }))])).await;
    assert_eq!(last(&second), "Success");
    assert_eq!(groups(&lab), ["coinbase/deploy-test-development-2026-11-21T11-00-00Z-web"]);
}

#[tokio::test]
async fn a_group_of_an_original_goes_with_its_launch_configuration() {
    let tags = json!({
        "ProjectName": "coinbase/deploy-test", "ConfigName": "development", "ServiceName": "web", "ReleaseId": "release-1"
    });
    let old = json!({
        "created_time": "2026-11-20T00:00:00Z", "tags": tags, "capacity": { "min_size": 3, "desired": 4, "max_size": 5 },
        "launch_configuration": "old", "subnet_ids": ["subnet-0a1b2c3d4e5f6000a"]
    });
    let lab = world(&[
        (&format!("{REGION}/auto_scaling_groups"), json!({ "old": old })),
        (
            &format!("{REGION}/launch_configurations"),
            json!({ "old": { "image_id": "ami-0a1b2c3d4e5f60001", "instance_type": "t2.nano" } }),
        ),
    ]);
    let run = deploy(&lab, &release(1, &[])).await;
    assert_eq!(last(&run), "Success", "{:?}", errors(&run));
    let web = output(&lab, &run).fields.services[&"web".parse().unwrap()].clone();
    assert_eq!(web.previous_desired_capacity, Some(4));
    assert_eq!(web.resources.unwrap().prev_asg_arn.as_deref(), Some("old"));
    assert!(!groups(&lab).contains(&"old".to_owned()));
    assert!(region(&lab).launch_configurations.is_empty(), "{:?}", errors(&run));
}

#[tokio::test]
async fn every_strategy_brings_a_release_to_its_end() {
    for strategy in [
        "AllAtOnce",
        "OneThenAllWithCanary",
        "25PercentStepRolloutNoCanary",
        "10PercentStepRolloutNoCanary",
        "10AtATimeNoCanary",
        "20AtATimeNoCanary",
    ] {
        let lab = world(&[]);
        let autoscaling = json!({ "min_size": 12, "max_size": 30, "spread": 0.5, "strategy": strategy });
        let run = deploy(&lab, &release(1, &[("/services/web/autoscaling", autoscaling)])).await;
        assert_eq!(last(&run), "Success", "{strategy}: {:?}", errors(&run));
        let region = region(&lab);
        let web = &region.auto_scaling_groups["coinbase/deploy-test-development-2026-11-21T11-00-00Z-web"];
        assert_eq!((web.capacity.min_size, web.capacity.desired), (12, 12), "{strategy}");
    }
}

#[tokio::test]
async fn the_group_that_was_made_goes_when_the_next_cannot_be() {
    let fault = json!({
        "operation": "autoscaling:CreateAutoScalingGroup", "resource": "worker", "kind": { "error": "ResourceContention" }
    });
    let lab = world(&[("/faults", json!([fault]))]);
    let placed = json!("odin/coinbase/deploy-test/development/web");
    let run = deploy(
        &lab,
        &release(
            1,
            &[
                ("/services/web/placement_group_name", placed),
                ("/services/web/placement_group_strategy", json!("cluster")),
            ],
        ),
    )
    .await;
    assert_eq!(last(&run), "FailureClean");
    let error = errors(&run).remove(0);
    assert!(error.starts_with("DeployError: service worker: autoscaling:CreateAutoScalingGroup on "), "{error}");
    assert!(error.contains("ResourceContention"), "{error}");
    assert_nothing_left(&lab);
}

#[tokio::test]
async fn what_a_deploy_made_before_it_was_cut_is_kept_and_a_halt_no_longer_prevents_it() {
    let fault = json!({
        "operation": "autoscaling:CreateAutoScalingGroup", "resource": "worker", "times": 1, "kind": { "delay_seconds": 30 }
    });
    let lab = world(&[("/faults", json!([fault]))]);
    let sent = release(1, &[]);
    lab.upload(&sent, &[("userdata", sample::USER_DATA)]).await.unwrap();
    let name = lab.start(&sent).await.unwrap();
    lab.run_until(|| true).await.unwrap();
    assert_eq!(groups(&lab), ["coinbase/deploy-test-development-2026-11-21T11-00-00Z-web"]);
    ask_halt(&lab, &sample::read(&sent), "stop").await;
    lab.run().await.unwrap();
    let run = lab.execution(&name).await.unwrap();
    // Deploy ran again and raised nothing; CheckHealthy saw the halt.
    assert_eq!(errors(&run), ["HaltError: halted: stop"]);
    assert_eq!(last(&run), "FailureClean");
    assert!(run.path().contains(&"CheckHealthy"));
    assert_nothing_left(&lab);
}

#[tokio::test]
async fn a_halt_before_anything_was_made_needs_no_clean_up() {
    let lab = world(&[]);
    let sent = release(1, &[]);
    ask_halt(&lab, &sample::read(&sent), "not now").await;
    let run = deploy(&lab, &sent).await;
    assert_eq!(run.path(), ["Validate", "Lock", "ValidateResources", "Deploy", "ReleaseLockFailure", "FailureClean"]);
    assert_eq!(errors(&run), ["HaltError: halted: not now"]);
    assert_nothing_left(&lab);
}

/// The original's fault: run again after it had freed the lock, it reported that the lock was stolen.
#[tokio::test]
async fn clean_up_that_freed_the_lock_and_died_succeeds_when_it_runs_again() {
    let fault = json!({
        "operation": "dynamodb:DeleteItem", "state": "CleanUpSuccess", "times": 1, "kind": { "error_after": "InternalServerError" }
    });
    let lab = world(&[("/faults", json!([fault]))]);
    let run = deploy(&lab, &release(1, &[])).await;
    assert_eq!(last(&run), "Success");
    assert_eq!(errors(&run).len(), 1);
}

#[tokio::test]
async fn a_late_second_run_of_clean_up_does_not_harm_the_next_release() {
    let lab = world(&[]);
    let first = deploy(&lab, &release(2, &[])).await;
    let first = output(&lab, &first);
    let second = deploy(&lab, &release(1, &[])).await;
    assert_eq!(last(&second), "Success");
    ask_halt(&lab, &first, "for the third").await;
    let before = region(&lab);

    clean_up_success(&context(&lab, "CleanUpSuccess"), first.clone()).await.unwrap();

    assert_eq!(region(&lab), before);
    let flag = lab.cloud().client().get(&first.envelope.bucket, &first.envelope.root_dir().halt()).await.unwrap();
    assert!(flag.is_some());
}

#[tokio::test]
async fn old_groups_are_kept_while_the_new_ones_are_too_weak() {
    // All five are healthy at the first look, and go soon after; their successors never become healthy.
    let short_lived: Vec<(String, Value)> = (1..=6)
        .map(|n| (n.to_string(), json!({ "health": { "after_seconds": 1 }, "terminates_after_seconds": 120 })))
        .collect();
    let lab =
        world(&[(&format!("{REGION}/images/ami-0a1b2c3d4e5f60002/exceptions"), short_lived.into_iter().collect())]);
    deploy(&lab, &release(2, &[])).await;
    let run = deploy(&lab, &release(1, &[("/ami", json!("ubuntu-never-healthy"))])).await;
    assert_eq!(last(&run), "FailureDirty");
    assert!(
        errors(&run)[0].starts_with("DetachError: the old groups are kept until the new ones are healthy"),
        "{:?}",
        errors(&run)
    );
    assert!(groups(&lab).iter().any(|name| name.contains("T10-00-00Z-web")));
}

#[tokio::test]
async fn a_placement_group_is_made_kept_on_success_and_must_be_the_projects_own() {
    let placed = |name: &str| {
        [
            ("/services/web/placement_group_name", json!(name)),
            ("/services/web/placement_group_strategy", json!("partition")),
            ("/services/web/placement_group_partition_count", json!(3)),
        ]
    };
    let lab = world(&[]);
    let own = "odin/coinbase/deploy-test/development/web";
    let run = deploy(&lab, &release(2, &placed(own))).await;
    assert_eq!(last(&run), "Success", "{:?}", errors(&run));
    assert!(region(&lab).placement_groups.contains_key(own));
    let again = deploy(&lab, &release(1, &placed(own))).await;
    assert_eq!(last(&again), "Success", "{:?}", errors(&again));
    let foreign = deploy(&world(&[]), &release(1, &placed("odin/coinbase/other/development/web"))).await;
    assert_eq!(last(&foreign), "FailureClean");
    assert!(
        errors(&foreign)[0]
            .starts_with("BadReleaseError: services.web.placement_group_name: there is no placement group")
    );
}

#[tokio::test]
async fn skipped_detaching_leaves_the_balancers_to_the_deletion() {
    let lab = world(&[]);
    deploy(&lab, &release(2, &[])).await;
    let run = deploy(&lab, &release(1, &[("/detach_strategy", json!("SkipDetach"))])).await;
    assert_eq!((last(&run), errors(&run)), ("Success", vec![]));
}

#[tokio::test]
async fn user_data_that_is_too_long_or_no_text_is_refused() {
    for (body, why) in [(vec![b'x'; 16 * 1024 + 1], "has 16385 bytes"), (vec![0x1f, 0x8b], "no text")] {
        let lab = world(&[]);
        let sent = release(1, &[("/user_data_sha256", json!(bifrost::release::Sha256::of(&body)))]);
        let run = lab.deploy(&sent, &[("userdata", &body)]).await.unwrap();
        assert_eq!(run.path(), ["Validate", "FailureClean"]);
        assert!(errors(&run)[0].contains(why), "{:?}", errors(&run));
    }
}

#[tokio::test]
async fn a_safe_release_tells_all_in_which_it_differs_from_the_deployed_one() {
    let lab = world(&[]);
    deploy(&lab, &release(2, &[])).await;
    let run = deploy(
        &lab,
        &release(
            1,
            &[
                ("/safe_release", json!(true)),
                ("/timeout", json!(300)),
                ("/services/web/autoscaling/max_size", json!(6)),
                ("/services/worker/ebs_volume_size", json!(8)),
                ("/services/another", release(1, &[])["services"]["worker"].clone()),
            ],
        ),
    )
    .await;
    assert_eq!(last(&run), "FailureClean");
    insta::assert_snapshot!(errors(&run).join("\n"));
    let run = deploy(&world(&[]), &release(1, &[("/safe_release", json!(true))])).await;
    assert_eq!(last(&run), "Success", "{:?}", errors(&run));
}
