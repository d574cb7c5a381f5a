use super::{Applied, ApplyError, Builder, Code, Installation};
use async_trait::async_trait;
use bifrost_core::cloud::{
    CloudError, Encryption, ErrorKind, NewStack, Object, Objects, PutNew, StackEvent, StackUpdate, Stacks,
};
use bifrost_core::release::{BucketName, ObjectKey};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

const NAME: &str = "coinbase-odin";

/// `CloudFormation` with one stack and a bucket, which fails when it is told to.
#[derive(Default)]
struct Fake(Mutex<State>);

#[derive(Default)]
struct State {
    status: Option<String>,
    /// What the stack is, once it is done.
    stack: Option<NewStack>,
    events: Vec<StackEvent>,
    /// Why the next deploy of the stack fails.
    fault: Option<&'static str>,
    /// What was called, in order.
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

    /// Comes to the end of what is going on.
    fn go_on(&mut self) {
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

impl Fake {
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

    /// The template of the stack.
    fn deployed(&self) -> Value {
        serde_json::from_str(&self.0.lock().unwrap().stack.as_ref().unwrap().template).unwrap()
    }

    /// What changed anything, in order, since this was asked last.
    fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().calls)
    }

    async fn apply(&self, stack: &NewStack) -> (Result<Applied, ApplyError>, Vec<String>) {
        let mut told = Vec::new();
        let mut tell = |event: &StackEvent| {
            told.push(format!("{} {}", event.logical_id, event.status));
            Ok(())
        };
        let applied = Builder::new(self, &mut tell).apply(stack).await;
        (applied, told)
    }

    async fn install(&self, content: &[u8]) -> Result<Applied, ApplyError> {
        let code = Code { zip: content.to_vec(), architecture: "arm64" };
        let bucket: BucketName = "coinbase-odin-000000000000".parse().unwrap();
        let installation = Installation { stack: NAME.into(), template: template(), bucket: &bucket, code: &code };
        installation.install(&mut Builder::new(self, &mut |_| Ok(())), self).await
    }
}

#[async_trait]
impl Stacks for Fake {
    async fn status(&self, _: &str) -> Result<Option<String>, CloudError> {
        let mut state = self.0.lock().unwrap();
        let status = state.status.clone();
        state.go_on();
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
impl Objects for Fake {
    async fn get(&self, _: &BucketName, _: &ObjectKey) -> Result<Option<Object>, CloudError> {
        unreachable!("nothing is read")
    }

    async fn exists(&self, _: &BucketName, _: &ObjectKey) -> Result<bool, CloudError> {
        unreachable!("nothing is looked for")
    }

    async fn put(&self, _: &BucketName, _: &ObjectKey, _: Vec<u8>, _: Encryption) -> Result<(), CloudError> {
        unreachable!("nothing is written over")
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
        unreachable!("nothing is deleted")
    }
}

fn template() -> Value {
    json!({"Resources": {"Bucket": {}, "Function": {"Condition": "HasCode"}}})
}

fn stack(template: &str) -> NewStack {
    NewStack { name: NAME.into(), template: template.into(), parameters: BTreeMap::new() }
}

#[tokio::test(start_paused = true)]
async fn a_stack_is_made_then_changed_and_then_left_as_it_is() {
    let aws = Fake::default();
    let (applied, told) = aws.apply(&stack("first")).await;
    assert_eq!(applied.unwrap(), Applied::Created);
    assert_eq!(told, ["Bucket CREATE_IN_PROGRESS", "Bucket CREATE_COMPLETE"]);
    let (applied, told) = aws.apply(&stack("second")).await;
    assert_eq!(applied.unwrap(), Applied::Updated);
    assert_eq!(told, ["Bucket UPDATE_IN_PROGRESS", "Bucket UPDATE_COMPLETE"]);
    let (applied, told) = aws.apply(&stack("second")).await;
    assert_eq!(applied.unwrap(), Applied::Unchanged);
    assert!(told.is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_first_failure_is_the_reason_that_is_told() {
    let aws = Fake::default();
    aws.fail("the name is taken");
    let error = aws.apply(&stack("first")).await.0.unwrap_err();
    assert_eq!(
        error.to_string(),
        "stack coinbase-odin is ROLLBACK_COMPLETE because of Bucket (AWS::S3::Bucket): the name is taken; \
         all is as it was before: mend that, and try again"
    );
}

#[tokio::test(start_paused = true)]
async fn what_a_failed_first_try_left_is_removed_before_the_second() {
    let aws = Fake::default();
    aws.fail("the name is taken");
    aws.apply(&stack("first")).await.0.unwrap_err();
    assert_eq!(aws.apply(&stack("first")).await.0.unwrap(), Applied::Created);
    assert_eq!(aws.calls(), ["create None", "delete", "create None"]);
}

#[tokio::test(start_paused = true)]
async fn an_update_that_fails_can_be_tried_again() {
    let aws = Fake::default();
    aws.apply(&stack("first")).await.0.unwrap();
    aws.fail("not allowed");
    let error = aws.apply(&stack("second")).await.0.unwrap_err();
    assert!(error.to_string().contains("UPDATE_ROLLBACK_COMPLETE"), "{error}");
    assert_eq!(aws.apply(&stack("second")).await.0.unwrap(), Applied::Updated);
}

#[tokio::test(start_paused = true)]
async fn a_stack_that_is_busy_or_stuck_is_left_alone() {
    for (status, advice) in [
        ("UPDATE_ROLLBACK_FAILED", "continue the roll-back"),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "wait for its end"),
        ("ROLLBACK_FAILED", "delete it"),
    ] {
        let aws = Fake::in_status(status);
        let error = aws.apply(&stack("second")).await.0.unwrap_err();
        assert!(error.to_string().contains(status) && error.to_string().contains(advice), "{error}");
        assert!(aws.calls().is_empty(), "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_deployer_gets_its_bucket_then_its_code_and_then_the_rest() {
    let aws = Fake::default();
    assert_eq!(aws.install(b"one").await.unwrap(), Applied::Created);
    let key = r#"Some("_code/7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed.zip")"#;
    assert_eq!(aws.calls(), [r#"create Some("")"#, "upload _code/7692", &format!("update {key}")]);
    assert_eq!(aws.deployed(), template());
    assert_eq!(aws.install(b"one").await.unwrap(), Applied::Unchanged);
    assert_eq!(aws.install(b"two").await.unwrap(), Applied::Updated);
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_failed_is_made_up_for_the_next_time() {
    let aws = Fake::default();
    aws.apply(&stack("{}")).await.0.unwrap();
    aws.fail("later");
    aws.install(b"one").await.unwrap_err();
    aws.calls();
    assert_eq!(aws.install(b"one").await.unwrap(), Applied::Updated);
    assert!(!aws.calls().iter().any(|call| call.starts_with("create")));
}
