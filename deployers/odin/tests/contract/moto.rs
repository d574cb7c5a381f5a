//! AWS as moto emulates it: one process for all tests, and an account for each test.

use super::fixture::{REGION, RegionFixture};
use aws_sdk_ec2::config::Credentials;
use bifrost::aws::{AwsSession, CallScope};
use bifrost::cloud::Principal;
use bifrost_moto::Moto;
use odin::cloud::aws::ports;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

static MOTO: LazyLock<Option<Moto>> = LazyLock::new(Moto::start);
static ACCOUNTS: AtomicU64 = AtomicU64::new(300_000_000_000);

/// How long a test waits between two checks.
const PAUSE: Duration = Duration::from_millis(50);

/// A new account for one test, or `None` if this machine cannot run moto.
pub fn fixture() -> Option<RegionFixture> {
    let moto = MOTO.as_ref()?;
    let account = ACCOUNTS.fetch_add(1, Ordering::Relaxed).to_string();
    let seed = Seed { moto, account: &account };
    seed.identities();
    let (image, (subnet, security_group, vpc)) = (seed.image(), seed.network());
    seed.balancers(&subnet, &vpc);
    seed.old_group(&image, &subnet);
    let ports = ports(&session(moto, &account));
    let of = account.clone();
    Some(RegionFixture {
        ports,
        account,
        alarms: Box::new(move || alarms(&Seed { moto, account: &of })),
        image,
        subnet,
        security_group,
        advance: Box::new(|| std::thread::sleep(PAUSE)),
    })
}

/// Fails if moto received a request that it does not support: its response to that proves nothing.
pub fn check_gaps() {
    let gaps = MOTO.as_ref().map(Moto::gaps).unwrap_or_default();
    assert!(gaps.is_empty(), "moto does not support: {gaps:#?}");
}

fn alarms(seed: &Seed<'_>) -> Vec<String> {
    let found = seed.call("cloudwatch", "DescribeAlarms", json!({}));
    let mut names: Vec<_> =
        found["MetricAlarms"].as_array().unwrap().iter().map(|alarm| text(&alarm["AlarmName"])).collect();
    names.sort();
    names
}

fn session(moto: &Moto, account: &str) -> AwsSession {
    let environment: BTreeMap<_, _> = moto.environment(account).into_iter().collect();
    let value = |name: &str| environment.get(name).cloned();
    let (id, secret) = (value("AWS_ACCESS_KEY_ID").unwrap(), value("AWS_SECRET_ACCESS_KEY").unwrap());
    let credentials = Credentials::new(id, secret, value("AWS_SESSION_TOKEN"), None, "test");
    let config = bifrost::aws::sdk_config(credentials, &REGION.parse().unwrap(), Some(moto.endpoint().to_owned()));
    let (account, region) = (account.parse().unwrap(), REGION.parse().unwrap());
    AwsSession::new(&config, Arc::new(CallScope::default()), Principal::Deployer, account, region)
}

/// Creates the resources of a [`RegionFixture`].
struct Seed<'a> {
    moto: &'a Moto,
    account: &'a str,
}

impl Seed<'_> {
    fn call(&self, service: &str, operation: &str, parameters: Value) -> Value {
        let answer = self.moto.call(self.account, REGION, service, operation, parameters);
        answer.unwrap_or_else(|error| panic!("{service}:{operation}: {error}"))
    }

    fn identities(&self) {
        self.call("iam", "CreateInstanceProfile", json!({"InstanceProfileName": "web", "Path": "/odin/"}));
        let trust = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Principal": {"Service": "autoscaling.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }]});
        self.call("iam", "CreateRole", json!({"RoleName": "hooks", "AssumeRolePolicyDocument": trust.to_string()}));
        self.call("sns", "CreateTopic", json!({"Name": "hooks"}));
    }

    fn image(&self) -> String {
        let image = self.call("ec2", "RegisterImage", json!({"Name": "ubuntu", "RootDeviceName": "/dev/xvda"}));
        let image = text(&image["ImageId"]);
        self.tag(&image, "ubuntu");
        image
    }

    /// A subnet, a security group, and the VPC that they are in.
    fn network(&self) -> (String, String, String) {
        let vpc = text(&self.call("ec2", "CreateVpc", json!({"CidrBlock": "10.0.0.0/16"}))["Vpc"]["VpcId"]);
        let subnet = self.call("ec2", "CreateSubnet", json!({"VpcId": vpc, "CidrBlock": "10.0.1.0/24"}));
        let subnet = text(&subnet["Subnet"]["SubnetId"]);
        let group = json!({"GroupName": "web", "Description": "web", "VpcId": vpc});
        let group = text(&self.call("ec2", "CreateSecurityGroup", group)["GroupId"]);
        self.tag(&subnet, "private_a");
        self.tag(&group, "web");
        (subnet, group, vpc)
    }

    fn tag(&self, id: &str, name: &str) {
        self.call("ec2", "CreateTags", json!({"Resources": [id], "Tags": [{"Key": "Name", "Value": name}]}));
    }

    fn balancers(&self, subnet: &str, vpc: &str) {
        let tags = json!([{"Key": "ServiceName", "Value": "web"}]);
        let listeners = json!([{"Protocol": "HTTP", "LoadBalancerPort": 80, "InstancePort": 80}]);
        let classic = json!({"LoadBalancerName": "web-elb", "Listeners": listeners, "Subnets": [subnet], "Tags": tags});
        self.call("elb", "CreateLoadBalancer", classic);
        let group = json!({"Name": "web-tg", "Protocol": "HTTP", "Port": 80, "VpcId": vpc, "Tags": tags});
        let group = self.call("elbv2", "CreateTargetGroup", group);
        let attributes = json!([
            {"Key": "deregistration_delay.timeout_seconds", "Value": "30"},
            {"Key": "slow_start.duration_seconds", "Value": "60"},
        ]);
        let attributes =
            json!({"TargetGroupArn": group["TargetGroups"][0]["TargetGroupArn"], "Attributes": attributes});
        self.call("elbv2", "ModifyTargetGroupAttributes", attributes);
    }

    fn old_group(&self, image: &str, subnet: &str) {
        let configuration = json!({"LaunchConfigurationName": "old", "ImageId": image, "InstanceType": "t3.small"});
        self.call("autoscaling", "CreateLaunchConfiguration", configuration);
        let group = json!({
            "AutoScalingGroupName": "old",
            "LaunchConfigurationName": "old",
            "MinSize": 0,
            "MaxSize": 0,
            "VPCZoneIdentifier": subnet,
        });
        self.call("autoscaling", "CreateAutoScalingGroup", group);
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is not a string")).to_owned()
}
