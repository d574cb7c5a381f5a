use super::*;
use crate::release::sample;
use serde_json::{Value, json};

fn findings(pointer: &str, value: Value) -> String {
    match check(&sample::with(pointer, value)) {
        Ok(()) => "fine".into(),
        Err(findings) => findings.to_string(),
    }
}

#[test]
fn the_sample_release_is_fine() {
    assert_eq!(check(&sample::release()), Ok(()));
}

#[test]
fn every_finding_is_reported_at_once() {
    let mut sent = sample::sent();
    sent["timeout"] = json!(172_801);
    sent["subnets"] = json!(["a", "b", "a"]);
    sent["lifecycle"]["termhook"]["heartbeat_timeout"] = json!(29);
    sent["services"]["worker"] = json!({
        "instance_type": "t3.nano",
        "elbs": ["x", "x"],
        "tags": { "Name": "mine", "AWS:x": "y" },
        "ebs_volume_size": 0,
        "placement_group_name": "odin/x",
        "placement_group_partition_count": 3,
        "autoscaling": {
            "min_size": 3,
            "max_size": 2,
            "spread": 1.5,
            "health_check_grace_period": 172_802,
            "policies": [
                { "type": "cpu_scale_up", "period": 90 },
                { "type": "cpu_scale_up", "evaluation_periods": 0 },
                { "type": "cpu_scale_up", "name": "" }
            ]
        }
    });
    sent["services"]["worker"]["autoscaling"]["policies"][1]["threshold"] = serde_json::from_str("1e400").unwrap();
    insta::assert_snapshot!(check(&sample::read(&sent)).unwrap_err());
}

#[test]
fn a_release_must_have_services_and_subnets() {
    assert_eq!(
        findings("/services", json!({})),
        "services: required: name at least one service: it becomes an auto-scaling group"
    );
    assert_eq!(findings("/subnets", json!([])), "subnets: required: name at least one subnet, by its name tag or id");
}

#[test]
fn a_service_must_have_security_groups() {
    let path = "services.web.security_groups";
    assert_eq!(
        findings("/services/web/security_groups", json!([])),
        format!("{path}: required: name at least one security group, by its name tag")
    );
}

#[test]
fn two_policies_of_one_type_and_name_are_refused_and_two_names_are_fine() {
    let policies = |second: Value| json!([{ "type": "cpu_scale_up", "name": "a" }, second]);
    let pointer = "/services/web/autoscaling/policies";
    assert_eq!(
        findings(pointer, policies(json!({ "type": "cpu_scale_up", "name": "a" }))),
        "services.web.autoscaling.policies[1]: another policy has the same type and name: give each a name of its own"
    );
    assert_eq!(findings(pointer, policies(json!({ "type": "cpu_scale_up", "name": "b" }))), "fine");
    assert_eq!(findings(pointer, policies(json!({ "type": "cpu_scale_down", "name": "a" }))), "fine");
}

#[test]
fn alarms_of_two_services_may_not_share_a_name_either() {
    let mut sent = sample::sent();
    sent["services"]["web"]["autoscaling"]["policies"] = json!([{ "type": "cpu_scale_up", "name": "cpu_scale_up" }]);
    sent["services"]["web-cpu_scale_up"] = sent["services"]["worker"].clone();
    sent["services"]["web-cpu_scale_up"]["autoscaling"] = json!({ "policies": [{ "type": "cpu_scale_up" }] });
    let findings = check(&sample::read(&sent)).unwrap_err().to_string();
    assert!(findings.starts_with("services.web-cpu_scale_up.autoscaling.policies[0]: another policy"), "{findings}");
}

#[test]
fn a_group_whose_name_would_be_too_long_is_refused() {
    let mut sent = sample::sent();
    sent["project_name"] = json!("p".repeat(128));
    sent["config_name"] = json!("c".repeat(64));
    let worker = sent["services"]["worker"].clone();
    sent["services"] = json!({ "s".repeat(40): worker.clone(), "t".repeat(41): worker });
    // 128 + 64 + 20 + 40 and three dashes make 255.
    let findings = check(&sample::read(&sent)).unwrap_err().to_string();
    assert_eq!(findings.lines().count(), 1, "{findings}");
}

#[test]
fn a_partition_group_says_how_many_partitions() {
    let placed = |strategy: &str, count: Value| {
        let mut sent = sample::sent();
        let web = sent["services"]["web"].as_object_mut().unwrap();
        web.insert("placement_group_name".into(), json!("odin/coinbase/deploy-test/development/web"));
        web.insert("placement_group_strategy".into(), json!(strategy));
        if !count.is_null() {
            web.insert("placement_group_partition_count".into(), count);
        }
        check(&sample::read(&sent)).map_err(|findings| findings.to_string())
    };
    assert_eq!(placed("partition", json!(7)), Ok(()));
    assert_eq!(placed("spread", Value::Null), Ok(()));
    assert!(placed("partition", Value::Null).is_err());
    assert!(placed("partition", json!(8)).is_err());
    assert!(placed("cluster", json!(1)).is_err());
}

#[test]
fn services_share_a_placement_group_only_if_they_want_the_same() {
    let mut sent = sample::sent();
    for (service, strategy) in [("web", "cluster"), ("worker", "spread")] {
        sent["services"][service]["placement_group_name"] = json!("shared");
        sent["services"][service]["placement_group_strategy"] = json!(strategy);
    }
    let findings = check(&sample::read(&sent)).unwrap_err().to_string();
    assert!(findings.starts_with("services.worker.placement_group_name: service web wants shared, too"), "{findings}");
    sent["services"]["worker"]["placement_group_strategy"] = json!("cluster");
    assert_eq!(check(&sample::read(&sent)), Ok(()));
}
