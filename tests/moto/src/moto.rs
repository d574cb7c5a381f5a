//! What tests do with the emulated AWS.

use crate::process::Process;
use crate::{Call, Fault, python};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const REGION: &str = "us-east-1";

/// An error that AWS answered with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct AwsError {
    /// AWS's code; for parameters that do not fit the operation the name of boto3's exception.
    pub code: String,
    /// AWS's message.
    pub message: String,
}

/// What is asked of boto3.
#[derive(Serialize)]
struct Asked<'a> {
    account: &'a str,
    region: &'a str,
    service: &'a str,
    operation: &'a str,
    parameters: Value,
}

/// An emulated AWS, empty at first. It ends when it is dropped, and fails the test if it was asked for something that it
/// does not know.
///
/// Tests that share one take turns, and each calls [`begin_test`](Self::begin_test) first: then faults, settings and the
/// log of calls are of this test alone.
pub struct Moto {
    process: Process,
    agent: ureq::Agent,
}

impl Moto {
    /// Starts one; none, with a message, on a machine where it cannot run, unless `BIFROST_REQUIRE_MOTO=1` is set.
    ///
    /// # Panics
    ///
    /// If it does not start where it could, or cannot run and must.
    #[must_use]
    pub fn start() -> Option<Self> {
        let interpreter = python::interpreter_or_skip()?;
        let config = ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build();
        Some(Self { process: Process::start(&interpreter), agent: config.into() })
    }

    /// Begins a test on an emulation that other tests used before: stops the executions and the Lambda functions that they
    /// left running, refuses the access keys that they were given, and resets faults, pace, unhealthy AMIs and instances,
    /// and the log of calls. Resources stay, and so does [`enforce_iam`](Self::enforce_iam).
    pub fn begin_test(&self) {
        self.post::<()>("test", &());
    }

    /// Where it listens, for `AWS_ENDPOINT_URL`.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.process.endpoint
    }

    /// The variables under which a program acts in an account: endpoint, region, and the credentials of an IAM user who
    /// may do everything there, until the next test begins.
    #[must_use]
    pub fn environment(&self, account: &str) -> Vec<(String, String)> {
        let credentials: BTreeMap<String, String> = self.post("account", &json!({ "account": account }));
        let fixed = [
            ("AWS_ENDPOINT_URL", self.endpoint()),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_REGION", REGION),
            ("AWS_DEFAULT_REGION", REGION),
        ];
        fixed.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().chain(credentials).collect()
    }

    /// Runs an operation by boto3's names of services and AWS's names of operations: `stepfunctions`, `StartExecution`.
    /// It meets no faults and no policies, and is not in the log.
    ///
    /// # Errors
    ///
    /// What AWS answers with, and parameters that do not fit the operation.
    pub fn call(
        &self,
        account: &str,
        region: &str,
        service: &str,
        operation: &str,
        parameters: Value,
    ) -> Result<Value, AwsError> {
        let asked = Asked { account, region, service, operation, parameters };
        let mut answer: Value = self.post("boto", &asked);
        match answer.get("error") {
            Some(error) => Err(AwsError { code: text(error, "code"), message: text(error, "message") }),
            None => Ok(answer["result"].take()),
        }
    }

    /// Adds faults, after those that are there. They are injected into calls of this test alone: see
    /// [`begin_test`](Self::begin_test).
    pub fn faults(&self, faults: &[Fault]) {
        self.post::<()>("faults", faults);
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.delete("faults");
    }

    /// The calls since the start or since they were cleared, in the order in which they came in.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.get("calls")
    }

    /// Empties the log of calls.
    pub fn clear_calls(&self) {
        self.delete("calls");
    }

    /// Sets how many seconds things take; `tests/moto/python/state.py` lists them.
    pub fn pace(&self, pace: &Value) {
        self.post::<()>("pace", pace);
    }

    /// Names the AMIs and instances that never get healthy.
    pub fn sick(&self, names: &[&str]) {
        self.post::<()>("sick", names);
    }

    /// Whether calls need permissions from now on.
    pub fn enforce_iam(&self, enforced: bool) {
        self.post::<()>("iam", &enforced);
    }

    /// Kills the processes of a Lambda function, and tells how many there were.
    #[must_use]
    pub fn kill(&self, function: &str) -> u64 {
        self.post("kill", &json!({ "function": function }))
    }

    /// What a Lambda function printed, on both of its outputs.
    #[must_use]
    pub fn function_log(&self, function: &str) -> String {
        std::fs::read_to_string(self.process.logs.join(format!("lambda-{function}.log"))).unwrap_or_default()
    }

    /// What was asked for and is not emulated. A test that ends with gaps fails.
    #[must_use]
    pub fn gaps(&self) -> Vec<String> {
        self.get("gaps")
    }

    fn get<T: DeserializeOwned>(&self, what: &str) -> T {
        answer(what, self.agent.get(self.control(what)).call())
    }

    fn delete(&self, what: &str) {
        answer::<()>(what, self.agent.delete(self.control(what)).call());
    }

    fn post<T: DeserializeOwned>(&self, what: &str, body: &(impl Serialize + ?Sized)) -> T {
        answer(what, self.agent.post(self.control(what)).send(serde_json::to_vec(body).unwrap()))
    }

    fn control(&self, what: &str) -> String {
        format!("{}/control/{what}", self.endpoint())
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let gaps = self.gaps();
            assert!(gaps.is_empty(), "the emulated AWS does not know: {gaps:#?}");
        }
    }
}

/// For a parameter that takes the archive of a Lambda function: one whose `bootstrap` is this program.
#[must_use]
pub fn bootstrap(program: &str) -> Value {
    json!({ "$bootstrap": program })
}

fn answer<T: DeserializeOwned>(what: &str, got: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> T {
    let mut response = got.unwrap_or_else(|error| panic!("/control/{what}: {error}"));
    let text = response.body_mut().with_config().limit(u64::MAX).read_to_string().unwrap();
    assert!(response.status().is_success(), "{text}");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("/control/{what}: {error}: {text}"))
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}
