//! Successful deploys.

use crate::fixture::{Application, STACK};
use crate::output;
use crate::shell::error_code;
use serde_json::{Value, json};

/// The lines of the log among the events of a deploy.
fn log(events: &[Value]) -> Vec<&str> {
    events.iter().filter_map(|event| event["line"].as_str()).collect()
}

#[test]
fn first_deploy_shows_changes_events_and_outputs() {
    let application = Application::new("first");
    let (shown, code) = application.shown("deploy template.yml --local --speed 100000");
    assert_eq!(code, 0, "{shown}");
    insta::assert_snapshot!(output::deploy(&shown));
}

#[test]
fn demo_succeeds_with_another_prefix() {
    let application = Application::new("prefix");
    let (end, code) = application.deploy("template.yml --prefix acme-");
    assert_eq!((code, &end["status"]), (0, &json!("Success")), "{end}");
    assert_eq!(application.json("outputs --local --prefix acme-")[0], end["outputs"]);
}

#[test]
fn function_without_role_and_policies_is_deployed() {
    let application = Application::new("no-policies");
    let policies = "      Policies:\n        - DynamoDBCrudPolicy:\n            TableName: !Ref greetings\n";
    for without in ["", "      Policies: []\n"] {
        application.template("template.yml", &[(policies, without)]);
        assert_eq!(application.shown("validate"), ("template.yml is valid\n".to_owned(), 0));
        assert_eq!(application.last_json("plan --local").0["findings"], json!([]));
        let (end, code) = application.deploy("template.yml");
        assert_eq!((code, &end["status"]), (0, &json!("Success")), "{end}");
    }
}

#[test]
fn json_output_is_one_object_a_line() {
    let application = Application::new("json");
    let output = application.json("deploy --local --speed 100000");
    assert_eq!(output[0]["event"], "start");
    let lines = log(&output);
    let first_event = lines.iter().position(|line| line.starts_with("CREATE_IN_PROGRESS")).unwrap();
    let (changes, events) = lines.split_at(first_event);
    assert!(changes.contains(&"ADD AWS::Lambda::Function hello"), "{changes:?}");
    assert!(changes.iter().all(|line| line.starts_with("ADD ")), "{changes:?}");
    assert_eq!(events.last().unwrap(), &format!("CREATE_COMPLETE AWS::CloudFormation::Stack {STACK}"));
    let end = output.last().unwrap();
    assert_eq!((&end["event"], &end["status"], &end["exit_code"]), (&json!("end"), &json!("Success"), &json!(0)));
    assert_eq!(end["created"], json!([format!("stack {STACK}")]));
    assert_eq!(end["outputs"]["Table"], "fenrir-coinbase-deploy-test-development-greetings");
    assert_eq!(application.json("outputs --local")[0], end["outputs"]);
}

#[test]
fn deploy_without_changes_uploads_no_code() {
    let application = Application::deployed("second");
    let code_before = application.uploaded_code();
    let (shown, code) = application.shown("deploy --local --speed 100000");
    assert_eq!(code, 0, "{shown}");
    assert!(
        shown.contains(&format!("\n  note     no changes: stack {STACK} already matches the template\n")),
        "{shown}"
    );
    assert!(!shown.contains(" Execute  "), "nothing was executed: {shown}");
    let outputs = application.json("outputs --local");
    assert!(shown.contains(&format!("\n  output   Url = {}\n", outputs[0]["Url"].as_str().unwrap())), "{shown}");
    assert_eq!((code_before, application.uploaded_code()), (1, 1));
}

#[test]
fn only_changed_code_is_uploaded() {
    let application = Application::new("code");
    let bye = "  bye:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: bye
      Handler: bye.handler
      Runtime: python3.13
      Policies:
        - VPCAccessPolicy: {}
";
    std::fs::create_dir(application.folder.join("bye")).unwrap();
    application.write("bye/bye.py", "def handler(event, context):\n    return 'bye'\n");
    application.template("template.yml", &[("  greetings:\n    Type", &format!("{bye}\n  greetings:\n    Type"))]);
    let (end, code) = application.deploy("template.yml");
    assert_eq!((code, application.uploaded_code()), (0, 2), "{end}");
    application.change_code();
    let events = application.json("deploy --local --speed 100000");
    assert_eq!(application.uploaded_code(), 3, "the other function's zip is used again");
    let changes = log(&events).into_iter().filter(|line| line.contains(" Code"));
    assert_eq!(changes.collect::<Vec<_>>(), ["MODIFY AWS::Lambda::Function hello Code, Tags"]);
}

#[test]
fn named_local_cloud_is_kept() {
    let application = Application::new("named-cloud");
    application.write("mine.json", include_str!("../../../../examples/clouds/fenrir.json"));
    application.json("deploy --cloud mine.json --speed 100000");
    assert_eq!(
        application.json("outputs --cloud mine.json")[0]["Table"],
        "fenrir-coinbase-deploy-test-development-greetings"
    );
    let refusal = application.refused("outputs --local");
    assert_eq!(error_code(&refusal), "fenrir/no-stack");
    assert!(refusal.contains("`fenrir deploy template.yml --local`"), "{refusal}");
}
