//! The stages of one state's data flow, as AWS's `TestState` shows them.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

/// What the data looked like at each stage of a state; stages that the state does not have are absent.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Inspection {
    /// The state's input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<Arc<Value>>,
    /// After `InputPath`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_input_path: Option<Arc<Value>>,
    /// After `Parameters`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_parameters: Option<Arc<Value>>,
    /// After `ItemsPath`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_items_path: Option<Arc<Value>>,
    /// After `ItemSelector`: what each iteration gets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_item_selector: Option<Arc<Value>>,
    /// How many iterations run at a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_concurrency: Option<u64>,
    /// How many iterations may fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tolerated_failure_count: Option<u64>,
    /// How many in a hundred may fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tolerated_failure_percentage: Option<f64>,
    /// The answer of the task, or `Result`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<Arc<Value>>,
    /// After `ResultSelector`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_result_selector: Option<Arc<Value>>,
    /// After `ResultPath`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_result_path: Option<Arc<Value>>,
    /// Who would handle the error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_details: Option<ErrorDetails>,
}

/// Who would handle an error.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorDetails {
    /// The retrier that names the error, used up or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_index: Option<usize>,
    /// How long until the next attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_backoff_interval_seconds: Option<i64>,
    /// The catcher that took the error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub catch_index: Option<usize>,
}
