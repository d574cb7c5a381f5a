use super::*;
use crate::harness::{deploy, new_harness, release};
use crate::release::sample;
use bifrost::client::{Client, PlanFailure};
use bifrost::testing::TestHarness;

/// The plan of a release.
async fn planned(harness: &TestHarness<Odin>, sent: &Value) -> DeployPlan {
    let client = Client::<Odin>::from(harness.cloud());
    let user_data = bifrost::client::Attachment {
        name: USER_DATA.into(),
        body: Body::Bytes(sample::USER_DATA.into()),
        encryption: bifrost::cloud::Encryption::Bucket,
    };
    let release = OdinRelease::read(sent, &client.account.defaults).unwrap();
    client.plan(&Prepared { document: sent.clone(), release, attachments: vec![user_data] }).await.unwrap()
}

#[tokio::test]
async fn first_deploy_creates_a_group_for_each_service() {
    let plan = planned(&new_harness(&[]), &release(1, &[])).await;
    insta::assert_json_snapshot!(plan);
}

#[tokio::test]
async fn next_deploy_replaces_groups_and_lists_changes() {
    let harness = new_harness(&[]);
    deploy(&harness, &release(2, &[])).await;
    let before = harness.store().read(|state| json!(state.accounts)).unwrap();
    let changed = release(
        1,
        &[
            ("/services/web/instance_type", json!("c5.large")),
            ("/services/web/autoscaling/min_size", json!(4)),
            ("/services/web/autoscaling/spread", json!(0.5)),
            ("/user_data_sha256", json!("0".repeat(64))),
        ],
    );
    insta::assert_json_snapshot!(planned(&harness, &changed).await);
    assert_eq!(harness.store().read(|state| json!(state.accounts)).unwrap(), before, "a plan changes nothing");
}

#[tokio::test]
async fn group_of_a_removed_service_is_deleted() {
    let harness = new_harness(&[]);
    deploy(&harness, &release(2, &[])).await;
    let mut without = release(1, &[]);
    without["services"].as_object_mut().unwrap().remove("worker");
    let plan = planned(&harness, &without).await;
    let changes: Vec<_> = plan.changes.iter().map(|change| (change.action, change.resource.as_str())).collect();
    assert_eq!(
        changes,
        [
            (Action::Add, "coinbase/deploy-test-development-2026-11-21T11-00-00Z-web"),
            (Action::Remove, "coinbase/deploy-test-development-2026-11-21T10-00-00Z-web"),
            (Action::Remove, "coinbase/deploy-test-development-2026-11-21T10-00-00Z-worker"),
        ]
    );
    assert!(plan.changes[2].details[0].ends_with("the release has no such service"), "{plan:?}");
}

#[tokio::test]
async fn all_findings_are_listed_at_once() {
    let harness = new_harness(&[]);
    deploy(&harness, &release(2, &[])).await;
    let refused = release(
        1,
        &[
            ("/ami", json!("nothing")),
            ("/services/web/security_groups", json!(["nobody"])),
            ("/safe_release", json!(true)),
            ("/services/web/instance_type", json!("c5.large")),
        ],
    );
    let findings = planned(&harness, &refused).await.findings;
    let found: Vec<_> = findings.iter().map(|finding| (finding.code.as_str(), finding.path.as_str())).collect();
    assert_eq!(
        found,
        [
            ("odin/not-found", "ami"),
            ("odin/not-found", "services.web.security_groups[0]"),
            ("odin/unsafe-change", "services.web.security_groups"),
            ("odin/unsafe-change", "services.web.instance_type"),
        ]
    );
}

#[tokio::test]
async fn role_that_may_not_be_assumed_is_named() {
    let untrusting = json!({"coinbase-odin-assumed": {"trusts": []}});
    let harness = new_harness(&[("/accounts/000000000000/roles", untrusting)]);
    let client = Client::<Odin>::from(harness.cloud());
    let sent = release(1, &[]);
    let release = OdinRelease::read(&sent, &client.account.defaults).unwrap();
    let refused = client.plan(&Prepared { document: sent, release, attachments: Vec::new() }).await.unwrap_err();
    let PlanFailure::Target { role, account, .. } = refused else { panic!("{refused:?}") };
    assert_eq!((role.as_str(), account.as_str()), ("coinbase-odin-assumed", "000000000000"));
}
