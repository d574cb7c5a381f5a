//! `validate`: checks a template against the rules, with and without look-ups in the target account.

use crate::fixture::Application;
use crate::shell::text;
use serde_json::{Value, json};

/// The sample's function with a role and a network that it may not use.
const ELSEWHERE: [(&str, &str); 1] = [(
    "      Policies:\n        - DynamoDBCrudPolicy:\n            TableName: !Ref greetings\n",
    "      Role: no-such-role\n      VpcConfig:\n        SecurityGroupIds: [private]\n        SubnetIds: [public]\n",
)];

/// The findings of a template, and the exit code.
fn findings(application: &Application, line: &str) -> (Vec<Value>, i32) {
    let output = application.run(line);
    let found = text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (found, output.status.code().unwrap())
}

#[test]
fn valid_template_needs_no_cloud() {
    let application = Application::new("valid");
    assert_eq!(application.shown("validate"), ("template.yml is valid\n".to_owned(), 0));
    assert_eq!(findings(&application, "validate template.yml"), (Vec::new(), 0));
    assert!(!application.folder.join(".bifrost").exists());
}

#[test]
fn warning_does_not_refuse_the_template() {
    let application = Application::new("warnings");
    application.template("template.yml", &[("python3.13", "python3.6")]);
    let output = application.run("validate --output text");
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(0), "template.yml is valid: 1 warning\n"));
    assert!(text(&output.stderr).starts_with("  ! warning[template/deprecated]: "), "{}", text(&output.stderr));
    let (found, code) = findings(&application, "validate");
    assert_eq!((code, &found[0]["severity"], &found[0]["line"]), (0, &json!("warning"), &json!(20)));
}

#[test]
fn all_findings_are_shown_with_their_lines() {
    let application = Application::new("invalid");
    application
        .template("template.yml", &[("REGIONAL", "EVERYWHERE"), ("Handler:", "Handlr:"), ("python3.13", "python3.6")]);
    let output = application.run("validate --output text");
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!(format!("{}{}", text(&output.stderr), text(&output.stdout)));
    let (found, code) = findings(&application, "validate");
    assert_eq!((code, found.len()), (2, 3));
    let misspelt = found.iter().find(|finding| finding["path"] == "Resources.hello.Properties.Handlr").unwrap();
    let field = |name: &str| misspelt[name].clone();
    assert_eq!((field("severity"), field("code")), (json!("error"), json!("template/unknown-property")));
    assert_eq!((field("line"), field("column")), (json!(19), json!(7)));
    assert!(["message", "help"].iter().all(|name| misspelt[name].is_string()), "{misspelt}");
}

#[test]
fn invalid_yaml_is_a_finding() {
    let application = Application::new("no-yaml");
    application.template("template.yml", &[("  api:\n", "\tapi:\n")]);
    let (found, code) = findings(&application, "validate");
    assert_eq!((code, found.len(), &found[0]["line"], &found[0]["column"]), (2, 1, &json!(9), &json!(1)), "{found:?}");
    let (shown, code) = application.shown("validate");
    assert_eq!((shown.as_str(), code), ("template.yml would be refused: 1 error\n", 2));
}

#[test]
fn look_up_asks_the_target_account() {
    let application = Application::new("look-up");
    application.template("template.yml", &ELSEWHERE);
    assert_eq!(findings(&application, "validate"), (Vec::new(), 0), "without look-ups this is not known");
    let (found, code) = findings(&application, "validate --look-up --local");
    let found: Vec<_> =
        found.iter().map(|finding| (finding["path"].as_str().unwrap(), finding["code"].as_str().unwrap())).collect();
    let expected = vec![
        ("Resources.hello.Properties.Role", "template/not-found"),
        ("Resources.hello.Properties.VpcConfig.SubnetIds.0", "template/other-project"),
    ];
    assert_eq!((code, found), (2, expected));
    assert!(!application.folder.join(".bifrost").exists());
}

#[test]
fn json_template_is_checked_like_yaml() {
    let application = Application::new("json-template");
    let mut template = json!({
        "ProjectName": "coinbase/deploy-test", "ConfigName": "development", "Transform": "AWS::Serverless-2016-10-31",
        "Resources": {"hello": {"Type": "AWS::Serverless::Function", "Properties": {
            "CodeUri": "src", "Handler": "hello.handler", "Runtime": "python3.13", "Role": "hello-role",
        }}},
    });
    application.write("template.json", serde_json::to_string_pretty(&template).unwrap());
    assert_eq!(
        application.shown("validate template.json --look-up --local"),
        ("template.json is valid\n".to_owned(), 0)
    );
    assert_eq!(application.deploy("template.json").1, 0);
    template["Resources"]["hello"]["Properties"]["Timeot"] = json!(3);
    application.write("template.json", serde_json::to_string_pretty(&template).unwrap());
    let (found, code) = findings(&application, "validate template.json");
    assert_eq!((code, &found[0]["line"], &found[0]["help"]), (2, &json!(13), &json!("did you mean `Timeout`?")));
}

/// Faults of the header, each with its finding.
const HEADERS: [(&str, &str, &str); 5] = [
    ("ProjectName: coinbase/deploy-test\n", "", "1:1 template/missing-section"),
    ("\"000000000000\"", "000000000000", "3:15 template/wrong-type"),
    ("ConfigName: development", "ConfigName: 1.0", "2:13 template/wrong-type"),
    ("ConfigName: development\n", "ConfigName: development\nAwsRegion: mars-1\n", "3:12 template/invalid-name"),
    ("coinbase/deploy-test", "a/b/../c", "1:14 template/invalid-name"),
];

/// The errors of a report, each as `line:column code`.
fn errors(report: &str) -> Vec<String> {
    let between = |line: &str, start: &str| Some(line.split_once(start)?.1.split(']').next()?.to_owned());
    let codes = report.lines().filter_map(|line| between(line, "  x error["));
    let places = report.lines().filter_map(|line| between(line, ",-[template.yml:"));
    codes.zip(places).map(|(code, place)| format!("{place} {code}")).collect()
}

#[test]
fn every_command_reports_the_same_findings() {
    let application = Application::new("same-findings");
    for (from, to, expected) in HEADERS {
        application.template("template.yml", &[(from, to), ("Handler:", "Handlr:"), ("REGIONAL", "EVERYWHERE")]);
        let validated = text(&application.run("validate --output text").stderr);
        assert_eq!((errors(&validated).len(), errors(&validated)[0].as_str()), (3, expected), "{validated}");
        for command in ["deploy --local", "plan --local", "validate --look-up --local --output text"] {
            assert_eq!(errors(&text(&application.run(command).stderr)), errors(&validated), "{command}");
        }
    }
}

#[test]
fn changed_value_is_a_warning_in_every_command() {
    let application = Application::new("changed-value");
    application.template("template.yml", &[("      Timeout: 10", "      Timeout: 010")]);
    for command in ["validate --output text", "plan --local", "validate --look-up --local --output text"] {
        let report = text(&application.run(command).stderr);
        assert!(report.contains("warning[template/changed-value]: Resources.hello.Properties.Timeout: "), "{report}");
    }
}
