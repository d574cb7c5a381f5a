//! Golden logs: what the audit log has of a first deploy and of an update; and that it has no secret.

use crate::harness::{deploy, new_harness, paced_harness, release};
use bifrost::testing::TestHarness;
use serde_json::json;

/// What stands for a secret.
const MARK: &str = "MARK-5ec7e7";

#[tokio::test]
async fn update_of_a_stack() {
    let harness = paced_harness(0, &[]);
    let audit = harness.check_audit();
    let run = deploy(&harness, &release(2, &[])).await;
    assert_eq!(audit.violations(&run), [""; 0]);
    let second = ("/template/Resources/second", json!({ "Type": "AWS::Serverless::SimpleTable" }));
    let run = deploy(&harness, &release(1, &[second])).await;
    assert_eq!((run.path().last(), audit.violations(&run)), (Some(&"Success"), Vec::new()));
    insta::assert_snapshot!(audit.golden());
}

#[tokio::test]
async fn no_object_has_a_value_of_the_template() {
    let harness: TestHarness<crate::Fenrir> = new_harness(&[]);
    let audit = harness.check_audit();
    let table = json!({ "Type": "AWS::Serverless::SimpleTable", "Metadata": {"password": MARK}, "Properties": {"Tags": {"t": MARK}} });
    let mut sent = release(2, &[("/template/Resources/second", table), ("/template/Description", json!(MARK))]);
    sent["metadata"] = json!({"password": MARK, "ticket": "OPS-7"});
    let run = deploy(&harness, &sent).await;
    let log = audit.golden();
    assert!(log.contains("OPS-7") && !log.contains(MARK), "{:?} {log}", run.errors());
}
