use super::super::Program;
use super::*;
use crate::client::test_deployer::Idler;
use bifrost_core::error_code::Coded as _;

/// Exits with the given code.
struct Exit;

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
