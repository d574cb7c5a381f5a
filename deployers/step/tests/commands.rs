//! The commands, as a user sees them: in a folder, with the local cloud.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test that cannot continue panics")]

#[path = "../../../tests/shell/mod.rs"]
#[allow(dead_code, reason = "the tests of other deployers use more of it")]
mod shell;

use serde_json::{Value, json};
use shell::{Shell, error_code, text};
use std::path::Path;

/// A folder with the example.
fn example(test: &str) -> Shell {
    let shell = Shell::new(env!("CARGO_BIN_EXE_step-deployer"), test);
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/hello");
    std::fs::create_dir(shell.folder.join("function")).unwrap();
    for file in ["release.json", "state_machine.json", "function/app.py"] {
        std::fs::copy(example.join(file), shell.folder.join(file)).unwrap();
    }
    shell
}

/// Writes the release of the example with other fields.
fn write_release(shell: &Shell, changes: &[(&str, Value)]) {
    let release = std::fs::read_to_string(shell.folder.join("release.json")).unwrap();
    let mut release: Value = serde_json::from_str(&release).unwrap();
    for (field, value) in changes {
        release[*field] = value.clone();
    }
    shell.write("release.json", release.to_string());
}

#[test]
fn plan_shows_states_transitions_and_code() {
    let shell = example("plan");
    let output = shell.run("plan release.json --local --output text");
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    insta::assert_snapshot!(text(&output.stdout));
}

#[test]
fn deployed_release_has_an_empty_plan() {
    let shell = example("deployed");
    let deployed = shell.run("deploy release.json --local --output text");
    assert_eq!(deployed.status.code(), Some(0), "{}", text(&deployed.stderr));
    let plan = &shell.json("plan release.json --local")[0];
    assert_eq!((&plan["changes"], &plan["findings"]), (&json!([]), &json!([])));
}

#[test]
fn rollback_restores_code_and_definition() {
    let shell = example("rollback");
    let release = |output: Vec<Value>| output.last().unwrap()["release_id"].as_str().unwrap().to_owned();
    let first = release(shell.json("deploy release.json --local"));
    shell.write("function/app.py", "def handler(event, context):\n    return {}\n");
    write_release(&shell, &[("publish_version", json!(true))]);
    shell.json("deploy release.json --local");
    let ended = shell.json(&format!("rollback acme/hello development --to {first} --local"));
    assert_eq!(ended.last().unwrap()["status"], "Success");
    std::fs::copy(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/hello/function/app.py"),
        shell.folder.join("function/app.py"),
    )
    .unwrap();
    write_release(&shell, &[("publish_version", json!(false))]);
    assert_eq!(shell.json("plan release.json --local")[0]["changes"], json!([]));
}

#[test]
fn what_cannot_be_attached_is_named() {
    for (changes, code) in [
        (vec![("lambda_zip", json!("nowhere"))], "step/unreadable-code"),
        (vec![("lambda_zip", json!(7))], "step/wrong-path"),
        (vec![("lambda_zip", json!("state_machine.json"))], "bootstrap/code-not-for-lambda"),
        (vec![("state_machine", json!("nowhere"))], "step/unreadable-definition"),
        (vec![("state_machine", json!("release.json"))], "step/invalid-definition"),
        (vec![("state_machine_json", json!("{"))], "step/two-definitions"),
        (vec![("lambda_name", json!("arn:aws:lambda:us-east-1:000000000000:function:x"))], "release/invalid-value"),
        (vec![("publish_versions", json!(true))], "release/unknown-field"),
    ] {
        let shell = example("attached");
        write_release(&shell, &changes);
        let output = shell.run("deploy release.json --local");
        let complaint = text(&output.stderr);
        let first = complaint.lines().next().unwrap_or_default();
        assert_eq!((output.status.code(), error_code(first).as_str()), (Some(2), code), "{changes:?}: {complaint}");
    }
}

/// What `step-deployer json` prints is the definition of the next version.
#[test]
fn step_deploys_itself() {
    let shell = example("itself");
    let definition = shell.run("json");
    shell.write("state_machine.json", &definition.stdout);
    std::fs::remove_file(shell.folder.join("function/app.py")).unwrap();
    let bootstrap = shell.folder.join("function/bootstrap");
    std::fs::write(&bootstrap, "#!/bin/sh\nexec step-deployer\n").unwrap();
    std::fs::set_permissions(&bootstrap, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let name = json!("coinbase-step-deployer");
    write_release(
        &shell,
        &[
            ("project_name", json!("coinbase/step-deployer")),
            ("config_name", json!("production")),
            ("lambda_name", name.clone()),
            ("step_fn_name", name),
            ("publish_version", json!(true)),
        ],
    );
    let ended = shell.json("deploy release.json --local");
    assert_eq!(ended.last().unwrap()["created"], json!(["version 1 of function coinbase-step-deployer"]));
    assert_eq!(shell.json("plan release.json --local")[0]["changes"], json!([]));
}
