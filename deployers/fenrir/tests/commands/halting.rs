//! `halt` from another process.

use crate::fixture::{Application, Engine, SUBJECT};
use crate::shell::{error_code, text};
use serde_json::json;

/// The output of `halt`.
fn halt(application: &Application) -> String {
    let output = application.command(&format!("halt {SUBJECT} --local --reason")).arg("wrong build").output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    text(&output.stdout)
}

/// `halt` says that the deploy stops.
fn assert_stops(output: &str) {
    assert!(output.starts_with("Asked deploy-"), "{output}");
}

#[test]
fn halt_before_execute_changes_nothing() {
    let application = Application::new("halt-before");
    let delay = json!({"operation": "cloudformation:CreateChangeSet", "times": 1, "kind": {"delay_seconds": 120}});
    application.write("slow.json", json!({"faults": [delay]}).to_string());
    let engine = Engine::until(&application, "template.yml --scenario slow.json", "CreateChangeSet");
    assert_stops(&halt(&application));
    let (end, code) = engine.end();
    assert_eq!((code, &end["status"], &end["changed"]), (2, &json!("FailureClean"), &json!(false)), "{end}");
    let failure = &end["failures"][0];
    assert_eq!((&failure["state"], &failure["code"]), (&json!("UpdateChangeSet"), &json!("halt/requested")));
    assert!(failure["cause"].as_str().unwrap().contains("wrong build (ada@"), "{failure}");
    assert_eq!(error_code(&application.refused(&format!("halt {SUBJECT} --local"))), "halt/nothing-runs");
    assert_eq!(application.deploy("template.yml").1, 0, "the flag was deleted");
}

#[test]
fn halt_after_execute_cancels_the_update() {
    let application = Application::deployed("halt-after");
    let before = application.json("status --local")[0]["services"].clone();
    application.behaviour("slow.json", &json!({"hello": {"seconds": 200}}));
    application.template("template.yml", &[("Timeout: 10", "Timeout: 20")]);
    let engine = Engine::until(&application, "template.yml --scenario slow.json", "UpdateStack");
    assert_stops(&halt(&application));
    let (end, code) = engine.end();
    assert_eq!((code, &end["status"], &end["changed"]), (1, &json!("FailureClean"), &json!(true)), "{end}");
    let note = end["notes"][0].as_str().unwrap();
    assert!(note.starts_with("cancelled: ") && note.contains("wrong build (ada@"), "{note}");
    let after = application.json("status --local")[0]["services"].clone();
    assert_eq!(before[0]["release_id"], after[0]["release_id"]);
}

#[test]
fn creation_of_a_stack_cannot_be_halted() {
    let application = Application::new("halt-too-late");
    application.behaviour("slow.json", &json!({"hello": {"seconds": 120}}));
    let engine = Engine::until(&application, "template.yml --scenario slow.json", "UpdateStack");
    let output = halt(&application);
    assert!(output.starts_with("Wrote the halt flag of deploy-"), "{output}");
    assert!(output.contains("CloudFormation cannot cancel the creation of a stack"), "{output}");
    engine.kill();
    let (end, code) = application.deploy("template.yml");
    assert_eq!((code, &end["status"], &end["is_ours"]), (2, &json!("Success"), &json!(false)));
}
