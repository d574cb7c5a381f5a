use serde_json::json;

use super::*;

fn at(time: &str) -> DateTime<Utc> {
    time.parse().unwrap()
}

const NOW: &str = "2026-11-21T10:00:00Z";

#[test]
fn release_of_the_last_10_days_is_accepted() {
    for created in ["2026-11-21T10:00:00Z", "2026-11-11T10:00:00Z", "2026-11-21T10:02:00Z", "2026-11-15T00:00:00Z"] {
        assert_eq!(check_window(at(created), at(NOW)), Ok(()), "{created}");
    }
}

#[test]
fn older_release_is_refused() {
    let created_at = at("2026-11-11T09:59:59.999999999Z");
    assert_eq!(check_window(created_at, at(NOW)), Err(Replay::TooOld { created_at }));
    assert!(check_window(DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC).is_err());
}

#[test]
fn release_from_the_future_is_refused() {
    let created_at = at("2026-11-21T10:02:00.000000001Z");
    assert_eq!(check_window(created_at, at(NOW)), Err(Replay::FromTheFuture { created_at }));
    assert!(check_window(DateTime::<Utc>::MAX_UTC, DateTime::<Utc>::MIN_UTC).is_err());
}

#[test]
fn step_functions_may_rewrite_the_release() {
    let sent = json!({"config_name": "development", "timeout": 600, "spread": 0.8});
    let uploaded = br#"{ "timeout": 6e2, "spread": 0.80,
        "config_name": "\u0064evelopment" }"#;
    assert_eq!(check_uploaded(&sent, uploaded), Ok(()));
}

#[test]
fn difference_is_reported_by_path_without_values() {
    let sent = json!({"services": {"web": {"tags": {"password": "hunter2"}}}});
    let uploaded = br#"{"services": {"web": {"tags": {"password": "hunter3"}}}}"#;
    let error = check_uploaded(&sent, uploaded).unwrap_err();
    assert_eq!(error, Replay::Differs(Difference { path: "services.web.tags.password".into() }));
    assert!(!error.to_string().contains("hunter"), "{error}");
    assert_eq!(check_uploaded(&sent, b"[]"), Err(Replay::Differs(Difference { path: String::new() })));
}

#[test]
fn fields_with_defaults_are_compared_too() {
    let sent = json!({"config_name": "development"});
    assert!(check_uploaded(&sent, br#"{"config_name": "development", "timeout": 600}"#).is_err());
    assert!(check_uploaded(&sent, br#"{"config_name": "development", "uuid": "x"}"#).is_err());
}

#[test]
fn ambiguous_uploaded_release_is_refused() {
    let uploaded = br#"{"config_name": "production", "config_name": "development"}"#;
    let error = check_uploaded(&json!({"config_name": "development"}), uploaded).unwrap_err();
    assert_eq!(error.code(), "release/not-json");
    assert!(matches!(error, Replay::Unreadable(error) if (error.line, error.column) == (1, 31)));
    // serde_json would read this object as the number.
    assert!(check_uploaded(&json!({"n": 1}), br#"{"n": {"$serde_json::private::Number": "1"}}"#).is_err());
}

#[test]
fn file_must_have_the_stated_hash() {
    assert_eq!(check_file("userdata", b"abc", &Sha256::of(b"abc")), Ok(()));
    let expected = Replay::File { file: "userdata".into(), stated: Sha256::of(b"abc"), found: Sha256::of(b"abd") };
    assert_eq!(check_file("userdata", b"abd", &Sha256::of(b"abc")), Err(expected));
}

#[test]
fn messages() {
    let time = at("2026-11-11T09:59:59.999999999Z");
    let errors = [
        Replay::TooOld { created_at: time },
        Replay::FromTheFuture { created_at: time },
        Replay::Differs(Difference { path: "services.web".into() }),
        Replay::File { file: "userdata".into(), stated: Sha256::of(b"abc"), found: Sha256::of(b"abd") },
    ];
    let messages = errors.map(|error| format!("{}: {error}", error.code()));
    insta::assert_snapshot!(messages.join("\n"));
}
