//! What was deployed before: `history`, `status`, `outputs`, `fails`, and `rollback`.

use crate::fixture::{Application, STACK, SUBJECT};
use crate::shell::text;
use serde_json::{Value, json};

/// The stack, as `status` tells it.
fn stack(application: &Application) -> Value {
    application.json(&format!("status {SUBJECT} --local"))[0]["services"][0].clone()
}

#[test]
fn status_and_history_tell_what_is_deployed_and_by_whom() {
    let application = Application::new("looking-back");
    let (nothing, code) = application.shown("status template.yml --local");
    assert_eq!(
        (nothing.as_str(), code),
        (
            "coinbase/deploy-test development in account 000000000000\n  nothing is deployed\n  nothing runs\n  not locked\n",
            0
        )
    );
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
fn outputs_are_lines_for_a_person_and_an_object_for_a_program() {
    let application = Application::deployed("outputs");
    let (shown, code) = application.shown("outputs --local");
    let (table, url) = shown.trim_end().split_once('\n').unwrap();
    assert_eq!((code, table), (0, "Table = fenrir-coinbase-deploy-test-development-greetings"));
    assert!(url.starts_with("Url = https://") && url.ends_with(".amazonaws.com/development/hello/world"), "{url}");
    let outputs = application.json("outputs template.yml --local");
    assert_eq!(format!("Url = {}", outputs[0]["Url"].as_str().unwrap()), url);
}

#[test]
fn a_rollback_deploys_the_release_before_with_its_code() {
    let application = Application::deployed("rollback");
    assert!(application.refused("rollback template.yml --local").contains("is the first release of"));
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
    assert!(
        text(&output.stderr).starts_with("rolling back coinbase/deploy-test development in account 000000000000\n")
    );
    let (timeout, first) = code(&application);
    assert_eq!(timeout, 10);
    assert_ne!(first, second);
    assert_eq!(application.uploaded_code(), 2, "the first release's zip is used again");
}

#[test]
fn fails_tells_what_failed_first_and_what_to_do() {
    let application = Application::new("fails");
    assert_eq!(application.shown("fails --local"), ("no deploy has failed\n".to_owned(), 0));
    application.behaviour("fails.json", &json!({"hello": {"fails": "create"}}));
    application.deploy("template.yml --scenario fails.json");
    let [fail] = application.json("fails template.yml --local").try_into().unwrap();
    assert_eq!(fail["notes"][0], "failed first: CREATE_FAILED AWS::Lambda::Function hello Internal Failure");
    assert!(
        fail["next"].as_str().unwrap().starts_with("the notes say why: mend that, and deploy again; `fenrir history ")
    );
    let (shown, _) = application.shown("fails --local --limit 1");
    assert!(shown.contains("\n  note     failed first: CREATE_FAILED AWS::Lambda::Function hello"), "{shown}");
}
