//! What is no release at all: started past the client, which would not send it. Each is refused by its path, and nothing
//! is called.

use crate::fixture::Fixture;
use crate::paths::REFUSED_BY_VALIDATE;
use crate::sample_cloud::{Scenario, set};
use bifrost::testing::Run;
use serde_json::{Value, json};

/// The one error of an execution that was started with this input, which Validate refused.
async fn refused(fixture: &Fixture, input: Value) -> (String, String) {
    let (run, error) = run(fixture, input).await;
    assert_eq!(run.path(), REFUSED_BY_VALIDATE);
    error
}

/// How an execution that was started with this input went, and its one error. It changes nothing and calls nobody.
async fn run(fixture: &Fixture, input: Value) -> (Run, (String, String)) {
    let before = serde_json::to_value(fixture.local_state()).unwrap();
    fixture.harness.cloud().executions().start("malformed", &input).await.unwrap();
    fixture.harness.run().await.unwrap();
    let run = fixture.harness.execution("malformed").await.unwrap();
    assert_eq!(serde_json::to_value(fixture.local_state()).unwrap(), before);
    assert_eq!(fixture.journal().calls.len(), 0);
    let mut errors = run.errors();
    assert_eq!(errors.len(), 1, "{errors:#?}");
    (run, errors.remove(0))
}

/// A release with another value at a pointer is refused by an error of that name, which tells the path.
async fn each_refused(error: &str, wrong: &[(&str, Value, &str)]) {
    for (pointer, value, path) in wrong {
        let fixture = Scenario::sample().begin();
        let mut release = fixture.release("first");
        *release.pointer_mut(pointer).unwrap() = value.clone();
        let (raised, message) = refused(&fixture, release).await;
        assert_eq!(raised, error, "{pointer} {value}: {message}");
        assert!(message.contains(path), "{path} is not named in: {message}");
    }
}

#[tokio::test]
async fn a_field_of_another_shape_is_told_by_its_path() {
    let wrong = [
        ("/services/web/autoscaling", json!({"max_sise": 6}), "services.web.autoscaling.max_sise"),
        ("/services/web/autoscaling/max_size", json!("6"), "services.web.autoscaling.max_size"),
        ("/services/web/autoscaling/min_size", json!(1.5), "services.web.autoscaling.min_size"),
        ("/services/web/instance_type", json!(["t3.nano"]), "services.web.instance_type"),
        ("/services", json!("web"), "services"),
    ];
    each_refused("UnmarshalError", &wrong).await;
}

#[tokio::test]
async fn a_field_that_no_release_can_have_is_told_by_its_path() {
    let wrong = [
        ("/services/web/autoscaling", json!({"strategy": "AllAtTwice"}), "services.web.autoscaling.strategy"),
        ("/lifecycle/termhook/transition", json!("autoscaling:EC2_INSTANCE_DANCING"), "lifecycle.termhook.transition"),
        ("/services/web/profile", Value::Null, "services.web.profile"),
        ("/project_name", json!("../x"), "project_name"),
        ("/config_name", json!("lock"), "config_name"),
        ("/release_id", json!("release-1-../../x"), "release_id"),
        ("/aws_account_id", json!("12"), "aws_account_id"),
        ("/created_at", json!("yesterday"), "created_at"),
        ("/timeout", json!(-1), "timeout"),
    ];
    each_refused("BadReleaseError", &wrong).await;
}

#[tokio::test]
async fn user_data_inside_of_the_release_is_refused_with_a_hint_to_its_file() {
    let fixture = Scenario::sample().begin();
    let mut release = fixture.release("first");
    set(&mut release, "/user_data", json!("{{USER_DATA_FILE}}"));
    let (error, message) = refused(&fixture, release).await;
    assert_eq!(error, "BadReleaseError");
    assert!(message.contains("user_data") && message.contains(".userdata"), "{message}");
}

#[tokio::test]
async fn a_field_that_is_missing_is_told() {
    for field in ["release_id", "project_name", "config_name", "created_at", "ami", "user_data_sha256"] {
        let fixture = Scenario::sample().begin();
        let mut release = fixture.release("first");
        set(&mut release, &format!("/{field}"), Value::Null);
        let (error, message) = refused(&fixture, release).await;
        assert!(["UnmarshalError", "BadReleaseError"].contains(&error.as_str()), "{error}");
        assert!(message.contains(field), "{field} is not named in: {message}");
    }
}

/// Step Functions itself ends such an execution: there is nothing that a caught error could be put into.
#[tokio::test]
async fn an_input_that_is_no_object_is_refused_and_touches_nothing() {
    for input in [json!([]), json!("release"), json!(7)] {
        let fixture = Scenario::sample().begin();
        let (run, error) = run(&fixture, input).await;
        assert_eq!(run.path(), ["Validate"]);
        assert_eq!(run.execution.error.as_deref(), Some("States.ResultPathMatchFailure"));
        assert_eq!(error.0, "UnmarshalError");
    }
}
