//! Checks that product code reads JSON with `bifrost_core::json`, which reads structs from objects only: serde's own readers take
//! arrays for structs, too.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod product_code;

/// The readers themselves, and what reads only values: the interpreter of state machines does not depend on the framework.
/// `harness.rs` and `sample.rs` are for tests.
const EXCEPTIONS: [&str; 6] = [
    "bifrost/core/src/json/by_name.rs",
    "bifrost/asl/src/intrinsic/function.rs",
    "bifrost/asl/src/interpreter/items.rs",
    "deployers/fenrir/src/harness.rs",
    "deployers/odin/src/harness.rs",
    "deployers/odin/src/release/sample.rs",
];

fn is_reader(line: &str) -> bool {
    ["from_slice", "from_str", "from_value", "from_reader", "Deserializer"]
        .iter()
        .any(|reader| line.contains(&format!("serde_json::{reader}")))
        || (line.starts_with("use serde_json::") && (line.contains("from_") || line.contains("Deserializer")))
}

#[test]
fn product_code_reads_json_with_the_framework() {
    let found = product_code::search(&EXCEPTIONS, is_reader);
    assert!(
        found.is_empty(),
        "use json::parse with json::read, json::from_slice or json::from_value:\n{}",
        found.join("\n")
    );
}

#[test]
fn readers_of_serde_are_found() {
    let text = "use serde_json::from_str;\nuse serde_json::Value;\nserde_json::from_value(value)?;\njson::from_slice(text)?;\nserde_json::to_vec(value)?;";
    let found = product_code::lines(text, is_reader);
    assert_eq!(found.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [1, 3]);
}
