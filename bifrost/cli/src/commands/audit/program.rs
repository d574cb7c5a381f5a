//! The program `bifrost`: its commands, and the clouds whose audit logs those for auditors read.

use super::arguments::LogArgs;
use super::opened::{self, OpenedLog};
use super::{
    AuditCommand, Cli, Command, acts, command, copy, export, keys, list, receipt, report, sample, show, verify,
};
use crate::commands::arguments::Format;
use crate::commands::error::CliError;
use crate::commands::program::{finish, usage};
use crate::commands::{completions, new, output};
use bifrost_core::deployer::{AuditConnection, ConnectAudit};
use bifrost_core::error_code::ErrorCode;
use bifrost_core::people::Acts;
use clap::{ArgMatches, FromArgMatches};
use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;

/// The program `bifrost`, which makes new deployers, and with which auditors read and verify an audit log.
///
/// ```ignore
/// fn main() -> ExitCode {
///     bifrost::cli::AuditProgram::new(bifrost::ERROR_CODES).aws(bifrost::aws::Aws).run()
/// }
/// ```
pub struct AuditProgram {
    codes: &'static [&'static [ErrorCode]],
    aws: Option<Box<dyn ConnectAudit>>,
}

impl AuditProgram {
    /// A program that reads local clouds and copies. It explains these codes of errors.
    #[must_use]
    pub fn new(codes: &'static [&'static [ErrorCode]]) -> Self {
        Self { codes, aws: None }
    }

    /// Lets its commands read logs in AWS.
    #[must_use]
    pub fn aws(self, connect: impl ConnectAudit + 'static) -> Self {
        Self { aws: Some(Box::new(connect)), ..self }
    }

    /// Runs the command in the program's arguments. This is its whole `main`.
    #[must_use]
    pub fn run(&self) -> ExitCode {
        let arguments: Vec<OsString> = std::env::args_os().collect();
        finish(self.try_run(&arguments), || error_format(&arguments))
    }

    fn try_run(&self, arguments: &[OsString]) -> Result<u8, CliError> {
        let mut command = command();
        if arguments.len() <= 1 {
            output::print(&command.render_long_help().to_string())?;
            return Ok(0);
        }
        let matches = match command.try_get_matches_from_mut(arguments) {
            Ok(matches) => matches,
            Err(error) => return usage(error, || error_format(arguments)),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(CliError::Runtime)?;
        runtime.block_on(self.dispatch(&matches)).or_else(|error| match error {
            CliError::Usage(error) => usage(error, || error_format(arguments)),
            error => Err(error),
        })
    }

    async fn dispatch(&self, matches: &ArgMatches) -> Result<u8, CliError> {
        let Cli { command } = Cli::from_arg_matches(matches).map_err(CliError::Usage)?;
        let audit = match command {
            Command::Audit(audit) => audit.command,
            Command::New(args) => return new::run(&args),
            Command::Completions(args) => return completions::run(&args, &mut super::command()),
        };
        match audit {
            AuditCommand::List(args) => list::run(self, args).await,
            AuditCommand::Show(args) => show::run(self, args).await,
            AuditCommand::Diff(args) => show::diff(self, args).await,
            AuditCommand::Sample(args) => sample::run(self, args).await,
            AuditCommand::Open(args) => acts::open(self, args).await,
            AuditCommand::Review(args) => acts::review(self, args).await,
            AuditCommand::Report(args) => report::run(self, args).await,
            AuditCommand::Export(args) => export::run(self, args).await,
            AuditCommand::Verify(args) => verify::run(self, args).await,
            AuditCommand::Receipt(args) => receipt::run(self, args).await,
            AuditCommand::Policy(args) => keys::policy(self, args).await,
            AuditCommand::Copy(args) => copy::run(self, args).await,
            AuditCommand::Reconcile(args) => acts::reconcile(self, args).await,
            AuditCommand::Keygen(args) => keys::keygen(&args),
            AuditCommand::Schema(args) => export::schema(&args),
        }
    }

    /// The documented causes of codes of errors.
    pub(super) fn causes(&self) -> impl Fn(&str) -> Option<&'static str> + Send + Sync + use<> {
        let codes = self.codes;
        move |code| {
            codes.iter().flat_map(|codes| codes.iter()).find(|known| known.code == code).map(|known| known.cause)
        }
    }

    /// Opens the selected log.
    pub(super) async fn open(&self, args: &LogArgs) -> Result<OpenedLog, CliError> {
        opened::open(self, args).await
    }

    /// Connects to the selected log in AWS.
    pub(super) async fn connect(&self, args: &LogArgs) -> Result<AuditConnection, CliError> {
        let aws = self.aws.as_ref().ok_or(CliError::NoAws(super::NAME))?;
        Ok(aws.connect_audit(&args.options()?).await?)
    }
}

impl AuditProgram {
    /// Connects to the function that records acts of people for a deployer.
    pub(super) async fn acts(&self, deployer: &str, args: &LogArgs) -> Result<Arc<dyn Acts>, CliError> {
        let aws = self.aws.as_ref().ok_or(CliError::NoAws(super::NAME))?;
        Ok(aws.connect_acts(deployer, &args.options()?).await?)
    }
}

/// The format of an error: JSON only if `--output json` was given.
fn error_format(arguments: &[OsString]) -> Format {
    let given = command().ignore_errors(true).try_get_matches_from(arguments).ok();
    let mut innermost = given.as_ref();
    while let Some((_, matches)) = innermost.and_then(ArgMatches::subcommand) {
        innermost = Some(matches);
    }
    let output = innermost.and_then(|matches| matches.try_get_one::<Format>("output").ok().flatten().copied());
    output.unwrap_or(Format::Text)
}
