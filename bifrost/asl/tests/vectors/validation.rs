//! Definitions to accept or to refuse.

use bifrost_asl::{MachineType, StateMachine};
use serde_json::Value;

use super::Verdict;

pub(crate) fn grade(vector: &Value) -> (Verdict, Option<String>) {
    let machine_type = if vector["type"] == "EXPRESS" { MachineType::Express } else { MachineType::Standard };
    let definition = match vector.get("definition_text").and_then(Value::as_str) {
        // A text that is no JSON is refused by whoever reads it.
        Some(text) => serde_json::from_str(text).ok(),
        None => vector.get("definition").cloned(),
    };
    let accepted = match definition.map(|definition| StateMachine::parse_as(&definition, machine_type)) {
        Some(Ok(_)) => Ok(()),
        Some(Err(invalid)) if invalid.needs_jsonata() => return (Verdict::Jsonata, None),
        Some(Err(invalid)) => Err(invalid.to_string()),
        None => Err("not JSON".to_owned()),
    };
    let why = || vector["why"].as_str().unwrap_or_default().to_owned();
    match (vector["valid"] == true, accepted) {
        (true, Ok(())) | (false, Err(_)) => (Verdict::Reached(3), None),
        (true, Err(problems)) => {
            let by_aws = vector["source"]["authority"] == "aws-recorded";
            let is_disputed = vector["differ"].as_array().is_some_and(|differ| !differ.is_empty());
            let verdict = if is_disputed && !by_aws { Verdict::Disputed } else { Verdict::Reached(0) };
            (verdict, Some(format!("refused: {problems}")))
        }
        (false, Ok(())) => (Verdict::Reached(0), Some(format!("accepted, though {}", why()))),
    }
}
