//! Deploys that succeed.

use crate::fixture::{Deployed, Fixture, code, definition, definition_with, fields, versioned};
use bifrost::release::Sha256;
use serde_json::json;

fn hash(name: &str) -> Sha256 {
    Sha256::of(&code(name))
}

const PATH: [&str; 5] = ["Validate", "Lock", "ValidateResources", "Deploy", "Success"];

#[tokio::test]
async fn definition_and_code_are_replaced() {
    let fixture = Fixture::new(&[]);
    let run = fixture.deploy(&fields("one"), "one").await;
    assert_eq!(run.path(), PATH, "{:#?}", run.errors());
    assert_eq!(fixture.deployed(), Deployed { definition: definition("one"), code: hash("one"), versions: vec![] });
}

#[tokio::test]
async fn definition_names_the_version_that_is_published() {
    let fixture = Fixture::new(&[]);
    for (name, version) in [("one", 1), ("two", 2)] {
        let run = fixture.deploy(&versioned(name), name).await;
        assert_eq!(run.path(), PATH, "{:#?}", run.errors());
        assert_eq!(run.execution.output.unwrap()["lambda_version"], version.to_string());
    }
    let versions = vec![(1, hash("one")), (2, hash("two"))];
    assert_eq!(fixture.deployed(), Deployed { definition: definition_with("two", "2"), code: hash("two"), versions });
}

#[tokio::test]
async fn same_code_is_not_published_twice() {
    let fixture = Fixture::new(&[]);
    for comment in ["first", "second"] {
        let mut release = versioned("one");
        release["state_machine_json"] = json!(definition(comment).to_string());
        assert_eq!(fixture.deploy(&release, "one").await.path(), PATH);
    }
    assert_eq!(fixture.deployed().definition, definition_with("second", "1"));
    assert_eq!(fixture.deployed().versions, [(1, hash("one"))]);
}

#[tokio::test]
async fn old_versions_are_deleted_after_the_longest_execution() {
    let fixture = Fixture::new(&[]);
    for name in ["one", "two", "three", "four"] {
        fixture.deploy(&versioned(name), name).await;
    }
    assert_eq!(fixture.deployed().versions.len(), 4);
    fixture.harness.advance(chrono::TimeDelta::days(2)).unwrap();
    fixture.deploy(&versioned("five"), "five").await;
    let versions: Vec<_> = fixture.deployed().versions.into_iter().map(|(number, _)| number).collect();
    assert_eq!(versions, [3, 4, 5]);
}

#[tokio::test]
async fn update_in_progress_is_waited_for() {
    let busy = json!("2026-11-21T12:00:00Z");
    let fixture =
        Fixture::new(&[("/functions/acme-hello/updated", busy), ("/functions/acme-hello/update_seconds", json!(60))]);
    let before = fixture.harness.store().now();
    let run = fixture.deploy(&fields("one"), "one").await;
    assert_eq!(run.path(), PATH, "{:#?}", run.errors());
    let seconds = (fixture.harness.store().now() - before).num_seconds();
    assert!((120..=130).contains(&seconds), "{seconds}");
}

#[tokio::test]
async fn lost_answer_of_an_update_is_no_failure() {
    for operation in ["states:UpdateStateMachine", "lambda:UpdateFunctionCode"] {
        let fixture = Fixture::faulty(&json!({"operation": operation, "kind": {"error_after": "InternalFailure"}}));
        assert_eq!(fixture.deploy(&versioned("one"), "one").await.path(), PATH, "{operation}");
        let versions = vec![(1, hash("one"))];
        let expected = Deployed { definition: definition_with("one", "1"), code: hash("one"), versions };
        assert_eq!(fixture.deployed(), expected, "{operation}");
    }
}
