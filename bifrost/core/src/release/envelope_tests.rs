use serde_json::json;

use super::*;

pub(in crate::release) fn defaults() -> Defaults {
    Defaults {
        account: "000000000000".parse().unwrap(),
        region: "eu-west-1".parse().unwrap(),
        bucket: "coinbase-odin-000000000000".parse().unwrap(),
        timeout_seconds: 600,
    }
}

fn smallest() -> Value {
    json!({
        "release_id": "release-2026-11-21T10-00-00Z-abcdefg",
        "project_name": "coinbase/deploy-test",
        "config_name": "development",
        "created_at": "2026-11-21T10:00:00Z",
    })
}

pub(in crate::release) fn envelope() -> Envelope {
    json::read::<RawEnvelope>(&smallest()).unwrap().with(&defaults())
}

/// A deployer's own fields, small, but with all that can go wrong below the top.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    services: BTreeMap<String, Service>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    spread: Option<serde_json::Number>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Service {
    security_groups: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    min_size: Option<u32>,
}

fn release() -> Value {
    let mut release = smallest();
    release["services"] = json!({"web": {"security_groups": ["a"], "min_size": 1}});
    release
}

fn read(release: &Value) -> Result<Release<Fields>, ReadError> {
    Release::read(release, &defaults())
}

/// The message and the name on the wire after `change`.
fn refusal(change: impl FnOnce(&mut serde_json::Map<String, Value>)) -> String {
    let mut release = release();
    change(release.as_object_mut().unwrap());
    let error = read(&release).unwrap_err();
    format!("{} {error}", error.wire_name())
}

#[test]
fn a_release_gets_the_deployers_defaults() {
    let release = read(&release()).unwrap();
    insta::assert_json_snapshot!(release, @r#"
    {
      "aws_account_id": "000000000000",
      "aws_region": "eu-west-1",
      "release_id": "release-2026-11-21T10-00-00Z-abcdefg",
      "project_name": "coinbase/deploy-test",
      "config_name": "development",
      "bucket": "coinbase-odin-000000000000",
      "created_at": "2026-11-21T10:00:00Z",
      "timeout": 600,
      "services": {
        "web": {
          "security_groups": [
            "a"
          ],
          "min_size": 1
        }
      }
    }
    "#);
}

#[test]
fn what_a_release_says_itself_wins() {
    let mut sent = release();
    for (field, value) in [
        ("aws_account_id", json!("111111111111")),
        ("aws_region", json!("us-gov-east-1")),
        ("bucket", json!("releases")),
        ("timeout", json!(60)),
        ("metadata", json!({"started_by": "ann"})),
    ] {
        sent[field] = value;
    }
    let envelope = read(&sent).unwrap().envelope;
    assert_eq!(envelope.metadata["started_by"], "ann");
    assert_eq!(envelope.timeout, 60);
    assert_eq!(envelope.bucket.as_str(), "releases");
    assert_eq!(
        envelope.release_dir().release().as_str(),
        "111111111111/coinbase/deploy-test/development/release-2026-11-21T10-00-00Z-abcdefg/release"
    );
}

#[test]
fn a_release_that_is_written_is_read_the_same() {
    let mut sent = release();
    for (field, value) in [
        ("uuid", json!("67e55044-10b1-426f-9247-bb680e5fe0c8")),
        ("started_at", json!("2026-11-21T10:00:01.123456789Z")),
        ("success", json!(false)),
        ("error", json!({"Error": "HaltError", "Cause": "{}"})),
        ("spread", serde_json::from_str("0.80000000000000000000001").unwrap()),
    ] {
        sent[field] = value;
    }
    let release = read(&sent).unwrap();
    let written = serde_json::to_value(&release).unwrap();
    assert_eq!(written["spread"], sent["spread"]);
    assert_eq!(read(&written), Ok(release));
}

#[test]
fn what_only_the_deployer_sets_is_accepted_and_wiped() {
    let mut sent = release();
    // An owner as the originals have them.
    sent["uuid"] = json!("release-2018-07-20T01-30-27Z-abcdefg");
    sent["started_at"] = json!("2018-07-20T01:30:27-07:00");
    sent["success"] = json!(true);
    sent["error"] = json!({"Error": "HaltError"});
    let mut envelope = read(&sent).unwrap().envelope;
    assert_eq!(envelope.uuid, None);
    envelope.clear_deployer_fields();
    assert_eq!(envelope, self::envelope());
}

#[test]
fn the_envelope_knows_its_fields() {
    let envelope = Envelope {
        uuid: Some(Uuid::nil()),
        started_at: Some(DateTime::UNIX_EPOCH),
        metadata: BTreeMap::from([("a".to_owned(), "b".to_owned())]),
        error: Some(CaughtError { error: "E".to_owned(), cause: String::new() }),
        success: Some(true),
        ..envelope()
    };
    let written = serde_json::to_value(envelope).unwrap();
    let fields: Vec<_> = written.as_object().unwrap().keys().collect();
    assert_eq!(fields, Envelope::FIELDS);
}

#[test]
fn an_unknown_field_is_refused_with_its_path_and_the_nearest_name() {
    insta::assert_snapshot!(refusal(|release| { release.insert("project_nam".into(), json!("x")); }), @"UnmarshalError project_nam: there is no such field; did you mean `project_name`?");
    insta::assert_snapshot!(refusal(|release| { release.insert("service".into(), json!({})); }), @"UnmarshalError service: there is no such field; did you mean `services`?");
    insta::assert_snapshot!(refusal(|release| { release["services"]["web"]["security_group"] = json!([]); }), @"UnmarshalError services.web.security_group: there is no such field; did you mean `security_groups`?");
    insta::assert_snapshot!(refusal(|release| { release["services"]["web"]["qqq"] = json!(1); }), @"UnmarshalError services.web.qqq: there is no such field");
}

#[test]
fn a_misspelt_field_of_the_envelope_is_told_before_the_absence_of_the_right_one() {
    insta::assert_snapshot!(refusal(|release| {
        release.shift_remove("config_name");
        release.insert("confg_name".into(), json!("development"));
    }), @"UnmarshalError confg_name: there is no such field; did you mean `config_name`?");
}

#[test]
fn a_wrong_type_is_refused_with_its_path() {
    insta::assert_snapshot!(refusal(|release| release["services"]["web"]["min_size"] = json!("3")), @"UnmarshalError services.web.min_size: expected a whole number from 0 to 4294967295, found a string");
    insta::assert_snapshot!(refusal(|release| release["services"]["web"]["min_size"] = json!(1.5)), @"UnmarshalError services.web.min_size: expected a whole number from 0 to 4294967295, found 1.5");
    insta::assert_snapshot!(refusal(|release| release["services"]["web"]["security_groups"][0] = json!(7)), @"UnmarshalError services.web.security_groups[0]: expected a string, found 7");
    insta::assert_snapshot!(refusal(|release| release["services"] = json!([])), @"UnmarshalError services: expected an object, found an array");
    insta::assert_snapshot!(refusal(|release| { release.insert("timeout".into(), json!("600")); }), @"UnmarshalError timeout: expected a whole number from 1 to 4294967295, found a string");
    insta::assert_snapshot!(refusal(|release| release["project_name"] = json!(7)), @"UnmarshalError project_name: expected a string, found 7");
    let error = Release::<Fields>::read(&json!([]), &defaults()).unwrap_err();
    insta::assert_snapshot!(format!("{} {error}", error.wire_name()), @"UnmarshalError the document: expected an object, found an array");
}

#[test]
fn a_value_that_cannot_be_is_refused_with_its_path() {
    insta::assert_snapshot!(refusal(|release| release["project_name"] = json!("../x")), @r#"BadReleaseError project_name: "../x" is no project name: a segment may not be `.` or `..`, which lead to another directory"#);
    insta::assert_snapshot!(refusal(|release| release["created_at"] = json!("yesterday")), @r#"BadReleaseError created_at: "yesterday" is no time: it should be like 2026-11-21T10:00:00Z (RFC 3339)"#);
    insta::assert_snapshot!(refusal(|release| release["created_at"] = json!("2026-11-21 10:00:00 UTC")), @r#"BadReleaseError created_at: "2026-11-21 10:00:00 UTC" is no time: it should be like 2026-11-21T10:00:00Z (RFC 3339)"#);
    insta::assert_snapshot!(refusal(|release| { release.insert("timeout".into(), json!(0)); }), @"BadReleaseError timeout: expected a whole number from 1 to 4294967295, found 0");
    insta::assert_snapshot!(refusal(|release| { release.insert("timeout".into(), json!(-1)); }), @"BadReleaseError timeout: expected a whole number from 1 to 4294967295, found -1");
    insta::assert_snapshot!(refusal(|release| { release.insert("aws_account_id".into(), json!("1")); }), @r#"BadReleaseError aws_account_id: "1" is no AWS account id: it should be 12 digits"#);
}

#[test]
fn what_is_required_is_neither_absent_nor_empty() {
    for field in ["release_id", "project_name", "config_name", "created_at", "services"] {
        let message = refusal(|release| {
            release.shift_remove(field);
        });
        assert_eq!(message, format!("BadReleaseError {field}: required, but absent"));
    }
    for field in ["release_id", "project_name", "config_name", "created_at"] {
        let message = refusal(|release| release[field] = json!(""));
        assert_eq!(message, format!("BadReleaseError {field}: required, but empty"));
    }
    insta::assert_snapshot!(refusal(|release| release["services"]["web"] = json!({})), @"BadReleaseError services.web.security_groups: required, but absent");
}

#[test]
fn null_is_refused_wherever_it_stands() {
    insta::assert_snapshot!(refusal(|release| { release.insert("timeout".into(), Value::Null); }), @"BadReleaseError timeout: null is refused: leave the field out");
    insta::assert_snapshot!(refusal(|release| release["services"]["web"]["min_size"] = Value::Null), @"BadReleaseError services.web.min_size: null is refused: leave the field out");
    insta::assert_snapshot!(refusal(|release| { release.insert("metadata".into(), json!({"a.b": null})); }), @r#"BadReleaseError metadata["a.b"]: null is refused: leave the field out"#);
}
