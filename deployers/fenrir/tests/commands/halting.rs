//! `halt`, from another process.

use crate::fixture::{Application, Engine, SUBJECT};
use crate::shell::text;
use serde_json::json;

/// What `halt` says.
fn halt(application: &Application) -> String {
    let output = application.command(&format!("halt {SUBJECT} --local --reason")).arg("wrong build").output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    text(&output.stdout)
}

#[test]
fn before_execute_a_halt_ends_the_deploy_with_nothing_changed() {
    let application = Application::new("halt-before");
    let delay = json!({"operation": "cloudformation:CreateChangeSet", "times": 1, "kind": {"delay_seconds": 120}});
    application.write("slow.json", json!({"faults": [delay]}).to_string());
    let engine = Engine::until(&application, "template.yml --scenario slow.json", "CreateChangeSet");
    assert!(halt(&application).contains("is asked to halt"));
    let (end, code) = engine.end();
    assert_eq!((code, &end["status"], &end["changed"]), (2, &json!("FailureClean"), &json!(false)), "{end}");
    let failure = &end["failures"][0];
    assert_eq!((&failure["state"], &failure["error"]), (&json!("UpdateChangeSet"), &json!("HaltError")));
    assert!(failure["cause"].as_str().unwrap().contains("wrong build (ada@"), "{failure}");
    assert!(application.refused(&format!("halt {SUBJECT} --local")).contains("there is nothing to halt"));
    assert_eq!(application.deploy("template.yml").1, 0, "the flag is gone");
}

#[test]
fn after_execute_a_halt_cancels_the_update_and_the_old_code_runs_on() {
    let application = Application::deployed("halt-after");
    let before = application.json("status --local")[0]["services"].clone();
    application.behaviour("slow.json", &json!({"hello": {"seconds": 200}}));
    application.template("template.yml", &[("Timeout: 10", "Timeout: 20")]);
    let engine = Engine::until(&application, "template.yml --scenario slow.json", "UpdateStack");
    assert!(halt(&application).contains("is asked to halt"));
    let (end, code) = engine.end();
    assert_eq!((code, &end["status"], &end["changed"]), (1, &json!("FailureClean"), &json!(true)), "{end}");
    let note = end["notes"][0].as_str().unwrap();
    assert!(note.starts_with("cancelled: ") && note.contains("wrong build (ada@"), "{note}");
    let after = application.json("status --local")[0]["services"].clone();
    assert_eq!(before[0]["release_id"], after[0]["release_id"]);
}

#[test]
fn a_stack_that_is_made_for_the_first_time_cannot_be_halted_and_that_is_said() {
    let application = Application::new("halt-too-late");
    application.behaviour("slow.json", &json!({"hello": {"seconds": 120}}));
    let engine = Engine::until(&application, "template.yml --scenario slow.json", "UpdateStack");
    let said = halt(&application);
    assert!(
        said.contains("is written; but the stack is being made for the first time, which CloudFormation cannot cancel"),
        "{said}"
    );
    engine.kill();
    let (end, code) = application.deploy("template.yml");
    assert_eq!((code, &end["status"], &end["is_ours"]), (2, &json!("Success"), &json!(false)));
}
