//! A deployer account and a target account in an emulated AWS, and a deployer's program for both.

mod followed_command;

pub(crate) use followed_command::FollowedCommand;

use crate::shell::{Shell, text};
use bifrost_moto::Moto;
use serde_json::Value;
use std::process::Output;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The account of the deployer.
pub(crate) const DEPLOYER: &str = "000000000000";
/// The account that is deployed to.
pub(crate) const TARGET: &str = "222222222222";
/// The region of both.
pub(crate) const REGION: &str = "us-east-1";

/// How long a condition is waited for. It is no measure of how long things take: only a test that waits for what never
/// happens comes to it.
const MAX_WAIT: Duration = Duration::from_mins(10);

/// Waits until a condition holds.
pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < MAX_WAIT, "waited in vain: {what}");
        sleep(Duration::from_millis(50));
    }
}

/// Two accounts, an emulated AWS around them, and a folder to give commands in.
pub(crate) struct AccountsFixture {
    pub(crate) moto: Moto,
    pub(crate) shell: Shell,
}

impl AccountsFixture {
    /// Two commands make it: one the deployer, one adds the target account. From then on calls need permissions. None on
    /// a machine where AWS cannot be emulated.
    pub(crate) fn set(program: &'static str, folder: &str, options: &str) -> Option<Self> {
        let fixture = Self { moto: Moto::start()?, shell: Shell::new(program, folder) };
        let made = fixture.run_in(DEPLOYER, &format!("bootstrap --apply {options}"));
        assert_eq!(made.status.code(), Some(0), "{}{}", text(&made.stdout), text(&made.stderr));
        let added =
            fixture.run_in(TARGET, &format!("bootstrap --target {TARGET} --deployer-account {DEPLOYER} --apply"));
        assert_eq!(added.status.code(), Some(0), "{}{}", text(&added.stdout), text(&added.stderr));
        fixture.moto.enforce_iam(true);
        Some(fixture)
    }

    /// Waits for the stage, and begins a test on it, to which nothing of an earlier test is left but resources.
    pub(crate) fn lock(fixture: &'static Mutex<Self>) -> MutexGuard<'static, Self> {
        let fixture = fixture.lock().unwrap_or_else(PoisonError::into_inner);
        fixture.moto.begin_test();
        fixture
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
}
