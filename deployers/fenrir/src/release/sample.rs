//! A release, for tests.

use super::FenrirRelease;
use bifrost::release::{Defaults, Release};
use serde_json::{Value, json};

/// A release as a client sends it.
pub(crate) fn sent() -> Value {
    json!({
        "aws_account_id": "000000000000",
        "aws_region": "us-east-1",
        "release_id": "release-2026-11-21T11-00-00Z-abcdefgh",
        "project_name": "coinbase/deploy-test",
        "config_name": "development",
        "bucket": "coinbase-fenrir-000000000000",
        "created_at": "2026-11-21T11:00:00Z",
        "template": {
            "Transform": "AWS::Serverless-2016-10-31",
            "ProjectName": "coinbase/deploy-test",
            "ConfigName": "development",
            "Resources": { "table": { "Type": "AWS::Serverless::SimpleTable" } },
        },
    })
}

/// The same release as a deployer reads it.
pub(crate) fn release() -> FenrirRelease {
    let defaults = Defaults {
        account: "000000000000".parse().unwrap(),
        region: "us-east-1".parse().unwrap(),
        bucket: "coinbase-fenrir-000000000000".parse().unwrap(),
        allowed_buckets: std::collections::BTreeSet::new(),
        timeout_seconds: 300,
    };
    Release::read(&sent(), &defaults).unwrap()
}
