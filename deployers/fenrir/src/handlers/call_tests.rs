//! The calls to AWS that a deploy makes if each poll finds that CloudFormation is done.

use crate::harness::{REGION, deploy, new_harness, release};
use serde_json::json;
use std::sync::{Arc, Mutex};

#[tokio::test]
async fn calls_of_an_update() {
    let harness = new_harness(&[(&format!("{REGION}/behaviour/*"), json!({ "seconds": 0 }))]);
    deploy(&harness, &release(2, &[])).await;
    let calls = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&calls);
    harness.store().watch(Box::new(move |record, _, _| {
        let name = &record.call.name;
        seen.lock().unwrap().push(format!("{:<16} {}", name.attempt.state, name.operation));
    }));
    let second = ("/template/Resources/second", json!({ "Type": "AWS::Serverless::SimpleTable" }));
    deploy(&harness, &release(1, &[second])).await;
    let calls = calls.lock().unwrap();
    let calls: Vec<&str> = calls.iter().map(String::as_str).filter(|call| !call.starts_with(' ')).collect();
    insta::assert_snapshot!(format!("{} calls\n{}", calls.len(), calls.join("\n")));
}
