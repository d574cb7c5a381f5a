//! Malformed releases, started without the client, which would refuse them. Each is refused with its path, and nothing
//! but the audit log is called.

use crate::fixture::Fixture;
use crate::paths::REFUSED_BY_VALIDATE;
use crate::sample_cloud::{Scenario, set};
use bifrost::testing::{RaisedError, Run};
use serde_json::{Value, json};

/// The only error of an execution with this input, which Validate refuses.
async fn refusal(fixture: &Fixture, input: Value) -> RaisedError {
    let (run, error) = run(fixture, input).await;
    assert_eq!(run.path(), REFUSED_BY_VALIDATE);
    error
}

/// The history of an execution with this input, and its only error. Checks that it changes and calls nothing.
async fn run(fixture: &Fixture, input: Value) -> (Run, RaisedError) {
    let accounts = || serde_json::to_value(fixture.local_state().accounts).unwrap();
    let before = accounts();
    fixture.harness.cloud().executions().start("malformed", &input).await.unwrap();
    fixture.harness.run().await.unwrap();
    let run = fixture.harness.execution("malformed").await.unwrap();
    assert_eq!(accounts(), before);
    assert_eq!(fixture.journal().calls_beside_the_audit_log().count(), 0);
    let mut errors = run.errors();
    assert_eq!(errors.len(), 1, "{errors:#?}");
    (run, errors.remove(0))
}

/// Checks that a release with each of these values at its pointer is refused with this error and code, and names the path.
async fn assert_each_refused(error: &str, wrong: &[(&str, Value, &str, &str)]) {
    for (pointer, value, path, code) in wrong {
        let fixture = Scenario::sample().build();
        let mut release = fixture.release("first");
        *release.pointer_mut(pointer).unwrap() = value.clone();
        let RaisedError { error: raised, code: raised_code, message } = refusal(&fixture, release).await;
        assert_eq!((raised.as_str(), raised_code.as_deref()), (error, Some(*code)), "{pointer} {value}: {message}");
        assert!(message.contains(path), "{path} is missing in: {message}");
    }
}

#[tokio::test]
async fn wrong_type_is_refused_with_path() {
    let wrong = [
        (
            "/services/web/autoscaling",
            json!({"max_sise": 6}),
            "services.web.autoscaling.max_sise",
            "release/unknown-field",
        ),
        ("/services/web/autoscaling/max_size", json!("6"), "services.web.autoscaling.max_size", "release/wrong-type"),
        ("/services/web/autoscaling/min_size", json!(1.5), "services.web.autoscaling.min_size", "release/wrong-type"),
        ("/services/web/instance_type", json!(["t3.nano"]), "services.web.instance_type", "release/wrong-type"),
        ("/services", json!("web"), "services", "release/wrong-type"),
    ];
    assert_each_refused("UnmarshalError", &wrong).await;
}

#[tokio::test]
async fn invalid_value_is_refused_with_path() {
    let wrong = [
        (
            "/services/web/autoscaling",
            json!({"strategy": "AllAtTwice"}),
            "services.web.autoscaling.strategy",
            "release/invalid-value",
        ),
        (
            "/lifecycle/termhook/transition",
            json!("autoscaling:EC2_INSTANCE_DANCING"),
            "lifecycle.termhook.transition",
            "release/invalid-value",
        ),
        ("/services/web/profile", Value::Null, "services.web.profile", "release/null"),
        ("/project_name", json!("../x"), "project_name", "release/invalid-value"),
        ("/config_name", json!("lock"), "config_name", "release/invalid-value"),
        ("/release_id", json!("release-1-../../x"), "release_id", "release/invalid-value"),
        ("/aws_account_id", json!("12"), "aws_account_id", "release/invalid-value"),
        ("/created_at", json!("yesterday"), "created_at", "release/invalid-value"),
        ("/timeout", json!(-1), "timeout", "release/invalid-value"),
    ];
    assert_each_refused("BadReleaseError", &wrong).await;
}

#[tokio::test]
async fn inline_user_data_is_refused_with_hint() {
    let fixture = Scenario::sample().build();
    let mut release = fixture.release("first");
    set(&mut release, "/user_data", json!("{{USER_DATA_FILE}}"));
    let RaisedError { error, code, message } = refusal(&fixture, release).await;
    assert_eq!((error.as_str(), code.as_deref()), ("BadReleaseError", Some("release/invalid-value")), "{message}");
    assert!(message.contains("user_data") && message.contains(".userdata"), "{message}");
}

#[tokio::test]
async fn missing_field_is_named() {
    for field in ["release_id", "project_name", "config_name", "created_at", "ami", "user_data_sha256"] {
        let fixture = Scenario::sample().build();
        let mut release = fixture.release("first");
        set(&mut release, &format!("/{field}"), Value::Null);
        let RaisedError { error, message, .. } = refusal(&fixture, release).await;
        assert!(["UnmarshalError", "BadReleaseError"].contains(&error.as_str()), "{error}");
        assert!(message.contains(field), "{field} is missing in: {message}");
    }
}

/// `$.error` cannot be written into such an input, so the catcher of the framework replaces it.
#[tokio::test]
async fn input_that_is_not_an_object_is_refused() {
    for input in [json!([]), json!("release"), json!(7)] {
        let fixture = Scenario::sample().build();
        let RaisedError { error, code, .. } = refusal(&fixture, input).await;
        assert_eq!((error.as_str(), code.as_deref()), ("InputError", Some("task/input-not-object")));
    }
}

/// Step Functions itself refuses to pass the larger one to the function.
#[tokio::test]
async fn large_input_is_refused() {
    for (size, raised) in [(240_000, 1), (262_000, 0)] {
        let fixture = Scenario::sample().build();
        let mut release = fixture.release("first");
        let note = "x".repeat(size - release.to_string().len());
        set(&mut release, "/metadata", json!({ "note": note }));
        fixture.harness.cloud().executions().start("large", &release).await.unwrap();
        fixture.harness.run().await.unwrap();
        let run = fixture.harness.execution("large").await.unwrap();
        assert_eq!(run.path(), REFUSED_BY_VALIDATE, "{size}");
        let calls = fixture.journal().calls_beside_the_audit_log().count();
        assert_eq!((run.errors().len(), calls), (raised, 0), "{size}");
    }
}
