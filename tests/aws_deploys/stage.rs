//! The stage: a deployer account and a target account, made by `odin bootstrap`.

use crate::shell::{Shell, text};
use crate::twin::has_a_twin;
use bifrost_moto::Moto;
use serde_json::{Value, json};
use std::process::Output;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// The account of the deployer.
pub(crate) const DEPLOYER: &str = "000000000000";
/// The account that is deployed to.
pub(crate) const TARGET: &str = "222222222222";
/// The region of both.
pub(crate) const REGION: &str = "us-east-1";
/// The deployer's function, and its state machine.
pub(crate) const FUNCTION: &str = "coinbase-odin";
/// The table of root locks.
pub(crate) const LOCKS: &str = "coinbase-odin-locks";

/// Two accounts, an emulated AWS around them, and a folder to give commands in.
pub(crate) struct Stage {
    pub(crate) moto: Moto,
    pub(crate) shell: Shell,
}

impl Stage {
    /// The one stage, to oneself; none on a machine where AWS cannot be emulated.
    pub(crate) fn enter() -> Option<MutexGuard<'static, Self>> {
        static STAGE: OnceLock<Option<Mutex<Stage>>> = OnceLock::new();
        let stage = STAGE.get_or_init(|| Self::set().map(Mutex::new)).as_ref()?;
        let stage = stage.lock().unwrap_or_else(PoisonError::into_inner);
        stage.moto.clear_faults();
        stage.moto.clear_calls();
        stage.moto.sick(&[]);
        // Ten minutes of a deploy's waits take six seconds.
        stage.moto.pace(&json!({"sfn_scale": 0.01}));
        Some(stage)
    }

    fn set() -> Option<Self> {
        let moto = Moto::start()?;
        let stage = Self { moto, shell: Shell::new(env!("CARGO_BIN_EXE_odin"), "aws") };
        stage.bootstrap();
        stage.moto.enforce_iam(true);
        Some(stage)
    }

    /// Two commands: one makes the deployer, one adds the target account.
    fn bootstrap(&self) {
        let made = self.run_in(DEPLOYER, "bootstrap --apply");
        assert_eq!(made.status.code(), Some(0), "{}{}", text(&made.stdout), text(&made.stderr));
        let added = self.run_in(TARGET, &format!("bootstrap --target {TARGET} --deployer-account {DEPLOYER} --apply"));
        assert_eq!(added.status.code(), Some(0), "{}{}", text(&added.stdout), text(&added.stderr));
    }

    /// Gives a command with the credentials of an account.
    pub(crate) fn run_in(&self, account: &str, line: &str) -> Output {
        self.shell.command(line).envs(self.moto.environment(account)).output().unwrap()
    }

    /// Gives a command as an engineer of the deployer account.
    pub(crate) fn run(&self, line: &str) -> Output {
        self.run_in(DEPLOYER, line)
    }

    /// Asks AWS.
    pub(crate) fn aws(&self, account: &str, service: &str, operation: &str, parameters: Value) -> Value {
        let answer = self.moto.call(account, REGION, service, operation, parameters);
        answer.unwrap_or_else(|error| panic!("{service} {operation}: {error}"))
    }

    /// Asks AWS about the target account.
    pub(crate) fn target(&self, service: &str, operation: &str, parameters: Value) -> Value {
        self.aws(TARGET, service, operation, parameters)
    }

    /// The definition that the deployer's state machine has.
    pub(crate) fn definition(&self) -> String {
        let machine = json!({"stateMachineArn": format!("arn:aws:states:{REGION}:{DEPLOYER}:stateMachine:{FUNCTION}")});
        let machine = self.aws(DEPLOYER, "stepfunctions", "DescribeStateMachine", machine);
        machine["definition"].as_str().unwrap().to_owned()
    }

    /// The history of an execution, which goes the same way in our own interpreter.
    pub(crate) fn history_with_a_twin(&self, arn: &str) -> Vec<Value> {
        let execution = json!({"executionArn": arn});
        let whole = json!({"executionArn": arn, "maxResults": 1000});
        let history = self.aws(DEPLOYER, "stepfunctions", "GetExecutionHistory", whole);
        let history = history["events"].as_array().unwrap();
        let described = self.aws(DEPLOYER, "stepfunctions", "DescribeExecution", execution);
        has_a_twin(&self.definition(), described["input"].as_str().unwrap(), history);
        history.clone()
    }
}
