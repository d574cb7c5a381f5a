//! The audit log has no secret: neither of a release, nor of an answer of AWS.

use super::log;
use crate::board::{harness_with, release};
use serde_json::json;

/// What stands for a secret.
const MARK: &str = "MARK-5ec7e7";

#[tokio::test]
async fn no_object_has_a_secret() {
    // Local services quote resources and codes in their errors as AWS does; the release is refused with its value quoted.
    for pointer in ["note", "metadata", "timeout", "unknown"] {
        let harness = harness_with(&json!([{"operation": "sts:AssumeRole", "kind": {"error": "AccessDenied"}}]));
        let mut release = release("first");
        match pointer {
            "metadata" => release["metadata"] = json!({"password": MARK, MARK: "value", "ticket": "OPS-7"}),
            other => release[other] = json!(MARK),
        }
        harness.cloud().executions().start("marked", &release).await.unwrap();
        harness.run().await.unwrap();
        let run = harness.execution("marked").await.unwrap();
        assert!(!run.errors().is_empty());
        let log = log(&harness);
        let keys = log.state().list("");
        assert!(keys.len() > 3, "{keys:?}");
        for key in keys {
            let body = String::from_utf8_lossy(&log.state().get(&key, u64::MAX).unwrap().unwrap()).into_owned();
            assert!(!body.contains(MARK), "{pointer}: {key} has it: {body}");
        }
    }
}
