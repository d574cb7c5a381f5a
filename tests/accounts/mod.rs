//! A deployer account and a target account in an emulated AWS, and the program of a deployer.

mod executions;
mod followed_command;

pub(crate) use executions::{TaskError, execution_arn, last_state};
pub(crate) use followed_command::FollowedCommand;

use crate::shell::{Shell, text};
use bifrost_moto::Moto;
use serde_json::Value;
use std::path::PathBuf;
use std::process::Output;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The account of the deployer.
pub(crate) const DEPLOYER: &str = "000000000000";
/// The target account.
pub(crate) const TARGET: &str = "222222222222";
/// The region of both.
pub(crate) const REGION: &str = "us-east-1";

/// The timeout for a condition. Only a test whose condition never holds reaches it.
const MAX_WAIT: Duration = Duration::from_mins(10);

/// Waits until a condition holds.
pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < MAX_WAIT, "condition never held: {what}");
        sleep(Duration::from_millis(50));
    }
}

/// Two accounts of an emulated AWS, and a folder for commands.
pub(crate) struct AccountsFixture {
    pub(crate) moto: Arc<Moto>,
    pub(crate) shell: Shell,
}

impl AccountsFixture {
    /// Bootstraps the audit log, unless an option turns it off, the deployer and its role in the target account. From then on, calls
    /// need permissions. `None` on a machine that cannot run moto.
    pub(crate) fn set(program: &'static str, folder: &str, options: &str) -> Option<Self> {
        let fixture = Self { moto: Arc::new(Moto::start()?), shell: Shell::new(program, folder) };
        if !options.contains("--audit-log off") {
            let log = "bootstrap --audit --audit-retention 400d --audit-mode governance --apply";
            fixture.must_run_in(DEPLOYER, log);
        }
        fixture.bootstrap(options);
        Some(fixture)
    }

    /// Another program in the same accounts, with a folder of its own.
    pub(crate) fn beside(&self, program: PathBuf, folder: &str) -> Self {
        Self { moto: Arc::clone(&self.moto), shell: Shell::new(program, folder) }
    }

    /// Bootstraps the deployer and its role in the target account. From then on, calls need permissions.
    pub(crate) fn bootstrap(&self, options: &str) {
        self.moto.enforce_iam(false);
        self.must_run_in(DEPLOYER, &format!("bootstrap --apply {options}"));
        self.must_run_in(TARGET, &format!("bootstrap --target {TARGET} --deployer-account {DEPLOYER} --apply"));
        self.moto.enforce_iam(true);
    }

    fn must_run_in(&self, account: &str, line: &str) {
        let output = self.run_in(account, line);
        assert_eq!(output.status.code(), Some(0), "{line}: {}{}", text(&output.stdout), text(&output.stderr));
    }

    /// Locks the fixture and begins a test on it. Only resources of earlier tests are left.
    pub(crate) fn lock(fixture: &'static Mutex<Self>) -> MutexGuard<'static, Self> {
        let fixture = fixture.lock().unwrap_or_else(PoisonError::into_inner);
        fixture.moto.begin_test();
        fixture
    }

    /// Runs a command with the credentials of an account.
    pub(crate) fn run_in(&self, account: &str, line: &str) -> Output {
        self.shell.command(line).envs(self.moto.environment(account)).output().unwrap()
    }

    /// Runs a command with the credentials of the deployer account.
    pub(crate) fn run(&self, line: &str) -> Output {
        self.run_in(DEPLOYER, line)
    }

    /// Calls AWS in an account.
    pub(crate) fn aws(&self, account: &str, service: &str, operation: &str, parameters: Value) -> Value {
        let answer = self.moto.call(account, REGION, service, operation, parameters);
        answer.unwrap_or_else(|error| panic!("{service} {operation}: {error}"))
    }

    /// Calls AWS in the target account.
    pub(crate) fn target(&self, service: &str, operation: &str, parameters: Value) -> Value {
        self.aws(TARGET, service, operation, parameters)
    }
}
