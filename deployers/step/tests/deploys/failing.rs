//! Deploys that fail after the first change: both are as before, or the cause says what is where.

use crate::fixture::{Fixture, code, definition, fields, versioned};
use bifrost::release::Sha256;
use serde_json::json;

/// The path of a deploy that was undone.
const UNDONE: [&str; 6] = ["Validate", "Lock", "ValidateResources", "Deploy", "ReleaseLockFailure", "FailureClean"];
const DIRTY: [&str; 5] = ["Validate", "Lock", "ValidateResources", "Deploy", "FailureDirty"];

#[tokio::test]
async fn denied_code_update_restores_the_definition() {
    let fixture = Fixture::denied("lambda:UpdateFunctionCode", 0);
    let before = fixture.deployed();
    let run = fixture.deploy(&fields("one"), "one").await;
    assert_eq!(run.path(), UNDONE);
    assert_eq!(fixture.deployed(), before);
    assert_eq!(run.errors()[0].error, "DeploySFNError");
}

#[tokio::test]
async fn failed_code_update_restores_the_definition() {
    let fixture = Fixture::new(&[("/functions/acme-hello/update_fails", json!("InsufficientRolePermissions"))]);
    let before = fixture.deployed();
    let run = fixture.deploy(&fields("one"), "one").await;
    assert_eq!(run.path(), UNDONE);
    assert_eq!(fixture.deployed(), before);
}

#[tokio::test]
async fn denied_definition_restores_code_and_version() {
    let fixture = Fixture::denied("states:UpdateStateMachine", 1);
    fixture.deploy(&versioned("one"), "one").await;
    let before = fixture.deployed();
    let run = fixture.deploy(&versioned("two"), "two").await;
    assert_eq!(run.path(), UNDONE, "{:#?}", run.errors());
    assert_eq!(fixture.deployed(), before);
}

#[tokio::test]
async fn code_that_nobody_has_stays_and_is_named() {
    // The seed's code was not deployed by Step.
    let fixture = Fixture::denied("states:UpdateStateMachine", 0);
    let run = fixture.deploy(&versioned("one"), "one").await;
    assert_eq!(run.path(), DIRTY);
    let failure = &run.errors()[0];
    assert_eq!(failure.error, "DeployLambdaError");
    assert!(failure.message.contains("function acme-hello has the code of this release"), "{failure:#?}");
    assert_eq!(fixture.deployed().code, Sha256::of(&code("one")));
    assert_ne!(fixture.deployed().definition, definition("one"));
}
