//! Seeds that are not valid.

use crate::board::Notes;
use bifrost::error_code::Coded;
use bifrost::local::read_seed;
use std::path::Path;

/// The code and the message of the error of an invalid seed.
fn refused(text: &str) -> (&'static str, String) {
    let error = read_seed::<Notes>(Path::new("seed.json"), text.as_bytes()).unwrap_err();
    (error.code(), error.to_string())
}

#[test]
fn unknown_resource_type_is_refused_by_path() {
    let text = r#"{"clock": "2026-03-01T12:00:00Z", "deployer_account": "000000000000", "deployer_region": "us-east-1",
        "accounts": {"000000000000": {"kafka_topics": {}}}}"#;
    let (code, message) = refused(text);
    assert_eq!(code, "seed/invalid");
    assert!(message.starts_with("seed.json: accounts.000000000000.kafka_topics: "), "{message}");
}

#[test]
fn seed_that_is_not_json_is_refused_by_line() {
    let (code, message) = refused("{\n  \"clock\": 2026,,\n}");
    assert_eq!(code, "seed/not-json");
    assert!(message.contains("line 2"), "{message}");
}

#[test]
fn invalid_account_is_refused() {
    let text = r#"{"clock": "2026-03-01T12:00:00Z", "deployer_account": "12", "deployer_region": "us-east-1",
        "accounts": {}}"#;
    let (code, message) = refused(text);
    assert_eq!(code, "seed/invalid");
    assert!(message.starts_with("seed.json: deployer_account: "), "{message}");
}
