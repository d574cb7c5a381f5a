//! Freezes and locks, and what is deployed.

use super::{Hello, SEED, refusal_code};
use crate::shell::text;
use serde_json::{Value, json};

#[test]
fn frozen_config_is_refused() {
    let shell = Hello::new("frozen");
    let freeze = shell.command("freeze acme/shop development --local --reason").arg("incident 42").output().unwrap();
    assert_eq!(freeze.status.code(), Some(0));
    let deploy = shell.run("deploy release.json --local --output text");
    assert_eq!(deploy.status.code(), Some(2));
    let shown = text(&deploy.stdout);
    assert!(shown.contains("[freeze/active]") && shown.contains("ada@") && shown.contains("incident 42"), "{shown}");
    let unfreeze = "unfreeze acme/shop development --account 000000000000 --local";
    assert!(shown.contains(&format!("`hello {unfreeze}`")), "{shown}");
    assert_eq!(shell.run("unlock acme/shop development --local").status.code(), Some(2), "a freeze is no lock");
    assert_eq!(shell.run(unfreeze).status.code(), Some(0));
    assert_eq!(shell.run("deploy release.json --local").status.code(), Some(0));
}

#[test]
fn forced_unlock_stops_the_running_deploy() {
    let shell = Hello::new("unlock");
    let mut engine = shell.slow_deploy();
    let kept = shell.run("unlock acme/shop development --local");
    assert_eq!(kept.status.code(), Some(2), "{}", text(&kept.stdout));
    assert_eq!(shell.json("status --local")[0]["root_locks"][0]["running"], true);
    let unlocked = shell.run("unlock acme/shop development --force --local");
    assert_eq!(unlocked.status.code(), Some(0), "{}", text(&unlocked.stderr));
    assert!(text(&unlocked.stderr).contains("stopped deploy-acme-shop-development-"), "{}", text(&unlocked.stderr));
    assert!(text(&unlocked.stdout).contains(": cleared the lock of release "), "{}", text(&unlocked.stdout));
    engine.wait().unwrap();
    assert_eq!(shell.json("history --local")[0]["status"], "ABORTED");
    let shown = text(&unlocked.stdout);
    assert!(shown.contains("`hello failures acme/shop development --account 000000000000 --local`"), "{shown}");
    let [failure] = shell.json("failures --local").try_into().unwrap();
    assert!(failure["failures"][0]["cause"].as_str().unwrap().contains("`hello unlock --force` by ada@"), "{failure}");
    let next = failure["next"].as_str().unwrap();
    assert!(next.contains("hello status ") && !next.contains("wait 6 minutes") && !next.contains("unlock "), "{next}");
    shell.json("deploy release.json --local --speed 1000");
}

/// A local cloud that a seed creates, with a stale lock and a freeze.
#[test]
fn unlock_and_unfreeze_keep_a_new_local_cloud() {
    let shell = Hello::new("seeded");
    let mut seed: Value = serde_json::from_str(SEED).unwrap();
    let key = "000000000000/acme/shop/development/lock";
    let lock = json!({"key": key, "id": "dead", "time": seed["clock"]});
    let freeze = json!({"body": {"text": "{\"user\": \"ada\"}"}, "last_modified": seed["clock"]});
    let account = &mut seed["accounts"]["000000000000"];
    account["lock_tables"]["us-east-1/coinbase-hello-locks"][key] = lock;
    let objects = &mut account["buckets"]["coinbase-hello-000000000000"]["objects"];
    objects["000000000000/acme/shop/development/user-lock"] = freeze;
    shell.write("seed.json", seed.to_string());
    let shown = |command: &str| text(&shell.run(&format!("{command} acme/shop development --cloud seed.json")).stdout);
    assert!(shown("unlock").contains(": cleared the lock of owner dead since "));
    assert!(!shown("unlock").contains("lock of owner dead"));
    assert!(shown("unfreeze").contains(": no longer frozen; the lifted freeze was by ada"));
    assert!(shown("unfreeze").contains(": not frozen"));
}

#[test]
fn everything_deployed_is_listed() {
    let shell = Hello::new("all");
    assert!(shell.json("status --all --local").is_empty());
    let shown = |line: &str| text(&shell.run(line).stdout);
    assert_eq!(shown("status --all --local --output text"), "nothing is deployed\n");
    for config in ["production", "development"] {
        shell.write("config.json", include_str!("../../release.json").replace("development", config));
        shell.json("deploy config.json --local");
    }
    let [first, second] = shell.json("status --all --local").try_into().unwrap();
    assert_eq!((&first["config_name"], &second["config_name"]), (&json!("development"), &json!("production")));
    assert_eq!((&first["aws_account_id"], &first["project_name"]), (&json!("000000000000"), &json!("acme/shop")));
    let mut fields: Vec<&String> = first.as_object().unwrap().keys().collect();
    fields.sort();
    let expected = [
        "age_seconds",
        "aws_account_id",
        "config_name",
        "deployer",
        "project_name",
        "release_id",
        "since",
        "started_by",
    ];
    assert_eq!(fields, expected);
    let table = shown("status --all --local --output text");
    assert_eq!(table.lines().count(), 3, "{table}");
    assert!(shell.json("status --all --older-than 1d --local").is_empty());
    assert_eq!(shown("status --all --older-than 1d --local --output text"), "nothing was deployed more than 1d ago\n");
    assert_eq!(refusal_code(&shell, "status --output json --all --older-than 1.5d --local"), "cli/usage");
}
