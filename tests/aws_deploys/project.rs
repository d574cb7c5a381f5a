//! A project with all that its releases name in the target account, and its deploys.

use crate::accounts::{FollowedCommand, wait_until};
use crate::fixture::{AccountsFixture, DEPLOYER, FUNCTION, LOCKS, TARGET};
use crate::release_files::Belongings;
use crate::shell::text;
use bifrost::release::Sha256;
use serde_json::{Value, json};
use std::process::Output;

const RELEASE: &str = include_str!("../../deployers/odin/releases/deploy-test.json");
const USER_DATA: &str = "#!/bin/sh\necho {{RELEASE_ID}} {{SERVICE_NAME}}\n";

/// What a client exits with that does not know how its deploy ends.
const LOST: i32 = 3;

/// A project of one story.
#[derive(Clone)]
pub(crate) struct Project<'s> {
    pub(crate) fixture: &'s AccountsFixture,
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
    /// What a command said.
    pub(crate) fn of(output: &Output) -> Self {
        let events = text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        Self { code: output.status.code().unwrap(), events, complaint: text(&output.stderr) }
    }

    /// How it ended.
    pub(crate) fn end(&self) -> &Value {
        self.events.last().unwrap_or_else(|| panic!("no events: {}", self.complaint))
    }

    /// The id of its release.
    pub(crate) fn release_id(&self) -> &str {
        self.end()["release_id"].as_str().unwrap_or_else(|| panic!("no release: {self:#?}"))
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

/// A deploy that goes on.
pub(crate) struct Deploying<'p> {
    project: &'p Project<'p>,
    /// What the project had before.
    before: Belongings,
    command: FollowedCommand,
}

impl Deploying<'_> {
    /// Waits until its client prints an event of which a field has this value.
    pub(crate) fn wait_for(&mut self, field: &str, value: &str) {
        self.command.wait_for(field, value);
    }

    /// Kills its client. The execution goes on.
    pub(crate) fn kill(self) {
        self.command.kill();
    }

    /// Waits until its client ends; whatever becomes of the deploy, what was promised holds.
    pub(crate) fn finish(self) -> Deployed {
        let Self { project, before, command } = self;
        let deployed = Deployed::of(&command.finish());
        match deployed.events.last() {
            Some(end) if end["event"] == "end" => {
                project.fixture.history_with_a_twin(&execution_arn(end["execution"].as_str().unwrap()));
                project.holds(&deployed, &before);
            }
            // The client was cut off, perhaps before the history had an event to print.
            Some(_) => (),
            None if deployed.code == LOST => (),
            None => assert_eq!(project.belongings(), before, "nothing was started, and yet changed"),
        }
        deployed
    }
}

/// How an execution went that no client followed.
#[derive(Debug)]
pub(crate) struct Executed {
    /// The states that were entered.
    pub(crate) path: Vec<String>,
    /// The first error of a task.
    pub(crate) error: String,
    /// What it said.
    pub(crate) cause: String,
    /// What each task gave on.
    pub(crate) outputs: Vec<Value>,
}

impl Executed {
    fn of(history: &[Value]) -> Self {
        let given = history.iter().filter_map(|event| event["lambdaFunctionSucceededEventDetails"]["output"].as_str());
        let outputs = given.map(|output| serde_json::from_str(output).unwrap()).collect();
        let entered = history.iter().filter_map(|event| event["stateEnteredEventDetails"]["name"].as_str());
        let failed = history.iter().find(|event| event["type"] == "LambdaFunctionFailed");
        let said = |field: &str| {
            let details = failed.map(|event| &event["lambdaFunctionFailedEventDetails"][field]);
            details.and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        Self { path: entered.map(ToOwned::to_owned).collect(), error: said("error"), cause: said("cause"), outputs }
    }
}

impl<'s> Project<'s> {
    /// Makes what the project's releases name, in the target account.
    pub(crate) fn make(fixture: &'s AccountsFixture, story: &str) -> Self {
        let project = Self::plan(fixture, story);
        project.make_network(story);
        project.make_identities(story);
        project
    }

    /// A project of which nothing is there, for releases that do not come so far.
    pub(crate) fn plan(fixture: &'s AccountsFixture, story: &str) -> Self {
        let mut release: Value = serde_json::from_str(RELEASE).unwrap();
        let name = format!("story/{story}");
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
        Self { fixture, name, release }
    }

    fn make_network(&self, story: &str) {
        let fixture = self.fixture;
        let vpc = fixture.target("ec2", "CreateVpc", json!({"CidrBlock": "10.0.0.0/16"}));
        let vpc = &vpc["Vpc"]["VpcId"];
        let subnets = ["a", "b"].map(|zone| {
            let tags = tagged("subnet", &[("Name", &format!("{story}_{zone}")), ("DeployWith", "odin")]);
            let cidr = if zone == "a" { "10.0.0.0/24" } else { "10.0.1.0/24" };
            let zone = format!("us-east-1{zone}");
            let subnet = json!({"VpcId": vpc, "CidrBlock": cidr, "AvailabilityZone": zone, "TagSpecifications": tags});
            fixture.target("ec2", "CreateSubnet", subnet)["Subnet"]["SubnetId"].clone()
        });
        let group = json!({"GroupName": story, "Description": story, "VpcId": vpc,
            "TagSpecifications": tagged("security-group", &self.tags(story, "_all"))});
        fixture.target("ec2", "CreateSecurityGroup", group);
        self.make_image(story);
        let listeners = json!([{"Protocol": "HTTP", "LoadBalancerPort": 80, "InstancePort": 80}]);
        let balancer = json!({"LoadBalancerName": story, "Listeners": listeners, "Subnets": subnets,
            "Tags": list(&self.tags(story, "web"))});
        fixture.target("elb", "CreateLoadBalancer", balancer);
        let group = json!({"Name": story, "Protocol": "HTTP", "Port": 80, "VpcId": vpc,
            "Tags": list(&self.tags(story, "web"))});
        fixture.target("elbv2", "CreateTargetGroup", group);
    }

    /// An image that opted in, and gives its id.
    pub(crate) fn make_image(&self, name: &str) -> String {
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

    fn make_identities(&self, story: &str) {
        for service in ["web", "worker"] {
            let (name, path) = (format!("{story}-{service}"), format!("/odin/{}/development/{service}/", self.name));
            self.fixture.target("iam", "CreateInstanceProfile", json!({"InstanceProfileName": name, "Path": path}));
        }
        let trust = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "autoscaling.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
        let role = json!({"RoleName": story, "AssumeRolePolicyDocument": trust.to_string()});
        self.fixture.target("iam", "CreateRole", role);
        self.fixture.target("sns", "CreateTopic", json!({"Name": story}));
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
        self.deploy_as(self.fixture.moto.environment(DEPLOYER), arguments)
    }

    /// Deploys its release, as somebody; whatever becomes of it, what was promised holds.
    pub(crate) fn deploy_as(&self, who: Vec<(String, String)>, arguments: &str) -> Deployed {
        self.start_as(who, arguments).finish()
    }

    /// Starts the command that deploys its release.
    pub(crate) fn start(&self) -> Deploying<'_> {
        self.start_as(self.fixture.moto.environment(DEPLOYER), "")
    }

    fn start_as(&self, who: Vec<(String, String)>, arguments: &str) -> Deploying<'_> {
        let (file, before) = (self.write(), self.belongings());
        self.fixture.moto.clear_calls();
        let mut command = self.fixture.shell.command(&format!("deploy {file} --output json {arguments}"));
        Deploying { project: self, before, command: FollowedCommand::start(command.envs(who)) }
    }

    /// Where its releases and locks are.
    pub(crate) fn root_dir(&self) -> String {
        format!("{TARGET}/{}/development", self.name)
    }

    /// What the execution of a deploy was started with.
    pub(crate) fn input(&self, deployed: &Deployed) -> Value {
        let arn = execution_arn(deployed.end()["execution"].as_str().unwrap());
        let found = self.fixture.aws(DEPLOYER, "stepfunctions", "DescribeExecution", json!({"executionArn": arn}));
        serde_json::from_str(found["input"].as_str().unwrap()).unwrap()
    }

    /// Uploads a release as whoever may write to the bucket could.
    pub(crate) fn upload(&self, release: &Value) {
        self.put(release, "release", &release.to_string());
        self.put(release, "userdata", USER_DATA);
    }

    /// Uploads other user data beside it.
    pub(crate) fn upload_user_data(&self, release: &Value, user_data: &str) {
        self.put(release, "userdata", user_data);
    }

    fn put(&self, release: &Value, name: &str, body: &str) {
        let key = format!("{}/{}/{name}", self.root_dir(), release["release_id"].as_str().unwrap());
        let object = json!({"Bucket": release["bucket"], "Key": key, "Body": body});
        self.fixture.aws(DEPLOYER, "s3", "PutObject", object);
    }

    /// Starts an execution past the client, as whoever may start one could, and waits for its end.
    pub(crate) fn execute(&self, name: &str, input: &Value) -> Executed {
        self.execute_on(FUNCTION, name, input)
    }

    /// Starts an execution of another state machine.
    pub(crate) fn execute_on(&self, machine: &str, name: &str, input: &Value) -> Executed {
        let name = format!("{}-{name}", self.name.replace('/', "-"));
        let machine_arn = format!("arn:aws:states:us-east-1:{DEPLOYER}:stateMachine:{machine}");
        let start = json!({"stateMachineArn": machine_arn, "name": name, "input": input.to_string()});
        let arn = self.fixture.aws(DEPLOYER, "stepfunctions", "StartExecution", start)["executionArn"].clone();
        let execution = json!({"executionArn": arn});
        wait_until("the execution ends", || {
            self.fixture.aws(DEPLOYER, "stepfunctions", "DescribeExecution", execution.clone())["status"] != "RUNNING"
        });
        Executed::of(&self.fixture.history_with_a_twin(arn.as_str().unwrap()))
    }

    /// The hash that a release states of the user data beside it.
    pub(crate) fn user_data_sha256() -> String {
        Sha256::of(USER_DATA.as_bytes()).to_string()
    }

    /// The names of its live groups.
    pub(crate) fn names(&self) -> Vec<String> {
        self.groups().iter().map(|group| group["AutoScalingGroupName"].as_str().unwrap().to_owned()).collect()
    }

    /// Nobody holds its root lock.
    pub(crate) fn is_unlocked(&self) {
        assert_eq!(self.holder(), None);
    }

    /// The release that holds its root lock.
    pub(crate) fn holder(&self) -> Option<String> {
        let key = json!({"key": {"S": format!("{}/lock", self.root_dir())}});
        let found = self.fixture.aws(
            DEPLOYER,
            "dynamodb",
            "GetItem",
            json!({"TableName": LOCKS, "Key": key, "ConsistentRead": true}),
        );
        Some(found.get("Item")?["release_id"]["S"].as_str().unwrap().to_owned())
    }

    /// Writes its release file, and names it.
    pub(crate) fn write(&self) -> String {
        let file = format!("{}.json", self.name.replace('/', "-"));
        self.fixture.shell.write(&file, self.release.to_string());
        self.fixture.shell.write(&format!("{file}.userdata"), USER_DATA);
        file
    }
}

fn execution_arn(name: &str) -> String {
    format!("arn:aws:states:us-east-1:{DEPLOYER}:execution:coinbase-odin:{name}")
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
