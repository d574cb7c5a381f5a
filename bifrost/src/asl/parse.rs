//! Reading.
use super::definition::Problem;
use super::model::StateMachine;
use serde_json::Value;
pub(super) const JSONATA_REFUSED: &str = "JSONata is not supported yet";
pub(super) fn state_machine(_definition: &Value) -> (Option<StateMachine>, Vec<Problem>) {
    (None, Vec::new())
}
