//! Definitions to accept or to refuse.

use bifrost::asl::{MachineType, StateMachine};
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
        (true, Err(problems)) => (Verdict::Reached(0), Some(format!("refused: {problems}"))),
        // Where linters disagree about what is valid, their word does not bind.
        (false, Ok(())) => (Verdict::Reached(0), Some(format!("accepted, though {}", why()))),
    }
}
