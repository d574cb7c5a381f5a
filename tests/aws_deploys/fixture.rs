//! The stage: a deployer account and a target account, made by `odin bootstrap`.

pub(crate) use crate::accounts::{AccountsFixture, DEPLOYER, REGION, TARGET};
use crate::replay_check::has_a_twin;
use serde_json::{Value, json};
use std::sync::{Mutex, MutexGuard, OnceLock};

/// The deployer's function, and its state machine.
pub(crate) const FUNCTION: &str = "coinbase-odin";
/// The table of root locks.
pub(crate) const LOCKS: &str = "coinbase-odin-locks";

impl AccountsFixture {
    /// The one stage, to oneself; none on a machine where AWS cannot be emulated.
    pub(crate) fn enter() -> Option<MutexGuard<'static, Self>> {
        static STAGE: OnceLock<Option<Mutex<AccountsFixture>>> = OnceLock::new();
        let fixture =
            STAGE.get_or_init(|| Self::set(env!("CARGO_BIN_EXE_odin"), "aws", "").map(Mutex::new)).as_ref()?;
        let fixture = Self::lock(fixture);
        // Ten minutes of a deploy's waits take six seconds.
        fixture.moto.pace(&json!({"sfn_scale": 0.01}));
        Some(fixture)
    }

    /// From now on no target gets healthy, so that a deploy goes on until it is halted, or until they may.
    pub(crate) fn never_healthy(&self) {
        self.moto.pace(&json!({"tg_initial": 1e9}));
    }

    /// From now on targets are healthy at once.
    pub(crate) fn healthy_at_once(&self) {
        self.moto.pace(&json!({"tg_initial": 0.0}));
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
