use serde_json::json;

use super::*;
use crate::json::ReadErrorKind;

pub(in crate::release) fn defaults() -> Defaults {
    Defaults {
        account: "000000000000".parse().unwrap(),
        region: "eu-west-1".parse().unwrap(),
        bucket: "coinbase-odin-000000000000".parse().unwrap(),
        allowed_buckets: BTreeSet::new(),
        timeout_seconds: 600,
    }
}

fn buckets(list: &str) -> Vec<String> {
    read_buckets(list).unwrap().iter().map(ToString::to_string).collect()
}

#[test]
fn own_and_listed_buckets_are_allowed() {
    let defaults = Defaults { allowed_buckets: read_buckets("ours-2, ours-3").unwrap(), ..defaults() };
    let allowed = |name: &str| defaults.allows_bucket(&name.parse().unwrap());
    assert!(allowed("coinbase-odin-000000000000") && allowed("ours-2") && allowed("ours-3"));
    assert!(!allowed("ours-4") && !allowed("coinbase-odin-111111111111"));
}

#[test]
fn list_of_buckets_is_read() {
    assert_eq!(buckets(""), [""; 0]);
    assert_eq!(buckets("one-bucket"), ["one-bucket"]);
    assert_eq!(buckets(" two-buckets , one-bucket,,"), ["one-bucket", "two-buckets"]);
    assert_eq!(read_buckets("one-bucket;two-buckets").unwrap_err().name, "one-bucket;two-buckets");
}

fn minimal() -> Value {
    json!({
        "release_id": "release-2026-11-21T10-00-00Z-abcdefg",
        "project_name": "coinbase/deploy-test",
        "config_name": "development",
        "created_at": "2026-11-21T10:00:00Z",
    })
}

pub(in crate::release) fn envelope() -> Envelope {
    json::read::<RawEnvelope>(&minimal()).unwrap().with(&defaults())
}

/// Fields of a deployer, with nested objects.
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
    let mut release = minimal();
    release["services"] = json!({"web": {"security_groups": ["a"], "min_size": 1}});
    release
}

fn read(release: &Value) -> Result<Release<Fields>, ReadError> {
    Release::read(release, &defaults())
}

/// The error after `change`.
fn error(change: impl FnOnce(&mut serde_json::Map<String, Value>)) -> ReadError {
    let mut release = release();
    change(release.as_object_mut().unwrap());
    read(&release).unwrap_err()
}

/// The error if the field at a JSON pointer has this value. The field is added if it does not exist.
fn error_at(pointer: &str, value: Value) -> ReadError {
    error(|release| {
        let mut document = Value::Object(std::mem::take(release));
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let parent = document.pointer_mut(parent).unwrap();
        match parent {
            Value::Array(elements) => elements[name.parse::<usize>().unwrap()] = value,
            other => other[name] = value,
        }
        *release = document.as_object().unwrap().clone();
    })
}

#[test]
fn release_gets_the_defaults_of_the_deployer() {
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
fn fields_of_the_release_override_defaults() {
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
fn written_release_is_read_as_the_same() {
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
fn fields_of_the_deployer_are_accepted_and_cleared() {
    let mut sent = release();
    // An owner as Go deployers write it.
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
fn envelope_lists_all_its_fields() {
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
fn unknown_field_is_refused_with_the_nearest_name() {
    for (pointer, path, name) in [
        ("/project_nam", "project_nam", Some("`project_name`")),
        ("/service", "service", Some("`services`")),
        ("/services/web/security_group", "services.web.security_group", Some("`security_groups`")),
        ("/services/web/qqq", "services.web.qqq", None),
    ] {
        let error = error_at(pointer, json!("x"));
        assert_eq!((error.wire_name(), error.kind), ("UnmarshalError", ReadErrorKind::Unknown), "{error}");
        assert_eq!(error.path, path);
        assert_eq!(error.message.contains('`'), name.is_some(), "{error}");
        assert!(name.is_none_or(|name| error.message.contains(name)), "{error}");
    }
}

#[test]
fn misspelt_envelope_field_is_reported_as_unknown() {
    let error = error(|release| {
        release.shift_remove("config_name");
        release.insert("confg_name".into(), json!("development"));
    });
    assert_eq!((error.kind, error.path.as_str()), (ReadErrorKind::Unknown, "confg_name"));
    assert!(error.message.contains("`config_name`"), "{error}");
}

#[test]
fn wrong_type_is_refused_with_its_path() {
    for (pointer, value, path) in [
        ("/services/web/min_size", json!("3"), "services.web.min_size"),
        ("/services/web/min_size", json!(1.5), "services.web.min_size"),
        ("/services/web/security_groups/0", json!(7), "services.web.security_groups[0]"),
        ("/services", json!([]), "services"),
        ("/timeout", json!("600"), "timeout"),
        ("/project_name", json!(7), "project_name"),
    ] {
        let error = error_at(pointer, value);
        assert_eq!((error.wire_name(), error.kind), ("UnmarshalError", ReadErrorKind::Type), "{error}");
        assert_eq!(error.path, path);
    }
    let error = Release::<Fields>::read(&json!([]), &defaults()).unwrap_err();
    assert_eq!((error.kind, error.path.as_str()), (ReadErrorKind::Type, ""));
}

#[test]
fn invalid_value_is_refused_with_its_path() {
    for (field, value) in [
        ("project_name", json!("../x")),
        ("created_at", json!("yesterday")),
        ("created_at", json!("2026-11-21 10:00:00 UTC")),
        ("timeout", json!(0)),
        ("timeout", json!(-1)),
        ("aws_account_id", json!("1")),
    ] {
        let error = error_at(&format!("/{field}"), value);
        assert_eq!((error.wire_name(), error.kind), ("BadReleaseError", ReadErrorKind::Value), "{error}");
        assert_eq!(error.path, field);
    }
}

#[test]
fn required_field_must_not_be_absent_or_empty() {
    let assert_missing = |error: ReadError, path: &str| {
        assert_eq!((error.wire_name(), error.kind), ("BadReleaseError", ReadErrorKind::Missing), "{error}");
        assert_eq!(error.path, path);
    };
    for field in ["release_id", "project_name", "config_name", "created_at", "services"] {
        let error = error(|release| {
            release.shift_remove(field);
        });
        assert_missing(error, field);
    }
    for field in ["release_id", "project_name", "config_name", "created_at"] {
        assert_missing(error_at(&format!("/{field}"), json!("")), field);
    }
    assert_missing(error_at("/services/web", json!({})), "services.web.security_groups");
}

#[test]
fn null_is_refused_at_every_level() {
    for (pointer, value, path) in [
        ("/timeout", Value::Null, "timeout"),
        ("/services/web/min_size", Value::Null, "services.web.min_size"),
        ("/metadata", json!({"a.b": null}), r#"metadata["a.b"]"#),
    ] {
        let error = error_at(pointer, value);
        assert_eq!((error.wire_name(), error.kind), ("BadReleaseError", ReadErrorKind::Null), "{error}");
        assert_eq!(error.path, path);
    }
}
