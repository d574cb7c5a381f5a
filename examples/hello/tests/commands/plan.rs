//! What a deploy would change, and the release before it.

use super::{Hello, refusal_code};
use crate::shell::text;
use serde_json::{Value, json};

/// The last JSON object that a command prints, and its exit code.
fn answer(shell: &Hello, line: &str) -> (Value, i32) {
    let output = shell.run(line);
    let shown = text(&output.stdout);
    let last = shown.lines().last().unwrap_or_else(|| panic!("{line}: {}", text(&output.stderr)));
    (serde_json::from_str(last).unwrap(), output.status.code().unwrap())
}

#[test]
fn exit_codes_of_plan() {
    let shell = Hello::new("plan");
    let (first, code) = answer(&shell, "plan release.json --local");
    assert_eq!((code, &first["exit_code"], &first["changes"][0]["action"]), (2, &json!(2), &json!("add")));
    assert!(!shell.folder.join(".bifrost").exists(), "a plan creates no local cloud");
    shell.json("deploy release.json --local");
    let (same, code) = answer(&shell, "plan release.json --local");
    assert_eq!((code, &same["changes"], &same["project_name"]), (0, &json!([]), &json!("acme/shop")));
    shell.write("off.json", include_str!("../../release.json").replace("\"on\"", "\"off\""));
    let output = shell.run("plan off.json --local --output text");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stdout).contains("\n  ~ modify     new-checkout  flag\n               on → off\n"));
    for wrong in ["plan absent.json --local", "plan release.json", "plan release.json --local --no-such-flag", "plan"] {
        let output = shell.run(wrong);
        assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(1), ""), "{wrong}");
        assert!(text(&output.stderr).starts_with("error"), "{wrong}");
    }
}

#[test]
fn plan_notes_a_running_deploy() {
    let shell = Hello::new("plan-while");
    let mut engine = shell.slow_deploy();
    let (plan, _) = answer(&shell, "plan release.json --local");
    assert!(plan["notes"][0].as_str().unwrap().contains("(deploy-acme-shop-development-"), "{plan}");
    engine.kill().unwrap();
    engine.wait().unwrap();
}

#[test]
fn rollback_deploys_the_previous_release_again() {
    let shell = Hello::new("rollback");
    let is_set = |value: &str| {
        shell.write("now.json", include_str!("../../release.json").replace("\"on\"", &format!("{value:?}")));
        shell.run("plan now.json --local").status.code() == Some(0)
    };
    let deploy = |value: &str| {
        shell.write("value.json", include_str!("../../release.json").replace("\"on\"", &format!("{value:?}")));
        shell.json("deploy value.json --local").last().unwrap()["release_id"].clone()
    };
    assert_eq!(refusal_code(&shell, "rollback release.json --local"), "rollback/nothing-deployed");
    let first = deploy("first");
    assert_eq!(refusal_code(&shell, "rollback release.json --local"), "rollback/nothing-earlier");
    deploy("second");
    deploy("third");
    let output = shell.run("rollback acme/shop development --local");
    assert_eq!((output.status.code(), is_set("second"), is_set("third")), (Some(0), true, false));
    let note = text(&output.stderr);
    assert!(note.contains("acme/shop development in account 000000000000\n  from release-"), "{note}");
    assert_eq!(shell.json("rollback acme/shop development --local").last().unwrap()["status"], "Success");
    assert!(is_set("first"), "a second rollback goes further back");
    assert_eq!(refusal_code(&shell, "rollback release.json --local"), "rollback/nothing-earlier");
    deploy("fourth");
    let line = format!("rollback acme/shop development --to {} --local --output text", first.as_str().unwrap());
    let shown = text(&shell.run(&line).stdout);
    assert!(shown.contains("\nSuccess: release-"), "{shown}");
    assert!(is_set("first"));
    let unknown = "rollback acme/shop development --to release-1-abc --local";
    assert_eq!(refusal_code(&shell, unknown), "rollback/unknown-release");
}

#[test]
fn rollback_is_refused_while_a_deploy_runs() {
    let shell = Hello::new("rollback-while");
    shell.json("deploy release.json --local");
    let mut engine = shell.slow_deploy();
    assert_eq!(refusal_code(&shell, "rollback release.json --local"), "rollback/deploy-running");
    engine.kill().unwrap();
    engine.wait().unwrap();
}
