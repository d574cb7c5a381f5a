//! Commands of a single deployer.

use super::arguments::{CloudArgs, Format, OutputArgs};
use super::error::CliError;
use super::report::Paint;
use super::table::{Cell, Table, columns};
use super::{ProgramRun, output};
use crate::client::Client;
use crate::client::{ClientDeployer, LogSeverity};
use async_trait::async_trait;
use bifrost_core::error_code::CodedError;
use clap::builder::Resettable;
use clap::{ArgMatches, Args, FromArgMatches};
use serde::Serialize;

/// The error of a deployer's own command. Users see its message and its code.
pub type CommandError = CodedError;

/// A command of a single deployer, added with [`Program::with`](super::Program::with).
#[allow(async_fn_in_trait, reason = "commands run on a runtime of one thread, so their futures need not be `Send`")]
pub trait CustomCommand<D: ClientDeployer> {
    /// Its name, help and arguments. The program adds those that select the cloud (`--local`, `--cloud`) and the format of
    /// the output (`--output`).
    fn command(&self) -> clap::Command;

    /// Runs the command and returns its exit code: 0 if it did its work, or found what it should; 1 if it did not find it; 2 if it
    /// was refused or cannot tell (contract §9).
    ///
    /// # Errors
    /// Any error with a code. It is printed on standard error, and the exit code is 2.
    async fn run(&self, matches: &ArgMatches, context: &CommandContext<'_, D>) -> Result<u8, CommandError>;
}

/// A [`CustomCommand`] of any type: a trait with an async function is not dyn compatible.
#[async_trait(?Send)]
pub(super) trait AnyCommand<D: ClientDeployer> {
    fn described(&self) -> clap::Command;

    async fn execute(&self, matches: &ArgMatches, context: &CommandContext<'_, D>) -> Result<u8, CommandError>;
}

#[async_trait(?Send)]
impl<D: ClientDeployer, C: CustomCommand<D>> AnyCommand<D> for C {
    fn described(&self) -> clap::Command {
        self.command()
    }

    async fn execute(&self, matches: &ArgMatches, context: &CommandContext<'_, D>) -> Result<u8, CommandError> {
        self.run(matches, context).await
    }
}

/// The cloud and the output of a custom command, as its arguments select them.
pub struct CommandContext<'s, D: ClientDeployer> {
    session: &'s ProgramRun<'s, D>,
    cloud: CloudArgs,
    format: Format,
    paint: Paint,
}

/// The arguments of every custom command.
#[derive(Debug, Args)]
struct SharedArgs {
    #[command(flatten)]
    cloud: CloudArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// Adds the arguments of every custom command.
pub(super) fn complete(command: clap::Command) -> clap::Command {
    // `augment_args` replaces the description of the command with the description of the arguments.
    let (about, long_about) = (command.get_about().cloned(), command.get_long_about().cloned());
    SharedArgs::augment_args(command).about(Resettable::from(about)).long_about(Resettable::from(long_about))
}

pub(super) async fn run<D: ClientDeployer>(
    session: &ProgramRun<'_, D>,
    command: &dyn AnyCommand<D>,
    matches: &ArgMatches,
) -> Result<u8, CliError> {
    let SharedArgs { cloud, output } = SharedArgs::from_arg_matches(matches).map_err(CliError::Usage)?;
    let context = CommandContext { session, cloud, format: output.format(), paint: Paint::for_stdout() };
    command.execute(matches, &context).await.map_err(CliError::CustomCommand)
}

impl<D: ClientDeployer> CommandContext<'_, D> {
    /// Reads the arguments of a command that describes them with `derive(clap::Args)` and adds them with
    /// [`augment_args`](clap::Args::augment_args).
    ///
    /// # Errors
    /// `cli/usage`, if `A` has arguments that the command lacks.
    pub fn arguments<A: FromArgMatches>(&self, matches: &ArgMatches) -> Result<A, CommandError> {
        Ok(A::from_arg_matches(matches).map_err(CliError::Usage)?)
    }

    /// A client of the selected cloud.
    ///
    /// # Errors
    /// If the cloud cannot be reached.
    pub async fn client(&self) -> Result<Client<D>, CommandError> {
        Ok(self.session.client(&self.cloud).await?)
    }

    /// Whether the output is JSON: then print objects with [`print_json`](Self::print_json), and no text.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Prints lines of text in the colour of the severity. Control characters are escaped.
    ///
    /// # Errors
    /// `cli/output`, if standard output cannot be written.
    pub fn print(&self, text: &str, severity: LogSeverity) -> Result<(), CommandError> {
        Ok(output::print(&self.paint.severity(severity, text)).map_err(CliError::Output)?)
    }

    /// Prints rows as a table, each row in the colour of its severity. Control characters are escaped, and an empty cell is `-`. On a
    /// terminal that is too narrow, the last cells of a row are on lines below it.
    ///
    /// # Errors
    /// `cli/output`, if standard output cannot be written.
    pub fn print_table<const N: usize>(
        &self,
        headings: [&str; N],
        rows: impl IntoIterator<Item = (LogSeverity, [String; N])>,
    ) -> Result<(), CommandError> {
        let mut table = Table::new(headings);
        for (severity, row) in rows {
            table.add(row.map(|cell| Cell::new(cell, severity)));
        }
        Ok(output::print(&table.lines(self.paint, columns()).join("\n")).map_err(CliError::Output)?)
    }

    /// Prints an object as one line of JSON.
    ///
    /// # Errors
    /// `cli/output`, if standard output cannot be written.
    pub fn print_json(&self, value: &impl Serialize) -> Result<(), CommandError> {
        Ok(output::print_json(value).map_err(CliError::Output)?)
    }

    /// Prints a note on standard error.
    pub fn note(&self, text: &str) {
        output::note(text);
    }

    /// Another command for the same deployer and cloud, in backticks, such as `` `odin status --local` ``.
    #[must_use]
    pub fn hint(&self, words: &str) -> String {
        self.session.hint(&self.cloud).line(words)
    }
}

#[cfg(test)]
#[path = "custom_command_tests.rs"]
mod tests;
