//! The limits of AWS: for each field, a value that is accepted, and the next one, which is refused.

use super::tests::{finding, findings};
use crate::release::sample;
use serde_json::{Value, json};

/// Sets the value at a JSON pointer in the sample release, and returns the findings.
fn with(pointer: &str, value: Value) -> Vec<(&'static str, String)> {
    let mut sent = sample::sent();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    sent.pointer_mut(parent).unwrap()[key] = value;
    findings(&sample::read(&sent))
}

/// Asserts for each field that one value is accepted, and the other refused with this code at the field.
fn assert_limits<const N: usize>(code: &'static str, limits: [(&str, Value, Value); N]) {
    for (pointer, accepted, refused) in limits {
        assert_eq!(with(pointer, accepted), [], "{pointer}");
        let path = pointer.trim_start_matches('/').replace("/0/", "[0]/").replace('/', ".");
        let found = with(pointer, refused.clone());
        assert!(found.contains(&finding(code, &path)), "{pointer} {refused}: {found:?}");
    }
}

fn names(count: usize) -> Value {
    (0..count).map(|number| format!("name-{number}")).collect()
}

fn object(count: usize, value: &Value) -> Value {
    (0..count).map(|number| (format!("name-{number}"), value.clone())).collect::<serde_json::Map<_, _>>().into()
}

#[test]
fn counts_have_the_limits_of_aws() {
    let hook = json!({ "transition": "autoscaling:EC2_INSTANCE_LAUNCHING", "role": "hooks", "sns": "hooks" });
    let policies = |count: usize| -> Value {
        (0..count).map(|number| json!({ "type": "cpu_scale_up", "name": number.to_string() })).collect()
    };
    assert_limits(
        "odin/too-many",
        [
            ("/subnets", names(200), names(201)),
            ("/lifecycle", object(50, &hook), object(51, &hook)),
            ("/services/web/security_groups", names(16), names(17)),
            ("/services/web/elbs", names(50), names(51)),
            ("/services/web/target_groups", names(50), names(51)),
            ("/services/web/autoscaling/policies", policies(50), policies(51)),
        ],
    );
}

#[test]
fn instances_have_the_limits_of_ec2() {
    assert_limits(
        "odin/instance",
        [
            ("/services/web/instance_type", json!("u-6tb1.112xlarge"), json!("large")),
            ("/services/web/spot_price", json!("0.001"), json!("0.0009")),
            ("/services/web/metadata_hop_limit", json!(1), json!(0)),
            ("/services/web/metadata_hop_limit", json!(64), json!(65)),
        ],
    );
    assert_limits(
        "odin/invalid-name",
        [
            ("/services/web/profile", json!("p".repeat(128)), json!("odin/web")),
            ("/lifecycle/termhook/role", json!("r".repeat(64)), json!("r".repeat(65))),
        ],
    );
}

#[test]
fn tags_have_the_limits_of_aws() {
    let tag = Value::String;
    assert_limits(
        "odin/tag",
        [
            ("/services/web/tags", object(44, &json!("")), object(45, &json!(""))),
            ("/services/web/tags", json!({ "k".repeat(128): "" }), object(45, &json!(""))),
        ],
    );
    for (key, accepted, refused) in [
        ("a", tag("v".repeat(256)), tag("v".repeat(257))),
        ("a", tag("\t".into()), tag("\u{1}".into())),
        ("aws", tag(String::new()), tag("\u{FFFE}".into())),
    ] {
        assert_eq!(with("/services/web/tags", json!({ key: accepted })), []);
        let refused = with("/services/web/tags", json!({ key: refused }));
        assert_eq!(refused, [finding("odin/tag", &format!("services.web.tags.{key}"))]);
    }
    for key in ["", "AWS:a", &"k".repeat(129)] {
        let refused = with("/services/web/tags", json!({ key: "" }));
        assert_eq!(refused, [finding("odin/tag", &format!("services.web.tags.{key}"))]);
    }
}

/// [`crate::cloud::volumes`] tests all types.
#[test]
fn volumes_have_the_limits_of_ec2() {
    assert_limits(
        "odin/volume",
        [
            ("/services/web/ebs_volume_size", json!(1), json!(0)),
            ("/services/web/ebs_volume_size", json!(65_536), json!(65_537)),
            ("/services/web/ebs_iops", json!(10_000), json!(10_001)),
            ("/services/web/ebs_throughput", json!(750), json!(751)),
            ("/services/web/ebs_device_name", json!("/dev/sdf"), json!("/dev/disk")),
        ],
    );
    let iops = finding("odin/volume", "services.web.ebs_iops");
    for volume_type in ["io1", "io2"] {
        assert_eq!(with("/services/web/ebs_volume_type", json!(volume_type)), std::slice::from_ref(&iops));
    }
    let size = finding("odin/volume", "services.web.ebs_volume_size");
    assert_eq!(with("/services/web/ebs_volume_type", json!("st1")), [size]);
}

#[test]
fn volume_settings_need_a_volume() {
    for (field, value) in [("ebs_iops", json!(3_000)), ("ebs_throughput", json!(125)), ("ebs_encrypted", json!(true))] {
        let path = format!("services.worker.{field}");
        assert_eq!(with(&format!("/services/worker/{field}"), value), [finding("odin/volume", &path)]);
    }
}

#[test]
fn numbers_have_the_limits_of_auto_scaling() {
    let (most, beyond) = (json!(2_147_483_647_u32), json!(2_147_483_648_u32));
    let limits = |pointer| (pointer, most.clone(), beyond.clone());
    assert_limits("odin/sizes", [limits("/services/web/autoscaling/max_size")]);
    assert_limits(
        "odin/duration",
        [
            limits("/services/web/autoscaling/default_cooldown"),
            limits("/services/web/autoscaling/policies/0/cooldown"),
            ("/lifecycle/termhook/heartbeat_timeout", json!(30), json!(29)),
            ("/lifecycle/termhook/heartbeat_timeout", json!(7_200), json!(7_201)),
        ],
    );
    assert_eq!(with("/services/web/autoscaling/max_terms", json!(u32::MAX)), [], "Auto Scaling never sees it");
    assert_eq!(with("/services/web/autoscaling/policies/0/scaling_adjustment", json!(i32::MIN)), []);
}

#[test]
fn policies_have_the_limits_of_cloudwatch() {
    assert_limits(
        "odin/policy",
        [
            ("/services/web/autoscaling/policies/0/period", json!(20), json!(40)),
            ("/services/web/autoscaling/policies/0/period", json!(60), json!(0)),
            ("/services/web/autoscaling/policies/0/evaluation_periods", json!(288), json!(289)),
            ("/services/web/autoscaling/policies/0/evaluation_periods", json!(1), json!(u32::MAX)),
            ("/services/web/autoscaling/policies/0/name", json!("a/b c"), json!("\u{FFFE}")),
        ],
    );
    for (period, most) in [(10, 8_640), (60, 1_440), (3_540, 24), (3_600, 168), (302_400, 2), (604_800, 1)] {
        let evaluated = |count: u32| {
            let policy = json!({ "type": "cpu_scale_up", "period": period, "evaluation_periods": count });
            with("/services/web/autoscaling/policies", json!([policy]))
        };
        assert_eq!(evaluated(most), [], "{period}");
        let path = "services.web.autoscaling.policies[0].evaluation_periods";
        assert_eq!(evaluated(most + 1), [finding("odin/policy", path)], "{period}");
    }
}

/// The limit is in characters: `<group>-cpu_scale_up-` has 71.
#[test]
fn alarm_name_has_at_most_255_characters() {
    let named = |length: usize| with("/services/web/autoscaling/policies/0/name", json!("é".repeat(length)));
    assert_eq!(named(184), []);
    assert_eq!(named(185), [finding("odin/name-too-long", "services.web.autoscaling.policies[0]")]);
}

#[test]
fn each_type_of_volume_can_be_complete() {
    for (volume_type, iops, throughput) in [
        ("gp3", Some(4_000), Some(1_000)),
        ("io1", Some(1_000), None),
        ("io2", Some(20_000), None),
        ("gp2", None, None),
    ] {
        let mut sent = sample::sent();
        let web = sent["services"]["web"].as_object_mut().unwrap();
        web.insert("ebs_volume_type".into(), json!(volume_type));
        web.insert("ebs_encrypted".into(), json!(false));
        web.extend(iops.map(|iops| ("ebs_iops".to_owned(), json!(iops))));
        web.extend(throughput.map(|throughput| ("ebs_throughput".to_owned(), json!(throughput))));
        assert_eq!(findings(&sample::read(&sent)), [], "{volume_type}");
    }
}

/// Go Odin accepts both.
#[test]
fn tag_and_grace_period_that_are_not_used_are_accepted() {
    let mut tags: serde_json::Map<_, _> = (0..44).map(|number| (format!("tag-{number}"), json!(""))).collect();
    tags.insert("ReleaseID".into(), json!("v".repeat(300)));
    assert_eq!(with("/services/web/tags", tags.into()), []);
    assert_eq!(with("/services/web/autoscaling/health_check_grace_period", json!(u32::MAX)), []);
}
