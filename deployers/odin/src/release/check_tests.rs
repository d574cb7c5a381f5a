use super::*;
use crate::release::sample;
use serde_json::{Value, json};

/// The code and path of every finding.
pub(super) fn findings(release: &OdinRelease) -> Vec<(&'static str, String)> {
    let findings = check(release).err().unwrap_or_default();
    findings.iter().map(|finding| (finding.code, finding.path.clone())).collect()
}

pub(super) fn finding(code: &'static str, path: &str) -> (&'static str, String) {
    (code, path.to_owned())
}

#[test]
fn sample_release_is_valid() {
    assert_eq!(check(&sample::release()), Ok(()));
}

#[test]
fn all_findings_are_reported_at_once() {
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
fn services_and_subnets_are_required() {
    assert_eq!(findings(&sample::with("/services", json!({}))), [finding("odin/required", "services")]);
    assert_eq!(findings(&sample::with("/subnets", json!([]))), [finding("odin/required", "subnets")]);
}

#[test]
fn security_groups_are_required() {
    let release = sample::with("/services/web/security_groups", json!([]));
    assert_eq!(findings(&release), [finding("odin/required", "services.web.security_groups")]);
}

#[test]
fn policy_names_are_unique() {
    let with_second = |second: Value| {
        let policies = json!([{ "type": "cpu_scale_up", "name": "a" }, second]);
        findings(&sample::with("/services/web/autoscaling/policies", policies))
    };
    let duplicate = finding("odin/duplicate", "services.web.autoscaling.policies[1]");
    assert_eq!(with_second(json!({ "type": "cpu_scale_up", "name": "a" })), [duplicate]);
    assert_eq!(with_second(json!({ "type": "cpu_scale_up", "name": "b" })), []);
    assert_eq!(with_second(json!({ "type": "cpu_scale_down", "name": "a" })), []);
}

#[test]
fn alarm_names_are_unique_across_services() {
    let mut sent = sample::sent();
    sent["services"]["web"]["autoscaling"]["policies"] = json!([{ "type": "cpu_scale_up", "name": "cpu_scale_up" }]);
    sent["services"]["web-cpu_scale_up"] = sent["services"]["worker"].clone();
    sent["services"]["web-cpu_scale_up"]["autoscaling"] = json!({ "policies": [{ "type": "cpu_scale_up" }] });
    let duplicate = finding("odin/duplicate", "services.web-cpu_scale_up.autoscaling.policies[0]");
    assert_eq!(findings(&sample::read(&sent)), [duplicate]);
}

#[test]
fn too_long_group_name_is_refused() {
    let mut sent = sample::sent();
    sent["project_name"] = json!("p".repeat(128));
    sent["config_name"] = json!("c".repeat(64));
    let worker = sent["services"]["worker"].clone();
    sent["services"] = json!({ "s".repeat(40): worker.clone(), "t".repeat(41): worker });
    // 128 + 64 + 20 + 40 and three dashes make 255.
    let too_long = finding("odin/name-too-long", &format!("services.{}", "t".repeat(41)));
    assert_eq!(findings(&sample::read(&sent)), [too_long]);
}

#[test]
fn partition_count_goes_with_its_strategy() {
    let placed = |strategy: &str, count: Value| {
        let mut sent = sample::sent();
        let web = sent["services"]["web"].as_object_mut().unwrap();
        web.insert("placement_group_name".into(), json!("odin/coinbase/deploy-test/development/web"));
        web.insert("placement_group_strategy".into(), json!(strategy));
        if !count.is_null() {
            web.insert("placement_group_partition_count".into(), count);
        }
        findings(&sample::read(&sent))
    };
    assert_eq!(placed("partition", json!(7)), []);
    assert_eq!(placed("spread", Value::Null), []);
    let wrong = finding("odin/placement", "services.web.placement_group_partition_count");
    for (strategy, count) in [("partition", Value::Null), ("partition", json!(8)), ("cluster", json!(1))] {
        assert_eq!(placed(strategy, count), std::slice::from_ref(&wrong), "{strategy}");
    }
}

#[test]
fn shared_placement_group_needs_equal_settings() {
    let mut sent = sample::sent();
    for (service, strategy) in [("web", "cluster"), ("worker", "spread")] {
        sent["services"][service]["placement_group_name"] = json!("shared");
        sent["services"][service]["placement_group_strategy"] = json!(strategy);
    }
    let differs = finding("odin/placement", "services.worker.placement_group_name");
    assert_eq!(findings(&sample::read(&sent)), [differs]);
    sent["services"]["worker"]["placement_group_strategy"] = json!("cluster");
    assert_eq!(findings(&sample::read(&sent)), []);
}
