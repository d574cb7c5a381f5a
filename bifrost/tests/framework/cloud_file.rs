//! World files are input from outside.

use crate::board::Notes;
use bifrost::local::read_seed;
use std::path::Path;

fn refusal(text: &str) -> String {
    read_seed::<Notes>(Path::new("world.json"), text.as_bytes()).unwrap_err().to_string()
}

#[test]
fn a_world_file_with_an_unknown_resource_type_is_refused_by_its_path() {
    let text = r#"{"clock": "2026-03-01T12:00:00Z", "deployer_account": "000000000000", "deployer_region": "us-east-1",
        "accounts": {"000000000000": {"kafka_topics": {}}}}"#;
    let refusal = refusal(text);
    assert!(refusal.contains("accounts.000000000000.kafka_topics"), "{refusal}");
    assert!(refusal.starts_with("world.json: "), "{refusal}");
}

#[test]
fn a_world_file_that_is_not_json_is_refused_by_line_and_column() {
    let refusal = refusal("{\n  \"clock\": 2026,,\n}");
    assert!(refusal.contains("line 2"), "{refusal}");
}

#[test]
fn an_account_that_is_no_account_is_refused() {
    let text = r#"{"clock": "2026-03-01T12:00:00Z", "deployer_account": "12", "deployer_region": "us-east-1",
        "accounts": {}}"#;
    let refusal = refusal(text);
    assert!(refusal.contains("deployer_account"), "{refusal}");
}
