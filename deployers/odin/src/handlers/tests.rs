//! Idempotence of the handlers, in the local cloud: executions that continue after half of a task's work, and late
//! second runs.

use crate::Odin;
use crate::harness::{REGION, deploy, groups, new_harness, output, region, release};
use crate::release::{OdinRelease, sample};
use bifrost::client::{Client, Serving, Started};
use bifrost::lifecycle::request_halt;
use bifrost::testing::{Run, TestHarness};
use serde_json::{Value, json};

fn last(run: &Run) -> &str {
    run.path().last().copied().unwrap_or_default()
}

/// The name and the code of every error.
fn errors(run: &Run) -> Vec<(String, String)> {
    run.errors().into_iter().map(|raised| (raised.error, raised.code.unwrap_or_default())).collect()
}

fn error(name: &str, code: &str) -> (String, String) {
    (name.to_owned(), code.to_owned())
}

async fn ask_halt(harness: &TestHarness<Odin>, release: &OdinRelease, reason: &str) {
    let envelope = &release.envelope;
    request_halt(harness.cloud().account().objects.as_ref(), &envelope.bucket, &envelope.root_dir(), reason)
        .await
        .unwrap();
}

/// Asserts that the failed deploy left nothing over.
fn assert_nothing_left(harness: &TestHarness<Odin>) {
    let region = region(harness);
    assert_eq!(groups(harness), Vec::<String>::new());
    assert!(region.launch_templates.is_empty() && region.placement_groups.is_empty() && region.alarms.is_empty());
}

#[tokio::test]
async fn interrupted_deploy_continues_despite_a_halt() {
    let fault = json!({
        "operation": "autoscaling:CreateAutoScalingGroup", "resource": "worker", "times": 1, "kind": { "delay_seconds": 30 }
    });
    let harness = new_harness(&[("/faults", json!([fault]))]);
    let sent = release(1, &[]);
    harness.upload(&sent, &[("userdata", sample::USER_DATA)]).await.unwrap();
    let name = harness.start(&sent).await.unwrap();
    harness.run_until(|| true).await.unwrap();
    assert_eq!(groups(&harness), ["coinbase/deploy-test-development-2026-11-21T11-00-00Z-web"]);
    ask_halt(&harness, &sample::read(&sent), "stop").await;
    harness.run().await.unwrap();
    let run = harness.execution(&name).await.unwrap();
    // Deploy ran again without an error; CheckHealthy found the halt flag.
    assert_eq!(errors(&run), [error("HaltError", "halt/requested")]);
    assert_eq!(last(&run), "FailureClean");
    assert!(run.path().contains(&"CheckHealthy"));
    assert_nothing_left(&harness);
}

/// The SDK repeats a request whose answer was lost, and AWS answers that the resource already exists.
#[tokio::test]
async fn repeated_creation_counts_as_own() {
    let lost = |operation: &str| json!({"operation": operation, "kind": {"error_after": "AlreadyExists"}});
    let faults = ["autoscaling:CreateAutoScalingGroup", "ec2:CreatePlacementGroup"].map(lost);
    let harness = new_harness(&[("/faults", json!(faults))]);
    let placement = [
        ("/services/worker/placement_group_name", json!("odin/coinbase/deploy-test/development/near")),
        ("/services/worker/placement_group_strategy", json!("cluster")),
    ];
    let run = deploy(&harness, &release(1, &placement)).await;
    assert_eq!((last(&run), errors(&run)), ("Success", Vec::new()));
    assert_eq!((groups(&harness).len(), region(&harness).placement_groups.len()), (2, 1));
}

#[tokio::test]
async fn late_clean_up_keeps_the_next_release() {
    let harness = new_harness(&[]);
    let first = deploy(&harness, &release(2, &[])).await;
    let clean_up = first.invocations().pop().unwrap();
    let first = output(&harness, &first);
    let second = deploy(&harness, &release(1, &[])).await;
    assert_eq!(last(&second), "Success");
    ask_halt(&harness, &first, "for the third").await;
    let before = region(&harness);

    let late = harness.invoke(clean_up).await.unwrap();

    assert_eq!(late["success"], true);
    assert_eq!(region(&harness), before);
    let (bucket, flag) = (&first.envelope.bucket, first.envelope.root_dir().halt());
    let flag = harness.cloud().account().objects.get(bucket, &flag, 1024).await.unwrap();
    assert!(flag.is_some());
}

#[tokio::test]
async fn old_groups_are_kept_below_capacity() {
    // All five are healthy at the first check and terminate soon after; their replacements never become healthy.
    let short_lived: Vec<(String, Value)> = (1..=6)
        .map(|n| (n.to_string(), json!({ "health": { "after_seconds": 1 }, "terminates_after_seconds": 45 })))
        .collect();
    let exceptions: Value = short_lived.into_iter().collect();
    // With SkipDetach, only CleanUpSuccess checks the capacity.
    for (strategy, first_error) in [("Detach", "DetachError"), ("SkipDetach", "CleanUpError")] {
        let harness =
            new_harness(&[(&format!("{REGION}/images/ami-0a1b2c3d4e5f60002/exceptions"), exceptions.clone())]);
        deploy(&harness, &release(2, &[])).await;
        let changes = [("/ami", json!("ubuntu-never-healthy")), ("/detach_strategy", json!(strategy))];
        let run = deploy(&harness, &release(1, &changes)).await;
        assert_eq!(last(&run), "FailureDirty", "{strategy}");
        assert_eq!(errors(&run)[0], error(first_error, "odin/below-capacity"));
        assert!(groups(&harness).iter().any(|name| name.contains("T10-00-00Z-web")), "{strategy}");

        let client = Client::<Odin>::from(harness.cloud());
        let failures = client.failures(None, 1).await.unwrap();
        let outcome = &failures[0].outcome;
        assert_eq!((outcome.serving, outcome.left_over.as_slice()), (Serving::Unknown, &[][..]), "{strategy}");
        // A follower also lists the resources in the target account.
        let started = Started { execution: outcome.execution.clone(), is_ours: true, joined: false };
        let mut follower = client.follow(started);
        follower.poll().await.unwrap();
        let outcome = follower.outcome().unwrap();
        assert_eq!((outcome.serving, outcome.left_over.as_slice()), (Serving::Unknown, &[][..]), "{strategy}");
    }
}

#[tokio::test]
async fn large_user_data_is_refused() {
    for body in [vec![b'x'; 16 * 1024 + 1], vec![0xff; 16 * 1024 + 1]] {
        let harness = new_harness(&[]);
        let sent = release(1, &[("/user_data_sha256", json!(bifrost::release::Sha256::of(&body)))]);
        let run = harness.deploy(&sent, &[("userdata", &body)]).await.unwrap();
        assert_eq!(run.path(), ["Validate", "FailureClean"]);
        assert_eq!(errors(&run), [error("BadReleaseError", "odin/user-data-too-large")]);
    }
}
