//! AWS as moto emulates it.

use super::fixture::Resources;
use bifrost_moto::MotoAccount;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Creates the resources of a [`RegionFixture`](super::fixture::RegionFixture).
pub fn seed(account: &MotoAccount) -> Resources {
    let seed = Seed(account);
    seed.identities();
    let (image, (subnet, security_group, vpc)) = (seed.image(), seed.network());
    seed.balancers(&subnet, &vpc);
    seed.old_group(&image, &subnet);
    seed.alarms();
    let of = account.clone();
    Resources { image, subnet, security_group, alarms: Box::new(move || alarms(&of)) }
}

fn alarms(account: &MotoAccount) -> BTreeMap<String, String> {
    let found = account.call("cloudwatch", "DescribeAlarms", json!({}));
    let described = |alarm: &Value| (text(&alarm["AlarmName"]), text(&alarm["AlarmDescription"]));
    let own = found["MetricAlarms"].as_array().unwrap().iter().filter(|alarm| alarm["AlarmName"] != "errors");
    own.map(described).collect()
}

struct Seed<'a>(&'a MotoAccount);

impl Seed<'_> {
    fn call(&self, service: &str, operation: &str, parameters: Value) -> Value {
        self.0.call(service, operation, parameters)
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
        let image = self.call(
            "ec2",
            "RegisterImage",
            json!({"Name": "ubuntu", "RootDeviceName": "/dev/xvda", "Architecture": "x86_64"}),
        );
        let image = text(&image["ImageId"]);
        self.tag(&image, "ubuntu");
        image
    }

    /// A subnet, a security group, and the VPC that they are in.
    fn network(&self) -> (String, String, String) {
        let vpc = text(&self.call("ec2", "CreateVpc", json!({"CidrBlock": "10.0.0.0/16"}))["Vpc"]["VpcId"]);
        let subnet = self.call(
            "ec2",
            "CreateSubnet",
            json!({"VpcId": vpc, "CidrBlock": "10.0.1.0/24", "AvailabilityZone": "us-east-1a"}),
        );
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
        let ip = json!({"Name": "ip-tg", "Protocol": "HTTP", "Port": 80, "VpcId": vpc, "TargetType": "ip"});
        self.call("elbv2", "CreateTargetGroup", ip);
    }

    fn alarms(&self) {
        let alarm = json!({
            "AlarmName": "errors", "Namespace": "AWS/EC2", "MetricName": "CPUUtilization", "Statistic": "Average",
            "Period": 60, "EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold",
        });
        self.call("cloudwatch", "PutMetricAlarm", alarm);
        let firing = json!({"AlarmName": "errors", "StateValue": "ALARM", "StateReason": "a test"});
        self.call("cloudwatch", "SetAlarmState", firing);
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
