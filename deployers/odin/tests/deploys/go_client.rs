//! What Go Odin's client reads: it refuses a state's output with a field that it does not know. So the output of every state
//! has only the fields of contract §2 and §7.

use crate::fixture::Fixture;
use crate::sample_cloud::{IMAGE, Scenario};
use bifrost::testing::Run;
use serde_json::{Value, json};

/// The fields of the envelope, and those that Odin adds at the top.
const TOP: &[&str] = &[
    "aws_account_id",
    "aws_region",
    "uuid",
    "release_id",
    "project_name",
    "config_name",
    "bucket",
    "created_at",
    "started_at",
    "timeout",
    "metadata",
    "error",
    "success",
    "subnets",
    "ami",
    "user_data_sha256",
    "services",
    "lifecycle",
    "safe_release",
    "detach_strategy",
    "wait_for_detach",
    "healthy",
    "wait_for_healthy",
];

const SERVICE: &[&str] = &[
    "instance_type",
    "security_groups",
    "elbs",
    "target_groups",
    "profile",
    "tags",
    "spot_price",
    "ebs_volume_size",
    "ebs_volume_type",
    "ebs_device_name",
    "placement_group_name",
    "placement_group_strategy",
    "placement_group_partition_count",
    "placement_tenancy",
    "associate_public_ip_address",
    "autoscaling",
    "service_name",
    "created_asg",
    "previous_desired_capacity",
    "Healthy",
    "resources",
    "healthy_report",
];

const RESOURCES: &[&str] =
    &["image", "profile_arn", "prev_asg_arn", "security_groups", "elbs", "target_group_arns", "subnets"];

/// All of them are always there, except the last three.
const HEALTHY_REPORT: &[&str] = &[
    "target_healthy",
    "target_launched",
    "healthy",
    "launching",
    "terminating",
    "terminating_ids",
    "desired_capacity",
    "min_size",
];

const AUTOSCALING: &[&str] = &[
    "min_size",
    "max_size",
    "spread",
    "max_terms",
    "default_cooldown",
    "health_check_grace_period",
    "strategy",
    "policies",
];

const POLICY: &[&str] =
    &["type", "name", "threshold", "scaling_adjustment", "period", "evaluation_periods", "cooldown"];

const HOOK: &[&str] =
    &["transition", "role", "sns", "heartbeat_timeout", "name", "role_arn", "notification_target_arn"];

/// The fields that Go's client does not know, with their paths.
fn unknown(release: &Value) -> Vec<String> {
    let mut unknown = Vec::new();
    check(&mut unknown, "", release, TOP);
    check(&mut unknown, "error.", &release["error"], &["Error", "Cause"]);
    for (name, hook) in members(&release["lifecycle"]) {
        check(&mut unknown, &format!("lifecycle.{name}."), hook, HOOK);
    }
    for (name, service) in members(&release["services"]) {
        let path = format!("services.{name}.");
        check(&mut unknown, &path, service, SERVICE);
        check(&mut unknown, &format!("{path}resources."), &service["resources"], RESOURCES);
        check(&mut unknown, &format!("{path}healthy_report."), &service["healthy_report"], HEALTHY_REPORT);
        check(&mut unknown, &format!("{path}autoscaling."), &service["autoscaling"], AUTOSCALING);
        for policy in service["autoscaling"]["policies"].as_array().into_iter().flatten() {
            check(&mut unknown, &format!("{path}autoscaling.policies."), policy, POLICY);
        }
    }
    unknown
}

fn check(unknown: &mut Vec<String>, path: &str, object: &Value, known: &[&str]) {
    let fields = members(object).map(|(field, _)| field);
    unknown.extend(fields.filter(|field| !known.contains(&field.as_str())).map(|field| format!("{path}{field}")));
}

fn members(object: &Value) -> impl Iterator<Item = (&String, &Value)> {
    object.as_object().into_iter().flatten()
}

/// Checks every output in the history. Returns how many there were.
fn check_outputs(run: &Run) -> usize {
    let exits = run.history.iter().filter(|event| event.event_type.ends_with("StateExited"));
    let outputs: Vec<_> =
        exits.filter_map(|event| Some((&event.details.name, event.details.output.as_ref()?))).collect();
    for (state, output) in &outputs {
        assert_eq!(unknown(output), Vec::<String>::new(), "{state:?}");
        for (name, service) in members(&output["services"]) {
            let report = &service["healthy_report"];
            assert!(
                report.is_null() || HEALTHY_REPORT[..5].iter().all(|field| report[field].is_u64()),
                "{name}: {report}"
            );
        }
    }
    outputs.len()
}

async fn with_first() -> Fixture {
    let fixture = Scenario::sample().with("/timeout", json!(120)).build();
    assert!(check_outputs(&fixture.deploy("first").await) > 10);
    fixture
}

#[tokio::test]
async fn outputs_of_a_successful_deploy_are_known() {
    let run = with_first().await.deploy("second").await;
    assert_eq!(run.path().last(), Some(&"Success"));
    assert!(check_outputs(&run) > 10);
    let output = run.execution.output.unwrap();
    assert_eq!((&output["success"], &output["healthy"]), (&json!(true), &json!(true)));
}

#[tokio::test]
async fn outputs_of_a_failed_deploy_are_known() {
    let fixture = with_first().await;
    fixture.change(|region| {
        let never = json!({"health": "never"});
        region.images.get_mut(IMAGE).unwrap().instances = serde_json::from_value(never).unwrap();
    });
    let run = fixture.deploy("second").await;
    assert_eq!(run.path().last(), Some(&"FailureClean"));
    assert!(check_outputs(&run) > 10);
}

#[tokio::test]
async fn outputs_of_a_refused_deploy_are_known() {
    let fixture = with_first().await;
    fixture.freeze(r#"{"user": "ada", "lock_reason": "a test"}"#).await;
    let run = fixture.deploy("second").await;
    assert_eq!(run.path(), crate::paths::REFUSED_BY_LOCK);
    assert!(check_outputs(&run) >= 2);
}
