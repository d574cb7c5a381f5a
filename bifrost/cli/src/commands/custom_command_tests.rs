use super::super::Program;
use super::*;
use crate::client::Deployed;
use bifrost_core::Shape;
use bifrost_core::cloud::CloudError;
use bifrost_core::deployer::Deployer;
use bifrost_core::error_code::Coded as _;
use bifrost_core::release::Fields;
use bifrost_core::release::{ConfigName, ProjectName, Release};
use bifrost_core::validate::validate;
use serde::Deserialize;

/// A deployer that does nothing and has a custom command.
struct Idler;

#[derive(Debug, Clone, Serialize, Deserialize, Shape)]
struct Nothing {}

impl Fields for Nothing {
    type Ports = ();
}

bifrost_core::state_machine! {
    machine Idle(Release<Nothing>) starts at Rest;

    task Rest = validate { next Success; catch _ => FailureClean; }
    succeed Success;
    fail FailureClean = "FailureClean";
}

impl Deployer for Idler {
    type Fields = Nothing;
    type Machine = Idle;

    const NAME: &'static str = "idler";
    const TIMEOUT_SECONDS: u32 = 60;
}

#[async_trait]
impl ClientDeployer for Idler {
    const ABOUT: &'static str = "Does nothing";
    const CHANGES_FROM: &'static str = "Rest";

    async fn deployed((): &(), _: &ProjectName, _: &ConfigName) -> Result<Vec<Deployed>, CloudError> {
        Ok(Vec::new())
    }
}

/// Exits with the given code.
struct Exit;

#[async_trait(?Send)]
impl CustomCommand<Idler> for Exit {
    fn command(&self) -> clap::Command {
        let code = clap::Arg::new("code").value_parser(clap::value_parser!(u8)).required(true);
        clap::Command::new("exit").about("Exit").arg(code)
    }

    async fn run(&self, matches: &ArgMatches, context: &CommandContext<'_, Idler>) -> Result<u8, CommandError> {
        assert!(context.is_json());
        assert!(context.hint("status").starts_with("`idler status") && context.hint("status").ends_with("--local`"));
        match matches.get_one::<u8>("code") {
            Some(7) => Err(CommandError::from_parts("idler/seven", "seven is refused")),
            Some(8) => context.client().await.map(|_| 0),
            code => Ok(code.copied().unwrap_or_default()),
        }
    }
}

fn run(line: &str) -> Result<u8, CliError> {
    let program = Program::<Idler>::new().with(Exit);
    program.try_run(&line.split(' ').map(Into::into).collect::<Vec<_>>())
}

#[test]
fn custom_command_has_shared_arguments_and_exit_code() {
    assert_eq!(run("idler exit 5 --local --output json").unwrap(), 5);
    assert_eq!(run("idler exit 5 --local --output json --deployer mine").unwrap(), 5);
    let refused = run("idler exit 7 --local --output json").unwrap_err();
    assert_eq!((refused.code(), refused.exit_code()), ("idler/seven", 2));
    assert_eq!(run("idler exit 8 --local --output json").unwrap_err().code(), "cli/no-local");
}

#[test]
fn help_lists_custom_commands() {
    let help = Program::<Idler>::new().with(Exit).command().render_long_help().to_string();
    assert!(help.contains("\n  exit         Exit\n"), "{help}");
}
