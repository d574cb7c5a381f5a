//! The commands that every deployer gets: one file each. Nothing else prints.
//!
//! Exit codes, for every command: 0 it did what was asked; 1 the deploy changed something, failed, and cleaned up; 2
//! nothing was changed, whatever the reason; 3 a person must look (contract §9).

mod arguments;
mod asl;
mod completions;
mod deploy;
mod error;
mod graph;
mod halt;
mod history;
mod json;
mod lock;
mod output;
mod report;
mod status;
mod unlock;
mod world;

#[cfg(test)]
mod tests;

use crate::deployer::Deployer;
use arguments::Setting;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use error::CliError;
use std::ffi::OsString;
use std::process::ExitCode;

#[derive(Debug, Parser)]
#[command(disable_help_subcommand = true, subcommand_required = true, version)]
struct Cli {
    #[command(flatten)]
    setting: Setting,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Deploy a release, and follow it to its end
    Deploy(deploy::Args),
    /// Stop the deploy that runs; it cleans up and fails
    Halt(halt::Args),
    /// Show what is deployed, what runs, and who holds the locks
    Status(status::Args),
    /// List executions, or show the events of one
    History(history::Args),
    /// Freeze a project's config: nothing is deployed until it is unlocked
    Lock(lock::Args),
    /// Lift a freeze, and clear the lock that a dead deploy left
    Unlock(unlock::Args),
    /// Print the state machine in the Amazon States Language
    Asl(asl::Args),
    /// Print the state machine with placeholders for account, region and function
    Json(json::Args),
    /// Draw the state machine
    Graph(graph::Args),
    /// Print the completions for a shell
    Completions(completions::Args),
}

/// Runs the command line of deployer `D`: the whole `main` of its program.
#[must_use]
pub fn main<D: Deployer>() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    match run::<D>(&arguments) {
        Ok(code) => code.into(),
        Err(error) => {
            output::complain(&error);
            error.exit_code().into()
        }
    }
}

fn run<D: Deployer>(arguments: &[OsString]) -> Result<u8, CliError> {
    let mut command = command::<D>();
    if arguments.len() <= 1 {
        return without_arguments::<D>(&mut command);
    }
    let matches = match command.try_get_matches_from_mut(arguments) {
        Ok(matches) => matches,
        Err(error) => return output::usage(&error),
    };
    let Cli { setting, command } = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => return output::usage(&error),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(CliError::Runtime)?;
    runtime.block_on(dispatch::<D>(&setting, command))
}

fn without_arguments<D: Deployer>(command: &mut clap::Command) -> Result<u8, CliError> {
    if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some() {
        return Err(CliError::NoLambda(D::NAME));
    }
    output::print(&command.render_long_help().to_string())?;
    Ok(0)
}

async fn dispatch<D: Deployer>(setting: &Setting, command: Command) -> Result<u8, CliError> {
    match command {
        Command::Deploy(args) => deploy::run::<D>(setting, args).await,
        Command::Halt(args) => halt::run::<D>(setting, args).await,
        Command::Status(args) => status::run::<D>(setting, args).await,
        Command::History(args) => history::run::<D>(setting, args).await,
        Command::Lock(args) => lock::run::<D>(setting, args).await,
        Command::Unlock(args) => unlock::run::<D>(setting, args).await,
        Command::Asl(args) => asl::run::<D>(setting, &args),
        Command::Json(args) => json::run::<D>(&args),
        Command::Graph(args) => graph::run::<D>(&args),
        Command::Completions(args) => completions::run(&args, &mut self::command::<D>()),
    }
}

/// The command line, with the deployer's own name in its help.
fn command<D: Deployer>() -> clap::Command {
    let examples: [(&str, fn(&str) -> String); 7] = [
        ("deploy", deploy::examples),
        ("halt", halt::examples),
        ("status", status::examples),
        ("history", history::examples),
        ("lock", lock::examples),
        ("unlock", unlock::examples),
        ("graph", graph::examples),
    ];
    let command = Cli::command().name(D::NAME).bin_name(D::NAME).about(D::ABOUT).after_long_help(guide(D::NAME));
    let command = command.after_help(format!("Try `{} deploy --help`, or `{0} --help` for examples.", D::NAME));
    examples.into_iter().fold(command, |command, (name, text)| {
        command.mut_subcommand(name, |subcommand| subcommand.after_help(text(D::NAME)))
    })
}

fn guide(name: &str) -> String {
    format!(
        "Examples:
  {name} deploy release.json --local       deploy on this machine, in an embedded world
  {name} status --local                    what is deployed there, and what goes on
  {name} halt release.json --local         stop the deploy that runs
  {name} graph mermaid                     the state machine as a picture

Exit codes:
  0  done: of a deploy, Success
  1  the deploy had begun to change things, failed, and cleaned up (FailureClean)
  2  refused: nothing was changed
  3  a person must look: it failed and could not clean up (FailureDirty), or its end is not known

Output:
  On a terminal text, else JSON, one object a line; --output says which. Errors go to stderr."
    )
}
