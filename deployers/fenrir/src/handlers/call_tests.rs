//! The calls to AWS that a deploy makes if each poll finds that CloudFormation is done, apart from those to the audit log.

use crate::Fenrir;
use crate::harness::{deploy, new_harness, paced_harness, release};
use bifrost::release::Sha256;
use bifrost::testing::{TestHarness, is_audit_call};
use serde_json::json;
use std::sync::{Arc, Mutex};

/// The state and the operation of each call from now on.
fn watch(harness: &TestHarness<Fenrir>) -> Arc<Mutex<Vec<(String, &'static str)>>> {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&calls);
    harness.store().watch(Box::new(move |record, _, _| {
        let name = &record.call.name;
        if !name.attempt.state.is_empty() && !is_audit_call(record) {
            seen.lock().unwrap().push((name.attempt.state.clone(), name.operation));
        }
    }));
    calls
}

#[tokio::test]
async fn calls_of_an_update() {
    let harness = paced_harness(0, &[]);
    deploy(&harness, &release(2, &[])).await;
    let calls = watch(&harness);
    let second = ("/template/Resources/second", json!({ "Type": "AWS::Serverless::SimpleTable" }));
    deploy(&harness, &release(1, &[second])).await;
    let calls = calls.lock().unwrap();
    let calls: Vec<_> = calls.iter().map(|(state, operation)| format!("{state:<16} {operation}")).collect();
    insta::assert_snapshot!(format!("{} calls\n{}", calls.len(), calls.join("\n")));
}

/// `Execute` is not retried, so each of its calls is one that may make the deploy fail.
#[tokio::test]
async fn execute_reads_only_the_change_set() {
    let harness = new_harness(&[]);
    // A template in a file, which names resources of the account.
    let balancer = json!({ "Type": "AWS::ElasticLoadBalancingV2::LoadBalancer", "Properties": {
        "Scheme": "internal", "SecurityGroups": ["private"], "Subnets": ["private"],
    } });
    let mut sent = release(2, &[("/template/Resources/balancer", balancer)]);
    let body = sent.as_object_mut().unwrap().remove("template").unwrap().to_string().into_bytes();
    sent["template_sha256"] = json!(Sha256::of(&body).to_string());
    let calls = watch(&harness);
    let run = harness.deploy(&sent, &[("template", &body)]).await.unwrap();
    assert_eq!(run.path().last(), Some(&"Success"), "{:?}", run.errors());
    let calls = calls.lock().unwrap();
    let calls: Vec<_> = calls.iter().filter(|(state, _)| state == "Execute").map(|(_, operation)| *operation).collect();
    let [fence, reads @ .., change] = &calls[..] else { panic!("{calls:?}") };
    assert_eq!((*fence, *change), ("dynamodb:GetItem", "cloudformation:ExecuteChangeSet"));
    assert_eq!(reads, ["cloudformation:DescribeChangeSet", "cloudformation:GetTemplate"]);
}
