//! `plan`: what a deploy would change.

use crate::fixture::Application;
use crate::shell::text;
use serde_json::{Value, json};

#[test]
fn exit_codes_of_plan() {
    let application = Application::new("plan-codes");
    let (first, code) = application.last_json("plan --local");
    assert_eq!((code, &first["exit_code"], first["changes"].as_array().unwrap().len()), (2, &json!(2), 3));
    assert!(!application.folder.join(".bifrost/cloud.sqlite").exists(), "`plan` creates no local cloud");
    application.deploy("template.yml");
    let (same, code) = application.last_json("plan template.yml --local");
    assert_eq!((code, &same["changes"], &same["findings"]), (0, &json!([]), &json!([])));
    application.template(
        "role.yml",
        &[(
            "      Policies:\n        - DynamoDBCrudPolicy:\n            TableName: !Ref greetings\n",
            "      Role: no-such-role\n",
        )],
    );
    let (refused, code) = application.last_json("plan role.yml --local");
    assert_eq!(code, 1);
    assert_eq!(refused["findings"].as_array().unwrap().len(), 1, "{refused}");
    let finding = &refused["findings"][0];
    assert_eq!(
        (&finding["code"], &finding["path"]),
        (&json!("template/not-found"), &json!("Resources.hello.Properties.Role"))
    );
    for wrong in ["plan absent.yml --local", "plan", "plan --local --no-such-flag", "plan src --local"] {
        let output = application.run(wrong);
        assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(1), ""), "{wrong}");
        assert!(text(&output.stderr).starts_with("error"), "{wrong}");
    }
}

#[test]
fn plan_changes_nothing() {
    let application = Application::deployed("plan-still");
    // The local cloud stores drift detections, as AWS does.
    let seen = |application: &Application| {
        let mut state = application.local_state().unwrap();
        let regions = state.accounts.values_mut().flat_map(|account| account.resources.regions.values_mut());
        regions.flat_map(|region| region.stacks.values_mut()).for_each(|stack| stack.drift_detections.clear());
        (serde_json::to_value(&state.accounts).unwrap(), application.json("status --local"))
    };
    let before = seen(&application);
    application.change_code();
    application.template("template.yml", &[("Timeout: 10", "Timeout: 20")]);
    let (plan, code) = application.last_json("plan --local");
    assert_eq!(code, 2, "{plan}");
    let after = seen(&application);
    assert_eq!(before, after);
}

#[test]
fn replaced_table_is_marked_as_data_loss() {
    let application = Application::deployed("plan-replaced");
    application.template("template.yml", &[("        Name: name", "        Name: who")]);
    let (shown, code) = application.shown("plan --local");
    assert_eq!(code, 2);
    insta::assert_snapshot!(shown);
    let (plan, _) = application.last_json("plan --local");
    let changes = plan["changes"].as_array().unwrap();
    let replaced: Vec<&Value> = changes.iter().filter(|change| change["action"] == "replace").collect();
    assert_eq!(replaced.len(), 1);
    assert_eq!((&replaced[0]["resource"], &replaced[0]["is_stateful"]), (&json!("greetings"), &json!(true)));
}

#[test]
fn drift_is_reported() {
    let application = Application::deployed("plan-drift");
    let arn = application.region().stacks.into_keys().next().unwrap();
    let by_hand = json!({"hello": {"drift": {"modified": {"/Timeout": 60}}}, "greetings": {"drift": "deleted"}});
    application.scenario("by-hand.json", &json!({"stacks": {arn: {"resources": by_hand}}}));
    application.deploy("template.yml --scenario by-hand.json");
    let (plan, code) = application.last_json("plan --local");
    assert_eq!(code, 0, "{plan}");
    assert_eq!(
        plan["notes"],
        json!([
            "drift: greetings (AWS::DynamoDB::Table) is DELETED",
            "drift: hello (AWS::Lambda::Function) is MODIFIED",
            "drift: hello: /Timeout is 60, but the template says 10",
        ])
    );
}

#[test]
fn traffic_shift_is_reported_with_its_alarms() {
    let application = Application::new("plan-traffic");
    let shifting = "      AutoPublishAlias: live
      DeploymentPreference:
        Type: Canary10Percent5Minutes
        Alarms:
          - !Ref errors
      Timeout: 10\n";
    let alarm = "  errors:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Namespace: AWS/Lambda
      MetricName: Errors
      Statistic: Sum
      Period: 60
      EvaluationPeriods: 1
      Threshold: 1
      ComparisonOperator: GreaterThanThreshold\n";
    application.template(
        "template.yml",
        &[("      Timeout: 10\n", shifting), ("  greetings:\n    Type", &format!("{alarm}\n  greetings:\n    Type"))],
    );
    let (shown, code) = application.shown("plan --local");
    assert_eq!(code, 2, "{shown}");
    let note = shown.lines().find(|line| line.starts_with("  note     hello: ")).unwrap_or_default();
    assert!(note.contains("Canary10Percent5Minutes") && note.contains("errors"), "{shown}");
}
