//! Commands about earlier deploys: `history`, `status`, `outputs`, `failures` and `rollback`.

use crate::fixture::{Application, STACK, SUBJECT};
use crate::shell::{error_code, text};
use serde_json::{Value, json};

/// The stack in the output of `status`.
fn stack(application: &Application) -> Value {
    application.json(&format!("status {SUBJECT} --local"))[0]["services"][0].clone()
}

#[test]
fn status_and_history_show_deploys() {
    let application = Application::new("looking-back");
    let (nothing, code) = application.last_json("status template.yml --local");
    assert_eq!((&nothing["services"], code), (&json!([]), 0));
    let (end, _) = application.deploy("template.yml");
    let stack = stack(&application);
    assert_eq!((&stack["resource"], &stack["release_id"]), (&json!(STACK), &end["release_id"]));
    assert_eq!(stack["parts"][0], "CREATE_COMPLETE");
    let [execution] = application.json("history --local").try_into().unwrap();
    assert_eq!((&execution["status"], &execution["release_id"]), (&json!("SUCCEEDED"), &end["release_id"]));
    assert!(execution["started_by"].as_str().unwrap().starts_with("ada@"), "{execution}");
    let events = application.json(&format!("history {} --local", execution["name"].as_str().unwrap()));
    assert_eq!(events.last().unwrap()["type"], "ExecutionSucceeded");
}

#[test]
fn outputs_as_text_and_json() {
    let application = Application::deployed("outputs");
    let (shown, code) = application.shown("outputs --local");
    let (table, url) = shown.trim_end().split_once('\n').unwrap();
    assert_eq!((code, table), (0, "Table = fenrir-coinbase-deploy-test-development-greetings"));
    assert!(url.starts_with("Url = https://") && url.ends_with(".amazonaws.com/development/hello/world"), "{url}");
    let outputs = application.json("outputs template.yml --local");
    assert_eq!(format!("Url = {}", outputs[0]["Url"].as_str().unwrap()), url);
}

#[test]
fn rollback_deploys_the_previous_code() {
    let application = Application::deployed("rollback");
    assert_eq!(error_code(&application.refused("rollback template.yml --local")), "rollback/nothing-earlier");
    application.template("template.yml", &[("Timeout: 10", "Timeout: 20")]);
    application.change_code();
    application.deploy("template.yml");
    let code = |application: &Application| {
        let stack = application.region().stacks.into_values().next().unwrap();
        let function = &stack.resources["hello"].properties;
        (function["Timeout"].clone(), function["Code"].clone())
    };
    let (timeout, second) = code(&application);
    assert_eq!(timeout, 20);
    let output = application.run(&format!("rollback {SUBJECT} --local --speed 100000"));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let (timeout, first) = code(&application);
    assert_eq!(timeout, 10);
    assert_ne!(first, second);
    assert_eq!(application.uploaded_code(), 2, "the first release's zip is used again");
}

#[test]
fn failures_shows_reason_and_remedy() {
    let application = Application::new("fails");
    assert_eq!(application.json("failures --local"), Vec::<Value>::new());
    application.behaviour("fails.json", &json!({"hello": {"fails": "create"}}));
    application.deploy("template.yml --scenario fails.json");
    let [failure] = application.json("failures template.yml --local").try_into().unwrap();
    assert_eq!(failure["notes"][0], "failed first: CREATE_FAILED AWS::Lambda::Function hello Internal Failure");
    assert!(failure["next"].as_str().unwrap().contains("`fenrir history deploy-"), "{failure}");
    let (shown, _) = application.shown("failures --local --limit 1");
    assert!(shown.contains("\n  note     failed first: CREATE_FAILED AWS::Lambda::Function hello"), "{shown}");
}
