//! `unlock`: clears the root lock that a failed deploy left. With `--force` it stops the running deploy first.

use super::arguments::{CloudArgs, CommandHint, ProjectArgs, whoami};
use super::backend::Backend;
use super::error::CliError;
use super::motive::MotiveArgs;
use super::time::duration;
use super::{ProgramRun, output};
use crate::client::ClientDeployer;
use crate::client::{Address, Client, RootLock, TaskLimit, UnlockPlan, Unlocked};
use bifrost_core::lifecycle::describe_lock;
use chrono::TimeDelta;
use std::time::{Duration, Instant};

/// When the command first says that it waits. In a local cloud it seldom waits longer.
const FIRST_NOTE: Duration = Duration::from_secs(1);

/// How often the command then says how long it still waits.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(30);

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    project: ProjectArgs,
    /// Stop the running deploy that holds the lock, without clean-up, then clear the lock
    #[arg(long)]
    force: bool,
    /// Wait at most this long for the last task of the deploy; less than it may take counts as break-glass
    #[arg(long, value_name = "SECONDS")]
    wait: Option<u32>,
    #[command(flatten)]
    motive: MotiveArgs,
    #[command(flatten)]
    cloud: CloudArgs,
}

pub(super) fn examples(name: &str) -> String {
    format!(
        "Examples:
  {name} unlock coinbase/deploy-test development --local
  {name} unlock coinbase/deploy-test development --force --local

The lock of a running deploy is kept unless --force is given. Prefer
`{name} halt`, after which the deploy cleans up. --force stops the running
deploy where it is: what it created stays.

When a deploy has ended, its last task may still run. The command then waits
until it must have ended: after a stop as long as a task may take (about 5
minutes in AWS), after another end at most 5 minutes longer, because the
clocks may differ. If you interrupt it, run it again: it continues to wait.

A halt flag that was meant for the deploy is removed with the lock.
Break-glass, which another person must review where there is an audit log:
  - the stop of --force, also if the command then waits as long as it must
  - clearing the lock while the deploy, or its last task, may still run, as
    with a --wait that is too short
After FailureDirty, first do what `{name} failures` shows for the deploy.
`{name} unfreeze` lifts a freeze."
    )
}

pub(super) async fn run<D: ClientDeployer>(session: &ProgramRun<'_, D>, args: Args) -> Result<u8, CliError> {
    let backend = session.open(&args.cloud, false).await?;
    let client = backend.client().acting(args.motive.motive());
    let address = args.project.address::<D>(&client.account.defaults)?;
    let stop_cause = args.force.then(|| format!("stopped with `{} unlock --force` by {}", D::NAME, whoami()));
    let hint = session.hint(&args.cloud).with_defaults(&client.account.defaults);
    let mut stopped = Vec::new();
    let mut report = |execution: &str| {
        output::note(&format!("stopped {execution}"));
        stopped.push(execution.to_owned());
    };
    let unlocked = match client.prepare_unlock_reporting(&address, stop_cause.as_deref(), &mut report).await {
        Ok(plan) => wait_and_unlock(backend.as_ref(), &client, &address, plan, args.wait).await,
        Err(error) => Err(error.into()),
    };
    let unlocked = unlocked.map_err(|error| after_stop(error, &stopped, hint.project("unlock", &address)))?;
    for line in lines(&address, &unlocked, &stopped, &hint) {
        output::print_escaped(&line)?;
    }
    let is_blocked = !unlocked.kept.is_empty() || unlocked.freeze.is_some();
    Ok(if is_blocked { 2 } else { 0 })
}

/// An error after a stop does not leave everything as it was. `unlock` is the command that continues.
fn after_stop(error: CliError, stopped: &[String], unlock: String) -> CliError {
    if stopped.is_empty() {
        return error;
    }
    CliError::StillLocked { executions: stopped.join(" and "), unlock, source: Box::new(error) }
}

async fn wait_and_unlock<D: ClientDeployer>(
    backend: &dyn Backend<D>,
    client: &Client<D>,
    address: &Address,
    mut plan: UnlockPlan,
    longest: Option<u32>,
) -> Result<Unlocked, CliError> {
    for ended in &plan.ended_before {
        output::note(&format!("{} had already ended in {}, and was not stopped", ended.execution, ended.end));
    }
    if !plan.stale.is_empty() {
        backend.keep()?;
    }
    let longest = longest.map_or(TimeDelta::MAX, |seconds| TimeDelta::seconds(i64::from(seconds)));
    plan.is_early = longest < plan.active_for();
    wait(backend, plan.active_for().min(longest), plan.limit).await?;
    Ok(client.unlock(address, plan).await?)
}

/// Waits until no invocation of an execution that has ended can change anything any more.
///
/// In AWS that is for the longest time that a task may take. In a local cloud, the attempt of an execution that was stopped
/// does not go on, unless a scenario made it a zombie. A zombie lives in the process that runs the local cloud: when none
/// does, none is left. The clock of a local cloud moves only in that process, so it is waited for only while there is one,
/// and never in this process, which runs no execution.
async fn wait<D: ClientDeployer>(
    backend: &dyn Backend<D>,
    length: TimeDelta,
    limit: Option<TaskLimit>,
) -> Result<(), CliError> {
    let elapsed = backend.stopwatch();
    let mut next_note = Instant::now() + FIRST_NOTE;
    let mut assumption = limit.filter(|limit| limit.is_assumed);
    while elapsed() < length && backend.is_run()? {
        if let Some(limit) = assumption.take() {
            output::note(&format!(
                "assuming that a task takes at most {} s: the definition of the state machine has no limit, or cannot be read",
                limit.seconds
            ));
        }
        if Instant::now() >= next_note {
            output::note(&waiting(length - elapsed()));
            next_note = Instant::now() + PROGRESS_INTERVAL;
        }
        tokio::time::sleep(backend.poll_interval().min).await;
    }
    Ok(())
}

fn waiting(left: TimeDelta) -> String {
    format!("the last task of the deploy may still run: waiting {} before the lock is cleared", duration(left))
}

fn lines(address: &Address, unlocked: &Unlocked, stopped: &[String], hint: &CommandHint) -> Vec<String> {
    let Unlocked { freeze, cleared, free, kept } = unlocked;
    let mut lines = Vec::new();
    let each = |locks: &[RootLock], what: fn(&str) -> String| -> Vec<String> {
        locks.iter().map(|lock| format!("{address}: {}", what(&describe_lock(&lock.holder)))).collect()
    };
    lines.extend(each(cleared, |holder| format!("cleared the lock of {holder}")));
    lines.extend(each(free, |holder| format!("the lock of {holder} is free already")));
    lines.extend(kept.iter().map(|kept| format!("{address}: kept the lock of {}", why_kept(address, kept, hint))));
    lines.extend(freeze.iter().map(|freeze| {
        let unfreeze = hint.project("unfreeze", address);
        format!("{address}: still frozen by {freeze}; to lift the freeze: {unfreeze}")
    }));
    if lines.is_empty() {
        lines.push(format!("{address}: not locked"));
    }
    if !stopped.is_empty() {
        let [failures, status] = ["failures", "status"].map(|command| hint.project(command, address));
        lines.push(format!(
            "{address}: the stopped deploy did not clean up; {failures} shows what it left over, {status} what is deployed"
        ));
    }
    lines
}

/// The lock that is kept, and what to do about it.
fn why_kept(address: &Address, kept: &RootLock, hint: &CommandHint) -> String {
    let holder = describe_lock(&kept.holder);
    if !kept.candidates.is_empty() {
        let (halt, candidates) = (hint.project("halt", address), kept.candidates.join(", "));
        return format!(
            "{holder}, which names no execution: one of these that are running may hold it: {candidates}; wait until they end, \
             or stop them with {halt}, then run this command again"
        );
    }
    if kept.running {
        let halt = hint.project("halt", address);
        return format!("{holder}, which is running; wait until it ends, or stop it with {halt}");
    }
    let unlock = hint.project("unlock", address);
    format!("{holder}, which took it in the meantime; to clear it: {unlock}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use bifrost_core::cloud::LockItem;
    use chrono::DateTime;

    fn lock(owner: &str, candidates: &[&str]) -> RootLock {
        RootLock {
            holder: LockItem {
                key: "key".into(),
                id: owner.into(),
                time: DateTime::UNIX_EPOCH,
                execution: None,
                release_id: None,
                started_by: None,
            },
            is_object: true,
            running: !candidates.is_empty(),
            execution: None,
            candidates: candidates.iter().map(|name| (*name).to_owned()).collect(),
            active_for: TimeDelta::zero(),
        }
    }

    #[test]
    fn result_as_text() {
        let address = Address {
            account: "000000000000".parse().unwrap(),
            region: "us-east-1".parse().unwrap(),
            bucket: "coinbase-odin-000000000000".parse().unwrap(),
            project: "web".parse().unwrap(),
            config: "dev".parse().unwrap(),
        };
        let unlocked = Unlocked {
            freeze: None,
            cleared: vec![lock("one", &[])],
            free: vec![lock("two", &[])],
            kept: vec![lock("three", &["deploy-1", "deploy-2"]), lock("four", &[])],
        };
        let shown = lines(&address, &unlocked, &["deploy-0".into()], &CommandHint::local("odin")).join("\n");
        insta::assert_snapshot!(shown.replace(&address.to_string(), "WEB"));
    }

    #[test]
    fn error_after_a_stop_names_the_command_that_continues() {
        let error = |stopped: &[String]| {
            let output = std::io::Error::other("no space").into();
            let error = after_stop(output, stopped, "`odin unlock web dev`".into());
            (error.exit_code(), error.to_string())
        };
        assert_eq!(error(&[]).0, 2);
        let (code, message) = error(&["deploy-1".into()]);
        assert!(code == 3 && message.contains("stopped deploy-1") && message.contains("run `odin unlock web dev`"));
    }
}
