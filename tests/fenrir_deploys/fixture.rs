//! The stage: a deployer account and a target account, made by `fenrir bootstrap`.

pub(crate) use crate::accounts::{AccountsFixture, DEPLOYER, TARGET};
use serde_json::json;
use std::process::Output;
use std::sync::{Mutex, MutexGuard, OnceLock};

impl AccountsFixture {
    /// The one stage, to oneself; none on a machine where AWS cannot be emulated.
    pub(crate) fn enter() -> Option<MutexGuard<'static, Self>> {
        static STAGE: OnceLock<Option<Mutex<AccountsFixture>>> = OnceLock::new();
        let set = || Self::set(env!("CARGO_BIN_EXE_fenrir"), "aws", &format!("--reader {TARGET}"));
        let fixture = Self::lock(STAGE.get_or_init(|| set().map(Mutex::new)).as_ref()?);
        // Five minutes of a deploy's waits take three seconds.
        fixture.moto.pace(&json!({"sfn_scale": 0.01}));
        Some(fixture)
    }

    /// Gives a command that looks into the target account. The role there trusts the function alone, unless a team lets
    /// its people in.
    pub(crate) fn run_as_somebody_who_may_look(&self, line: &str) -> Output {
        self.moto.enforce_iam(false);
        let output = self.run(line);
        self.moto.enforce_iam(true);
        output
    }
}
