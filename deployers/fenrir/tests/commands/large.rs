//! Templates that are too large for the release.

use crate::fixture::Application;
use crate::shell::text;
use bifrost::release::Sha256;
use serde_json::Value;
use std::fmt::Write;

#[test]
fn large_template_is_a_file_of_its_release() {
    let application = Application::new("large");
    let mut outputs = "Outputs:\n".to_owned();
    for number in 0..60 {
        let long = "x".repeat(1000);
        write!(outputs, "  Long{number}:\n    Description: {long}\n    Value: !Ref greetings\n").unwrap();
    }
    application.template("template.yml", &[("Outputs:\n", &outputs)]);
    let (plan, code) = application.last_json("plan --local");
    assert_eq!((code, &plan["findings"]), (2, &Value::Array(Vec::new())));
    let (end, code) = application.deploy("template.yml");
    assert_eq!(code, 0, "{end}");
    assert_eq!(end["outputs"].as_object().unwrap().len(), 62);
    let folder = format!("000000000000/coinbase/deploy-test/development/{}", end["release_id"].as_str().unwrap());
    let objects = application.objects();
    let body = |name: &str| &objects[&format!("{folder}/{name}")];
    let release: Value = serde_json::from_slice(body("release")).unwrap();
    assert_eq!(release.get("template"), None);
    assert_eq!(release["template_sha256"], Sha256::of(body("template")).to_string());
    let (same, code) = application.last_json("plan --local");
    assert_eq!((code, &same["changes"]), (0, &Value::Array(Vec::new())), "{same}");
    application.template("template.yml", &[("Outputs:\n", &outputs), ("Timeout: 10", "Timeout: 20")]);
    application.deploy("template.yml");
    let output = application.run("rollback template.yml --local --speed 100000");
    assert_eq!(output.status.code(), Some(0), "its template comes along: {}", text(&output.stderr));
    let stack = application.region().stacks.into_values().next().unwrap();
    assert_eq!(stack.resources["hello"].properties["Timeout"], 10);
}
