use super::*;
use crate::json;
use crate::task::{DATA_LIMIT_BYTES, FunctionError};
use proptest::prelude::*;
use serde_json::{Value, json};

/// The limit of Step Functions for the data of an execution.
const STEP_FUNCTIONS_LIMIT_BYTES: usize = 262_144;

/// The longest name that Step Functions accepts for an error.
const LONGEST_NAME: &str = match str::from_utf8(&[b'E'; 256]) {
    Ok(name) => name,
    Err(_) => "",
};

#[test]
fn short_message_is_kept() {
    for message in ["", "[lock/held] acme/shop is locked", "two\n\tlines", &"x".repeat(MESSAGE_LIMIT_BYTES)] {
        assert_eq!(cut(message), message);
    }
}

#[test]
fn long_message_is_cut_and_says_so() {
    let message = cut(&"x".repeat(10_900_000));
    assert_eq!(message.len(), MESSAGE_LIMIT_BYTES);
    assert!(message.ends_with("x… (cut: 10,900,000 bytes in all)"), "{}", prefix(&message, 100));
    assert!(cut(&"x".repeat(MESSAGE_LIMIT_BYTES + 1)).ends_with("x… (cut: 16,385 bytes in all)"));
}

#[test]
fn message_is_cut_between_characters() {
    for shift in 0..4 {
        let message = cut(&("x".repeat(shift) + &"€".repeat(10_000)));
        assert!(message.contains("€… (cut: 30,00"), "{shift}");
    }
}

#[test]
fn message_of_escapes_is_cut_shorter() {
    let message = cut(&"\\".repeat(MESSAGE_LIMIT_BYTES));
    assert!(message.len() < 11_000 && message.len() > 10_000, "{}", message.len());
    assert!(message.ends_with("\\… (cut: 16,384 bytes in all)"));
}

#[test]
fn control_characters_are_removed() {
    assert_eq!(cut("a\u{1b}[31m\u{200b}b\u{202e}\n"), "a[31mb\n");
    assert_eq!(cut(&"\u{200b}".repeat(30_000)), "… (cut: 90,000 bytes in all)");
}

#[test]
fn code_survives_the_cut() {
    let cause = json!(FunctionError::new("E", format!("[lock/held] {}", "x".repeat(20_000)))).to_string();
    assert_eq!(FunctionError::split_cause(&cause).0.as_deref(), Some("lock/held"));
}

/// What a `Catch` with `ResultPath: $.error` makes of the largest data.
fn caught(error: &FunctionError) -> Value {
    let mut data = json!({"data": ""});
    let room = DATA_LIMIT_BYTES - json::size(&data);
    data["data"] = "x".repeat(room).into();
    assert_eq!(json::size(&data), DATA_LIMIT_BYTES);
    data["error"] = json!({"Error": error.error, "Cause": json!(error).to_string()});
    data
}

/// A character that JSON escapes, one that is long, or any.
fn character() -> impl Strategy<Value = char> {
    prop_oneof![Just('"'), Just('\\'), Just('\n'), Just('\u{1}'), Just('é'), Just('€'), Just('👍'), any::<char>()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn data_and_caught_error_stay_below_256_kib(
        parts in prop::collection::vec((prop::collection::vec(character(), 1..20), 1_usize..3_000), 0..8),
    ) {
        let message: String = parts.iter().map(|(chars, times)| chars.iter().collect::<String>().repeat(*times)).collect();
        let error = FunctionError::new(LONGEST_NAME, &message);
        prop_assert!(error.message.len() <= MESSAGE_LIMIT_BYTES);
        let escaped = json!(json!(error.message).to_string()).to_string();
        // Two pairs of quotes, of which one is escaped.
        prop_assert!(escaped.len() <= ESCAPED_LIMIT_BYTES + 6);
        prop_assert!(json::size(&caught(&error)) < STEP_FUNCTIONS_LIMIT_BYTES);
        prop_assert_eq!(&cut(&error.message), &error.message);
    }
}
