//! Answers tasks with the responses of a recording.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::compare::same;
use crate::interpreter::{TaskOutcome, TaskRequest, Tasks};
use crate::{Random, ResourceKind};

/// The responses of one vector.
pub(super) struct Replay<'v> {
    vector: &'v Value,
    used: RefCell<Vec<usize>>,
    /// Differences between requests and the recording.
    differences: RefCell<Vec<String>>,
}

impl<'v> Replay<'v> {
    pub(super) fn new(vector: &'v Value) -> Self {
        Self { vector, used: RefCell::default(), differences: RefCell::default() }
    }

    /// The differences between requests and the recording, including recorded requests that were not made.
    pub(super) fn differences(&self) -> Vec<String> {
        let mut differences = self.differences.borrow().clone();
        let count = self.vector.get("tasks").and_then(Value::as_array).map_or(0, Vec::len);
        if self.used.borrow().len() < count {
            differences.push(format!("{} of {count} tasks were scheduled", self.used.borrow().len()));
        }
        differences
    }

    /// The recorded task for a request: the first unused one of its state with matching parameters.
    fn recorded(&self, request: &TaskRequest<'_>) -> Option<&'v Value> {
        let tasks = self.vector.get("tasks")?.as_array()?;
        let sent = |task: &Value| task.get("parameters").or_else(|| task.get("input")).cloned().unwrap_or_default();
        let of_state = |(index, task): &(usize, &Value)| {
            !self.used.borrow().contains(index) && task["state"] == request.state.as_ref()
        };
        let left: Vec<_> = tasks.iter().enumerate().filter(of_state).collect();
        let fits = |task: &Value| same(&sent(task), &request.parameters);
        let Some((index, task)) = left.iter().find(|(_, task)| fits(task)).or(left.first()) else {
            self.differ(format!("state {} scheduled a task that was not recorded", request.state));
            return None;
        };
        if !fits(task) {
            self.differ(format!("state {} sent {}, recorded {}", request.state, request.parameters, sent(task)));
        }
        self.used.borrow_mut().push(*index);
        Some(task)
    }

    /// Whether the recording has an event of this type: only events show whether a worker took an activity's task.
    fn has_event(&self, event_type: &str) -> bool {
        let events = self.vector["expect"]["events"].as_array();
        events.is_none_or(|events| events.iter().any(|event| event["type"] == event_type))
    }

    fn differ(&self, difference: String) {
        self.differences.borrow_mut().push(difference);
    }

    async fn answer(&self, task: &Value, request: &TaskRequest<'_>) -> TaskOutcome {
        if *request.resource.kind() == ResourceKind::Activity && self.has_event("ActivityStarted") {
            request.progress.started("worker");
        }
        if let Some(answer) = task.get("submitted") {
            request.progress.submitted(Arc::new(answer.clone()));
        }
        let outcome = &task["outcome"];
        if let Some(output) = outcome.get("output") {
            return TaskOutcome::Succeeded(Arc::new(output.clone()));
        }
        match outcome.get("fail") {
            Some(failure) => failed(failure.get("error"), failure.get("cause")),
            // It never responds.
            None => std::future::pending().await,
        }
    }

    /// The response of a function whose calls were not recorded individually.
    fn function(&self, request: &TaskRequest<'_>) -> TaskOutcome {
        let is_direct = *request.resource.kind() == ResourceKind::LambdaFunction;
        let named = request.parameters.get("FunctionName").and_then(Value::as_str);
        let name = if is_direct { request.resource.arn().as_ref() } else { named.unwrap_or_default() };
        let name = name.rsplit(':').next().unwrap_or_default();
        let behaviour = &self.vector["lambda"][name];
        let payload = match request.parameters.get("Payload") {
            _ if is_direct => request.parameters.as_ref().clone(),
            None | Some(Value::Null) => json!({}),
            Some(payload) => payload.clone(),
        };
        if let Some(raises) = behaviour.get("raises") {
            let cause = Value::from(raises.to_string());
            return failed(raises.get("errorType"), Some(&cause));
        }
        let payload = behaviour.get("returns").cloned().unwrap_or(payload);
        let answer = json!({"ExecutedVersion": "$LATEST", "Payload": payload, "StatusCode": 200});
        TaskOutcome::Succeeded(Arc::new(if is_direct { payload } else { answer }))
    }

    /// The response of S3 to an item reader.
    fn object(&self, request: &TaskRequest<'_>) -> Option<TaskOutcome> {
        let objects = self.vector.get("s3_objects")?.as_array()?;
        let here = |object: &&Value| object["bucket"] == request.parameters["Bucket"];
        let answer = match request.resource.arn().as_ref() {
            "arn:aws:states:::s3:getObject" => {
                let object = objects.iter().filter(here).find(|object| object["key"] == request.parameters["Key"])?;
                json!({"Body": object["body"]})
            }
            "arn:aws:states:::s3:listObjectsV2" => {
                let size = |object: &Value| object["body"].as_str().map_or(0, str::len);
                let entry = |object: &Value| {
                    json!({
                        "Etag": "\"00000000000000000000000000000000\"",
                        "Key": object["key"],
                        "LastModified": 0.0,
                        "Size": size(object),
                        "StorageClass": "STANDARD",
                    })
                };
                json!({"Contents": objects.iter().filter(here).map(entry).collect::<Vec<_>>()})
            }
            _ => return None,
        };
        Some(TaskOutcome::Succeeded(Arc::new(answer)))
    }
}

fn failed(error: Option<&Value>, cause: Option<&Value>) -> TaskOutcome {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    TaskOutcome::Failed { error: text(error), cause: text(cause) }
}

#[async_trait(?Send)]
impl Tasks for Replay<'_> {
    async fn run(&self, request: TaskRequest<'_>) -> TaskOutcome {
        if let Some(outcome) = self.object(&request) {
            return outcome;
        }
        if self.vector.get("tasks").is_none() {
            return self.function(&request);
        }
        match self.recorded(&request) {
            Some(task) => self.answer(task, &request).await,
            None => failed(Some(&"NotRecorded".into()), None),
        }
    }
}

/// Always the same numbers, and different UUIDs.
#[derive(Default)]
pub(super) struct FixedRandom(Cell<u64>);

impl Random for FixedRandom {
    fn unit(&self) -> f64 {
        0.5
    }

    fn uuid(&self) -> String {
        self.0.set(self.0.get() + 1);
        format!("00000000-0000-4000-8000-{:012x}", self.0.get())
    }
}
