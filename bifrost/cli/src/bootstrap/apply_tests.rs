use super::{Applied, ApplyError, Builder, Code, Installation};
use async_trait::async_trait;
use bifrost_core::architecture::Architecture;
use bifrost_core::cloud::{
    CloudError, Encryption, ErrorKind, NewStack, Object, Objects, PutNew, StackEvent, StackUpdate, Stacks,
};
use bifrost_core::error_code::Coded;
use bifrost_core::release::{BucketName, ObjectKey, Region};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

const NAME: &str = "coinbase-odin";

/// `CloudFormation` with one stack, and a bucket. The next operation fails after `fail`.
#[derive(Default)]
struct FakeAws(Mutex<State>);

#[derive(Default)]
struct State {
    status: Option<String>,
    /// The stack as its last successful operation requested it.
    stack: Option<NewStack>,
    events: Vec<StackEvent>,
    /// The reason why the next operation fails.
    fault: Option<&'static str>,
    /// The calls, oldest first.
    calls: Vec<String>,
}

impl State {
    fn event(&mut self, logical_id: &str, status: &str, reason: Option<&str>) {
        self.events.push(StackEvent {
            id: self.events.len().to_string(),
            logical_id: logical_id.into(),
            resource_type: "AWS::S3::Bucket".into(),
            status: status.into(),
            reason: reason.map(Into::into),
        });
    }

    /// Finishes the operation in progress.
    fn finish_operation(&mut self) {
        let next = match self.status.as_deref() {
            Some("CREATE_IN_PROGRESS") => Some("CREATE_COMPLETE"),
            Some("UPDATE_IN_PROGRESS") => Some("UPDATE_COMPLETE"),
            Some("ROLLBACK_IN_PROGRESS") => Some("ROLLBACK_COMPLETE"),
            Some("UPDATE_ROLLBACK_IN_PROGRESS") => Some("UPDATE_ROLLBACK_COMPLETE"),
            Some("DELETE_IN_PROGRESS") => None,
            other => other,
        };
        self.status = next.map(Into::into);
    }

    fn begin(&mut self, stack: &NewStack, verb: &str, rollback: &str) {
        self.event("Bucket", &format!("{verb}_IN_PROGRESS"), None);
        if let Some(reason) = self.fault.take() {
            self.event("Bucket", &format!("{verb}_FAILED"), Some(reason));
            self.event("Topic", &format!("{verb}_FAILED"), Some("Resource creation cancelled"));
            self.status = Some(format!("{rollback}_IN_PROGRESS"));
        } else {
            self.event("Bucket", &format!("{verb}_COMPLETE"), None);
            self.stack = Some(stack.clone());
            self.status = Some(format!("{verb}_IN_PROGRESS"));
        }
    }
}

impl FakeAws {
    fn in_status(status: &str) -> Self {
        Self(Mutex::new(State { status: Some(status.into()), ..State::default() }))
    }

    fn call(&self, call: impl Into<String>) -> MutexGuard<'_, State> {
        let mut state = self.0.lock().unwrap();
        state.calls.push(call.into());
        state
    }

    fn fail(&self, reason: &'static str) {
        self.0.lock().unwrap().fault = Some(reason);
    }

    fn deployed_template(&self) -> Value {
        serde_json::from_str(&self.0.lock().unwrap().stack.as_ref().unwrap().template).unwrap()
    }

    /// The changing calls since this was last called, oldest first.
    fn take_calls(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().calls)
    }

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

#[async_trait]
impl Stacks for FakeAws {
    async fn status(&self, _: &str) -> Result<Option<String>, CloudError> {
        let mut state = self.0.lock().unwrap();
        let status = state.status.clone();
        state.finish_operation();
        Ok(status)
    }

    async fn create(&self, stack: &NewStack) -> Result<(), CloudError> {
        let mut state = self.call(format!("create {:?}", stack.parameters.get("CodeKey")));
        assert!(!stack.template.contains("HasCode"), "there is no code yet");
        assert_eq!(state.status, None, "there is a stack already");
        state.begin(stack, "CREATE", "ROLLBACK");
        Ok(())
    }

    async fn update(&self, stack: &NewStack) -> Result<StackUpdate, CloudError> {
        let mut state = self.call(format!("update {:?}", stack.parameters.get("CodeKey")));
        if state.stack.as_ref() == Some(stack) {
            return Ok(StackUpdate::Nothing);
        }
        state.begin(stack, "UPDATE", "UPDATE_ROLLBACK");
        Ok(StackUpdate::Started)
    }

    async fn delete(&self, _: &str) -> Result<(), CloudError> {
        self.call("delete").status = Some("DELETE_IN_PROGRESS".into());
        Ok(())
    }

    async fn events(&self, _: &str, after: Option<&str>) -> Result<Vec<StackEvent>, CloudError> {
        let state = self.0.lock().unwrap();
        let seen = after.map_or(0, |id| id.parse::<usize>().unwrap() + 1);
        Ok(state.events[seen..].to_vec())
    }
}

#[async_trait]
impl Objects for FakeAws {
    async fn get(&self, _: &BucketName, _: &ObjectKey, _: u64) -> Result<Option<Object>, CloudError> {
        unreachable!("no object is read")
    }

    async fn exists(&self, _: &BucketName, _: &ObjectKey) -> Result<bool, CloudError> {
        unreachable!("no object is looked up")
    }

    async fn put(&self, _: &BucketName, _: &ObjectKey, _: Vec<u8>, _: Encryption) -> Result<(), CloudError> {
        unreachable!("no object is overwritten")
    }

    async fn put_new(&self, bucket: &BucketName, key: &ObjectKey, _: Vec<u8>) -> Result<PutNew, CloudError> {
        if self.call(format!("upload {:.10}", key.to_string())).fault.take().is_some() {
            return Err(CloudError {
                operation: "s3:PutObject",
                resource: bucket.to_string(),
                kind: ErrorKind::Unavailable,
                code: "SlowDown".into(),
                message: "later".into(),
                request_id: None,
            });
        }
        Ok(PutNew::Written)
    }

    async fn delete(&self, _: &BucketName, _: &ObjectKey) -> Result<(), CloudError> {
        unreachable!("no object is deleted")
    }
}

fn region() -> Region {
    "eu-west-1".parse().unwrap()
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
