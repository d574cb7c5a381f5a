use serde_json::json;

use super::*;

fn at(time: &str) -> DateTime<Utc> {
    time.parse().unwrap()
}

const NOW: &str = "2026-11-21T10:00:00Z";

#[test]
fn a_release_of_the_last_10_days_is_taken() {
    for created in ["2026-11-21T10:00:00Z", "2026-11-11T10:00:00Z", "2026-11-21T10:02:00Z", "2026-11-15T00:00:00Z"] {
        assert_eq!(check_window(at(created), at(NOW)), Ok(()), "{created}");
    }
}

#[test]
fn an_older_release_is_refused() {
    let error = check_window(at("2026-11-11T09:59:59.999999999Z"), at(NOW)).unwrap_err();
    insta::assert_snapshot!(error, @"created_at: 2026-11-11T09:59:59.999999999Z is more than 10 days ago: make the release anew");
    assert!(check_window(DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC).is_err());
}

#[test]
fn a_release_of_the_future_is_refused() {
    let error = check_window(at("2026-11-21T10:02:00.000000001Z"), at(NOW)).unwrap_err();
    insta::assert_snapshot!(error, @"created_at: 2026-11-21T10:02:00.000000001Z is more than 2 minutes in the future: set the client's clock");
    assert!(check_window(DateTime::<Utc>::MAX_UTC, DateTime::<Utc>::MIN_UTC).is_err());
}

#[test]
fn step_functions_may_write_the_release_anew() {
    let sent = json!({"config_name": "development", "timeout": 600, "spread": 0.8});
    let uploaded = br#"{ "timeout": 6e2, "spread": 0.80,
        "config_name": "\u0064evelopment" }"#;
    assert_eq!(check_uploaded(&sent, uploaded), Ok(()));
}

#[test]
fn another_release_is_refused_by_path_and_keeps_its_values_to_itself() {
    let sent = json!({"services": {"web": {"tags": {"password": "hunter2"}}}});
    let uploaded = br#"{"services": {"web": {"tags": {"password": "hunter3"}}}}"#;
    insta::assert_snapshot!(check_uploaded(&sent, uploaded).unwrap_err(), @"the release that was sent differs from the uploaded one, first in services.web.tags.password: upload the very release that is sent");
    insta::assert_snapshot!(check_uploaded(&sent, b"[]").unwrap_err(), @"the release that was sent differs from the uploaded one, first in the document: upload the very release that is sent");
}

#[test]
fn what_the_deployer_would_fill_in_makes_a_difference() {
    let sent = json!({"config_name": "development"});
    assert!(check_uploaded(&sent, br#"{"config_name": "development", "timeout": 600}"#).is_err());
    assert!(check_uploaded(&sent, br#"{"config_name": "development", "uuid": "x"}"#).is_err());
}

#[test]
fn an_uploaded_release_that_can_be_read_in_two_ways_is_refused() {
    let uploaded = br#"{"config_name": "production", "config_name": "development"}"#;
    let error = check_uploaded(&json!({"config_name": "development"}), uploaded).unwrap_err();
    insta::assert_snapshot!(error, @"the uploaded release cannot be read: line 1, column 31, in config_name: this key stands twice in its object: remove one of the two");
    // serde_json would read this object as the number.
    assert!(check_uploaded(&json!({"n": 1}), br#"{"n": {"$serde_json::private::Number": "1"}}"#).is_err());
}

#[test]
fn a_file_is_the_one_that_the_release_states() {
    assert_eq!(check_file("userdata", b"abc", &Sha256::of(b"abc")), Ok(()));
    insta::assert_snapshot!(check_file("userdata", b"abd", &Sha256::of(b"abc")).unwrap_err(), @"userdata has SHA-256 a52d159f262b2c6ddb724a61840befc36eb30c88877a4030b65cbe86298449c9, but the release states ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad: upload the file that the release was made for");
}
