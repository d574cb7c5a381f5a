//! The command line of the program `bifrost`.

use super::*;
use clap::FromArgMatches;

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::from_arg_matches(&command().try_get_matches_from(line.split(' '))?)
}

fn long_help(path: &[&str]) -> String {
    let mut command = command();
    command.build();
    let found = path.iter().fold(&mut command, |command, name| command.find_subcommand_mut(name).unwrap());
    found.render_long_help().to_string()
}

const COMMANDS: [&str; 15] = [
    "list",
    "show",
    "diff",
    "sample",
    "open",
    "review",
    "report",
    "export",
    "verify",
    "receipt",
    "policy",
    "copy",
    "reconcile",
    "keygen",
    "schema",
];

#[test]
fn command_line_is_consistent() {
    command().debug_assert();
}

#[test]
fn help() {
    insta::assert_snapshot!(long_help(&["audit"]));
}

#[test]
fn help_of_commands() {
    for name in COMMANDS {
        insta::assert_snapshot!(name, long_help(&["audit", name]));
    }
}

#[test]
fn help_of_new() {
    let help = long_help(&["new"]);
    assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
    insta::assert_snapshot!(help);
}

#[test]
fn each_command_has_examples_in_80_columns() {
    let mut command = command();
    let audit = command.find_subcommand_mut("audit").unwrap();
    let names: Vec<String> = audit.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    assert_eq!(names.len(), COMMANDS.len());
    for name in names {
        let help = long_help(&["audit", &name]);
        assert!(help.contains("Examples:\n  bifrost audit "), "{name}");
        for line in help.lines() {
            assert!(line.chars().count() <= 80, "{name}: {line}");
        }
    }
}

#[test]
fn log_is_in_one_place() {
    for right in [
        "--local",
        "--cloud x.sqlite",
        "--copy folder",
        "--bucket acme-audit",
        "--prefix acme- --deployer-region eu-west-1",
    ] {
        assert!(parse(&format!("bifrost audit list {right}")).is_ok(), "{right}");
    }
    for wrong in
        ["--copy folder --local", "--copy folder --bucket acme-audit", "--cloud x.sqlite --deployer-region eu-west-1"]
    {
        assert!(parse(&format!("bifrost audit list {wrong}")).is_err(), "{wrong}");
    }
}

#[test]
fn receipt_needs_release_and_policy() {
    assert!(parse("bifrost audit verify --receipt r --release j --policy p").is_ok());
    for wrong in ["--receipt r", "--receipt r --release j", "--release j", "--receipt r --release j --policy p --local"]
    {
        assert!(parse(&format!("bifrost audit verify {wrong}")).is_err(), "{wrong}");
    }
}

#[test]
fn filters_have_two_names_for_the_period() {
    for right in
        ["--since 30d", "--from 2026-01-01 --to 2026-03-31", "--until 2026-01-01T00:00:00Z", "--outcome Failure_Clean"]
    {
        assert!(parse(&format!("bifrost audit list {right}")).is_ok(), "{right}");
    }
    for wrong in ["--since yesterday", "--outcome failed", "--account 1", "--limit 0", "--from 2026-01-01 --since 30d"]
    {
        assert!(parse(&format!("bifrost audit list {wrong}")).is_err(), "{wrong}");
    }
}
