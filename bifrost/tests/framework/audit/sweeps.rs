//! Faults at every call of a deploy, to the audit log and to everything else: what happens is recorded all the same.

use super::state_in;
use crate::board::{BoardDeployer, Chart};
use bifrost::testing::FaultSweep;
use serde_json::{Value, json};

fn sweep(mode: &str, faults: &Value) -> FaultSweep<BoardDeployer> {
    FaultSweep::of([json!({"note": "first"})]).in_state(state_in(mode, faults)).with_whole_audit_log()
}

#[tokio::test]
async fn required_log_survives_faults() {
    let report = sweep("required", &json!([])).run().await.unwrap();
    assert!(report.runs > 500, "{report}");
}

#[tokio::test]
async fn required_log_survives_faults_of_a_failing_deploy() {
    let denied = json!([{"operation": "board:PinNote", "kind": {"error_after": "AccessDenied"}}]);
    let sweep = sweep("required", &denied).ends_in(Chart::FailureClean).sample(300, 0);
    let report = sweep.run().await.unwrap();
    assert!(report.runs >= 300, "{report}");
}

#[tokio::test]
async fn best_effort_log_survives_faults() {
    let report = sweep("best-effort", &json!([])).sample(250, 0).run().await.unwrap();
    assert!(report.runs > 250, "{report}");
}
