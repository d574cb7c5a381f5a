//! `deploy`, where all goes well.

use crate::fixture::{Application, STACK};
use crate::output;
use serde_json::{Value, json};

/// The lines of the log among the events of a deploy.
fn log(events: &[Value]) -> Vec<&str> {
    events.iter().filter_map(|event| event["line"].as_str()).collect()
}

#[test]
fn a_first_deploy_shows_the_change_set_then_what_happens_then_the_outputs() {
    let application = Application::new("first");
    let (shown, code) = application.shown("deploy template.yml --local --speed 100000");
    assert_eq!(code, 0, "{shown}");
    insta::assert_snapshot!(output::deploy(&shown));
}

#[test]
fn a_deploy_for_a_program_is_an_object_a_line() {
    let application = Application::new("json");
    let events = application.json("deploy --local --speed 100000");
    assert_eq!(events[0]["event"], "start");
    let lines = log(&events);
    let first_event = lines.iter().position(|line| line.starts_with("CREATE_IN_PROGRESS")).unwrap();
    let (changes, happened) = lines.split_at(first_event);
    assert!(changes.contains(&"ADD AWS::Lambda::Function hello"), "{changes:?}");
    assert!(changes.iter().all(|line| line.starts_with("ADD ")), "{changes:?}");
    assert_eq!(happened.last().unwrap(), &format!("CREATE_COMPLETE AWS::CloudFormation::Stack {STACK}"));
    let end = events.last().unwrap();
    assert_eq!((&end["event"], &end["status"], &end["exit_code"]), (&json!("end"), &json!("Success"), &json!(0)));
    assert_eq!(end["created"], json!([format!("stack {STACK}")]));
    assert_eq!(end["outputs"]["Table"], "fenrir-coinbase-deploy-test-development-greetings");
    assert_eq!(application.json("outputs --local")[0], end["outputs"]);
}

#[test]
fn a_second_deploy_has_nothing_to_change_and_uploads_no_code() {
    let application = Application::deployed("second");
    let code_before = application.uploaded_code();
    let (shown, code) = application.shown("deploy --local --speed 100000");
    assert_eq!(code, 0, "{shown}");
    assert!(
        shown.contains(&format!("\n  note     nothing to change: stack {STACK} is what the template says already\n"))
    );
    assert!(!shown.contains(" Execute  "), "nothing was executed: {shown}");
    let outputs = application.json("outputs --local");
    assert!(shown.contains(&format!("\n  output   Url = {}\n", outputs[0]["Url"].as_str().unwrap())), "{shown}");
    assert_eq!((code_before, application.uploaded_code()), (1, 1));
}

#[test]
fn where_code_changed_that_alone_is_uploaded_and_changed() {
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
fn a_world_file_is_deployed_into_and_stays() {
    let application = Application::new("world-file");
    application.write("mine.json", include_str!("../../../../examples/clouds/fenrir.json"));
    application.json("deploy --cloud mine.json --speed 100000");
    assert_eq!(
        application.json("outputs --cloud mine.json")[0]["Table"],
        "fenrir-coinbase-deploy-test-development-greetings"
    );
    assert!(application.refused("outputs --local").contains("`fenrir deploy template.yml --local` makes it"));
}
