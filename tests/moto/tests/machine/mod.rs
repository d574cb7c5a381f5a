//! A function and its state machine in the deployer account.

use bifrost_moto::{Moto, bootstrap};
use serde_json::{Value, json};

pub(crate) const DEPLOYER: &str = "000000000000";
pub(crate) const REGION: &str = "us-east-1";
const FUNCTION: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/function.py");
const INPUT: &str = r#"{"bucket":"inputs"}"#;
const MACHINE: &str = "arn:aws:states:us-east-1:000000000000:stateMachine:machine";

pub(crate) struct MachineFixture {
    pub(crate) moto: Moto,
}

impl MachineFixture {
    /// Creates the function `echo`, a machine with one task, the bucket `inputs`, and the roles.
    pub(crate) fn set() -> Option<Self> {
        let fixture = Self { moto: Moto::start()? };
        fixture.call("s3", "CreateBucket", json!({"Bucket": "inputs"}));
        fixture.role("echo", "lambda.amazonaws.com");
        fixture.role("machine", "states.amazonaws.com");
        fixture.allow("echo", "s3:PutObject", "arn:aws:s3:::inputs/*");
        fixture.allow("machine", "lambda:InvokeFunction", "arn:aws:lambda:us-east-1:000000000000:function:echo");
        let function = json!({
            "FunctionName": "echo",
            "Runtime": "provided.al2023",
            "Handler": "bootstrap",
            "Role": "arn:aws:iam::000000000000:role/echo",
            // Enough for a busy machine.
            "Timeout": 120,
            "Code": {"ZipFile": bootstrap(FUNCTION)},
            // Contains the path of Python.
            "Environment": {"Variables": {"PATH": std::env::var("PATH").unwrap()}},
        });
        let arn = fixture.call("lambda", "CreateFunction", function)["FunctionArn"].take();
        let definition = json!({"StartAt": "Echo", "States": {"Echo": {"Type": "Task", "Resource": arn, "End": true}}});
        let machine = json!({
            "name": "machine",
            "definition": definition.to_string(),
            "roleArn": "arn:aws:iam::000000000000:role/machine",
        });
        fixture.call("stepfunctions", "CreateStateMachine", machine);
        Some(fixture)
    }

    /// Starts an execution of the machine, and returns its ARN.
    pub(crate) fn start(&self, name: &str) -> Value {
        let start = json!({"stateMachineArn": MACHINE, "name": name, "input": INPUT});
        self.call("stepfunctions", "StartExecution", start)["executionArn"].take()
    }

    /// Starts an execution that only waits, and returns its ARN.
    pub(crate) fn start_waiting(&self, seconds: u32) -> Value {
        let wait = json!({"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": seconds, "End": true}}});
        let role = "arn:aws:iam::000000000000:role/machine";
        let machine = json!({"name": "waiting", "definition": wait.to_string(), "roleArn": role});
        let machine = self.call("stepfunctions", "CreateStateMachine", machine)["stateMachineArn"].take();
        let start = json!({"stateMachineArn": machine, "input": "{}"});
        self.call("stepfunctions", "StartExecution", start)["executionArn"].take()
    }

    pub(crate) fn describe(&self, arn: &Value) -> Value {
        self.call("stepfunctions", "DescribeExecution", json!({"executionArn": arn}))
    }

    /// The names of the machine's executions.
    pub(crate) fn executions(&self) -> Vec<String> {
        let listed = self.call("stepfunctions", "ListExecutions", json!({"stateMachineArn": MACHINE}));
        let listed = listed["executions"].as_array().unwrap().iter();
        listed.map(|execution| execution["name"].as_str().unwrap().to_owned()).collect()
    }

    /// Runs the machine to its end, and describes the execution.
    pub(crate) fn execute(&self) -> Value {
        let input = json!({"stateMachineArn": MACHINE, "input": INPUT});
        let arn = self.call("stepfunctions", "StartExecution", input)["executionArn"].take();
        loop {
            let execution = self.describe(&arn);
            if execution["status"] != "RUNNING" {
                return execution;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }

    /// The object that the function wrote.
    pub(crate) fn input_written(&self) -> Option<String> {
        let object = self.moto.call(DEPLOYER, REGION, "s3", "GetObject", json!({"Bucket": "inputs", "Key": "input"}));
        object.ok()?["Body"].as_str().map(str::to_owned)
    }

    /// Sets the only policy of a role.
    pub(crate) fn allow(&self, role: &str, action: &str, resource: &str) {
        let policy = document(&json!({"Effect": "Allow", "Action": action, "Resource": resource}));
        self.call("iam", "PutRolePolicy", json!({"RoleName": role, "PolicyName": "own", "PolicyDocument": policy}));
    }

    fn role(&self, name: &str, service: &str) {
        let trust = document(&json!({
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "sts:AssumeRole",
        }));
        self.call("iam", "CreateRole", json!({"RoleName": name, "AssumeRolePolicyDocument": trust}));
    }

    fn call(&self, service: &str, operation: &str, parameters: Value) -> Value {
        self.moto.call(DEPLOYER, REGION, service, operation, parameters).unwrap()
    }
}

fn document(statement: &Value) -> String {
    json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
}
