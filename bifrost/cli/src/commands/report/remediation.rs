//! What to do after a deploy that failed.
//!
//! An advice must be safe in every state in which it is shown: operators follow it in an incident. It must never lead them to
//! delete the release that is in service, or to clear the lock of a deploy that is running. The test below lists every advice
//! with the ends of a deploy in which it is shown.

use crate::client::{Address, DeployOutcome, Serving, Status, StepFailure};
use crate::commands::arguments::CommandHint;

/// The root lock after a deploy that did not clean up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::commands) enum LockAfter {
    /// The deploy may have left it.
    MayBeHeld,
    /// Nobody holds it: somebody has cleared it, and waited for the last task before.
    Free,
}

/// The next step after a deploy; empty if there is none. After a clean-up that failed, it has a line for each step.
pub(in crate::commands) fn next_step(
    outcome: &DeployOutcome,
    address: Option<&Address>,
    lock: LockAfter,
    hint: &CommandHint,
) -> String {
    let commands = Commands { outcome, address, hint };
    match outcome.status {
        Status::Success => String::new(),
        Status::FailureClean if !outcome.is_ours => format!("{} shows why that release failed", commands.history()),
        Status::FailureClean => {
            let remedy = outcome.failures.first().map_or(Remedy::Notes, Remedy::of);
            format!("{}; {} shows all events", remedy.text(&commands), commands.history())
        }
        Status::FailureDirty | Status::Failed | Status::TimedOut | Status::Aborted => {
            intervention(outcome, lock, &commands)
        }
    }
}

/// Complete commands for the deploy.
struct Commands<'a> {
    outcome: &'a DeployOutcome,
    address: Option<&'a Address>,
    hint: &'a CommandHint,
}

impl Commands<'_> {
    fn history(&self) -> String {
        self.hint.line(&format!("history {}", self.outcome.execution))
    }

    /// A command for the project and config.
    fn project(&self, command: &str) -> String {
        match self.address {
            Some(address) => self.hint.project(command, address),
            None => self.hint.line(&format!("{command} PROJECT CONFIG")),
        }
    }
}

/// What to do after a deploy that cleaned up: everything is as before the deploy, so that another deploy is safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Remedy {
    CorrectRelease,
    NewRelease,
    WaitForLock,
    /// Blocked by a lock or by a freeze.
    Blocked,
    Unfreeze,
    AskWhoHalted,
    RaiseTimeout,
    RetryLater,
    WaitForChange,
    AllowPermission,
    CorrectRequest,
    CheckHealth,
    ReportBug,
    RetryTask,
    /// No task failed: the deployer's notes have the cause.
    Notes,
    Cause,
}

impl Remedy {
    /// Chosen by the code, which is exact. Go deployers, and Step Functions itself, give only the name of the error.
    fn of(failure: &StepFailure) -> Self {
        failure.code.as_deref().map_or_else(|| Self::of_name(&failure.error), Self::of_code)
    }

    fn of_code(code: &str) -> Self {
        match code {
            "aws/throttled" | "aws/unavailable" => Self::RetryLater,
            "aws/conflict" => Self::WaitForChange,
            "aws/access-denied" | "aws/not-authenticated" => Self::AllowPermission,
            "aws/not-found" | "aws/already-exists" | "aws/invalid-request" => Self::CorrectRequest,
            "lock/held" => Self::WaitForLock,
            "freeze/unreadable" => Self::Blocked,
            "lock/ended" | "lock/release-deployed" | "release/older-than-deployed" => Self::NewRelease,
            "freeze/active" => Self::Unfreeze,
            "halt/requested" => Self::AskWhoHalted,
            "halt/timeout" => Self::RaiseTimeout,
            "task/panic" | "task/output-not-json" => Self::ReportBug,
            code if code.starts_with("release/") || code.starts_with("template/") => Self::CorrectRelease,
            // The message of a deployer's own error says what to do.
            _ => Self::Cause,
        }
    }

    fn of_name(error: &str) -> Self {
        match error {
            "BadReleaseError" | "UnmarshalError" => Self::CorrectRelease,
            "LockExistsError" => Self::Blocked,
            "LockError" => Self::RetryLater,
            "HealthError" => Self::CheckHealth,
            "PanicError" | "TaskError" | "DataLimitError" => Self::ReportBug,
            "States.Timeout" | "Sandbox.Timedout" | "Lambda.Unknown" => Self::RetryTask,
            _ => Self::Cause,
        }
    }

    fn text(self, commands: &Commands<'_>) -> String {
        match self {
            Self::CorrectRelease => "correct the release and deploy it again".to_owned(),
            Self::NewRelease => {
                "deploy a new release: remove `release_id` and `created_at`, so that the client sets new ones"
                    .to_owned()
            }
            Self::WaitForLock => format!(
                "{} shows whether the deploy that holds the lock is running: if so, wait until it ends; if not, do what it \
                 shows; then deploy again",
                commands.project("status")
            ),
            Self::Blocked => format!(
                "{} shows the deploy or the freeze that blocks it, and whether the deploy is running: if so, wait until it \
                 ends; if not, do what it shows; then deploy again",
                commands.project("status")
            ),
            Self::Unfreeze => format!(
                "agree with the person who froze it, lift the freeze with {}, then deploy again",
                commands.project("unfreeze")
            ),
            Self::AskWhoHalted => "find out from the reason why the deploy was halted, then deploy again".to_owned(),
            Self::RaiseTimeout => {
                "find out what took too long, or set a longer timeout with `--timeout`; then deploy again".to_owned()
            }
            Self::RetryLater => "AWS was not available: wait a minute, then deploy again".to_owned(),
            Self::WaitForChange => "wait until the change that the cause names has ended, then deploy again".to_owned(),
            Self::AllowPermission => {
                let doctor = if commands.hint.is_local() {
                    String::new()
                } else {
                    format!(" ({} checks its roles)", commands.hint.line("doctor"))
                };
                format!("give the deployer the permission that the cause names{doctor}, then deploy again")
            }
            Self::CorrectRequest => "AWS refused a request: correct what the cause names, then deploy again".to_owned(),
            Self::CheckHealth => {
                "the health of the instances could not be read: check the balancers, then deploy again".to_owned()
            }
            Self::ReportBug => "this is a bug in the deployer: report it with all events".to_owned(),
            Self::RetryTask => {
                "a task exceeded its time limit: deploy again; if it happens again, report it".to_owned()
            }
            Self::Notes => "do what the notes say, then deploy again".to_owned(),
            Self::Cause => "do what the cause says, then deploy again".to_owned(),
        }
    }
}

/// The steps after a deploy that did not clean up. What to delete depends on what is in service.
fn intervention(outcome: &DeployOutcome, lock: LockAfter, commands: &Commands<'_>) -> String {
    let release = &outcome.release_id;
    let is_held = lock == LockAfter::MayBeHeld;
    let (state, delete) = match (outcome.changed, outcome.serving) {
        (false, _) if !is_held => ("the deploy changed nothing, and its lock was cleared".to_owned(), None),
        (false, _) => ("the deploy changed nothing, but its lock may still be held".to_owned(), None),
        (true, Serving::New) => (
            format!("{release} is in service, so keep its resources"),
            Some(format!(
                "wait until `status` shows that {release} is healthy; then delete what it lists of other releases"
            )),
        ),
        (true, Serving::Previous) => (
            "what was in service before the deploy is still in service, so keep it".to_owned(),
            Some(format!("delete what is left over of {release}, only if `status` shows that it is not in service")),
        ),
        (true, Serving::Unknown) => (
            format!("it is not known whether {release} or an earlier release is in service"),
            Some(
                "delete nothing before you know which one it is; the notes, if there are any, say what to do"
                    .to_owned(),
            ),
        ),
    };
    // The execution ended without its task: the function runs until its own time limit.
    let is_cut_off = is_held && matches!(outcome.status, Status::Aborted | Status::TimedOut);
    let wait = is_cut_off.then(|| "wait 6 minutes, because the last task may still be running".to_owned());
    let survey = [
        format!("see what failed: {}", commands.history()),
        format!("see what is deployed and that no deploy is running: {}", commands.project("status")),
    ];
    let unlock = format!("clear the lock, so that deploys are possible again: {}", commands.project("unlock"));
    let steps = wait.into_iter().chain(survey).chain(delete).chain(is_held.then_some(unlock));
    let steps = (1..).zip(steps).map(|(number, step)| format!("\n{number}. {step}"));
    format!("needs manual intervention; {state}{}", steps.collect::<String>())
}

#[cfg(test)]
#[path = "remediation_tests.rs"]
mod tests;
