//! The history of an execution, in the format of AWS's `GetExecutionHistory`.

use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::de::Error as _;
use serde::ser::{Error as _, SerializeMap};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::StateName;

/// One event of a history.
///
/// It serialises as AWS prints it (`{"timestamp", "type", "id", "previousEventId", "stateEnteredEventDetails": {…}}`),
/// except that payloads are JSON values, not strings of JSON.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its position in the history, from 1.
    pub id: u64,
    /// The event that led to this one; 0 for the first two.
    pub previous_event_id: u64,
    /// When it happened.
    pub timestamp: DateTime<Utc>,
    /// Its type.
    pub event_type: EventType,
    /// Its details.
    pub details: EventDetails,
}

/// The type of an event, with AWS's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "AWS documents them under these names")]
pub enum EventType {
    ActivityFailed,
    ActivityScheduled,
    ActivityStarted,
    ActivitySucceeded,
    ActivityTimedOut,
    ChoiceStateEntered,
    ChoiceStateExited,
    ExecutionAborted,
    ExecutionFailed,
    ExecutionRedriven,
    ExecutionStarted,
    ExecutionSucceeded,
    ExecutionTimedOut,
    FailStateEntered,
    LambdaFunctionFailed,
    LambdaFunctionScheduled,
    LambdaFunctionStarted,
    LambdaFunctionSucceeded,
    LambdaFunctionTimedOut,
    MapIterationAborted,
    MapIterationFailed,
    MapIterationStarted,
    MapIterationSucceeded,
    MapRunFailed,
    MapRunStarted,
    MapRunSucceeded,
    MapStateAborted,
    MapStateEntered,
    MapStateExited,
    MapStateFailed,
    MapStateStarted,
    MapStateSucceeded,
    ParallelStateAborted,
    ParallelStateEntered,
    ParallelStateExited,
    ParallelStateFailed,
    ParallelStateStarted,
    ParallelStateSucceeded,
    PassStateEntered,
    PassStateExited,
    SucceedStateEntered,
    SucceedStateExited,
    TaskFailed,
    TaskScheduled,
    TaskStarted,
    TaskStateAborted,
    TaskStateEntered,
    TaskStateExited,
    TaskSubmitted,
    TaskSucceeded,
    TaskTimedOut,
    WaitStateAborted,
    WaitStateEntered,
    WaitStateExited,
}

/// The details of an event. Its type determines which of them it has.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EventDetails {
    /// The state, or the `Map` state of an iteration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<StateName>,
    /// The input of a state, a function or an execution.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub input: Option<Arc<Value>>,
    /// The output of a state, a task or an execution.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub output: Option<Arc<Value>>,
    /// The variables that a state set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assigned_variables: Option<Arc<Map<String, Value>>>,
    /// The name of the error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Arc<str>>,
    /// The cause of the error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Arc<str>>,
    /// The role of an execution.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<Arc<str>>,
    /// A function's or an activity's ARN, or the action of a service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<Arc<str>>,
    /// The service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_type: Option<Arc<str>>,
    /// The parameters of a call to a service.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub parameters: Option<Arc<Value>>,
    /// The timeout of a task, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_in_seconds: Option<u64>,
    /// The longest time between heartbeats of a task, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heartbeat_in_seconds: Option<u64>,
    /// The role that a task assumes: `{"roleArn": …}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_credentials: Option<Arc<Value>>,
    /// The worker that took an activity's task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worker_name: Option<Arc<str>>,
    /// The index of an iteration of a `Map`, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<u64>,
    /// The number of items of a `Map`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub length: Option<u64>,
    /// How often the execution was redriven.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redrive_count: Option<u64>,
    /// The run of a distributed `Map`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub map_run_arn: Option<Arc<str>>,
}

/// A present field is `Some`, even if its value is `null`.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Arc<Value>>, D::Error> {
    Value::deserialize(deserializer).map(Arc::new).map(Some)
}

impl EventType {
    /// AWS's name of the type.
    #[must_use]
    pub fn name(self) -> String {
        format!("{self:?}")
    }

    /// Whether a state was entered.
    #[must_use]
    pub fn is_entrance(self) -> bool {
        self.name().ends_with("StateEntered")
    }

    /// The name of the field with the details: `stateEnteredEventDetails`, `taskScheduledEventDetails`, ….
    #[must_use]
    pub fn details_field(self) -> String {
        let name = self.name();
        let owner = match name.as_str() {
            entered if entered.ends_with("StateEntered") => "StateEntered",
            exited if exited.ends_with("StateExited") => "StateExited",
            own => own,
        };
        let mut letters = owner.chars();
        let first = letters.next().map(|letter| letter.to_ascii_lowercase());
        first.into_iter().chain(letters).chain("EventDetails".chars()).collect()
    }
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let details = serde_json::to_value(&self.details).map_err(S::Error::custom)?;
        let is_empty = details.as_object().is_some_and(Map::is_empty);
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("timestamp", &self.timestamp.to_rfc3339_opts(SecondsFormat::Millis, true))?;
        map.serialize_entry("type", &self.event_type)?;
        map.serialize_entry("id", &self.id)?;
        map.serialize_entry("previousEventId", &self.previous_event_id)?;
        if !is_empty {
            map.serialize_entry(&self.event_type.details_field(), &details)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Head {
            id: u64,
            previous_event_id: u64,
            timestamp: DateTime<Utc>,
            r#type: EventType,
        }
        // Maps: serde would read structs from arrays, too.
        let mut fields: Map<String, Value> = Map::deserialize(deserializer)?;
        let head = Head::deserialize(&fields).map_err(D::Error::custom)?;
        let details = match fields.remove(&head.r#type.details_field()) {
            Some(details) => EventDetails::deserialize(Map::deserialize(details).map_err(D::Error::custom)?),
            None => Ok(EventDetails::default()),
        };
        Ok(Self {
            id: head.id,
            previous_event_id: head.previous_event_id,
            timestamp: head.timestamp,
            event_type: head.r#type,
            details: details.map_err(D::Error::custom)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn event_serialises_as_aws_prints_it() {
        let event = Event {
            id: 2,
            previous_event_id: 0,
            timestamp: DateTime::UNIX_EPOCH,
            event_type: EventType::TaskStateEntered,
            details: EventDetails {
                name: Some("Lock".into()),
                input: Some(Arc::new(json!({"n": 1.50}))),
                ..EventDetails::default()
            },
        };
        let text = serde_json::to_string(&event).unwrap();
        let expected = r#"{"timestamp":"1970-01-01T00:00:00.000Z","type":"TaskStateEntered","id":2,"previousEventId":0,"stateEnteredEventDetails":{"name":"Lock","input":{"n":1.5}}}"#;
        assert_eq!(text, expected);
        assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event);
    }

    #[test]
    fn empty_details_are_omitted_but_null_is_kept() {
        let mut event = Event {
            id: 3,
            previous_event_id: 2,
            timestamp: DateTime::UNIX_EPOCH,
            event_type: EventType::ParallelStateStarted,
            details: EventDetails::default(),
        };
        assert_eq!(serde_json::to_value(&event).unwrap().as_object().unwrap().len(), 4);
        event.event_type = EventType::ExecutionSucceeded;
        event.details.output = Some(Arc::new(Value::Null));
        let value = serde_json::to_value(&event).unwrap();
        assert_eq!(value["executionSucceededEventDetails"], json!({"output": null}));
        assert_eq!(serde_json::from_value::<Event>(value).unwrap(), event);
    }

    #[test]
    fn array_is_no_event() {
        let event =
            json!({"id": 3, "previousEventId": 2, "timestamp": "1970-01-01T00:00:00Z", "type": "TaskStateEntered"});
        assert!(serde_json::from_value::<Event>(event.clone()).is_ok());
        let by_position: Vec<_> = event.as_object().unwrap().values().collect();
        assert!(serde_json::from_value::<Event>(json!(by_position)).is_err());
        let mut event = event;
        event["stateEnteredEventDetails"] = json!([]);
        assert!(serde_json::from_value::<Event>(event).is_err());
    }
}
