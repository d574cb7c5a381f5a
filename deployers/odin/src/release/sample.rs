//! The sample release for tests, with an id and a time as the client sends it.

use super::OdinRelease;
use bifrost::release::{Defaults, Release, Sha256};
use serde_json::{Value, json};

pub(crate) const USER_DATA: &[u8] = include_bytes!("../../releases/deploy-test.json.userdata");

pub(crate) fn sent() -> Value {
    let mut release: Value = serde_json::from_str(include_str!("../../releases/deploy-test.json")).unwrap();
    release["release_id"] = json!("release-2026-11-21T10-00-00Z-abcdefgh");
    release["created_at"] = json!("2026-11-21T10:00:00.123Z");
    release["user_data_sha256"] = json!(Sha256::of(USER_DATA));
    release
}

pub(crate) fn defaults() -> Defaults {
    Defaults {
        account: "000000000000".parse().unwrap(),
        region: "us-east-1".parse().unwrap(),
        bucket: "coinbase-odin-000000000000".parse().unwrap(),
        allowed_buckets: std::collections::BTreeSet::new(),
        timeout_seconds: 600,
    }
}

pub(crate) fn read(sent: &Value) -> OdinRelease {
    Release::read(sent, &defaults()).unwrap()
}

/// The sample release, read.
pub(crate) fn release() -> OdinRelease {
    read(&sent())
}

/// The sample release with the value at a JSON pointer replaced.
pub(crate) fn with(pointer: &str, value: Value) -> OdinRelease {
    let mut release = sent();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    release.pointer_mut(parent).unwrap()[key] = value;
    read(&release)
}

/// The value with one object replaced by the array of its values, for each object inside, with its JSON pointer.
pub(crate) fn with_arrays(value: &Value) -> Vec<(String, Value)> {
    fn objects(value: &Value, pointer: &str, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                found.extend((!pointer.is_empty()).then(|| pointer.to_owned()));
                for (name, value) in members {
                    objects(value, &format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1")), found);
                }
            }
            Value::Array(elements) => {
                elements
                    .iter()
                    .enumerate()
                    .for_each(|(index, value)| objects(value, &format!("{pointer}/{index}"), found));
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    objects(value, "", &mut found);
    let replace = |pointer: String| {
        let mut changed = value.clone();
        let object = changed.pointer_mut(&pointer).unwrap();
        *object = object.as_object().unwrap().values().cloned().collect();
        (pointer, changed)
    };
    found.into_iter().map(replace).collect()
}
