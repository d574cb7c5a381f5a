//! The interface of the emulated AWS for tests.

use crate::process::Process;
use crate::{Call, Fault, python};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(crate) const REGION: &str = "us-east-1";

/// An error answer of AWS.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct AwsError {
    /// AWS's error code; for invalid parameters, the name of boto3's exception.
    pub code: String,
    /// AWS's message.
    pub message: String,
}

/// A call through boto3.
#[derive(Serialize)]
struct BotoCall<'a> {
    account: &'a str,
    region: &'a str,
    service: &'a str,
    operation: &'a str,
    parameters: Value,
}

/// An emulated AWS, empty at first. It stops when it is dropped. Then it fails the test if a call was not implemented.
///
/// Tests that share an emulation run one after another. Each calls [`begin_test`](Self::begin_test) first, so that
/// faults, settings and the log of calls belong to this test only.
pub struct Moto {
    process: Process,
    agent: ureq::Agent,
}

impl Moto {
    /// Starts an emulation. On a machine that cannot run it, returns `None` with a message.
    ///
    /// # Panics
    ///
    /// If it does not start, or if the machine cannot run it and `BIFROST_REQUIRE_MOTO=1` is set.
    #[must_use]
    pub fn start() -> Option<Self> {
        let interpreter = python::interpreter_or_skip()?;
        let config = ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build();
        Some(Self { process: Process::start(&interpreter), agent: config.into() })
    }

    /// Begins a test on an emulation that other tests have used. Stops their executions and Lambda functions, revokes
    /// their access keys, and resets faults, pace, unhealthy AMIs and instances, and the log of calls. Resources and
    /// [`enforce_iam`](Self::enforce_iam) are kept.
    pub fn begin_test(&self) {
        self.post::<()>("test", &());
    }

    /// The value of `AWS_ENDPOINT_URL`.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.process.endpoint
    }

    /// The environment variables with which a program acts in an account: endpoint, region, and the credentials of an
    /// IAM user with all permissions there. The credentials are valid until the next test begins.
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

    /// Calls an operation by boto3's name of the service and AWS's name of the operation: `stepfunctions`,
    /// `StartExecution`. Faults and policies do not apply to it, and it is not logged.
    ///
    /// # Errors
    ///
    /// AWS's error, or invalid parameters.
    pub fn call(
        &self,
        account: &str,
        region: &str,
        service: &str,
        operation: &str,
        parameters: Value,
    ) -> Result<Value, AwsError> {
        let call = BotoCall { account, region, service, operation, parameters };
        let mut answer: Value = self.post("boto", &call);
        match answer.get("error") {
            Some(error) => Err(AwsError { code: text(error, "code"), message: text(error, "message") }),
            None => Ok(answer["result"].take()),
        }
    }

    /// Adds faults after the existing ones. They are injected only into calls of this test: see
    /// [`begin_test`](Self::begin_test).
    pub fn faults(&self, faults: &[Fault]) {
        self.post::<()>("faults", faults);
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.delete("faults");
    }

    /// The calls since the start or since they were cleared, in order of arrival.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.get("calls")
    }

    /// Clears the log of calls.
    pub fn clear_calls(&self) {
        self.delete("calls");
    }

    /// Sets how many seconds operations take; `tests/moto/python/test_settings.py` lists them.
    pub fn pace(&self, pace: &Value) {
        self.post::<()>("pace", pace);
    }

    /// Sets the AMIs and instances that never become healthy.
    pub fn set_unhealthy(&self, names: &[&str]) {
        self.post::<()>("unhealthy", names);
    }

    /// Sets whether calls need permissions from now on.
    pub fn enforce_iam(&self, enforced: bool) {
        self.post::<()>("iam", &enforced);
    }

    /// Kills the processes of a Lambda function, and returns their number.
    #[must_use]
    pub fn kill(&self, function: &str) -> u64 {
        self.post("kill", &json!({ "function": function }))
    }

    /// The standard output and standard error of a Lambda function.
    #[must_use]
    pub fn function_log(&self, function: &str) -> String {
        std::fs::read_to_string(self.process.logs.join(format!("lambda-{function}.log"))).unwrap_or_default()
    }

    /// Calls that moto does not implement. A test that ends with gaps fails.
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
            assert!(gaps.is_empty(), "moto does not implement: {gaps:#?}");
        }
    }
}

/// A parameter value: the zip file of a Lambda function whose `bootstrap` is this program.
#[must_use]
pub fn bootstrap(program: &str) -> Value {
    json!({ "$bootstrap": program })
}

/// A parameter value: bytes, such as those of a zip file.
#[must_use]
pub fn bytes(content: &[u8]) -> Value {
    json!({ "$bytes": content })
}

fn answer<T: DeserializeOwned>(what: &str, result: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> T {
    let mut response = result.unwrap_or_else(|error| panic!("/control/{what}: {error}"));
    let text = response.body_mut().with_config().limit(u64::MAX).read_to_string().unwrap();
    assert!(response.status().is_success(), "{text}");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("/control/{what}: {error}: {text}"))
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}
