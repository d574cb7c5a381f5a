//! `deploy`: prepares, uploads and starts a release, and follows it to its end. In an embedded world, this process runs
//! the execution too, unless another does; and takes over when that one ends.

use super::arguments::{CloudArgs, OutputArgs, whoami};
use super::backend::{Backend, PollInterval};
use super::error::CliError;
use super::report::Report;
use super::{ProgramRun, output};
use crate::client::ClientDeployer;
use crate::client::{Client, DeployOutcome, Follower, Prepared, Started};
use futures_util::future::{Either, select};
use std::cell::Cell;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::pin::pin;

/// What a shell expects of a program that was interrupted.
const INTERRUPTED: u8 = 130;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The release file. Files that belong to it stand beside it
    #[arg(value_name = "RELEASE FILE")]
    file: PathBuf,
    #[command(flatten)]
    cloud: CloudArgs,
    /// Lay a JSON merge patch over the world first, such as {"faults": [...]}
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
    /// How long the deploy may take, in seconds, whatever the file says
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<NonZeroU32>,
    /// Make the world anew first
    #[arg(long)]
    fresh: bool,
    #[command(flatten)]
    follow: FollowArgs,
}

/// How a deploy is followed.
#[derive(Debug, clap::Args)]
pub(super) struct FollowArgs {
    /// How many seconds of the world pass in a second; 1 is real time
    #[arg(long, value_name = "N", default_value_t = 120.0, value_parser = speed)]
    speed: f64,
    #[command(flatten)]
    output: OutputArgs,
}

fn speed(text: &str) -> Result<f64, String> {
    let speed: f64 = text.parse().map_err(|_| "it is no number".to_owned())?;
    if speed > 0.0 { Ok(speed) } else { Err("it must be greater than 0".into()) }
}

pub(super) fn examples(name: &str, file: &str) -> String {
    format!(
        "Examples:
  {name} deploy {file}                             on AWS, with your credentials
  {name} deploy {file} --local                     in an embedded world
  {name} deploy {file} --local --fresh --speed 1   a new one, in real time
  {name} deploy {file} --local --scenario bad.json with faults
  {name} deploy {file} --local --output json       one event a line

If a deploy of the same account, project and config runs, that one is followed,
and yours is not deployed: exit code 2. Ctrl-C stops following, not the deploy.
A release file with its own release_id and created_at may be given again: it is
deployed once, and followed to its end, or told how that was.

A world file is kept as .bifrost/<its name>.sqlite, with all that is done in it.
A scenario is a JSON merge patch for the world, such as
  {{\"faults\": [{{\"operation\": \"s3:GetObject\", \"times\": 2, \"kind\": \"throttle\"}}]}}

With --output json each line is an object with \"event\" and \"time\":
  start     execution, release_id, the names; joined, is_ours
  state     state, deadline
  failure   state, error, cause, attempt: of a task, which may be tried again
  progress  services: name, waiting, starting, healthy, terminating, enough
  log       line, tone: of the deployer's log, where it writes one
  end       status, exit_code, seconds, failures, created, deleted; outputs and
            notes, if there are any"
    )
}

pub(super) async fn run<D: ClientDeployer>(session: &ProgramRun<'_, D>, args: Args) -> Result<u8, CliError> {
    let backend = session.open(&args.cloud, args.fresh).await?;
    let client = backend.client();
    let prepared = client.prepare_within(&args.file, &whoami(), args.timeout).await?;
    if let Some(scenario) = &args.scenario {
        backend.apply_scenario(scenario)?;
    }
    deploy(backend.as_ref(), &client, &prepared, &args.cloud, &args.follow).await
}

/// Starts a prepared release and follows it to its end: from here on, whatever is done stays.
pub(super) async fn deploy<D: ClientDeployer>(
    backend: &dyn Backend<D>,
    client: &Client<D>,
    prepared: &Prepared<D::Fields>,
    cloud: &CloudArgs,
    follow: &FollowArgs,
) -> Result<u8, CliError> {
    backend.keep()?;
    // One does not wait for the other, and both say something of a deploy that does not start.
    let (caveat, started) = tokio::join!(backend.caveat(), client.start(prepared));
    if let Some(caveat) = caveat {
        output::note(&caveat);
    }
    let started = started?;
    let report = Report::new::<D>(follow.output.format(), cloud.hint::<D>());
    let following = Following { backend, speed: follow.speed, client };
    let execution = started.execution.clone();
    let lost = |source| CliError::Lost { execution, source: Box::new(source) };
    following.to_the_end(started, report).await.map_err(lost)
}

/// A deploy that is followed, and perhaps run.
struct Following<'a, D: ClientDeployer> {
    backend: &'a dyn Backend<D>,
    speed: f64,
    client: &'a Client<D>,
}

impl<D: ClientDeployer> Following<'_, D> {
    /// Follows the execution to its end, or to Ctrl-C.
    async fn to_the_end(&self, started: Started, mut report: Report) -> Result<u8, CliError> {
        let execution = started.execution.clone();
        let is_engine = Cell::new(false);
        {
            // Whoever ends first ends the others: an engine may be dropped while all of its executions wait, as they are
            // saved then.
            let follow = pin!(follow(self.client.follow(started), self.backend.poll_interval(), &mut report));
            let engine = pin!(self.backend.run_executions(self.speed, &is_engine));
            match select(pin!(tokio::signal::ctrl_c()), select(follow, engine)).await {
                Either::Left((signal, _)) => signal.map_err(CliError::Runtime)?,
                Either::Right((Either::Left((outcome, _)), _)) => return Ok(outcome?.exit_code),
                Either::Right((Either::Right((Err(failure), _)), _)) => return Err(failure),
            }
        }
        report.interrupted(&execution, is_engine.get())?;
        Ok(INTERRUPTED)
    }
}

/// Polls, with back-off while nothing happens, until the execution has ended.
async fn follow<D: ClientDeployer>(
    mut follower: Follower<'_, D>,
    poll_interval: PollInterval,
    report: &mut Report,
) -> Result<DeployOutcome, CliError> {
    let mut pause = poll_interval.often;
    loop {
        let mut events = follower.poll().await?;
        // The states tell enough of themselves; between them only the target account knows.
        if events.is_empty() {
            events.extend(follower.watch().await);
        }
        pause = if events.is_empty() { (pause * 2).min(poll_interval.seldom) } else { poll_interval.often };
        for events in &events {
            report.tell(events)?;
        }
        if let Some(outcome) = follower.outcome() {
            return Ok(outcome.clone());
        }
        report.tick(follower.now(), follower.deadline());
        tokio::time::sleep(pause).await;
    }
}
