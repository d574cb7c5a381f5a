//! The settings that say which deployer is meant: local clouds, `bootstrap` and messages obey them as AWS does.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test that cannot continue panics")]

#[path = "../../../tests/shell/mod.rs"]
mod shell;

use serde_json::{Value, json};
use shell::{Shell, error_code, text};
use std::process::Output;

/// A folder with a release.
fn hello(test: &str) -> Shell {
    let shell = Shell::new(env!("CARGO_BIN_EXE_hello"), test);
    shell.write("release.json", include_str!("../release.json"));
    shell
}

/// Runs a command with a variable.
fn run(shell: &Shell, variable: (&str, &str), line: &str) -> Output {
    shell.command(line).env(variable.0, variable.1).output().unwrap()
}

const ACME: (&str, &str) = ("BIFROST_PREFIX", "acme-");

/// The end of a deploy.
fn end(output: &Output) -> Value {
    let events = text(&output.stdout);
    let last = events.lines().last().unwrap_or_else(|| panic!("{}", text(&output.stderr)));
    serde_json::from_str::<Value>(last).unwrap()["status"].clone()
}

#[test]
fn deploys_with_any_name() {
    let shell = hello("names");
    let deploy = "deploy release.json --local";
    assert_eq!(end(&run(&shell, ACME, deploy)), "Success");
    assert_eq!(end(&run(&shell, ("HELLO_STEP", "zeta-greeter"), deploy)), "Success");
    assert_eq!(end(&shell.run(&format!("{deploy} --prefix acme-shop-"))), "Success");
    assert_eq!(end(&shell.run(&format!("{deploy} --deployer greeter"))), "Success");
    assert_eq!(end(&shell.run(deploy)), "Success");
    // Each is a deployer of its own.
    for options in ["", " --prefix acme-", " --prefix acme-shop-", " --deployer zeta-greeter", " --deployer greeter"] {
        assert_eq!(shell.json(&format!("history --local{options}")).len(), 1, "{options}");
    }
    assert_eq!(shell.json("history --local --prefix other-").len(), 0);
}

#[test]
fn prefix_is_that_of_templates_and_definitions() {
    let shell = hello("templates");
    for line in [
        "bootstrap",
        "bootstrap --audit --audit-retention 7y",
        "bootstrap --project acme/shop",
        "bootstrap --target 222222222222 --deployer-account 111111111111",
        "asl --local",
    ] {
        let printed = text(&run(&shell, ACME, line).stdout);
        assert!(printed.contains("acme-") && !printed.contains("coinbase"), "{line}: {printed}");
    }
}

#[test]
fn messages_name_commands_with_the_prefix() {
    let shell = hello("hints");
    let failed = |output: Output| text(&output.stdout) + &text(&output.stderr);
    let deploy = "deploy release.json --local --output text";
    let by_option = failed(shell.run(&format!("{deploy} --prefix acme-")));
    assert!(
        by_option.contains("`bifrost audit show release-") && by_option.contains(" --prefix acme- --local`"),
        "{by_option}"
    );
    let by_variable = failed(run(&shell, ACME, deploy));
    assert!(by_variable.contains("`bifrost audit show release-") && !by_variable.contains("--prefix"), "{by_variable}");
    // The option wins over the variable, so commands must name it.
    let both = failed(run(&shell, ACME, &format!("{deploy} --prefix coinbase-")));
    assert!(both.contains(" --prefix coinbase- --local`"), "{both}");
}

#[test]
fn wrong_prefix_is_refused_everywhere() {
    let shell = hello("wrong-prefix");
    let long = format!("{}-", "a".repeat(30));
    for prefix in ["", "ACME-", "acme", "acme'-", "acme\"-", "1-", &long] {
        for line in ["deploy release.json --local", "status --all --local", "bootstrap", "doctor"] {
            let output = run(&shell, ("BIFROST_PREFIX", prefix), line);
            let complaint = text(&output.stderr);
            assert_eq!(
                (output.status.code(), error_code(complaint.trim_end()).as_str()),
                (Some(2), "deployer/invalid-prefix"),
                "{line}"
            );
        }
    }
    assert_eq!(error_code(&shell.refused("deploy release.json --local --prefix=ACME-")), "deployer/invalid-prefix");
    assert_eq!(error_code(&shell.refused("deploy release.json --local --deployer a_b")), "release/invalid-name");
    assert!(!shell.folder.join(".bifrost").exists());
}

#[test]
fn local_cloud_refuses_another_account_or_region() {
    let shell = hello("elsewhere");
    let code = |option: &str| error_code(&shell.refused(&format!("deploy release.json --local {option}")));
    assert_eq!(code("--deployer-account 999999999999"), "local/other-account");
    assert_eq!(code("--deployer-region eu-west-1"), "local/other-region");
    // The variable of a shell is for commands on AWS.
    assert_eq!(end(&run(&shell, ("AWS_ACCOUNT_ID", "999999999999"), "deploy release.json --local")), "Success");
    let same = "--deployer-account 000000000000 --deployer-region us-east-1";
    assert_eq!(end(&shell.run(&format!("deploy release.json --local {same}"))), "Success");
}

#[test]
fn seed_names_no_deployer() {
    let shell = hello("bare-seed");
    let seed = json!({
        "clock": "2026-11-21T12:00:00Z", "deployer_account": "111111111111", "deployer_region": "eu-west-1",
        "accounts": {"000000000000": {}},
    });
    shell.write("bare.json", seed.to_string());
    let deploy = "deploy release.json --cloud bare.json";
    assert_eq!(end(&run(&shell, ACME, deploy)), "Success");
    assert_eq!(end(&shell.run(deploy)), "Success");
}
