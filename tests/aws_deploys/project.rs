//! A project with all that its releases name in the target account, and its deploys.

use crate::shell::text;
use crate::stage::{Stage, TARGET};
use serde_json::{Value, json};

const RELEASE: &str = include_str!("../../deployers/odin/releases/deploy-test.json");
const USER_DATA: &str = "#!/bin/sh\necho {{RELEASE_ID}} {{SERVICE_NAME}}\n";

/// A project of one story.
pub(crate) struct Project<'s> {
    stage: &'s Stage,
    /// Its name: `story/<name>`.
    pub(crate) name: String,
    /// The sample release, of this project.
    pub(crate) release: Value,
}

/// How a deploy went.
#[derive(Debug)]
pub(crate) struct Deployed {
    /// What the command exited with.
    pub(crate) code: i32,
    /// Its events, the last of which is the end.
    pub(crate) events: Vec<Value>,
    /// What it said on stderr.
    pub(crate) complaint: String,
}

impl Deployed {
    /// How it ended.
    pub(crate) fn end(&self) -> &Value {
        self.events.last().unwrap_or_else(|| panic!("no events: {}", self.complaint))
    }

    /// The states that were entered.
    pub(crate) fn path(&self) -> Vec<&str> {
        self.events
            .iter()
            .filter(|event| event["event"] == "state")
            .map(|event| event["state"].as_str().unwrap())
            .collect()
    }
}

impl<'s> Project<'s> {
    /// Makes what the project's releases name, in the target account.
    pub(crate) fn make(stage: &'s Stage, story: &str) -> Self {
        let mut release: Value = serde_json::from_str(RELEASE).unwrap();
        let name = format!("story/{story}");
        let project = Self { stage, name: name.clone(), release: Value::Null };
        release["project_name"] = json!(name);
        release["aws_account_id"] = json!(TARGET);
        release["subnets"] = json!([format!("{story}_a"), format!("{story}_b")]);
        release["ami"] = json!(story);
        for service in ["web", "worker"] {
            release["services"][service]["security_groups"] = json!([story]);
            release["services"][service]["profile"] = json!(format!("{story}-{service}"));
        }
        release["services"]["web"]["elbs"] = json!([story]);
        release["services"]["web"]["target_groups"] = json!([story]);
        for hook in release["lifecycle"].as_object_mut().unwrap().values_mut() {
            (hook["role"], hook["sns"]) = (json!(story), json!(story));
        }
        project.make_network(story);
        project.make_identities(story);
        Self { release, ..project }
    }

    fn make_network(&self, story: &str) {
        let stage = self.stage;
        let vpc = stage.target("ec2", "CreateVpc", json!({"CidrBlock": "10.0.0.0/16"}));
        let vpc = &vpc["Vpc"]["VpcId"];
        let subnets = ["a", "b"].map(|zone| {
            let tags = tagged("subnet", &[("Name", &format!("{story}_{zone}")), ("DeployWith", "odin")]);
            let cidr = if zone == "a" { "10.0.0.0/24" } else { "10.0.1.0/24" };
            let zone = format!("us-east-1{zone}");
            let subnet = json!({"VpcId": vpc, "CidrBlock": cidr, "AvailabilityZone": zone, "TagSpecifications": tags});
            stage.target("ec2", "CreateSubnet", subnet)["Subnet"]["SubnetId"].clone()
        });
        let group = json!({"GroupName": story, "Description": story, "VpcId": vpc,
            "TagSpecifications": tagged("security-group", &self.tags(story, "_all"))});
        stage.target("ec2", "CreateSecurityGroup", group);
        self.make_image(story);
        let listeners = json!([{"Protocol": "HTTP", "LoadBalancerPort": 80, "InstancePort": 80}]);
        let balancer = json!({"LoadBalancerName": story, "Listeners": listeners, "Subnets": subnets,
            "Tags": list(&self.tags(story, "web"))});
        stage.target("elb", "CreateLoadBalancer", balancer);
        let group = json!({"Name": story, "Protocol": "HTTP", "Port": 80, "VpcId": vpc,
            "Tags": list(&self.tags(story, "web"))});
        stage.target("elbv2", "CreateTargetGroup", group);
    }

    /// An image that opted in, and gives its id.
    pub(crate) fn make_image(&self, name: &str) -> String {
        let launched =
            self.stage.target("ec2", "RunInstances", json!({"ImageId": "ami-12c6146b", "MinCount": 1, "MaxCount": 1}));
        let instance = &launched["Instances"][0]["InstanceId"];
        let image = json!({"InstanceId": instance, "Name": name,
            "TagSpecifications": tagged("image", &[("Name", name), ("DeployWith", "odin")])});
        let image = self.stage.target("ec2", "CreateImage", image);
        self.stage.target("ec2", "TerminateInstances", json!({"InstanceIds": [instance]}));
        image["ImageId"].as_str().unwrap().to_owned()
    }

    fn make_identities(&self, story: &str) {
        for service in ["web", "worker"] {
            let (name, path) = (format!("{story}-{service}"), format!("/odin/{}/development/{service}/", self.name));
            self.stage.target("iam", "CreateInstanceProfile", json!({"InstanceProfileName": name, "Path": path}));
        }
        let trust = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "autoscaling.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
        let role = json!({"RoleName": story, "AssumeRolePolicyDocument": trust.to_string()});
        self.stage.target("iam", "CreateRole", role);
        self.stage.target("sns", "CreateTopic", json!({"Name": story}));
    }

    fn tags<'a>(&'a self, story: &'a str, service: &'a str) -> [(&'a str, &'a str); 4] {
        [("Name", story), ("ProjectName", &self.name), ("ConfigName", "development"), ("ServiceName", service)]
    }

    /// Deploys its release by the `odin` executable.
    pub(crate) fn deploy(&self) -> Deployed {
        self.deploy_with("")
    }

    /// Deploys its release, with more arguments.
    pub(crate) fn deploy_with(&self, arguments: &str) -> Deployed {
        let file = self.write();
        let output = self.stage.run(&format!("deploy {file} --output json {arguments}"));
        let events = text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        Deployed { code: output.status.code().unwrap(), events, complaint: text(&output.stderr) }
    }

    /// Writes its release file, and names it.
    pub(crate) fn write(&self) -> String {
        let file = format!("{}.json", self.name.replace('/', "-"));
        self.stage.shell.write(&file, self.release.to_string());
        self.stage.shell.write(&format!("{file}.userdata"), USER_DATA);
        file
    }

    /// Its live auto-scaling groups, as AWS tells of them.
    pub(crate) fn groups(&self) -> Vec<Value> {
        let found = self.stage.target("autoscaling", "DescribeAutoScalingGroups", json!({}));
        let ours = |group: &&Value| tag(group, "ProjectName") == Some(self.name.as_str());
        found["AutoScalingGroups"].as_array().unwrap().iter().filter(ours).cloned().collect()
    }
}

/// A tag of what AWS tells of.
pub(crate) fn tag<'v>(resource: &'v Value, key: &str) -> Option<&'v str> {
    resource["Tags"].as_array()?.iter().find(|tag| tag["Key"] == key)?["Value"].as_str()
}

fn list(tags: &[(&str, &str)]) -> Value {
    tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect()
}

fn tagged(kind: &str, tags: &[(&str, &str)]) -> Value {
    json!([{"ResourceType": kind, "Tags": list(tags)}])
}
