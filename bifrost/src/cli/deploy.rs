//! `deploy`: prepares, uploads and starts a release, and follows it to its end. In an embedded world, this process runs
//! the execution too, unless another does; and takes over when that one ends.

use super::arguments::{CloudArgs, OutputArgs, Setting, whoami};
use super::error::CliError;
use super::report::Report;
use super::world::{self, LocalWorld};
use crate::client::{Client, Follower, Outcome, Started};
use crate::deployer::Deployer;
use crate::local::{Engine, Lease, Pace};
use futures_util::future::{Either, select};
use std::cell::Cell;
use std::convert::Infallible;
use std::path::PathBuf;
use std::pin::pin;
use std::time::Duration;

/// How often the follower of an embedded world looks, at most and at least. A look costs a read of a file.
const LOOK: (Duration, Duration) = (Duration::from_millis(40), Duration::from_millis(100));

/// How often a process that follows tries to become the engine.
const TAKE_OVER: Duration = Duration::from_millis(200);

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
    /// Make the world anew first
    #[arg(long)]
    fresh: bool,
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

pub(super) fn examples(name: &str) -> String {
    format!(
        "Examples:
  {name} deploy release.json --local                     in an embedded world
  {name} deploy release.json --local --fresh --speed 1   a new one, in real time
  {name} deploy release.json --local --scenario bad.json with faults
  {name} deploy release.json --local --output json       one event a line

If a deploy of the same account, project and config runs, that one is followed,
and yours is not deployed: exit code 2. Ctrl-C stops following, not the deploy.

A world file is kept as .bifrost/<its name>.sqlite, with all that is done in it.
A scenario is a JSON merge patch for the world, such as
  {{\"faults\": [{{\"operation\": \"s3:GetObject\", \"times\": 2, \"kind\": \"throttle\"}}]}}

With --output json each line is an object with \"event\" and \"time\":
  start     execution, release_id, the names; joined, is_ours
  state     state, deadline
  failure   state, error, cause, attempt: of a task, which may be tried again
  progress  services: name, waiting, starting, healthy, terminating, enough
  end       status, exit_code, seconds, failures, created, deleted"
    )
}

pub(super) async fn run<D: Deployer>(setting: &Setting, args: Args) -> Result<u8, CliError> {
    let local = world::open::<D>(setting, &args.cloud, args.fresh)?;
    let prepared = Client::local(&local.cloud).prepare(&args.file, &whoami())?;
    if let Some(scenario) = &args.scenario {
        world::apply_scenario(local.cloud.store(), scenario)?;
    }
    let local = local.keep()?;
    let client = Client::local(&local.cloud);
    let started = client.start(&prepared).await?;
    let report = Report::new::<D>(args.output.format(), args.cloud.hint::<D>());
    let follow = Following { local: &local, pace: Pace::Speed(args.speed), client: &client };
    let execution = started.execution.clone();
    let lost = |source| CliError::Lost { execution, source: Box::new(source) };
    follow.to_the_end(started, report).await.map_err(lost)
}

/// A deploy that is followed, and perhaps run.
struct Following<'a, D: Deployer> {
    local: &'a LocalWorld<D>,
    pace: Pace,
    client: &'a Client<D>,
}

impl<D: Deployer> Following<'_, D> {
    /// Follows the execution to its end, or to Ctrl-C.
    async fn to_the_end(&self, started: Started, mut report: Report) -> Result<u8, CliError> {
        let execution = started.execution.clone();
        let is_engine = Cell::new(false);
        {
            // Whoever ends first ends the others: an engine may be dropped while all of its executions wait, as they are
            // saved then.
            let follow = pin!(follow(self.client.follow(started), &mut report));
            let engine = pin!(self.be_engine(&is_engine));
            match select(pin!(tokio::signal::ctrl_c()), select(follow, engine)).await {
                Either::Left((signal, _)) => signal.map_err(CliError::Runtime)?,
                Either::Right((Either::Left((outcome, _)), _)) => return Ok(outcome?.exit_code),
                Either::Right((Either::Right((Err(failure), _)), _)) => return Err(failure),
            }
        }
        report.interrupted(&execution, is_engine.get())?;
        Ok(INTERRUPTED)
    }

    /// Becomes the engine as soon as no other process is, and runs what there is to run.
    async fn be_engine(&self, is_engine: &Cell<bool>) -> Result<Infallible, CliError> {
        let engine = Engine::new(self.local.cloud.clone(), self.pace)?;
        loop {
            if let Some(_lease) = Lease::take(&self.local.path)? {
                is_engine.set(true);
                engine.run(|| false).await?;
                is_engine.set(false);
            }
            tokio::time::sleep(TAKE_OVER).await;
        }
    }
}

/// Looks, with back-off while nothing happens, until the execution has ended.
async fn follow<D: Deployer>(mut follower: Follower<'_, D>, report: &mut Report) -> Result<Outcome, CliError> {
    let (least, most) = LOOK;
    let mut pause = least;
    loop {
        let mut news = follower.look().await?;
        if follower.outcome().is_none() {
            news.extend(follower.watch().await);
        }
        pause = if news.is_empty() { (pause * 2).min(most) } else { least };
        for news in &news {
            report.tell(news)?;
        }
        if let Some(outcome) = follower.outcome() {
            return Ok(outcome.clone());
        }
        report.tick(follower.now(), follower.deadline());
        tokio::time::sleep(pause).await;
    }
}
