//! A deployer's program: which clouds its commands reach, and its `main`.

use super::arguments::{CloudArgs, Setting};
use super::error::CliError;
use super::extra::{self, Extra};
use super::site::Site;
use super::{Cli, command, dispatch, output};
use crate::client::Client;
use crate::client::ClientDeployer;
use bifrost_core::deployer::{Connect, Connection, Ground};
#[cfg(feature = "local")]
use bifrost_local::LocalDeployer;
use clap::{ArgMatches, FromArgMatches};
use std::ffi::OsString;
use std::io;
use std::process::ExitCode;

type OpenWorld<D> = fn(&Setting, &CloudArgs, bool) -> Result<Box<dyn Site<D>>, CliError>;

/// The program of deployer `D`: its commands, and the clouds that they reach.
///
/// ```ignore
/// fn main() -> ExitCode {
///     bifrost::cli::Program::<Odin>::new().local().run()
/// }
/// ```
pub struct Program<D: ClientDeployer> {
    world: Option<OpenWorld<D>>,
    aws: Option<Box<dyn Connect<D>>>,
    extras: Vec<Box<dyn Extra<D>>>,
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
        Self { world: None, aws: None, extras: Vec::new() }
    }

    /// With `--local` its commands use the embedded world.
    #[cfg(feature = "local")]
    #[must_use]
    pub fn local(self) -> Self
    where
        D: LocalDeployer,
    {
        Self { world: Some(super::world::open::<D>), ..self }
    }

    /// Its commands reach AWS that way.
    #[must_use]
    pub fn aws(self, connect: impl Connect<D> + 'static) -> Self {
        Self { aws: Some(Box::new(connect)), ..self }
    }

    /// It has that command, too.
    #[must_use]
    pub fn with(mut self, extra: impl Extra<D> + 'static) -> Self {
        self.extras.push(Box::new(extra));
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
        if let Some((extra, matches)) = self.extra(matches) {
            let setting = Setting::from_arg_matches(matches).map_err(CliError::Usage)?;
            return extra::run(&Session { program: self, setting }, extra, matches).await;
        }
        let Cli { setting, command } = Cli::from_arg_matches(matches).map_err(CliError::Usage)?;
        dispatch(&Session { program: self, setting }, command).await
    }

    /// The deployer's own command that was given.
    fn extra<'m>(&self, matches: &'m ArgMatches) -> Option<(&dyn Extra<D>, &'m ArgMatches)> {
        let (name, matches) = matches.subcommand()?;
        let extra = self.extras.iter().find(|extra| extra.command().get_name() == name)?;
        Some((extra.as_ref(), matches))
    }

    /// The command line, with the deployer's own commands.
    pub(super) fn command(&self) -> clap::Command {
        let extras = self.extras.iter().map(|extra| extra::complete(extra.command()));
        command::<D>().subcommands(extras)
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
pub(super) struct Session<'p, D: ClientDeployer> {
    program: &'p Program<D>,
    /// Which deployer is meant.
    pub(super) setting: Setting,
}

impl<D: ClientDeployer> Session<'_, D> {
    /// The whole command line.
    pub(super) fn command(&self) -> clap::Command {
        self.program.command()
    }

    /// Opens the cloud that the arguments name; of an embedded world with `fresh` a new one.
    pub(super) async fn open(&self, args: &CloudArgs, fresh: bool) -> Result<Box<dyn Site<D>>, CliError> {
        if args.is_local() {
            let open = self.program.world.ok_or(CliError::NoLocal(D::NAME))?;
            return open(&self.setting, args, fresh);
        }
        Ok(Box::new(self.connect().await?))
    }

    /// Reaches AWS.
    pub(super) async fn connect(&self) -> Result<Connection<D>, CliError> {
        let aws = self.program.aws.as_ref().ok_or(CliError::NoAws(D::NAME))?;
        Ok(aws.connect(&self.setting.place::<D>()).await?)
    }

    /// A client of the cloud that the arguments name.
    pub(super) async fn client(&self, args: &CloudArgs) -> Result<Client<D>, CliError> {
        Ok(self.open(args, false).await?.client())
    }

    /// The account of the credentials, where the deployer need not be yet.
    pub(super) async fn ground(&self) -> Result<Ground, CliError> {
        let aws = self.program.aws.as_ref().ok_or(CliError::NoGround(D::NAME))?;
        Ok(aws.ground(self.setting.place::<D>().region.as_ref()).await?)
    }
}
