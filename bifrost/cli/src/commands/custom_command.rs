//! Commands that one deployer has beside those that all have.

use super::arguments::{CloudArgs, Format, OutputArgs};
use super::error::CliError;
use super::report::Paint;
use super::{ProgramRun, output};
use crate::client::Client;
use crate::client::{ClientDeployer, LogSeverity};
use async_trait::async_trait;
use clap::builder::Resettable;
use clap::{ArgMatches, Args, FromArgMatches};
use serde::Serialize;
use std::error::Error;
use std::io;

/// Why a command of a deployer's own did not do what it was asked. Its message is all that a person is told.
pub type CommandError = Box<dyn Error>;

/// A command of a deployer's own, given to [`Program::with`](super::Program::with).
#[async_trait(?Send)]
pub trait CustomCommand<D: ClientDeployer> {
    /// Its name, help and arguments. The program adds those that say which cloud it is about (`--local`, `--state`) and how
    /// it answers (`--output`).
    fn command(&self) -> clap::Command;

    /// Does what it is asked, and gives the exit code (contract §9: 0 done, 2 nothing was changed).
    ///
    /// # Errors
    /// Whatever kept it from that: it is told on standard error, and the exit code is 2.
    async fn run(&self, matches: &ArgMatches, context: &CommandContext<'_, D>) -> Result<u8, CommandError>;
}

/// What a command of a deployer's own works with: the cloud that was named, and the way answers are given.
pub struct CommandContext<'s, D: ClientDeployer> {
    session: &'s ProgramRun<'s, D>,
    cloud: CloudArgs,
    format: Format,
    paint: Paint,
}

/// The arguments that every such command has.
#[derive(Debug, Args)]
struct SharedArgs {
    #[command(flatten)]
    cloud: CloudArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// The command with the arguments that every such command has.
pub(super) fn complete(command: clap::Command) -> clap::Command {
    // Whoever adds arguments tells what they are, in the place of what the command is.
    let (about, long_about) = (command.get_about().cloned(), command.get_long_about().cloned());
    SharedArgs::augment_args(command).about(Resettable::from(about)).long_about(Resettable::from(long_about))
}

pub(super) async fn run<D: ClientDeployer>(
    session: &ProgramRun<'_, D>,
    command: &dyn CustomCommand<D>,
    matches: &ArgMatches,
) -> Result<u8, CliError> {
    let SharedArgs { cloud, output } =
        SharedArgs::from_arg_matches(matches).map_err(|error| CliError::CustomCommand(error.into()))?;
    let context = CommandContext { session, cloud, format: output.format(), paint: Paint::for_stdout() };
    command.run(matches, &context).await.map_err(CliError::CustomCommand)
}

impl<D: ClientDeployer> CommandContext<'_, D> {
    /// A client of the cloud that was named.
    ///
    /// # Errors
    /// If it cannot be reached.
    pub async fn client(&self) -> Result<Client<D>, CommandError> {
        Ok(self.session.client(&self.cloud).await?)
    }

    /// Whether a program reads the answer: then it is objects, by [`print_json`](Self::print_json), and no lines.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Prints lines for a person. What a terminal would obey is written out.
    ///
    /// # Errors
    /// If nobody takes them.
    pub fn print(&self, text: &str, tone: LogSeverity) -> io::Result<()> {
        output::print(&self.paint.tone(tone, text))
    }

    /// Prints one object on a line, for a program.
    ///
    /// # Errors
    /// If nobody takes it.
    pub fn print_json(&self, value: &impl Serialize) -> io::Result<()> {
        output::print_json(value)
    }

    /// Tells a person something beside the answer, on standard error.
    pub fn note(&self, text: &str) {
        output::note(text);
    }

    /// How to write another command for the same cloud, in backticks, such as `` `odin status --local` ``.
    #[must_use]
    pub fn hint(&self, words: &str) -> String {
        self.cloud.hint::<D>().line(words)
    }
}

#[cfg(test)]
#[path = "custom_command_tests.rs"]
mod tests;
