//! The commands of every deployer, one file each. Only this module prints.
//!
//! Exit codes of all commands except `plan`: 0 success; 1 the deploy changed something, failed, and cleaned up; 2 nothing was
//! changed; 3 the deploy needs manual intervention (contract §9). `plan`: 0 no changes, 2 changes, 1 an error.

mod all_deployed;
mod arguments;
mod asl;
mod audit;
mod aws;
mod backend;
mod bootstrap;
mod completions;
mod custom_command;
mod deploy;
mod doctor;
mod error;
mod failures;
mod freeze;
mod graph;
mod halt;
mod history;
mod json;
#[cfg(feature = "local")]
mod local;
mod motive;
mod new;
mod output;
mod plan;
mod program;
mod receipt;
mod reconcile;
mod report;
mod rollback;
mod status;
mod table;
mod time;
mod unlock;

use crate::client::ClientDeployer;
use arguments::DeployerArgs;
use bifrost_core::error_code::{Coded as _, ErrorCode};
use clap::{CommandFactory, Parser, Subcommand};
use error::CliError;

pub use audit::AuditProgram;
pub use bifrost_core::strip_control::one_line;
pub use custom_command::{CommandContext, CommandError, CustomCommand};
pub use program::Program;
use program::ProgramRun;
pub use time::{Age, TypedAge};

/// The codes of the errors of this module.
pub(crate) const ERROR_CODES: &[&[ErrorCode]] = &[CliError::CODES, audit::AuditCliError::CODES, new::NewError::CODES];

#[derive(Debug, Parser)]
#[command(disable_help_subcommand = true, subcommand_required = true, version)]
struct Cli {
    #[command(flatten)]
    deployer_args: DeployerArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Deploy a release and follow the deploy
    Deploy(deploy::Args),
    /// Show what a deploy would change, without changing anything
    Plan(plan::Args),
    /// Stop the running deploy, which then cleans up and fails
    Halt(halt::Args),
    /// Deploy the previous successful release again
    Rollback(rollback::Args),
    /// Show what is deployed, what is running, and the locks
    Status(status::Args),
    /// List executions, or show the events of one
    History(history::Args),
    /// List the latest failed deploys, with causes and remedies
    #[command(alias = "fails")]
    Failures(failures::Args),
    /// Freeze a project's config: nobody can deploy it until it is unfrozen
    #[command(alias = "lock")]
    Freeze(freeze::Args),
    /// Lift the freeze of a project's config
    Unfreeze(freeze::UnfreezeArgs),
    /// Clear the lock that a failed deploy left
    Unlock(unlock::Args),
    /// Complete the audit log with what deploys could not record
    Reconcile(reconcile::Args),
    /// Check the deployer in AWS and show remedies
    Doctor(doctor::Args),
    /// Print the state machine in the Amazon States Language
    Asl(asl::Args),
    /// Print the state machine with placeholders for account, region and function
    Json(json::Args),
    /// Print the state machine as a diagram
    Graph(graph::Args),
    /// Print or deploy the CloudFormation templates of the deployer
    Bootstrap(bootstrap::Args),
    /// Print a completion script for a shell
    Completions(completions::Args),
}

async fn dispatch<D: ClientDeployer>(session: &ProgramRun<'_, D>, command: Command) -> Result<u8, CliError> {
    match command {
        Command::Deploy(args) => deploy::run(session, args).await,
        Command::Plan(args) => plan::run(session, args).await,
        Command::Halt(args) => halt::run(session, args).await,
        Command::Rollback(args) => rollback::run(session, args).await,
        Command::Status(args) => status::run(session, args).await,
        Command::History(args) => history::run(session, args).await,
        Command::Failures(args) => failures::run(session, args).await,
        Command::Freeze(args) => freeze::run(session, args).await,
        Command::Unfreeze(args) => freeze::lift(session, args).await,
        Command::Unlock(args) => unlock::run(session, args).await,
        Command::Reconcile(args) => reconcile::run(session, args).await,
        Command::Doctor(args) => doctor::run(session, &args).await,
        Command::Asl(args) => asl::run(session, &args).await,
        Command::Json(args) => json::run::<D>(&args),
        Command::Graph(args) => graph::run::<D>(&args),
        Command::Bootstrap(args) => bootstrap::run(session, args).await,
        Command::Completions(args) => completions::run(&args, &mut session.command()),
    }
}

/// The command line, with the deployer's own name in its help.
fn command<D: ClientDeployer>() -> clap::Command {
    named(D::NAME, D::ABOUT, D::RELEASE_FILE).mut_arg("prefix", |prefix| {
        let help = prefix.get_help().map(ToString::to_string).unwrap_or_default();
        prefix.help(format!("{help} [default: {}]", D::PREFIX))
    })
}

/// `default` is the release file that is used if none is given.
fn named(name: &'static str, about: &'static str, default: Option<&'static str>) -> clap::Command {
    let file = default.unwrap_or("release.json");
    let examples = [
        ("deploy", deploy::examples(name, file)),
        ("plan", plan::examples(name, file)),
        ("rollback", rollback::examples(name, file)),
        ("failures", failures::examples(name, file)),
        ("halt", halt::examples(name, file)),
        ("status", status::examples(name, file)),
        ("history", history::examples(name)),
        ("freeze", freeze::examples(name)),
        ("unfreeze", freeze::unfreeze_examples(name)),
        ("unlock", unlock::examples(name)),
        ("reconcile", reconcile::examples(name)),
        ("doctor", doctor::examples(name)),
        ("graph", graph::examples(name)),
        ("bootstrap", bootstrap::examples(name)),
    ];
    let command =
        Cli::command().max_term_width(80).name(name).bin_name(name).about(about).after_long_help(guide(name, file));
    let command = command.after_help(format!("Try `{name} deploy --help`, or `{name} --help` for examples."));
    let command = examples.into_iter().fold(command, |command, (subcommand, text)| {
        command.mut_subcommand(subcommand, |subcommand| subcommand.after_help(text))
    });
    let command = ["deploy", "plan"].into_iter().fold(command, |command, subcommand| match default {
        Some(file) => command.mut_subcommand(subcommand, |subcommand| {
            subcommand.mut_arg("file", |argument| argument.required(false).default_value(file))
        }),
        None => command,
    });
    // Only `status` and `failures` work without a project.
    ["freeze", "halt", "rollback", "unfreeze", "unlock"].into_iter().fold(command, |command, subcommand| {
        command.mut_subcommand(subcommand, |subcommand| subcommand.mut_arg("first", |project| project.required(true)))
    })
}

fn guide(name: &str, file: &str) -> String {
    format!(
        "Examples:
  {name} deploy {file}             deploy on AWS, with your credentials
  {name} deploy {file} --local     deploy in the local cloud
  {name} status --local                  show what is deployed and running there
  {name} plan {file} --local       show what a deploy would change
  {name} halt {file} --local       stop the running deploy
  {name} failures --local                list failed deploys and remedies
  {name} rollback {file} --local   deploy the previous release again
  {name} graph mermaid                   print the state machine as a diagram

Exit codes:
  0  success
  1  the deploy changed something, failed, and cleaned up (FailureClean)
  2  refused: nothing was changed
  3  needs manual intervention: the deploy could not clean up (FailureDirty), or
     its end is unknown
  `plan` has its own: 0 no changes, 2 changes, 1 an error.

Output:
  Text on a terminal, otherwise JSON, one object per line; --output selects one.
  Errors are printed on stderr as error[CODE]: MESSAGE; with --output json as
  {{\"error\": {{\"code\": CODE, \"message\": MESSAGE}}}}."
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::FromArgMatches;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::from_arg_matches(&named("odin", "", None).try_get_matches_from(line.split(' '))?)
    }

    #[test]
    fn command_line_is_consistent() {
        named("odin", "Deploys", None).debug_assert();
    }

    #[test]
    fn help() {
        insta::assert_snapshot!(named("odin", "Deploys groups", None).render_long_help().to_string());
    }

    #[test]
    fn deployer_has_a_default_release_file() {
        let fenrir = |line: &str| named("fenrir", "", Some("template.yml")).try_get_matches_from(line.split(' '));
        for command in ["deploy", "plan"] {
            let matches = fenrir(&format!("fenrir {command} --local")).unwrap();
            let file = matches.subcommand().unwrap().1.get_one::<std::path::PathBuf>("file");
            assert_eq!(file, Some(&"template.yml".into()));
            assert!(parse(&format!("odin {command} --local")).is_err(), "{command}");
        }
        let help = named("fenrir", "", Some("template.yml")).render_long_help().to_string();
        assert!(help.contains("fenrir plan template.yml") && !help.contains("release.json"), "{help}");
    }

    #[test]
    fn help_of_commands() {
        let commands = ["deploy", "plan", "rollback", "status", "failures", "freeze", "unlock", "doctor", "bootstrap"];
        for command in commands {
            let help = named("odin", "", None).find_subcommand_mut(command).map(|it| it.render_long_help().to_string());
            insta::assert_snapshot!(command, help.unwrap());
        }
    }

    #[test]
    fn project_is_a_file_or_a_name_with_a_config() {
        assert!(parse("odin halt release.json").is_ok());
        assert!(parse("odin halt acme/shop development --account 000000000000").is_ok());
        assert!(parse("odin halt release.json --account 000000000000").is_err());
        assert!(parse("odin halt acme/shop ../x").is_err());
        assert!(parse("odin halt").is_err());
        assert!(parse("odin unlock --force").is_err());
        assert!(parse("odin status").is_ok());
        assert!(parse("odin status acme/shop development").is_ok());
    }

    #[test]
    fn all_deployed_is_of_no_project() {
        for right in ["--all", "--all --older-than 30d", "--all --older-than 90m --local --output json"] {
            assert!(parse(&format!("odin status {right}")).is_ok(), "{right}");
        }
        for wrong in ["--all release.json", "--all acme/shop development", "--older-than 30d", "--all --older-than 30"]
        {
            assert!(parse(&format!("odin status {wrong}")).is_err(), "{wrong}");
        }
        for option in ["--account 000000000000", "--region us-east-1", "--bucket bucket-1"] {
            let error = parse(&format!("odin status --all {option}")).unwrap_err();
            assert_eq!(error.kind(), clap::error::ErrorKind::ArgumentConflict, "{option}");
        }
    }

    #[test]
    fn numbers_are_above_zero() {
        assert!(parse("odin deploy release.json --speed 0.5").is_ok());
        assert!(parse("odin deploy release.json --timeout 1").is_ok());
        for speed in ["0", "-1", "fast", "NaN", "inf"] {
            assert!(parse(&format!("odin deploy release.json --speed={speed}")).is_err(), "{speed}");
        }
        for number in ["0", "-1", "1.5", "ten", "99999999999999999999"] {
            for option in ["deploy release.json --timeout", "failures --limit", "history --limit"] {
                assert!(parse(&format!("odin {option}={number}")).is_err(), "{option} {number}");
            }
        }
    }

    #[test]
    fn former_names_still_work() {
        assert!(parse("odin fails --limit 1").is_ok());
        assert!(parse("odin lock acme/shop development --reason incident").is_ok());
        assert!(parse("odin status --world other.json").is_ok());
    }

    #[test]
    fn doctor_does_not_offer_the_local_cloud() {
        let help = named("odin", "", None).find_subcommand_mut("doctor").map(|it| it.render_long_help().to_string());
        assert!(!help.unwrap().contains("--local"));
    }

    #[test]
    fn bootstrap_has_one_template_at_a_time() {
        for right in [
            "",
            "--target 222222222222 --session-tags",
            "--target 222222222222 --no-session-tags",
            "--audit --audit-retention 7y --apply",
            "--audit --audit-retention 400d --audit-mode governance --audit-account 999999999999",
            "--apply --audit-log best-effort --audit-account 999999999999",
            "--project acme/shop --apply",
            "--apply --code odin.zip",
            "--also-bucket one-1,two-2 --also-bucket three-3",
            "--step-project acme/odin --step-config production --apply",
        ] {
            assert!(parse(format!("odin bootstrap {right}").trim_end()).is_ok(), "{right}");
        }
        for wrong in [
            "--target 222222222222 --project acme/shop",
            "--target 222222222222 --alarm-email a@b",
            "--target here",
            "--project ../x",
            "--project acme/shop --external-id ab",
            "--code odin.zip",
            "--target 222222222222 --deployer-account 111111111111 --also-bucket acme-files",
            "--project acme/shop --also-bucket acme-files",
            "--also-bucket ../x",
            "--session-tags --no-session-tags",
            "--audit",
            "--audit-retention 7y",
            "--audit --audit-retention 0y",
            "--audit --audit-retention 7y --target 222222222222",
            "--audit --audit-retention 7y --project acme/shop",
            "--audit --audit-retention 7y --audit-log off",
            "--audit --audit-retention 7y --code odin.zip --apply",
            "--audit --audit-retention 7y --audit-mode sometimes",
            "--audit-log sometimes",
            "--audit-mode governance",
            "--project acme/shop --audit-account 999999999999",
            "--external-id a",
            "--external-id a{b",
            "--alarm-email nobody",
            "--step-project acme/odin",
            "--step-config production --apply",
            "--step-project ../x --step-config production",
            "--step-project acme/odin --step-config a/b",
            "--project acme/shop --step-project acme/odin --step-config production",
            "--target 222222222222 --step-project acme/odin --step-config production",
            "--audit --audit-retention 7y --step-project acme/odin --step-config production",
        ] {
            assert!(parse(&format!("odin bootstrap {wrong}")).is_err(), "{wrong}");
        }
    }
}
