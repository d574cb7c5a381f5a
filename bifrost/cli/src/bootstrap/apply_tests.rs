use super::fake_aws::FakeAws;
use super::{Applied, ApplyError, Builder, Code, Installation};
use bifrost_core::architecture::Architecture;
use bifrost_core::cloud::{NewStack, StackEvent};
use bifrost_core::error_code::Coded;
use bifrost_core::release::{BucketName, Region};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const NAME: &str = "coinbase-odin";

fn region() -> Region {
    "eu-west-1".parse().unwrap()
}

impl FakeAws {
    async fn apply(&self, stack: &NewStack) -> (Result<Applied, ApplyError>, Vec<String>) {
        let mut reported = Vec::new();
        let mut report = |event: &StackEvent| {
            reported.push(format!("{} {}", event.logical_id, event.status));
            Ok(())
        };
        let applied = Builder::new(self, &region(), &mut report).apply(stack).await;
        (applied, reported)
    }

    async fn install(&self, content: &[u8]) -> Result<Applied, ApplyError> {
        let code = Code { zip: content.to_vec(), architecture: Architecture::Arm64 };
        let bucket: BucketName = "coinbase-odin-000000000000".parse().unwrap();
        let installation = Installation { stack: NAME.into(), template: template(), bucket: &bucket, code: &code };
        installation.install(&mut Builder::new(self, &region(), &mut |_| Ok(())), self).await
    }
}

fn template() -> Value {
    json!({"Resources": {"Bucket": {}, "Function": {"Condition": "HasCode"}}})
}

fn stack(template: &str) -> NewStack {
    NewStack { name: NAME.into(), template: template.into(), parameters: BTreeMap::new() }
}

#[tokio::test(start_paused = true)]
async fn stack_is_created_then_updated_then_unchanged() {
    let aws = FakeAws::default();
    let (applied, reported) = aws.apply(&stack("first")).await;
    assert_eq!(applied.unwrap(), Applied::Created);
    assert_eq!(reported, ["Bucket CREATE_IN_PROGRESS", "Bucket CREATE_COMPLETE"]);
    let (applied, reported) = aws.apply(&stack("second")).await;
    assert_eq!(applied.unwrap(), Applied::Updated);
    assert_eq!(reported, ["Bucket UPDATE_IN_PROGRESS", "Bucket UPDATE_COMPLETE"]);
    let (applied, reported) = aws.apply(&stack("second")).await;
    assert_eq!(applied.unwrap(), Applied::Unchanged);
    assert!(reported.is_empty());
}

#[tokio::test(start_paused = true)]
async fn error_names_the_first_failed_resource() {
    let aws = FakeAws::default();
    aws.fail("the name is taken");
    let error = aws.apply(&stack("first")).await.0.unwrap_err();
    assert_eq!(error.code(), "bootstrap/stack-failed");
    let ApplyError::Failed { status, resource, reason, .. } = error else { panic!("{error}") };
    assert_eq!(status, "ROLLBACK_COMPLETE");
    assert_eq!((resource.as_str(), reason.as_str()), ("Bucket (AWS::S3::Bucket)", "the name is taken"));
}

#[tokio::test(start_paused = true)]
async fn stack_of_a_failed_creation_is_deleted_first() {
    let aws = FakeAws::default();
    aws.fail("the name is taken");
    aws.apply(&stack("first")).await.0.unwrap_err();
    assert_eq!(aws.apply(&stack("first")).await.0.unwrap(), Applied::Created);
    assert_eq!(aws.take_calls(), ["create None", "delete", "create None"]);
}

#[tokio::test(start_paused = true)]
async fn failed_update_can_be_repeated() {
    let aws = FakeAws::default();
    aws.apply(&stack("first")).await.0.unwrap();
    aws.fail("not allowed");
    let error = aws.apply(&stack("second")).await.0.unwrap_err();
    assert!(matches!(&error, ApplyError::Failed { status, .. } if status == "UPDATE_ROLLBACK_COMPLETE"), "{error}");
    assert_eq!(aws.apply(&stack("second")).await.0.unwrap(), Applied::Updated);
}

/// A stack that may hold resources in service must not be deleted, and waiting must come to an end.
#[tokio::test(start_paused = true)]
async fn busy_or_stuck_stack_is_refused_with_safe_advice() {
    for (status, command) in [
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", None),
        ("REVIEW_IN_PROGRESS", Some("delete-stack")),
        ("UPDATE_ROLLBACK_FAILED", Some("continue-update-rollback")),
        ("UPDATE_FAILED", Some("rollback-stack")),
        ("ROLLBACK_FAILED", Some("delete-stack")),
        ("DELETE_FAILED", Some("delete-stack")),
        ("IMPORT_ROLLBACK_FAILED", None),
    ] {
        let aws = FakeAws::in_status(status);
        let error = aws.apply(&stack("second")).await.0.unwrap_err();
        assert_eq!(error.code(), "bootstrap/stack-not-ready");
        let ApplyError::NotReady { advice, .. } = error else { panic!("{error}") };
        for known in ["delete-stack", "continue-update-rollback", "rollback-stack"] {
            let printed = format!("`aws --region eu-west-1 cloudformation {known} --stack-name {NAME}`");
            assert_eq!(advice.contains(&printed), command == Some(known), "{status}: {advice}");
        }
        assert!(aws.take_calls().is_empty(), "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn deployer_gets_bucket_then_code_then_the_rest() {
    let aws = FakeAws::default();
    assert_eq!(aws.install(b"one").await.unwrap(), Applied::Created);
    let key = r#"Some("_code/7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed.zip")"#;
    assert_eq!(aws.take_calls(), [r#"create Some("")"#, "upload _code/7692", &format!("update {key}")]);
    assert_eq!(aws.deployed_template(), template());
    assert_eq!(aws.install(b"one").await.unwrap(), Applied::Unchanged);
    assert_eq!(aws.install(b"two").await.unwrap(), Applied::Updated);
}

#[tokio::test(start_paused = true)]
async fn failed_upload_is_repeated_by_the_next_run() {
    let aws = FakeAws::default();
    aws.apply(&stack("{}")).await.0.unwrap();
    aws.fail("later");
    aws.install(b"one").await.unwrap_err();
    aws.take_calls();
    assert_eq!(aws.install(b"one").await.unwrap(), Applied::Updated);
    assert!(!aws.take_calls().iter().any(|call| call.starts_with("create")));
}
