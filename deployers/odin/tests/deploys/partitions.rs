//! Deploys outside of the partition `aws`.

use crate::paths::{healthy, without_repeated_checks};
use crate::sample_cloud::{DEPLOYER, USER_DATA};
use bifrost::local::LocalDeployer;
use bifrost::release::{AccountId, Region, Sha256};
use bifrost::testing::TestHarness;
use odin::Odin;
use serde_json::{Value, json};

#[tokio::test]
async fn arns_have_the_partition_of_the_region() {
    for (region, partition) in [("us-gov-west-1", "aws-us-gov"), ("cn-north-1", "aws-cn")] {
        let state = Odin::SEED.replace("us-east-1", region);
        let harness: TestHarness<Odin> = TestHarness::new(serde_json::from_str(&state).unwrap()).unwrap();
        let mut release: Value = serde_json::from_str(include_str!("../../releases/deploy-test.json")).unwrap();
        release["release_id"] = json!("release-1");
        release["created_at"] = json!("2026-11-21T12:00:00Z");
        release["user_data_sha256"] = json!(Sha256::of(USER_DATA));
        let run = harness.deploy(&release, &[("userdata", USER_DATA)]).await.unwrap();
        assert_eq!(without_repeated_checks(&run.path()), healthy(), "{region}: {:#?}", run.errors());
        let execution = &run.execution.arn;
        assert!(execution.starts_with(&format!("arn:{partition}:states:{region}:{DEPLOYER}:")), "{execution}");

        let (account, name): (AccountId, Region) = (DEPLOYER.parse().unwrap(), region.parse().unwrap());
        let found = harness.store().read(|state| state.accounts[&account].resources.regions.of(&name).clone()).unwrap();
        let (group, template) = found.launch_templates.iter().find(|(name, _)| name.ends_with("-web")).unwrap();
        let iam = format!("arn:{partition}:iam::{DEPLOYER}");
        let profile = format!("{iam}:instance-profile/odin/coinbase/deploy-test/development/web/coinbase-deploy-test");
        assert_eq!(template.template.instance_profile_arn, Some(profile));
        let hook = &found.auto_scaling_groups[group].lifecycle_hooks[0];
        assert_eq!(hook.role_arn, format!("{iam}:role/asg_lifecycle_hooks"));
        let topic = format!("arn:{partition}:sns:{region}:{DEPLOYER}:asg_lifecycle_hooks");
        assert_eq!(hook.notification_target_arn, topic);
        let policy = format!("arn:{partition}:autoscaling:{region}:{DEPLOYER}:scalingPolicy:");
        let alarms: Vec<_> = found.alarms.values().map(|alarm| &alarm.policy_arn).collect();
        assert_eq!(alarms.len(), 2);
        assert!(alarms.iter().all(|arn| arn.starts_with(&policy)), "{alarms:?}");
    }
}
