//! The fixture: a deployer account and a target account, created by `fenrir bootstrap`.

pub(crate) use crate::accounts::{AccountsFixture, DEPLOYER, TARGET};
use serde_json::json;
use std::process::Output;
use std::sync::{Mutex, MutexGuard, OnceLock};

/// The deployer's function, and its state machine.
pub(crate) const MACHINE: &str = "coinbase-fenrir";

impl AccountsFixture {
    /// The shared fixture, locked for one test; `None` on a machine that cannot emulate AWS.
    pub(crate) fn shared() -> Option<MutexGuard<'static, Self>> {
        static FIXTURE: OnceLock<Option<Mutex<AccountsFixture>>> = OnceLock::new();
        let set = || Self::set(env!("CARGO_BIN_EXE_fenrir"), "aws", &format!("--reader {TARGET}"));
        let fixture = Self::lock(FIXTURE.get_or_init(|| set().map(Mutex::new)).as_ref()?);
        // Five minutes of waits take three seconds.
        fixture.moto.pace(&json!({"sfn_scale": 0.01}));
        Some(fixture)
    }

    /// Runs a command that reads the target account, without IAM checks: the role there trusts only the function,
    /// unless a team adds its users.
    pub(crate) fn run_without_iam(&self, line: &str) -> Output {
        self.moto.enforce_iam(false);
        let output = self.run(line);
        self.moto.enforce_iam(true);
        output
    }
}
