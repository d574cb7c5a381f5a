//! Executions that are started without a client.

use crate::accounts::execution_arn;
use crate::fixture::FUNCTION;
use crate::project::{Deployed, Project};
use bifrost::task::FunctionError;
use serde_json::Value;

/// The result of an execution without a client.
#[derive(Debug)]
pub(crate) struct Executed {
    /// The states that it entered.
    pub(crate) path: Vec<String>,
    /// The first error of a task.
    pub(crate) error: String,
    /// The code of that error, if it has one.
    pub(crate) code: Option<String>,
    /// The message of that error.
    pub(crate) cause: String,
    /// The output of each task.
    pub(crate) outputs: Vec<Value>,
}

impl Executed {
    fn of(history: &[Value]) -> Self {
        let succeeded =
            history.iter().filter_map(|event| event["lambdaFunctionSucceededEventDetails"]["output"].as_str());
        let outputs = succeeded.map(|output| serde_json::from_str(output).unwrap()).collect();
        let entered = history.iter().filter_map(|event| event["stateEnteredEventDetails"]["name"].as_str());
        let failed = history.iter().find(|event| event["type"] == "LambdaFunctionFailed");
        let failure = |field: &str| {
            let details = failed.map(|event| &event["lambdaFunctionFailedEventDetails"][field]);
            details.and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let (code, cause) = FunctionError::split_cause(&failure("cause"));
        Self { path: entered.map(ToOwned::to_owned).collect(), error: failure("error"), code, cause, outputs }
    }
}

impl Project<'_> {
    /// The input of the execution of a deploy.
    pub(crate) fn input(&self, deployed: &Deployed) -> Value {
        let described = self.fixture.execution(&execution_arn(FUNCTION, deployed.execution()));
        serde_json::from_str(described["input"].as_str().unwrap()).unwrap()
    }

    /// Starts an execution without the client, and waits for its end.
    pub(crate) fn execute(&self, name: &str, input: &Value) -> Executed {
        self.execute_on(FUNCTION, name, input)
    }

    /// The same, on another state machine.
    pub(crate) fn execute_on(&self, machine: &str, name: &str, input: &Value) -> Executed {
        let name = format!("{}-{name}", self.name.replace('/', "-"));
        Executed::of(&self.fixture.checked_history(&self.fixture.execute(machine, &name, input)))
    }
}
