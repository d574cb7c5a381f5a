//! CloudFormation with one stack, a bucket, and the function and state machine that the stack creates.

use async_trait::async_trait;
use bifrost_core::cloud::{
    AuditStore, BucketSettings, CloudError, DeployedStack, Encryption, ErrorKind, FunctionConfiguration, Inventory,
    Invocation, KmsKey, MachineConfiguration, NewStack, Object, Objects, PutNew, StackEvent, StackUpdate, Stacks,
    Table, TopicSubscriptions,
};
use bifrost_core::release::{AccountId, BucketName, ObjectKey, Sha256};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

/// The ARN of the function.
pub(crate) const FUNCTION_ARN: &str = "arn:aws:lambda:eu-west-1:000000000000:function:coinbase-idler";

/// `CloudFormation` with one stack, and a bucket. The next operation fails after `fail`.
#[derive(Default)]
pub(crate) struct FakeAws(Mutex<State>);

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
    /// SHA-256 of the function's code; `None` if there is no function.
    code: Option<Sha256>,
    tags: BTreeMap<String, String>,
    definition: Option<String>,
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
            if let Some(before) = self.stack.clone() {
                self.change_resources(Some(stack), &before);
            }
        } else {
            self.event("Bucket", &format!("{verb}_COMPLETE"), None);
            let before = self.stack.take();
            self.change_resources(before.as_ref(), stack);
            self.stack = Some(stack.clone());
            self.status = Some(format!("{verb}_IN_PROGRESS"));
        }
    }

    /// Changes what differs between two stacks, whatever the function and the state machine are now. A state machine of which anything
    /// differs gets its definition, too.
    fn change_resources(&mut self, from: Option<&NewStack>, to: &NewStack) {
        let code_key = |stack: &NewStack| stack.parameters.get("CodeKey").cloned();
        if from.and_then(code_key) != code_key(to) {
            self.code = code_key(to).and_then(|key| key.strip_prefix("_code/")?.strip_suffix(".zip")?.parse().ok());
        }
        if from.map(|from| resource(from, "Function")) != Some(resource(to, "Function")) {
            let tags: Vec<Tag> = serde_json::from_value(resource(to, "Function")["Tags"].clone()).unwrap_or_default();
            self.tags = tags.into_iter().map(|Tag { key, value }| (key, value)).collect();
        }
        let machine = resource(to, "Machine");
        if from.map(|from| resource(from, "Machine")) != Some(machine.clone()) {
            self.definition = match &machine["DefinitionString"] {
                Value::String(text) => Some(text.clone()),
                other => other["Fn::Sub"].as_str().map(|text| text.replace("${Function.Arn}", FUNCTION_ARN)),
            };
        }
    }
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tag {
    key: String,
    value: String,
}

fn resource(stack: &NewStack, name: &str) -> Value {
    let template: Value = serde_json::from_str(&stack.template).unwrap_or_default();
    template["Resources"][name]["Properties"].clone()
}

impl FakeAws {
    pub(crate) fn in_status(status: &str) -> Self {
        Self(Mutex::new(State { status: Some(status.into()), ..State::default() }))
    }

    fn call(&self, call: impl Into<String>) -> MutexGuard<'_, State> {
        let mut state = self.0.lock().unwrap();
        state.calls.push(call.into());
        state
    }

    pub(crate) fn fail(&self, reason: &'static str) {
        self.0.lock().unwrap().fault = Some(reason);
    }

    pub(crate) fn deployed_template(&self) -> Value {
        serde_json::from_str(&self.0.lock().unwrap().stack.as_ref().unwrap().template).unwrap()
    }

    /// The parameter `CodeKey` of the stack.
    pub(crate) fn code_key(&self) -> String {
        self.0.lock().unwrap().stack.as_ref().unwrap().parameters["CodeKey"].clone()
    }

    /// Deploys the function and the state machine without CloudFormation.
    pub(crate) fn deploy(&self, code: &[u8], definition: &Value) {
        let mut state = self.0.lock().unwrap();
        state.code = Some(Sha256::of(code));
        state.definition = Some(format!("{definition:#}"));
    }

    pub(crate) fn runs(&self, code: &[u8]) -> bool {
        self.0.lock().unwrap().code == Some(Sha256::of(code))
    }

    pub(crate) fn definition(&self) -> Value {
        serde_json::from_str(self.0.lock().unwrap().definition.as_ref().unwrap()).unwrap()
    }

    pub(crate) fn tags(&self) -> BTreeMap<String, String> {
        self.0.lock().unwrap().tags.clone()
    }

    /// The changing calls since this was last called, oldest first.
    pub(crate) fn take_calls(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().calls)
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

    async fn deployed(&self, _: &str) -> Result<Option<DeployedStack>, CloudError> {
        let state = self.0.lock().unwrap();
        let deployed =
            |stack: &NewStack| DeployedStack { template: stack.template.clone(), parameters: stack.parameters.clone() };
        Ok(state.stack.as_ref().map(deployed))
    }

    async fn create(&self, stack: &NewStack) -> Result<(), CloudError> {
        let mut state = self.call(format!("create {:?}", stack.parameters.get("CodeKey")));
        assert!(!stack.template.contains(r#""Condition":"HasCode""#), "there is no code yet");
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
impl Inventory for FakeAws {
    async fn caller(&self) -> Result<String, CloudError> {
        unreachable!("nobody asks for the caller")
    }

    async fn function(&self, _: &str) -> Result<Option<FunctionConfiguration>, CloudError> {
        let code = self.0.lock().unwrap().code;
        Ok(code.map(|code| FunctionConfiguration {
            state: "Active".into(),
            state_reason: None,
            last_update_status: "Successful".into(),
            last_update_reason: None,
            architecture: "arm64".into(),
            code_sha256: Some(code),
            timeout_seconds: 300,
            memory_mib: 256,
            role: String::new(),
            variables: Vec::new(),
            settings: BTreeMap::new(),
        }))
    }

    async fn function_tags(&self, _: &str) -> Result<BTreeMap<String, String>, CloudError> {
        Ok(self.tags())
    }

    async fn state_machine(&self, _: &str) -> Result<Option<MachineConfiguration>, CloudError> {
        Ok(self.0.lock().unwrap().definition.as_ref().map(|definition| MachineConfiguration {
            status: "ACTIVE".into(),
            definition: serde_json::from_str(definition).unwrap(),
            log_level: "ALL".into(),
            is_traced: true,
        }))
    }

    async fn table(&self, _: &str) -> Result<Option<Table>, CloudError> {
        unreachable!("no table is read")
    }

    async fn subscriptions(&self, _: &str) -> Result<Option<TopicSubscriptions>, CloudError> {
        unreachable!("no topic is read")
    }

    async fn bucket(&self, _: &BucketName, _: &AccountId) -> Result<Option<BucketSettings>, CloudError> {
        unreachable!("no bucket is read")
    }

    async fn key(&self, _: &str) -> Result<Option<KmsKey>, CloudError> {
        unreachable!("no key is read")
    }

    async fn function_policy(&self, _: &str) -> Result<Option<Value>, CloudError> {
        unreachable!("no policy is read")
    }

    fn audit_store(&self, _: &BucketName, _: &AccountId, _: &str) -> Arc<dyn AuditStore> {
        unreachable!("no log is read")
    }

    async fn invoke(&self, _: &str, _: &Value) -> Result<Invocation, CloudError> {
        unreachable!("no function is invoked")
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
