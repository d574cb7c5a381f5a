//! Releases that are refused before anything changes.

use crate::fixture::{Fixture, definition, fields, versioned};
use bifrost::testing::with;
use serde_json::{Value, json};

/// Deploys a release that is refused, and returns the state that refused it and its cause.
async fn refused(fixture: &Fixture, release: &Value) -> (String, String) {
    let before = fixture.deployed();
    let run = fixture.deploy(release, "one").await;
    assert_eq!(run.path().last(), Some(&"FailureClean"));
    assert_eq!(fixture.deployed(), before);
    let failure = &run.errors()[0];
    assert_eq!(failure.error, "BadReleaseError");
    // The state before the clean-up.
    let path = run.path();
    let state = path.iter().rfind(|state| !["FailureClean", "ReleaseLockFailure"].contains(state)).unwrap();
    ((*state).to_owned(), format!("[{}] {}", failure.code.as_deref().unwrap_or_default(), failure.message))
}

#[tokio::test]
async fn what_did_not_opt_in_is_refused() {
    for (pointer, value) in [
        ("/functions/acme-hello/tags/ProjectName", json!("acme/other")),
        ("/functions/acme-hello/tags/ConfigName", json!("production")),
        ("/functions/acme-hello/tags/DeployWith", json!("odin")),
        ("/functions/acme-hello/tags", json!({})),
        ("/state_machines/acme-hello/role_arn", json!("arn:aws:iam::000000000000:role/acme-hello")),
        ("/state_machines/acme-hello/role_arn", json!("arn:aws:iam::000000000000:role/step/acme/hello/acme-hello")),
    ] {
        let (state, cause) = refused(&Fixture::new(&[(pointer, value)]), &fields("one")).await;
        assert_eq!(state, "ValidateResources");
        assert!(cause.contains("step/not-opted-in"), "{pointer}: {cause}");
    }
}

#[tokio::test]
async fn tags_opt_a_state_machine_in_as_the_path_does() {
    let tags = json!({"ProjectName": "acme/hello", "ConfigName": "development", "DeployWith": "step-deployer"});
    let fixture = Fixture::new(&[
        ("/state_machines/acme-hello/role_arn", json!("arn:aws:iam::000000000000:role/acme-hello")),
        ("/state_machines/acme-hello/tags", tags),
    ]);
    assert_eq!(fixture.deploy(&fields("one"), "one").await.path().last(), Some(&"Success"));
}

#[tokio::test]
async fn what_does_not_exist_is_named() {
    let release = with(fields("one"), &[("/lambda_name", json!("nobody")), ("/step_fn_name", json!("nothing"))]);
    let (_, cause) = refused(&Fixture::new(&[]), &release).await;
    assert!(cause.contains("lambda_name: ") && cause.contains("step_fn_name: "), "{cause}");
}

#[tokio::test]
async fn code_for_another_architecture_is_refused() {
    let fixture = Fixture::new(&[("/functions/acme-hello/runtime", json!("provided.al2023"))]);
    let (state, cause) = refused(&fixture, &fields("one")).await;
    assert_eq!(state, "ValidateResources");
    assert!(cause.contains("step/invalid-package"), "{cause}");
}

#[tokio::test]
async fn code_that_was_changed_is_refused() {
    let release = with(fields("one"), &[("/lambda_sha256", json!("0".repeat(64)))]);
    let (state, cause) = refused(&Fixture::new(&[]), &release).await;
    assert_eq!(state, "ValidateResources");
    assert!(cause.contains("release/file-differs"), "{cause}");
}

#[tokio::test]
async fn wrong_definitions_are_refused_by_validate() {
    let definition = |definition: Value| json!(definition.to_string());
    let jsonata = json!({
        "QueryLanguage": "JSONata", "StartAt": "S",
        "States": {"S": {"Type": "Pass", "InputPath": "$.a", "End": true}},
    });
    let mut unreachable = self::definition("one");
    unreachable["States"]["Nobody"] = json!({"Type": "Succeed"});
    for (value, code) in [
        (json!("{"), "step/invalid-definition"),
        (definition(json!({})), "step/invalid-definition"),
        (definition(jsonata), "step/invalid-definition"),
        (definition(unreachable), "step/invalid-definition"),
    ] {
        let release = with(fields("one"), &[("/state_machine_json", value.clone())]);
        let (state, cause) = refused(&Fixture::new(&[]), &release).await;
        assert_eq!(state, "Validate", "{value}");
        assert!(cause.contains(code), "{value}: {cause}");
    }
}

#[tokio::test]
async fn placeholder_that_is_left_is_refused() {
    let left = definition("{{lambda_name}}").to_string();
    let (state, cause) =
        refused(&Fixture::new(&[]), &with(fields("one"), &[("/state_machine_json", json!(left))])).await;
    assert_eq!(state, "Validate");
    assert!(cause.contains("step/placeholder"), "{cause}");
}

#[tokio::test]
async fn version_that_nobody_would_run_is_refused() {
    let other = json!({"StartAt": "S", "States": {"S": {"Type": "Succeed"}}}).to_string();
    let release = with(versioned("one"), &[("/state_machine_json", json!(other))]);
    let (state, cause) = refused(&Fixture::new(&[]), &release).await;
    assert_eq!(state, "Validate");
    assert!(cause.contains("step/function-not-used"), "{cause}");
}

#[tokio::test]
async fn express_machines_accept_less() {
    let wait = json!({"StartAt": "S", "States": {"S": {
        "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken", "End": true,
        "Parameters": {"FunctionName": "acme-hello", "Payload": {"token.$": "$$.Task.Token"}},
    }}});
    let release = with(fields("one"), &[("/state_machine_json", json!(wait.to_string()))]);
    assert_eq!(Fixture::new(&[]).deploy(&release, "one").await.path().last(), Some(&"Success"));
    let express = Fixture::new(&[("/state_machines/acme-hello/is_express", json!(true))]);
    let (state, cause) = refused(&express, &release).await;
    assert_eq!(state, "ValidateResources");
    assert!(cause.contains("step/invalid-definition"), "{cause}");
}
