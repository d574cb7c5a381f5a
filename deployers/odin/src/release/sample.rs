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
