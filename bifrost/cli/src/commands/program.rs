//! The program of a deployer: its commands, the clouds that they use, and its `main`.

use super::arguments::{CloudArgs, CommandHint, DeployerArgs, Format};
use super::backend::Backend;
use super::custom_command::{self, AnyCommand, CustomCommand};
use super::error::CliError;
use super::{Cli, command, dispatch, output};
use crate::client::Client;
use crate::client::ClientDeployer;
use bifrost_core::deployer::{AuditConnection, AuditOptions, BootstrapTarget, Connect, Connection};
#[cfg(feature = "local")]
use bifrost_local::LocalDeployer;
use clap::{ArgMatches, FromArgMatches};
use std::ffi::OsString;
use std::io;
use std::process::ExitCode;

type OpenLocal<D> = fn(&DeployerArgs, &CloudArgs, bool) -> Result<Box<dyn Backend<D>>, CliError>;

/// The program of deployer `D`: its commands, and the clouds that they use.
///
/// ```ignore
/// fn main() -> ExitCode {
///     bifrost::cli::Program::<Odin>::new().local().run()
/// }
/// ```
pub struct Program<D: ClientDeployer> {
    local: Option<OpenLocal<D>>,
    aws: Option<Box<dyn Connect<D>>>,
    custom_commands: Vec<Box<dyn AnyCommand<D>>>,
}

impl<D: ClientDeployer> Default for Program<D> {
    fn default() -> Self {
        Self::new()
    }
}

impl<D: ClientDeployer> Program<D> {
    /// A program whose commands use no cloud yet.
    #[must_use]
    pub fn new() -> Self {
        Self { local: None, aws: None, custom_commands: Vec::new() }
    }

    /// Lets its commands use the local cloud with `--local`.
    #[cfg(feature = "local")]
    #[must_use]
    pub fn local(self) -> Self
    where
        D: LocalDeployer,
    {
        Self { local: Some(super::local::open::<D>), ..self }
    }

    /// Lets its commands use AWS.
    #[must_use]
    pub fn aws(self, connect: impl Connect<D> + 'static) -> Self {
        Self { aws: Some(Box::new(connect)), ..self }
    }

    /// Adds a command.
    #[must_use]
    pub fn with(mut self, command: impl CustomCommand<D> + 'static) -> Self {
        self.custom_commands.push(Box::new(command));
        self
    }

    /// Runs the command in the program's arguments. This is its whole `main`.
    #[must_use]
    pub fn run(&self) -> ExitCode {
        let arguments: Vec<OsString> = std::env::args_os().collect();
        finish(self.try_run(&arguments), || self.error_format(&arguments))
    }

    pub(super) fn try_run(&self, arguments: &[OsString]) -> Result<u8, CliError> {
        let mut command = self.command();
        if arguments.len() <= 1 {
            return without_arguments::<D>(&mut command);
        }
        let matches = match command.try_get_matches_from_mut(arguments) {
            Ok(matches) => matches,
            Err(error) => return self.usage(error, arguments),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(CliError::Runtime)?;
        runtime.block_on(self.dispatch(&matches)).or_else(|error| match error {
            CliError::Usage(error) => self.usage(error, arguments),
            error => Err(error),
        })
    }

    async fn dispatch(&self, matches: &ArgMatches) -> Result<u8, CliError> {
        if let Some((command, matches)) = self.custom_command(matches) {
            let deployer_args = DeployerArgs::from_arg_matches(matches).map_err(CliError::Usage)?.resolve::<D>()?;
            return custom_command::run(&ProgramRun { program: self, deployer_args }, command, matches).await;
        }
        let Cli { deployer_args, command } = Cli::from_arg_matches(matches).map_err(CliError::Usage)?;
        dispatch(&ProgramRun { program: self, deployer_args: deployer_args.resolve::<D>()? }, command).await
    }

    /// The deployer's own command in the arguments.
    fn custom_command<'m>(&self, matches: &'m ArgMatches) -> Option<(&dyn AnyCommand<D>, &'m ArgMatches)> {
        let (name, matches) = matches.subcommand()?;
        let command = self.custom_commands.iter().find(|command| command.described().get_name() == name)?;
        Some((command.as_ref(), matches))
    }

    /// The command line with the deployer's own commands.
    pub(super) fn command(&self) -> clap::Command {
        let custom_commands = self.custom_commands.iter().map(|command| custom_command::complete(command.described()));
        command::<D>().subcommands(custom_commands)
    }

    /// Prints what clap says of the arguments: the help, or what is wrong.
    fn usage(&self, error: clap::Error, arguments: &[OsString]) -> Result<u8, CliError> {
        let code = usage(error, || self.error_format(arguments))?;
        // For `plan`, 2 would mean that there are changes.
        let is_plan = self.lenient_matches(arguments).is_some_and(|given| given.subcommand_name() == Some("plan"));
        Ok(if is_plan { code.min(1) } else { code })
    }

    /// The format of an error: JSON only if `--output json` was given, because standard error is often read by people even if
    /// standard output is not.
    fn error_format(&self, arguments: &[OsString]) -> Format {
        let given = self.lenient_matches(arguments);
        let output = given
            .as_ref()
            .and_then(ArgMatches::subcommand)
            .and_then(|(_, matches)| matches.try_get_one::<Format>("output").ok().flatten().copied());
        output.unwrap_or(Format::Text)
    }

    /// The arguments as far as they are valid.
    fn lenient_matches(&self, arguments: &[OsString]) -> Option<ArgMatches> {
        self.command().ignore_errors(true).try_get_matches_from(arguments).ok()
    }
}

/// The exit code of a command, whose error is printed in this format.
pub(super) fn finish(result: Result<u8, CliError>, format: impl FnOnce() -> Format) -> ExitCode {
    match result {
        Ok(code) => code.into(),
        // The reader of the output, such as `head`, needs no more of it.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output::print_error(&error, format());
            error.exit_code().into()
        }
    }
}

/// Prints what clap says of the arguments: the help, or what is wrong, in this format. Returns the exit code.
pub(super) fn usage(error: clap::Error, format: impl FnOnce() -> Format) -> Result<u8, CliError> {
    let code = output::usage_exit_code(&error);
    if error.use_stderr() && format() == Format::Json {
        output::print_error(&CliError::Usage(error), Format::Json);
    } else {
        output::print_usage(&error)?;
    }
    Ok(code)
}

/// Whether the reader of standard output closed it.
fn is_broken_pipe(error: &CliError) -> bool {
    match error {
        CliError::Output(error) => error.kind() == io::ErrorKind::BrokenPipe,
        CliError::CustomCommand(error) => error.downcast_ref::<CliError>().is_some_and(is_broken_pipe),
        _ => false,
    }
}

fn without_arguments<D: ClientDeployer>(command: &mut clap::Command) -> Result<u8, CliError> {
    if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some() {
        return Err(CliError::NoLambda(D::NAME));
    }
    output::print(&command.render_long_help().to_string())?;
    Ok(0)
}

pub(super) struct ProgramRun<'p, D: ClientDeployer> {
    program: &'p Program<D>,
    pub(super) deployer_args: DeployerArgs,
}

impl<D: ClientDeployer> ProgramRun<'_, D> {
    /// The whole command line.
    pub(super) fn command(&self) -> clap::Command {
        self.program.command()
    }

    /// Writes other commands for the same deployer and cloud.
    pub(super) fn hint(&self, args: &CloudArgs) -> CommandHint {
        CommandHint::new::<D>(&self.deployer_args, args)
    }

    /// Opens the selected cloud; with `fresh` a new local cloud.
    pub(super) async fn open(&self, args: &CloudArgs, fresh: bool) -> Result<Box<dyn Backend<D>>, CliError> {
        if args.is_local() {
            let open = self.program.local.ok_or(CliError::NoLocal(D::NAME))?;
            return open(&self.deployer_args, args, fresh);
        }
        let mut connection = self.connect().await?;
        connection.account.cloud_arguments = args.arguments(&self.deployer_args).into();
        Ok(Box::new(connection))
    }

    /// Connects to the deployer in AWS.
    pub(super) async fn connect(&self) -> Result<Connection<D>, CliError> {
        let aws = self.program.aws.as_ref().ok_or(CliError::NoAws(D::NAME))?;
        Ok(aws.connect(&self.deployer_args.options()).await?)
    }

    /// Connects to an audit log in AWS.
    pub(super) async fn connect_audit(&self, options: &AuditOptions) -> Result<AuditConnection, CliError> {
        let aws = self.program.aws.as_ref().ok_or(CliError::NoAws(D::NAME))?;
        Ok(aws.connect_audit(options).await?)
    }

    /// A client of the selected cloud.
    pub(super) async fn client(&self, args: &CloudArgs) -> Result<Client<D>, CliError> {
        Ok(self.open(args, false).await?.client())
    }

    /// The account of the credentials, in which the deployer may not exist yet.
    pub(super) async fn bootstrap_target(&self) -> Result<BootstrapTarget, CliError> {
        let aws = self.program.aws.as_ref().ok_or(CliError::BootstrapNeedsAws(D::NAME))?;
        Ok(aws.bootstrap_target(self.deployer_args.options().region.as_ref()).await?)
    }
}
