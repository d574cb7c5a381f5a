use super::*;
use crate::Odin;
use crate::harness::{REGION, new_harness, ports, release};
use crate::release::sample;
use crate::resources::look_up;
use bifrost::testing::TestHarness;
use serde_json::{Value, json};

/// Resolves the sample release with these changes.
async fn resolve_in(harness: &TestHarness<Odin>, changes: &[(&str, Value)]) -> Result<OdinRelease, Findings> {
    let mut release = sample::read(&release(1, changes));
    let envelope = release.envelope.clone();
    let ports = ports(harness).await;
    let (found, groups) = (look_up(&ports, &release).await.unwrap(), Groups::find(&ports, &envelope).await.unwrap());
    resolve(&mut release, &found, &groups)?;
    Ok(release)
}

fn tags(tags: &[(&str, &str)]) -> Value {
    json!({ "tags": tags.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect::<serde_json::Map<_, _>>() })
}

fn owned(service: &str) -> Vec<(&'static str, &str)> {
    vec![("ProjectName", "coinbase/deploy-test"), ("ConfigName", "development"), ("ServiceName", service)]
}

#[tokio::test]
async fn names_resolve_to_resources() {
    let release = resolve_in(&new_harness(&[]), &[]).await.unwrap();
    let resources = &release.fields.services.values().next().unwrap().resources;
    insta::assert_snapshot!(serde_json::to_string_pretty(resources).unwrap());
    let hook = release.fields.lifecycle.values().next().unwrap();
    assert_eq!(hook.role_arn.as_deref(), Some("arn:aws:iam::000000000000:role/asg_lifecycle_hooks"));
    assert_eq!(hook.notification_target_arn.as_deref(), Some("arn:aws:sns:us-east-1:000000000000:asg_lifecycle_hooks"));
}

#[tokio::test]
async fn wait_for_detach_covers_slow_start() {
    let harness = new_harness(&[]);
    assert_eq!(resolve_in(&harness, &[]).await.unwrap().fields.wait_for_detach, 30);
    // Go Odin always overwrote the release's own value.
    for (own, wait) in [(10, 30), (45, 45)] {
        let release = resolve_in(&harness, &[("/wait_for_detach", json!(own))]).await.unwrap();
        assert_eq!(release.fields.wait_for_detach, wait);
    }
}

#[tokio::test]
async fn images_and_subnets_resolve_by_id() {
    let changes = [
        ("/ami", json!("ami-0a1b2c3d4e5f60002")),
        ("/subnets", json!(["subnet-0a1b2c3d4e5f6000b", "test_private_subnet_a"])),
    ];
    let release = resolve_in(&new_harness(&[]), &changes).await.unwrap();
    let resources = release.fields.services.into_values().next().unwrap().resources.unwrap();
    assert_eq!(resources.image.as_deref(), Some("ami-0a1b2c3d4e5f60002"));
    assert_eq!(resources.subnets, ["subnet-0a1b2c3d4e5f6000b", "subnet-0a1b2c3d4e5f6000a"]);
}

#[tokio::test]
async fn all_findings_are_reported_at_once() {
    let at = |path: &str| format!("{REGION}/{path}");
    let mut other = owned("_all");
    other.push(("Name", "twice"));
    let harness = new_harness(&[
        (&at("security_groups/sg-1"), tags(&other)),
        (&at("security_groups/sg-2"), tags(&other)),
        (&at("load_balancers/coinbase-deploy-test-web-elb"), tags(&owned("api"))),
        (&at("target_groups/coinbase-deploy-test-web-tg"), tags(&[])),
        (&at("subnets/subnet-0a1b2c3d4e5f6000b"), tags(&[("Name", "test_private_subnet_b"), ("DeployWith", "fenrir")])),
        (&at("images/ami-0a1b2c3d4e5f60005/state"), json!("pending")),
    ]);
    let changes = [
        ("/ami", json!("ubuntu-of-another-team")),
        ("/subnets", json!(["test_private_subnet_b", "subnet-0a1b2c3d4e5f6000a", "test_private_subnet_a", "nowhere"])),
        ("/lifecycle/termhook/role", json!("nobody")),
        ("/lifecycle/termhook/sns", json!("nothing")),
        ("/services/web/security_groups", json!(["twice", "ec2::coinbase/another-project::development", "none"])),
        ("/services/worker/profile", json!("coinbase-deploy-test")),
        ("/services/worker/elbs", json!(["missing-elb"])),
        ("/services/worker/target_groups", json!(["missing-tg"])),
    ];
    insta::assert_snapshot!(resolve_in(&harness, &changes).await.unwrap_err());
}

#[tokio::test]
async fn conflicting_groups_are_reported() {
    let group = |tags: &[(&str, &str)]| {
        let mut group = json!({ "created_time": "2026-11-20T00:00:00Z", "subnet_ids": ["subnet-0a1b2c3d4e5f6000a"] });
        group["tags"] = tags.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
        group
    };
    let of_release = |service: &'static str, id: &'static str| {
        let mut tags = owned(service);
        tags.push(("ReleaseID", id));
        group(&tags)
    };
    let mut deleting = of_release("web", "release-4");
    deleting["deleting"] = json!(true);
    let harness = new_harness(&[(
        &format!("{REGION}/auto_scaling_groups"),
        json!({
            "a": of_release("web", "release-1"),
            "b": of_release("web", "release-2"),
            "c": group(&[("ProjectName", "coinbase/deploy-test"), ("ConfigName", "development")]),
            "d": of_release("worker", "release-2026-11-21T11-00-00Z-abcdefgh"),
            "e": deleting,
            "f": group(&[("ProjectName", "coinbase/deploy-test"), ("ConfigName", "production"), ("ServiceName", "web")]),
        }),
    )]);
    let findings = resolve_in(&harness, &[]).await.unwrap_err();
    let found: Vec<_> = findings.iter().map(|finding| (finding.code, finding.path.as_str())).collect();
    assert_eq!(
        found,
        [
            ("odin/release-exists", "release_id"),
            ("odin/group-untagged", "services"),
            ("odin/several-groups", "services.web"),
        ]
    );
}

/// What only Auto Scaling would find out, once the group exists.
#[tokio::test]
async fn what_cannot_be_launched_is_reported() {
    let at = |path: &str| format!("{REGION}/{path}");
    let launch = |architecture: &str, zones: [&str; 2], offered: Value| {
        new_harness(&[
            (&at("images/ami-0a1b2c3d4e5f60001/architecture"), json!(architecture)),
            (&at("subnets/subnet-0a1b2c3d4e5f6000a/availability_zone"), json!(zones[0])),
            (&at("subnets/subnet-0a1b2c3d4e5f6000b/availability_zone"), json!(zones[1])),
            (&at("instance_types"), offered),
        ])
    };
    let nano = json!({"t3.nano": {"architectures": ["x86_64"], "zones": ["a", "b"]}});
    let all_nano =
        [("/services/worker/instance_type", json!("t3.nano")), ("/services/web/instance_type", json!("t3.nano"))];
    let cluster = [
        ("/services/web/placement_group_name", json!("odin/coinbase/deploy-test/development/close")),
        ("/services/web/placement_group_strategy", json!("cluster")),
    ];
    let with_cluster = [&all_nano[..], &cluster].concat();
    let both = vec!["services.web.instance_type", "services.worker.instance_type"];
    for (harness, changes, expected) in [
        (launch("x86_64", ["a", "b"], nano.clone()), &all_nano[..], vec![]),
        (launch("x86_64", ["a", "c"], nano.clone()), &all_nano, vec![]),
        (launch("x86_64", ["a", "a"], nano.clone()), &with_cluster, vec![]),
        (launch("arm64", ["a", "b"], nano.clone()), &all_nano, both.clone()),
        (launch("x86_64", ["c", "d"], nano.clone()), &all_nano, both.clone()),
        (launch("x86_64", ["a", "b"], nano), &with_cluster, vec!["services.web.placement_group_strategy"]),
        (launch("x86_64", ["a", "b"], json!({"m5.large": {}})), &all_nano, both.clone()),
    ] {
        let found = resolve_in(&harness, changes).await.err();
        let paths: Vec<_> = found.iter().flat_map(Findings::iter).map(|finding| finding.path.as_str()).collect();
        assert_eq!(paths, expected);
    }
}

#[tokio::test]
async fn target_group_for_addresses_is_reported() {
    let target_type = format!("{REGION}/target_groups/coinbase-deploy-test-web-tg/target_type");
    let findings = resolve_in(&new_harness(&[(&target_type, json!("ip"))]), &[]).await.unwrap_err();
    let found: Vec<_> = findings.iter().map(|finding| (finding.code, finding.path.as_str())).collect();
    assert_eq!(found, [("odin/target-type", "services.web.target_groups[0]")]);
}

#[tokio::test]
async fn existing_placement_group_must_match() {
    let group = |strategy: &str, state: &str, partitions: Option<u32>| {
        let mut group = json!({ "strategy": strategy, "state": state });
        if let Some(partitions) = partitions {
            group["partition_count"] = json!(partitions);
        }
        new_harness(&[(&format!("{REGION}/placement_groups"), json!({ "theirs": group }))])
    };
    let changes = [
        ("/services/web/placement_group_name", json!("theirs")),
        ("/services/web/placement_group_strategy", json!("partition")),
        ("/services/web/placement_group_partition_count", json!(3)),
    ];
    assert!(resolve_in(&group("partition", "available", Some(3)), &changes).await.is_ok());
    for harness in [
        group("partition", "available", Some(2)),
        group("cluster", "available", None),
        group("partition", "deleting", Some(3)),
    ] {
        let findings = resolve_in(&harness, &changes).await.unwrap_err();
        let found: Vec<_> = findings.iter().map(|finding| (finding.code, finding.path.as_str())).collect();
        assert_eq!(found, [("odin/placement-mismatch", "services.web.placement_group_name")]);
    }
}
