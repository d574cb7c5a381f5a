//! An application of one story, and its deploys.

use crate::accounts::FollowedCommand;
use crate::fixture::{AccountsFixture, DEPLOYER, TARGET};
use crate::shell::text;
use serde_json::{Value, json};
use std::process::Output;

/// A function, a table and what calls the function; of one project, in a folder of its own.
pub(crate) struct Application<'s> {
    pub(crate) fixture: &'s AccountsFixture,
    /// Its project: `story/<name>`.
    name: String,
    /// Its template.
    pub(crate) template: Value,
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
    /// What a command printed.
    pub(crate) fn of(output: &Output) -> Self {
        let events = text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        Self { code: output.status.code().unwrap(), events, complaint: text(&output.stderr) }
    }

    /// How it ended.
    pub(crate) fn end(&self) -> &Value {
        self.events.last().unwrap_or_else(|| panic!("no events: {}", self.complaint))
    }
}

impl<'s> Application<'s> {
    pub(crate) fn make(fixture: &'s AccountsFixture, story: &str) -> Self {
        let name = format!("story/{story}");
        let template = json!({
            "ProjectName": name,
            "ConfigName": "development",
            "AwsAccountID": TARGET,
            "Transform": "AWS::Serverless-2016-10-31",
            "Resources": {
                "greetings": {"Type": "AWS::Serverless::SimpleTable"},
                "hello": {"Type": "AWS::Serverless::Function", "Properties": {
                    "CodeUri": format!("{story}-src"),
                    "Handler": "hello.handler",
                    "Runtime": "python3.13",
                    "Timeout": 10,
                    "Policies": [{"DynamoDBCrudPolicy": {"TableName": {"Ref": "greetings"}}}],
                }},
            },
            "Outputs": {"Table": {"Value": {"Ref": "greetings"}}},
        });
        let source = fixture.shell.folder.join(format!("{story}-src"));
        std::fs::create_dir_all(&source).unwrap();
        std::fs::write(source.join("hello.py"), "def handler(event, context):\n    return 'hello'\n").unwrap();
        Self { fixture, name, template }
    }

    /// Its stack's name.
    pub(crate) fn stack_name(&self) -> String {
        format!("sam-{}-development", self.name.replace('/', "-"))
    }

    /// Deploys it by the `fenrir` executable.
    pub(crate) fn deploy(&self) -> Deployed {
        Deployed::of(&self.start().finish())
    }

    /// Starts the command that deploys it.
    pub(crate) fn start(&self) -> FollowedCommand {
        let mut command = self.fixture.shell.command(&format!("deploy {} --output json", self.write()));
        FollowedCommand::start(command.envs(self.fixture.moto.environment(DEPLOYER)))
    }

    /// Writes its template, and names the file.
    pub(crate) fn write(&self) -> String {
        let file = format!("{}.json", self.name.replace('/', "-"));
        self.fixture.shell.write(&file, self.template.to_string());
        file
    }

    /// Its stack, if there is one.
    pub(crate) fn stack(&self) -> Option<Value> {
        let stacks = self.fixture.target("cloudformation", "DescribeStacks", json!({}));
        let mut stacks = stacks["Stacks"].as_array().unwrap().iter();
        stacks.find(|stack| stack["StackName"] == self.stack_name()).cloned()
    }

    /// How many seconds its function may take, by what AWS says of the function.
    pub(crate) fn timeout_of_function(&self) -> Value {
        let name = format!("fenrir-{}-development-hello", self.name.replace('/', "-"));
        self.fixture.target("lambda", "GetFunctionConfiguration", json!({"FunctionName": name}))["Timeout"].clone()
    }

    /// Nobody holds its root lock.
    pub(crate) fn is_unlocked(&self) {
        let key = json!({"key": {"S": format!("{TARGET}/{}/development/lock", self.name)}});
        let get = json!({"TableName": "coinbase-fenrir-locks", "Key": key, "ConsistentRead": true});
        assert_eq!(self.fixture.aws(DEPLOYER, "dynamodb", "GetItem", get).get("Item"), None);
    }
}
