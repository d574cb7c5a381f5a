//! A project with its resources in the target account, and its deploys.

use crate::accounts::{FollowedCommand, execution_arn};
use crate::fixture::{AccountsFixture, DEPLOYER, FUNCTION, TARGET};
use crate::release_files::ProjectResources;
use crate::shell::text;
use bifrost::release::Sha256;
use serde_json::{Value, json};
use std::process::Output;

const RELEASE: &str = include_str!("../../deployers/odin/releases/deploy-test.json");
const USER_DATA: &str = "#!/bin/sh\necho {{RELEASE_ID}} {{SERVICE_NAME}}\n";

/// Exit code of a client that lost contact with its deploy.
const LOST: i32 = 3;
/// Exit code of a client whose execution was stopped.
const ABORTED: i32 = 3;

/// A project of one test.
#[derive(Clone)]
pub(crate) struct Project<'s> {
    pub(crate) fixture: &'s AccountsFixture,
    /// Its name: `tests/<id>`.
    pub(crate) name: String,
    /// The sample release for this project.
    pub(crate) release: Value,
}

/// The result of a deploy command.
#[derive(Debug)]
pub(crate) struct Deployed {
    /// Exit code of the command.
    pub(crate) code: i32,
    /// Its events. The last one is the end.
    pub(crate) events: Vec<Value>,
    /// What it printed on stderr.
    pub(crate) complaint: String,
}

impl Deployed {
    /// Reads the output of a command.
    pub(crate) fn of(output: &Output) -> Self {
        let events = text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        Self { code: output.status.code().unwrap(), events, complaint: text(&output.stderr) }
    }

    /// Its last event.
    pub(crate) fn end(&self) -> &Value {
        self.events.last().unwrap_or_else(|| panic!("no events: {}", self.complaint))
    }

    /// The name of its execution.
    pub(crate) fn execution(&self) -> &str {
        self.end()["execution"].as_str().unwrap_or_else(|| panic!("no execution: {self:#?}"))
    }

    pub(crate) fn release_id(&self) -> &str {
        self.end()["release_id"].as_str().unwrap_or_else(|| panic!("no release: {self:#?}"))
    }

    /// The states that it entered.
    pub(crate) fn path(&self) -> Vec<&str> {
        self.events
            .iter()
            .filter(|event| event["event"] == "state")
            .map(|event| event["state"].as_str().unwrap())
            .collect()
    }
}

/// A running deploy command.
pub(crate) struct Deploying<'p> {
    project: &'p Project<'p>,
    /// Resources of the project before the deploy.
    before: ProjectResources,
    command: FollowedCommand,
}

impl Deploying<'_> {
    /// Waits until the client prints an event in which a field has this value.
    pub(crate) fn wait_for(&mut self, field: &str, value: &str) {
        self.command.wait_for(field, value);
    }

    /// Kills the client. The execution continues.
    pub(crate) fn kill(self) {
        self.command.kill();
    }

    /// Waits until the client exits, after its execution was stopped. A stopped deploy ends in no declared end, so no
    /// invariants hold.
    pub(crate) fn finish_stopped(self) -> Deployed {
        let stopped = Deployed::of(&self.command.finish());
        assert_eq!((stopped.code, &stopped.end()["status"]), (ABORTED, &json!("Aborted")), "{stopped:#?}");
        stopped
    }

    /// Waits until the client exits, and checks the invariants.
    pub(crate) fn finish(self) -> Deployed {
        let Self { project, before, command } = self;
        let deployed = Deployed::of(&command.finish());
        match deployed.events.last() {
            Some(end) if end["event"] == "end" => {
                project.fixture.checked_history(&execution_arn(FUNCTION, deployed.execution()));
                project.check_invariants(&deployed, &before);
            }
            // The client lost contact, perhaps before the history had an event to print.
            Some(_) => (),
            None if deployed.code == LOST => (),
            None => assert_eq!(project.resources(), before, "resources changed although nothing was started"),
        }
        deployed
    }
}

impl<'s> Project<'s> {
    /// Creates a project with all resources that its releases refer to, in the target account.
    pub(crate) fn create(fixture: &'s AccountsFixture, id: &str) -> Self {
        let project = Self::without_resources(fixture, id);
        project.create_network(id);
        project.create_identities(id);
        project
    }

    /// A project without resources, for releases that are refused before they need them.
    pub(crate) fn without_resources(fixture: &'s AccountsFixture, id: &str) -> Self {
        let mut release: Value = serde_json::from_str(RELEASE).unwrap();
        let name = format!("tests/{id}");
        release["project_name"] = json!(name);
        release["aws_account_id"] = json!(TARGET);
        release["subnets"] = json!([format!("{id}_a"), format!("{id}_b")]);
        release["ami"] = json!(id);
        for service in ["web", "worker"] {
            release["services"][service]["security_groups"] = json!([id]);
            release["services"][service]["profile"] = json!(format!("{id}-{service}"));
        }
        release["services"]["web"]["elbs"] = json!([id]);
        release["services"]["web"]["target_groups"] = json!([id]);
        for hook in release["lifecycle"].as_object_mut().unwrap().values_mut() {
            (hook["role"], hook["sns"]) = (json!(id), json!(id));
        }
        Self { fixture, name, release }
    }

    fn create_network(&self, id: &str) {
        let fixture = self.fixture;
        let vpc = fixture.target("ec2", "CreateVpc", json!({"CidrBlock": "10.0.0.0/16"}));
        let vpc = &vpc["Vpc"]["VpcId"];
        let subnets = ["a", "b"].map(|zone| {
            let tags = tagged("subnet", &[("Name", &format!("{id}_{zone}")), ("DeployWith", "odin")]);
            let cidr = if zone == "a" { "10.0.0.0/24" } else { "10.0.1.0/24" };
            let zone = format!("us-east-1{zone}");
            let subnet = json!({"VpcId": vpc, "CidrBlock": cidr, "AvailabilityZone": zone, "TagSpecifications": tags});
            fixture.target("ec2", "CreateSubnet", subnet)["Subnet"]["SubnetId"].clone()
        });
        let group = json!({"GroupName": id, "Description": id, "VpcId": vpc,
            "TagSpecifications": tagged("security-group", &self.tags(id, "_all"))});
        fixture.target("ec2", "CreateSecurityGroup", group);
        self.create_image(id);
        let listeners = json!([{"Protocol": "HTTP", "LoadBalancerPort": 80, "InstancePort": 80}]);
        let balancer = json!({"LoadBalancerName": id, "Listeners": listeners, "Subnets": subnets,
            "Tags": list(&self.tags(id, "web"))});
        fixture.target("elb", "CreateLoadBalancer", balancer);
        let group = json!({"Name": id, "Protocol": "HTTP", "Port": 80, "VpcId": vpc,
            "Tags": list(&self.tags(id, "web"))});
        fixture.target("elbv2", "CreateTargetGroup", group);
    }

    /// Creates an image that opted in. Returns its id.
    pub(crate) fn create_image(&self, name: &str) -> String {
        let launched = self.fixture.target(
            "ec2",
            "RunInstances",
            json!({"ImageId": "ami-12c6146b", "MinCount": 1, "MaxCount": 1}),
        );
        let instance = &launched["Instances"][0]["InstanceId"];
        let image = json!({"InstanceId": instance, "Name": name,
            "TagSpecifications": tagged("image", &[("Name", name), ("DeployWith", "odin")])});
        let image = self.fixture.target("ec2", "CreateImage", image);
        self.fixture.target("ec2", "TerminateInstances", json!({"InstanceIds": [instance]}));
        image["ImageId"].as_str().unwrap().to_owned()
    }

    fn create_identities(&self, id: &str) {
        for service in ["web", "worker"] {
            let (name, path) = (format!("{id}-{service}"), format!("/odin/{}/development/{service}/", self.name));
            self.fixture.target("iam", "CreateInstanceProfile", json!({"InstanceProfileName": name, "Path": path}));
        }
        let trust = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "autoscaling.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
        let role = json!({"RoleName": id, "AssumeRolePolicyDocument": trust.to_string()});
        self.fixture.target("iam", "CreateRole", role);
        self.fixture.target("sns", "CreateTopic", json!({"Name": id}));
    }

    fn tags<'a>(&'a self, id: &'a str, service: &'a str) -> [(&'a str, &'a str); 4] {
        [("Name", id), ("ProjectName", &self.name), ("ConfigName", "development"), ("ServiceName", service)]
    }

    /// Deploys the release with the `odin` program.
    pub(crate) fn deploy(&self) -> Deployed {
        self.deploy_with("")
    }

    /// Deploys the release with additional arguments.
    pub(crate) fn deploy_with(&self, arguments: &str) -> Deployed {
        self.deploy_as(self.fixture.moto.environment(DEPLOYER), arguments)
    }

    /// Deploys the release with these credentials, and checks the invariants.
    pub(crate) fn deploy_as(&self, credentials: Vec<(String, String)>, arguments: &str) -> Deployed {
        self.start_as(credentials, arguments).finish()
    }

    /// Starts the command that deploys the release.
    pub(crate) fn start(&self) -> Deploying<'_> {
        self.start_as(self.fixture.moto.environment(DEPLOYER), "")
    }

    fn start_as(&self, credentials: Vec<(String, String)>, arguments: &str) -> Deploying<'_> {
        let (file, before) = (self.write(), self.resources());
        self.fixture.moto.clear_calls();
        let mut command = self.fixture.shell.command(&format!("deploy {file} --output json {arguments}"));
        Deploying { project: self, before, command: FollowedCommand::start(command.envs(credentials)) }
    }

    /// The prefix of its releases and locks.
    pub(crate) fn root_dir(&self) -> String {
        format!("{TARGET}/{}/development", self.name)
    }

    /// Uploads a release without the client.
    pub(crate) fn upload(&self, release: &Value) {
        self.put(release, "release", &release.to_string());
        self.put(release, "userdata", USER_DATA);
    }

    /// Uploads other user data for a release.
    pub(crate) fn upload_user_data(&self, release: &Value, user_data: &str) {
        self.put(release, "userdata", user_data);
    }

    fn put(&self, release: &Value, name: &str, body: &str) {
        let key = format!("{}/{}/{name}", self.root_dir(), release["release_id"].as_str().unwrap());
        let object = json!({"Bucket": release["bucket"], "Key": key, "Body": body});
        self.fixture.aws(DEPLOYER, "s3", "PutObject", object);
    }

    /// SHA-256 of the user data, as a release contains it.
    pub(crate) fn user_data_sha256() -> String {
        Sha256::of(USER_DATA.as_bytes()).to_string()
    }

    /// The names of its groups.
    pub(crate) fn names(&self) -> Vec<String> {
        self.groups().iter().map(|group| group["AutoScalingGroupName"].as_str().unwrap().to_owned()).collect()
    }

    /// Writes its release file. Returns the name of the file.
    pub(crate) fn write(&self) -> String {
        let file = format!("{}.json", self.name.replace('/', "-"));
        self.fixture.shell.write(&file, self.release.to_string());
        self.fixture.shell.write(&format!("{file}.userdata"), USER_DATA);
        file
    }
}

/// A tag of a resource in a response of AWS.
pub(crate) fn tag<'v>(resource: &'v Value, key: &str) -> Option<&'v str> {
    resource["Tags"].as_array()?.iter().find(|tag| tag["Key"] == key)?["Value"].as_str()
}

fn list(tags: &[(&str, &str)]) -> Value {
    tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect()
}

fn tagged(kind: &str, tags: &[(&str, &str)]) -> Value {
    json!([{"ResourceType": kind, "Tags": list(tags)}])
}
