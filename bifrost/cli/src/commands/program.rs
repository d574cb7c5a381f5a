//! A deployer's program: which clouds its commands reach, and its `main`.

use super::arguments::{CloudArgs, DeployerArgs};
use super::backend::Backend;
use super::custom_command::{self, CustomCommand};
use super::error::CliError;
use super::{Cli, command, dispatch, output};
use crate::client::Client;
use crate::client::ClientDeployer;
use bifrost_core::deployer::{BootstrapTarget, Connect, Connection};
#[cfg(feature = "local")]
use bifrost_local::LocalDeployer;
use clap::{ArgMatches, FromArgMatches};
use std::ffi::OsString;
use std::io;
use std::process::ExitCode;

type OpenLocal<D> = fn(&DeployerArgs, &CloudArgs, bool) -> Result<Box<dyn Backend<D>>, CliError>;

/// The program of deployer `D`: its commands, and the clouds that they reach.
///
/// ```ignore
/// fn main() -> ExitCode {
///     bifrost::cli::Program::<Odin>::new().local().run()
/// }
/// ```
pub struct Program<D: ClientDeployer> {
    local: Option<OpenLocal<D>>,
    aws: Option<Box<dyn Connect<D>>>,
    custom_commands: Vec<Box<dyn CustomCommand<D>>>,
}

impl<D: ClientDeployer> Default for Program<D> {
    fn default() -> Self {
        Self::new()
    }
}

impl<D: ClientDeployer> Program<D> {
    /// A program that reaches no cloud yet.
    #[must_use]
    pub fn new() -> Self {
        Self { local: None, aws: None, custom_commands: Vec::new() }
    }

    /// With `--local` its commands use the embedded world.
    #[cfg(feature = "local")]
    #[must_use]
    pub fn local(self) -> Self
    where
        D: LocalDeployer,
    {
        Self { local: Some(super::local::open::<D>), ..self }
    }

    /// Its commands reach AWS that way.
    #[must_use]
    pub fn aws(self, connect: impl Connect<D> + 'static) -> Self {
        Self { aws: Some(Box::new(connect)), ..self }
    }

    /// It has that command, too.
    #[must_use]
    pub fn with(mut self, command: impl CustomCommand<D> + 'static) -> Self {
        self.custom_commands.push(Box::new(command));
        self
    }

    /// Runs the command that the program was called with: the whole of its `main`.
    #[must_use]
    pub fn run(&self) -> ExitCode {
        let arguments: Vec<OsString> = std::env::args_os().collect();
        match self.try_run(&arguments) {
            Ok(code) => code.into(),
            // Whoever read the answer has seen enough, as `head` has.
            Err(CliError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
            Err(error) => {
                output::complain(&error);
                error.exit_code().into()
            }
        }
    }

    pub(super) fn try_run(&self, arguments: &[OsString]) -> Result<u8, CliError> {
        let mut command = self.command();
        if arguments.len() <= 1 {
            return without_arguments::<D>(&mut command);
        }
        let matches = match command.try_get_matches_from_mut(arguments) {
            Ok(matches) => matches,
            Err(error) => return self.usage(&error, arguments),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(CliError::Runtime)?;
        runtime.block_on(self.dispatch(&matches)).or_else(|error| match error {
            CliError::Usage(error) => output::usage(&error),
            error => Err(error),
        })
    }

    async fn dispatch(&self, matches: &ArgMatches) -> Result<u8, CliError> {
        if let Some((command, matches)) = self.custom_command(matches) {
            let deployer_args = DeployerArgs::from_arg_matches(matches).map_err(CliError::Usage)?;
            return custom_command::run(&ProgramRun { program: self, deployer_args }, command, matches).await;
        }
        let Cli { deployer_args, command } = Cli::from_arg_matches(matches).map_err(CliError::Usage)?;
        dispatch(&ProgramRun { program: self, deployer_args }, command).await
    }

    /// The deployer's own command that was given.
    fn custom_command<'m>(&self, matches: &'m ArgMatches) -> Option<(&dyn CustomCommand<D>, &'m ArgMatches)> {
        let (name, matches) = matches.subcommand()?;
        let command = self.custom_commands.iter().find(|command| command.command().get_name() == name)?;
        Some((command.as_ref(), matches))
    }

    /// The command line, with the deployer's own commands.
    pub(super) fn command(&self) -> clap::Command {
        let custom_commands = self.custom_commands.iter().map(|command| custom_command::complete(command.command()));
        command::<D>().subcommands(custom_commands)
    }

    /// Says what is wrong with the arguments. To who asked for a plan, 2 would mean that there are changes.
    fn usage(&self, error: &clap::Error, arguments: &[OsString]) -> Result<u8, CliError> {
        let code = output::usage(error)?;
        let given = self.command().ignore_errors(true).try_get_matches_from(arguments);
        let is_plan = given.is_ok_and(|matches| matches.subcommand_name() == Some("plan"));
        Ok(if is_plan { code.min(1) } else { code })
    }
}

fn without_arguments<D: ClientDeployer>(command: &mut clap::Command) -> Result<u8, CliError> {
    if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some() {
        return Err(CliError::NoLambda(D::NAME));
    }
    output::print(&command.render_long_help().to_string())?;
    Ok(0)
}

/// One call of the program.
pub(super) struct ProgramRun<'p, D: ClientDeployer> {
    program: &'p Program<D>,
    /// Which deployer is meant.
    pub(super) deployer_args: DeployerArgs,
}

impl<D: ClientDeployer> ProgramRun<'_, D> {
    /// The whole command line.
    pub(super) fn command(&self) -> clap::Command {
        self.program.command()
    }

    /// Opens the cloud that the arguments name; of an embedded world with `fresh` a new one.
    pub(super) async fn open(&self, args: &CloudArgs, fresh: bool) -> Result<Box<dyn Backend<D>>, CliError> {
        if args.is_local() {
            let open = self.program.local.ok_or(CliError::NoLocal(D::NAME))?;
            return open(&self.deployer_args, args, fresh);
        }
        Ok(Box::new(self.connect().await?))
    }

    /// Reaches AWS.
    pub(super) async fn connect(&self) -> Result<Connection<D>, CliError> {
        let aws = self.program.aws.as_ref().ok_or(CliError::NoAws(D::NAME))?;
        Ok(aws.connect(&self.deployer_args.options::<D>()).await?)
    }

    /// A client of the cloud that the arguments name.
    pub(super) async fn client(&self, args: &CloudArgs) -> Result<Client<D>, CliError> {
        Ok(self.open(args, false).await?.client())
    }

    /// The account of the credentials, where the deployer need not be yet.
    pub(super) async fn ground(&self) -> Result<BootstrapTarget, CliError> {
        let aws = self.program.aws.as_ref().ok_or(CliError::NoGround(D::NAME))?;
        Ok(aws.ground(self.deployer_args.options::<D>().region.as_ref()).await?)
    }
}
