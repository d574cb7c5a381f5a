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
    json::read::<Sent>(&smallest()).unwrap().with(&defaults())
}
