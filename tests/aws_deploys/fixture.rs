//! The fixture: a deployer account and a target account, created by `odin bootstrap`.

pub(crate) use crate::accounts::{AccountsFixture, DEPLOYER, REGION, TARGET};
use crate::replay_check::check_replay;
use serde_json::{Value, json};
use std::sync::{Mutex, MutexGuard, OnceLock};

/// The deployer's function, and its state machine.
pub(crate) const FUNCTION: &str = "coinbase-odin";
/// The table of root locks.
pub(crate) const LOCKS: &str = "coinbase-odin-locks";

impl AccountsFixture {
    /// The shared fixture, locked for one test; `None` on a machine that cannot emulate AWS.
    pub(crate) fn shared() -> Option<MutexGuard<'static, Self>> {
        static FIXTURE: OnceLock<Option<Mutex<AccountsFixture>>> = OnceLock::new();
        let fixture =
            FIXTURE.get_or_init(|| Self::set(env!("CARGO_BIN_EXE_odin"), "aws", "").map(Mutex::new)).as_ref()?;
        let fixture = Self::lock(fixture);
        // Ten minutes of waits take six seconds.
        fixture.moto.pace(&json!({"sfn_scale": 0.01}));
        Some(fixture)
    }

    /// From now on no target becomes healthy: deploys run until a halt, a timeout or [`Self::healthy_at_once`].
    pub(crate) fn never_healthy(&self) {
        self.moto.pace(&json!({"tg_initial": 1e9}));
    }

    /// From now on targets are healthy immediately.
    pub(crate) fn healthy_at_once(&self) {
        self.moto.pace(&json!({"tg_initial": 0.0}));
    }

    /// The definition of the deployer's state machine.
    pub(crate) fn definition(&self) -> String {
        let machine = json!({"stateMachineArn": format!("arn:aws:states:{REGION}:{DEPLOYER}:stateMachine:{FUNCTION}")});
        let machine = self.aws(DEPLOYER, "stepfunctions", "DescribeStateMachine", machine);
        machine["definition"].as_str().unwrap().to_owned()
    }

    /// The history of an execution. Checks that our interpreter takes the same path.
    pub(crate) fn checked_history(&self, arn: &str) -> Vec<Value> {
        let execution = json!({"executionArn": arn});
        let up_to_1000 = json!({"executionArn": arn, "maxResults": 1000});
        let history = self.aws(DEPLOYER, "stepfunctions", "GetExecutionHistory", up_to_1000);
        let history = history["events"].as_array().unwrap();
        let described = self.aws(DEPLOYER, "stepfunctions", "DescribeExecution", execution);
        check_replay(&self.definition(), described["input"].as_str().unwrap(), history);
        history.clone()
    }
}
