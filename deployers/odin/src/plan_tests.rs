use super::*;
use crate::harness::{REGION, deploy, new_harness, release};
use crate::release::sample;
use bifrost::client::{Client, PlanFailure, TargetAccountError};
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

/// The groups of the running deploy are no strays, and not the ones to replace.
#[tokio::test]
async fn groups_of_a_running_deploy_are_left_out() {
    let harness = new_harness(&[]);
    deploy(&harness, &release(3, &[])).await;
    let running = release(2, &[]);
    harness.upload(&running, &[("userdata", sample::USER_DATA)]).await.unwrap();
    let name = harness.start(&running).await.unwrap();
    let mut waits = 0;
    let has_groups = || {
        waits += 1;
        waits == 3
    };
    harness.run_until(has_groups).await.unwrap();
    assert!(harness.execution(&name).await.unwrap().path().contains(&"CheckHealthy"));

    let plan = planned(&harness, &release(1, &[])).await;
    assert_eq!(plan.findings, []);
    let removed = plan.changes.iter().filter(|change| change.action == Action::Remove);
    assert!(removed.map(|change| &change.resource).all(|name| name.contains("T09-00-00Z")), "{plan:?}");
    let notes = plan.notes.join("\n");
    assert!(notes.contains("release release-2026-11-21T10-00-00Z-abcdefgh holds the lock"), "{notes}");
    assert!(notes.contains("a deploy is running"), "{notes}");
}

#[tokio::test]
async fn zones_without_the_instance_type_are_noted() {
    let harness = new_harness(&[
        (&format!("{REGION}/instance_types"), json!({"t3.nano": {"architectures": [], "zones": ["us-east-1a"]}})),
        (&format!("{REGION}/subnets/subnet-0a1b2c3d4e5f6000a/availability_zone"), json!("us-east-1a")),
        (&format!("{REGION}/subnets/subnet-0a1b2c3d4e5f6000b/availability_zone"), json!("us-east-1b")),
    ]);
    let changes = ["web", "worker"].map(|name| (format!("/services/{name}/instance_type"), json!("t3.nano")));
    let changes: Vec<_> = changes.iter().map(|(pointer, value)| (pointer.as_str(), value.clone())).collect();
    let plan = planned(&harness, &release(1, &changes)).await;
    assert_eq!(plan.findings, []);
    let note = "service web: EC2 does not offer t3.nano in us-east-1b, so no instances are launched there";
    assert!(plan.notes.iter().any(|it| it == note), "{:?}", plan.notes);
}

#[tokio::test]
async fn quota_of_groups_is_noted_in_time() {
    for (max, noted) in [(2, true), (22, false)] {
        let harness = new_harness(&[(&format!("{REGION}/max_auto_scaling_groups"), json!(max))]);
        let plan = planned(&harness, &release(1, &[])).await;
        let note = "account 000000000000 has 0 of at most 2 auto-scaling groups in us-east-1, and the deploy creates 2";
        assert_eq!(plan.notes.iter().any(|it| it.starts_with(note)), noted, "{:?}", plan.notes);
    }
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
async fn notes_say_what_is_lowered_or_ignored() {
    let noted = release(
        1,
        &[
            ("/services/web/autoscaling/health_check_grace_period", json!(601)),
            ("/services/web/tags", json!({ "Name": "my web" })),
        ],
    );
    let plan = planned(&new_harness(&[]), &noted).await;
    assert_eq!(plan.findings, []);
    let of_services = plan.notes.iter().filter(|note| note.starts_with("services."));
    let fields: Vec<_> = of_services.filter_map(|note| Some(note.split_once(": ")?.0)).collect();
    assert_eq!(fields, ["services.web.autoscaling.health_check_grace_period", "services.web.tags.Name"]);
}

#[tokio::test]
async fn changes_of_volumes_and_metadata_are_listed() {
    let harness = new_harness(&[]);
    deploy(&harness, &release(2, &[])).await;
    let changed = release(
        1,
        &[
            ("/services/web/ebs_iops", json!(4000)),
            ("/services/web/ebs_encrypted", json!(true)),
            ("/services/web/metadata_hop_limit", json!(1)),
            ("/services/web/detailed_monitoring", json!(true)),
        ],
    );
    let details = planned(&harness, &changed).await.changes.remove(0).details;
    for change in [
        "ebs_iops absent → 4000",
        "ebs_encrypted absent → true",
        "metadata_hop_limit absent → 1",
        "detailed_monitoring absent → true",
    ] {
        assert!(details.iter().any(|detail| detail == change), "{change} is not in {details:?}");
    }
}

#[tokio::test]
async fn role_that_may_not_be_assumed_is_named() {
    let untrusting = json!({"coinbase-odin-assumed": {"trusts": []}});
    let harness = new_harness(&[("/accounts/000000000000/roles", untrusting)]);
    let client = Client::<Odin>::from(harness.cloud());
    let sent = release(1, &[]);
    let release = OdinRelease::read(&sent, &client.account.defaults).unwrap();
    let refused = client.plan(&Prepared { document: sent, release, attachments: Vec::new() }).await.unwrap_err();
    let PlanFailure::Target(TargetAccountError { role, account, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!((role.as_str(), account.as_str()), ("coinbase-odin-assumed", "000000000000"));
}
