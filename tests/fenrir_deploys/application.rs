//! An application of one test, and its deploys.

use crate::accounts::FollowedCommand;
use crate::fixture::{AccountsFixture, DEPLOYER, TARGET};
use crate::shell::text;
use serde_json::{Value, json};
use std::process::Output;

/// A project with a function and a table.
pub(crate) struct Application<'s> {
    pub(crate) fixture: &'s AccountsFixture,
    /// Its project: `tests/<id>`.
    pub(crate) name: String,
    pub(crate) template: Value,
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
}

impl<'s> Application<'s> {
    pub(crate) fn create(fixture: &'s AccountsFixture, id: &str) -> Self {
        let name = format!("tests/{id}");
        let template = json!({
            "ProjectName": name,
            "ConfigName": "development",
            "AwsAccountID": TARGET,
            "Transform": "AWS::Serverless-2016-10-31",
            "Resources": {
                "greetings": {"Type": "AWS::Serverless::SimpleTable"},
                "hello": {"Type": "AWS::Serverless::Function", "Properties": {
                    "CodeUri": format!("{id}-src"),
                    "Handler": "hello.handler",
                    "Runtime": "python3.13",
                    "Timeout": 10,
                    "Policies": [{"DynamoDBCrudPolicy": {"TableName": {"Ref": "greetings"}}}],
                }},
            },
            "Outputs": {"Table": {"Value": {"Ref": "greetings"}}},
        });
        let source = fixture.shell.folder.join(format!("{id}-src"));
        std::fs::create_dir_all(&source).unwrap();
        std::fs::write(source.join("hello.py"), "def handler(event, context):\n    return 'hello'\n").unwrap();
        Self { fixture, name, template }
    }

    pub(crate) fn stack_name(&self) -> String {
        format!("sam-{}-development", self.name.replace('/', "-"))
    }

    /// Deploys it with the `fenrir` program.
    pub(crate) fn deploy(&self) -> Deployed {
        Deployed::of(&self.start().finish())
    }

    /// Starts the command that deploys it.
    pub(crate) fn start(&self) -> FollowedCommand {
        let mut command = self.fixture.shell.command(&format!("deploy {} --output json", self.write()));
        FollowedCommand::start(command.envs(self.fixture.moto.environment(DEPLOYER)))
    }

    /// Writes its template. Returns the name of the file.
    pub(crate) fn write(&self) -> String {
        let file = format!("{}.json", self.name.replace('/', "-"));
        self.fixture.shell.write(&file, self.template.to_string());
        file
    }

    /// Its stack, if it exists.
    pub(crate) fn stack(&self) -> Option<Value> {
        let stacks = self.fixture.target("cloudformation", "DescribeStacks", json!({}));
        let mut stacks = stacks["Stacks"].as_array().unwrap().iter();
        stacks.find(|stack| stack["StackName"] == self.stack_name()).cloned()
    }

    /// The timeout of its function in seconds, as AWS describes it.
    pub(crate) fn timeout_of_function(&self) -> Value {
        let name = format!("fenrir-{}-development-hello", self.name.replace('/', "-"));
        self.fixture.target("lambda", "GetFunctionConfiguration", json!({"FunctionName": name}))["Timeout"].clone()
    }

    /// The key of the item that says which release is deployed.
    pub(crate) fn deployed_key(&self) -> String {
        format!("deployed/{}", self.root_dir())
    }

    fn root_dir(&self) -> String {
        format!("{TARGET}/{}/development", self.name)
    }

    /// Checks that its root lock is free.
    pub(crate) fn assert_unlocked(&self) {
        let key = json!({"key": {"S": format!("{}/lock", self.root_dir())}});
        let get = json!({"TableName": "coinbase-fenrir-locks", "Key": key, "ConsistentRead": true});
        assert_eq!(self.fixture.aws(DEPLOYER, "dynamodb", "GetItem", get).get("Item"), None);
    }
}
