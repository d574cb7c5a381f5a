//! Executions and invocations without a client: as an operator, an attacker or a late message causes them.

use super::{AccountsFixture, DEPLOYER, REGION, wait_until};
use bifrost::task::FunctionError;
use serde_json::{Value, json};

/// The name of an error on the wire, and its code.
pub(crate) type TaskError = (String, Option<String>);

/// The ARN of an execution of a state machine in the deployer account.
pub(crate) fn execution_arn(machine: &str, name: &str) -> String {
    format!("arn:aws:states:{REGION}:{DEPLOYER}:execution:{machine}:{name}")
}

fn machine_arn(machine: &str) -> String {
    format!("arn:aws:states:{REGION}:{DEPLOYER}:stateMachine:{machine}")
}

/// The state that was entered last, and its input.
pub(crate) fn last_state(history: &[Value]) -> (&str, Value) {
    let last = history.iter().rev().find_map(|event| event.get("stateEnteredEventDetails")).unwrap();
    (last["name"].as_str().unwrap(), serde_json::from_str(last["input"].as_str().unwrap()).unwrap())
}

impl AccountsFixture {
    fn step_functions(&self, operation: &str, parameters: Value) -> Value {
        self.aws(DEPLOYER, "stepfunctions", operation, parameters)
    }

    /// The definition of a state machine.
    pub(crate) fn definition_of(&self, machine: &str) -> String {
        let machine = self.step_functions("DescribeStateMachine", json!({"stateMachineArn": machine_arn(machine)}));
        machine["definition"].as_str().unwrap().to_owned()
    }

    /// Creates a state machine with the role of another one.
    pub(crate) fn create_machine(&self, name: &str, definition: &Value, like: &str) {
        let like = self.step_functions("DescribeStateMachine", json!({"stateMachineArn": machine_arn(like)}));
        let create = json!({"name": name, "definition": definition.to_string(), "roleArn": like["roleArn"]});
        self.step_functions("CreateStateMachine", create);
    }

    /// Starts an execution, waits for its end, and returns its ARN.
    pub(crate) fn execute(&self, machine: &str, name: &str, input: &Value) -> String {
        let start = json!({"stateMachineArn": machine_arn(machine), "name": name, "input": input.to_string()});
        let started = self.step_functions("StartExecution", start);
        let arn = started["executionArn"].as_str().unwrap().to_owned();
        wait_until("the execution ends", || self.execution(&arn)["status"] != "RUNNING");
        arn
    }

    /// An execution, as AWS describes it.
    pub(crate) fn execution(&self, arn: &str) -> Value {
        self.step_functions("DescribeExecution", json!({"executionArn": arn}))
    }

    /// The history of an execution.
    pub(crate) fn history(&self, arn: &str) -> Vec<Value> {
        let history = self.step_functions("GetExecutionHistory", json!({"executionArn": arn, "maxResults": 1000}));
        history["events"].as_array().unwrap().clone()
    }

    /// Stops the only running execution of a state machine, and returns its ARN. An invocation of its last task goes on.
    /// `left` is how many seconds `unlock` will wait for that invocation: the rest of a task's timeout has passed.
    pub(crate) fn stop_execution(&self, machine: &str, task_timeout_seconds: u32, left: u32) -> String {
        self.moto.pace(&json!({"sfn_stopped": task_timeout_seconds - left}));
        let running = json!({"stateMachineArn": machine_arn(machine), "statusFilter": "RUNNING"});
        let running = self.step_functions("ListExecutions", running);
        let [execution] = running["executions"].as_array().unwrap().as_slice() else { panic!("{running:#}") };
        self.step_functions("StopExecution", json!({"executionArn": execution["executionArn"], "cause": "by hand"}));
        execution["executionArn"].as_str().unwrap().to_owned()
    }

    /// The payloads of all invocations of an execution, then the last one again for each of these tasks.
    pub(crate) fn invocations(&self, arn: &str, later: &[&str]) -> Vec<Value> {
        let history = self.history(arn);
        let sent = history.iter().filter_map(|event| event["lambdaFunctionScheduledEventDetails"]["input"].as_str());
        let mut payloads: Vec<Value> = sent.map(|input| serde_json::from_str(input).unwrap()).collect();
        let last = payloads.last().unwrap().clone();
        for task in later {
            let mut later = last.clone();
            later["Task"] = json!(task);
            payloads.push(later);
        }
        payloads
    }

    /// Invokes a function, without Step Functions.
    pub(crate) fn invoke(&self, function: &str, payload: &Value) -> Result<Value, TaskError> {
        let invoke = json!({"FunctionName": function, "Payload": payload.to_string()});
        let answer = self.aws(DEPLOYER, "lambda", "Invoke", invoke);
        let output: Value = serde_json::from_str(answer["Payload"].as_str().unwrap()).unwrap();
        if answer.get("FunctionError").is_none() {
            return Ok(output);
        }
        let (code, _) = FunctionError::split_cause(&output.to_string());
        Err((output["errorType"].as_str().unwrap().to_owned(), code))
    }

    /// Continues an execution in the state where it was stopped, as `RedriveExecution` does, which moto does not have.
    /// Returns the history. The function cannot tell the difference: it gets the same input and the same ARN.
    pub(crate) fn redrive(&self, machine: &str, arn: &str) -> Vec<Value> {
        let history = self.history(arn);
        let (state, input) = last_state(&history);
        let mut definition: Value = serde_json::from_str(&self.definition_of(machine)).unwrap();
        definition["StartAt"] = json!(state);
        for state in definition["States"].as_object_mut().unwrap().values_mut() {
            if let Some(Value::Object(parameters)) = state.get_mut("Parameters") {
                parameters.remove("Execution.$");
                parameters.insert("Execution".into(), json!(arn));
            }
        }
        let name = arn.rsplit(':').next().unwrap();
        self.create_machine(name, &definition, machine);
        self.history(&self.execute(name, "redriven", &input))
    }
}
