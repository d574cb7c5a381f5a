//! `deploy`: prepares, uploads and starts a release, and follows its execution. In a local cloud this process also runs the
//! execution, unless another process does, and takes over when that process ends.

use super::arguments::{CloudArgs, CommandHint, OutputArgs, seconds, speed, whoami};
use super::audit::ReceiptArgs;
use super::backend::{Backend, PollInterval};
use super::error::CliError;
use super::report::Report;
use super::{ProgramRun, output, receipt};
use crate::client::ClientDeployer;
use crate::client::{Address, Client, DeployOutcome, Follower, Prepared, Started};
use futures_util::future::{Either, select};
use std::cell::Cell;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::pin::pin;

/// The exit code of a program that was interrupted, by convention of the shells.
const INTERRUPTED: u8 = 130;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Release file, with the files that belong to it in the same folder
    #[arg(value_name = "RELEASE FILE")]
    file: PathBuf,
    #[command(flatten)]
    cloud: CloudArgs,
    /// Scenario to apply to the local cloud first: a JSON merge patch, such as {"faults": [...]}
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
    /// Timeout of the deploy in seconds [default: `timeout` of the release]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<NonZeroU32>,
    /// Reset the local cloud first
    #[arg(long)]
    fresh: bool,
    #[command(flatten)]
    receipt: ReceiptArgs,
    #[command(flatten)]
    follow: FollowArgs,
}

/// Arguments of commands that follow a deploy.
#[derive(Debug, clap::Args)]
pub(super) struct FollowArgs {
    /// Speed of the local cloud: simulated seconds per second, 1 is real time
    #[arg(long, value_name = "N", default_value_t = 120.0, value_parser = speed)]
    speed: f64,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn examples(name: &str, file: &str) -> String {
    format!(
        "Examples:
  {name} deploy {file}                    on AWS, with your credentials
  {name} deploy {file} --local            in the local cloud
  {name} deploy {file} --local --fresh    in a new local cloud
  {name} deploy {file} --local --speed 1  in real time
  {name} deploy {file} --local --scenario faults.json
  {name} deploy {file} --receipt web.receipt

If a deploy of the same account, project and config is running, the command
follows that deploy. If it is of another release, yours is not deployed, and
the exit code is 2. Ctrl-C stops following the deploy, not the deploy.
A release with its own release_id and created_at is deployed once. If you
deploy it again, the command follows or shows that deploy.

A local cloud that is created from a JSON seed is kept, with all changes, in
.bifrost/NAME.sqlite. A scenario is a JSON merge patch for the local cloud:
  {{\"faults\": [{{\"operation\": \"s3:GetObject\", \"times\": 2,
               \"kind\": \"throttle\"}}]}}

--receipt saves a proof that the audit log has the deploy, which `bifrost audit
verify --receipt` checks without network. If it cannot be saved, a warning says
why, and the exit code is that of the deploy.

With --output json each line is an object with \"event\" and \"time\":
  start     execution, release_id, project and config; joined, is_ours
  state     state, deadline
  failure   state, error, code, cause, attempt of a task that may be retried;
            is_waiting, if it only waits for something
  progress  services: name, waiting, starting, healthy, terminating, enough
  log       line and tone of a line in the deployer's log
  end       status, exit_code, serving, seconds, failures, created, deleted;
            left_over, outputs and notes, if there are any; audit, whether the
            deployer writes an audit log: enabled, not-recorded or off;
            audit_entry, the entry of the log that has its end, if known"
    )
}

pub(super) async fn run<D: ClientDeployer>(session: &ProgramRun<'_, D>, args: Args) -> Result<u8, CliError> {
    let option = if args.scenario.is_some() { "--scenario" } else { "--fresh" };
    if (args.scenario.is_some() || args.fresh) && !args.cloud.is_local() {
        return Err(CliError::RequiresLocal(option));
    }
    let backend = session.open(&args.cloud, args.fresh).await?;
    let client = backend.client();
    if let Some(file) = &args.receipt.receipt {
        receipt::check(&client, file).await?;
    }
    let prepared = client.prepare_within(&args.file, &whoami(), args.timeout).await?;
    if let Some(scenario) = &args.scenario {
        backend.apply_scenario(scenario)?;
    }
    let hint = session.hint(&args.cloud).with_defaults(&client.account.defaults);
    let end = deploy(backend.as_ref(), &client, &prepared, hint.clone(), &args.follow).await?;
    if let (Some(file), Some(outcome)) = (&args.receipt.receipt, &end.outcome) {
        receipt::save(session, &client, &args.cloud, &args.receipt, (outcome, &prepared), file, &hint).await;
    }
    Ok(end.exit_code)
}

/// How a command that followed a deploy ends.
pub(super) struct FollowEnd {
    pub(super) exit_code: u8,
    /// `None` if the user pressed Ctrl-C.
    pub(super) outcome: Option<DeployOutcome>,
}

/// Starts a prepared release and follows it to its end. From here on, all changes are kept.
pub(super) async fn deploy<D: ClientDeployer>(
    backend: &dyn Backend<D>,
    client: &Client<D>,
    prepared: &Prepared<D::Fields>,
    hint: CommandHint,
    follow: &FollowArgs,
) -> Result<FollowEnd, CliError> {
    backend.keep()?;
    // Concurrently: neither waits for the other, and the warning is useful even if the deploy does not start.
    let (warning, started) = tokio::join!(backend.warning(), client.start(prepared));
    if let Some(warning) = warning {
        output::note(&warning);
    }
    let started = started?;
    let address = Address::from(&prepared.release.envelope);
    let status = hint.project("status", &address);
    let report = Report::new::<D>(follow.output.format(), hint);
    let following = Following { backend, speed: follow.speed, client };
    let execution = started.execution.clone();
    let lost = |source| CliError::Lost { execution, status, source: Box::new(source) };
    following.to_the_end(started, report).await.map_err(lost)
}

/// Follows a deploy and, in a local cloud, runs it.
struct Following<'a, D: ClientDeployer> {
    backend: &'a dyn Backend<D>,
    speed: f64,
    client: &'a Client<D>,
}

impl<D: ClientDeployer> Following<'_, D> {
    /// Follows the execution until it ends or the user presses Ctrl-C.
    async fn to_the_end(&self, started: Started, mut report: Report) -> Result<FollowEnd, CliError> {
        let execution = started.execution.clone();
        let is_engine = Cell::new(false);
        {
            // The first that ends cancels the others. The engine may be dropped while all of its executions wait, because their
            // progress is saved then.
            let follow = pin!(follow(self.client.follow(started), self.backend.poll_interval(), &mut report));
            let engine = pin!(self.backend.run_executions(self.speed, &is_engine));
            match select(pin!(tokio::signal::ctrl_c()), select(follow, engine)).await {
                Either::Left((signal, _)) => signal.map_err(CliError::Runtime)?,
                Either::Right((Either::Left((outcome, _)), _)) => {
                    let outcome = outcome?;
                    return Ok(FollowEnd { exit_code: outcome.exit_code, outcome: Some(outcome) });
                }
                Either::Right((Either::Right((Err(failure), _)), _)) => return Err(failure),
            }
        }
        report.interrupted(&execution, is_engine.get())?;
        Ok(FollowEnd { exit_code: INTERRUPTED, outcome: None })
    }
}

/// Polls until the execution has ended, less often while nothing happens.
async fn follow<D: ClientDeployer>(
    mut follower: Follower<'_, D>,
    poll_interval: PollInterval,
    report: &mut Report,
) -> Result<DeployOutcome, CliError> {
    let mut pause = poll_interval.min;
    loop {
        let mut events = follower.poll().await?;
        // The output of a state has the progress. Between two states, only the target account has it.
        if events.is_empty() {
            events.extend(follower.watch().await);
        }
        pause = if events.is_empty() { (pause * 2).min(poll_interval.max) } else { poll_interval.min };
        for event in &events {
            report.event(event)?;
        }
        if let Some(outcome) = follower.outcome() {
            return Ok(outcome.clone());
        }
        report.tick(follower.now(), follower.deadline());
        tokio::time::sleep(pause).await;
    }
}
