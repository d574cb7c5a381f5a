//! The history of an execution (`states:GetExecutionHistory`).

use chrono::{DateTime, SecondsFormat, Utc};
use serde::ser::{Error as _, SerializeMap};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use std::sync::Arc;

/// One event of a history.
///
/// It serializes as the AWS CLI prints it (`{"timestamp", "type", "id", "previousEventId", "stateEnteredEventDetails": {…}}`),
/// except that payloads are JSON values, not strings that hold JSON.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryEvent {
    /// Its number in the history, from 1.
    pub id: u64,
    /// The id of the event that led to this one; 0 for the first two.
    pub previous_event_id: u64,
    /// The time of the event.
    pub timestamp: DateTime<Utc>,
    /// Its AWS type, such as `TaskStateEntered`.
    pub event_type: String,
    /// The details that the client reads.
    pub details: HistoryDetails,
    /// All other details, by their AWS names.
    pub other_details: Map<String, Value>,
}

/// The details of an event that the client reads. Which are present depends on the event's type.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct HistoryDetails {
    /// The name of the state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The input of a state, function or execution.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<Arc<Value>>,
    /// The output of a state, task or execution.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Arc<Value>>,
    /// The name of the error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The error's message, or Lambda's report of it as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
}

impl HistoryEvent {
    /// Whether a state was entered.
    #[must_use]
    pub fn enters_state(&self) -> bool {
        self.event_type.ends_with("StateEntered")
    }

    /// Whether a state was left for the next one.
    #[must_use]
    pub fn leaves_state(&self) -> bool {
        self.event_type.ends_with("StateExited")
    }

    /// The field that holds the details: `stateEnteredEventDetails`, `taskScheduledEventDetails`, ….
    fn details_field(&self) -> String {
        let owner = match self.event_type.as_str() {
            _ if self.enters_state() => "StateEntered",
            _ if self.leaves_state() => "StateExited",
            own => own,
        };
        let mut letters = owner.chars();
        let first = letters.next().map(|letter| letter.to_ascii_lowercase());
        first.into_iter().chain(letters).chain("EventDetails".chars()).collect()
    }
}

impl Serialize for HistoryEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Value::Object(mut details) = serde_json::to_value(&self.details).map_err(S::Error::custom)? else {
            return Err(S::Error::custom("the details of an event must be an object"));
        };
        details.extend(self.other_details.clone());
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("timestamp", &self.timestamp.to_rfc3339_opts(SecondsFormat::Millis, true))?;
        map.serialize_entry("type", &self.event_type)?;
        map.serialize_entry("id", &self.id)?;
        map.serialize_entry("previousEventId", &self.previous_event_id)?;
        if !details.is_empty() {
            map.serialize_entry(&self.details_field(), &details)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(event_type: &str, details: HistoryDetails, other_details: Map<String, Value>) -> HistoryEvent {
        let (timestamp, event_type) = (DateTime::UNIX_EPOCH, event_type.to_owned());
        HistoryEvent { id: 2, previous_event_id: 0, timestamp, event_type, details, other_details }
    }

    #[test]
    fn event_is_serialized_as_the_aws_cli_prints_it() {
        let details = HistoryDetails {
            name: Some("Lock".into()),
            input: Some(Arc::new(json!({"n": 1}))),
            ..HistoryDetails::default()
        };
        let entered = event("TaskStateEntered", details, Map::new());
        let expected = r#"{"timestamp":"1970-01-01T00:00:00.000Z","type":"TaskStateEntered","id":2,"previousEventId":0,"stateEnteredEventDetails":{"name":"Lock","input":{"n":1}}}"#;
        assert_eq!(serde_json::to_string(&entered).unwrap(), expected);
    }

    #[test]
    fn other_details_are_serialized_with_the_known_ones() {
        let other = Map::from_iter([("resource".to_owned(), json!("function"))]);
        let scheduled = serde_json::to_value(event("TaskScheduled", HistoryDetails::default(), other)).unwrap();
        assert_eq!(scheduled["taskScheduledEventDetails"], json!({"resource": "function"}));
        let started = serde_json::to_value(event("TaskStarted", HistoryDetails::default(), Map::new())).unwrap();
        assert_eq!(started.as_object().unwrap().len(), 4);
    }
}
