use super::*;
use crate::release::sample;
use proptest::prelude::*;

/// The sample release of a config, changed.
fn release(config: &str, change: impl FnOnce(&mut Value)) -> OdinRelease {
    let mut sent = sample::sent();
    sent["config_name"] = json!(config);
    change(&mut sent);
    sample::read(&sent)
}

/// The paths of the fields that differ between the sample as `staging` and as `production` after a change.
fn paths(change: impl FnOnce(&mut Value)) -> Vec<String> {
    let found = differences(&release("staging", |_| ()), &release("production", change));
    found.into_iter().map(|difference| difference.path).collect()
}

fn set_at(release: &mut Value, pointer: &str, value: Value) {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    release.pointer_mut(parent).unwrap()[key] = value;
}

#[test]
fn place_id_time_and_metadata_may_differ() {
    for (field, value) in [
        ("aws_account_id", json!("111111111111")),
        ("aws_region", json!("eu-west-1")),
        ("bucket", json!("another-bucket")),
        ("release_id", json!("release-2")),
        ("created_at", json!("2026-01-01T00:00:00Z")),
        ("metadata", json!({"commit": "abc"})),
        ("uuid", json!("00000000-0000-0000-0000-000000000001")),
        ("healthy", json!(true)),
        ("healthy_since", json!("2026-01-01T00:00:00Z")),
        ("wait_for_healthy", json!(7)),
    ] {
        assert_eq!(paths(|sent| sent[field] = value), Vec::<String>::new(), "{field}");
    }
}

#[test]
fn every_field_of_an_author_is_compared() {
    for (pointer, value) in [
        ("/timeout", json!(601)),
        ("/subnets", json!(["test_private_subnet_a"])),
        ("/ami", json!("other")),
        ("/user_data_sha256", json!("b".repeat(64))),
        ("/safe_release", json!(true)),
        ("/detach_strategy", json!("SkipDetach")),
        ("/wait_for_detach", json!(9)),
        ("/alarms", json!(["errors"])),
        ("/bake_time", json!(60)),
        ("/ignore_firing_alarms", json!(true)),
        ("/lifecycle/termhook/transition", json!("autoscaling:EC2_INSTANCE_LAUNCHING")),
        ("/lifecycle/termhook/role", json!("other")),
        ("/lifecycle/termhook/sns", json!("other")),
        ("/lifecycle/termhook/heartbeat_timeout", json!(60)),
        ("/services/web/instance_type", json!("c5.large")),
        ("/services/web/security_groups", json!(["other"])),
        ("/services/web/elbs", json!([])),
        ("/services/web/target_groups", json!(["coinbase-deploy-test-web-tg", "other"])),
        ("/services/web/profile", json!("other")),
        ("/services/web/spot_price", json!("0.05")),
        ("/services/web/ebs_volume_size", json!(21)),
        ("/services/web/ebs_volume_type", json!("gp2")),
        ("/services/web/ebs_device_name", json!("/dev/xvda")),
        ("/services/web/placement_group_name", json!("odin/a")),
        ("/services/web/placement_group_strategy", json!("spread")),
        ("/services/web/placement_group_partition_count", json!(3)),
        ("/services/web/placement_tenancy", json!("dedicated")),
        ("/services/web/associate_public_ip_address", json!(false)),
        ("/services/web/autoscaling/min_size", json!(2)),
        ("/services/web/autoscaling/max_size", json!(6)),
        ("/services/web/autoscaling/spread", json!(0.75)),
        ("/services/web/autoscaling/max_terms", json!(0)),
        ("/services/web/autoscaling/default_cooldown", json!(10)),
        ("/services/web/autoscaling/health_check_grace_period", json!(10)),
        ("/services/web/autoscaling/strategy", json!("OneThenAllWithCanary")),
    ] {
        let path = pointer.trim_start_matches('/').replace('/', ".");
        assert_eq!(paths(|sent| set_at(sent, pointer, value)), [path], "{pointer}");
    }
    let hooks = |sent: &mut Value| drop(sent.as_object_mut().unwrap().shift_remove("lifecycle"));
    assert_eq!(paths(hooks), ["lifecycle.termhook"]);
    let tags = |sent: &mut Value| sent["services"]["worker"]["tags"] = json!({"Team": "infra"});
    assert_eq!(paths(tags), ["services.worker.tags.Team"]);
}

#[test]
fn policies_are_compared_by_type_and_name() {
    let reverse = |sent: &mut Value| {
        sent["services"]["web"]["autoscaling"]["policies"].as_array_mut().unwrap().reverse();
    };
    assert_eq!(paths(reverse), Vec::<String>::new());
    let change = |sent: &mut Value| {
        let policies = &mut sent["services"]["web"]["autoscaling"]["policies"];
        policies[1]["period"] = json!(60);
        policies.as_array_mut().unwrap().push(json!({"type": "cpu_scale_up", "name": "fast"}));
    };
    assert_eq!(
        paths(change),
        [
            "services.web.autoscaling.policies.cpu_scale_down.period",
            "services.web.autoscaling.policies.cpu_scale_up-fast",
        ]
    );
}

#[test]
fn explicit_default_is_like_none() {
    for (pointer, value) in [
        ("/services/worker/autoscaling", json!({"min_size": 1, "max_size": 1.0, "strategy": "AllAtOnce"})),
        ("/services/worker/autoscaling", json!({"health_check_grace_period": 600})),
        ("/services/web/autoscaling/spread", json!(0.80)),
        ("/services/web/autoscaling/policies/0/period", json!(300)),
        ("/detach_strategy", json!("Detach")),
        ("/safe_release", json!(false)),
    ] {
        assert_eq!(paths(|sent| set_at(sent, pointer, value)), Vec::<String>::new(), "{pointer}");
    }
    let policies = |policy: Value| {
        release("staging", |sent| sent["services"]["worker"]["autoscaling"] = json!({ "policies": [policy] }))
    };
    let short = policies(json!({"type": "cpu_scale_down"}));
    let long = policies(json!({"type": "cpu_scale_down", "threshold": 20.0, "scaling_adjustment": -1}));
    assert_eq!(differences(&short, &long), []);
}

#[test]
fn missing_service_is_one_difference() {
    let found = differences(
        &release("staging", |_| ()),
        &release("production", |sent| {
            sent["services"].as_object_mut().unwrap().shift_remove("worker");
        }),
    );
    let [Difference { path, first, second }] = found.try_into().unwrap();
    assert_eq!((path.as_str(), first.is_some(), second), ("services.worker", true, None));
}

#[test]
fn config_is_ignored_in_names_alone() {
    let of = |config: &str, pointer: &str, value: &str| {
        let value = value.replace('%', config);
        release(config, |sent| set_at(sent, pointer, json!(value)))
    };
    for pointer in ["/ami", "/lifecycle/termhook/role", "/lifecycle/termhook/sns", "/services/web/profile"] {
        let (first, second) = (of("t3", pointer, "a-%-%"), of("c5", pointer, "a-%-%"));
        assert_eq!(differences(&first, &second), [], "{pointer}");
    }
    let (first, second) =
        (of("t3", "/services/web/instance_type", "%.nano"), of("c5", "/services/web/instance_type", "%.nano"));
    assert_eq!(differences(&first, &second).len(), 1);
}

#[test]
fn name_of_the_other_config_may_be_in_both() {
    // `production` is part of the name in both, and the name of one config.
    let tags = |config: &str| release(config, |sent| sent["services"]["web"]["tags"] = json!({"Peer": "production"}));
    assert_eq!(differences(&tags("staging"), &tags("production")), []);
}

proptest! {
    #[test]
    fn lists_in_another_order_are_alike(
        names in prop::collection::vec("[a-z%]{1,6}", 0..8), seed in any::<prop::sample::Index>(),
    ) {
        let list = |config: &str, names: &[String]| -> Vec<Value> {
            names.iter().map(|name| json!(name.replace('%', config))).collect()
        };
        let mut other = names.clone();
        other.rotate_left(seed.index(names.len().max(1)).min(names.len()));
        let configs = ["STAGING".parse().unwrap(), "PRODUCTION".parse().unwrap()];
        let (first, second) = (list("STAGING", &names), list("PRODUCTION", &other));
        prop_assert!(alike_lists(&first, &second, Some([&configs[0], &configs[1]])));
        prop_assert!(alike_lists(&first, &list("STAGING", &other), None));
        let mut longer = second.clone();
        longer.push(json!("another"));
        prop_assert!(!alike_lists(&first, &longer, Some([&configs[0], &configs[1]])));
        prop_assert!(!alike_lists(&longer, &second, None));
    }

    #[test]
    fn comparison_is_symmetric(
        first in prop::collection::vec("[abc]{0,3}", 0..6), second in prop::collection::vec("[abc]{0,3}", 0..6),
        a in "[abc]{1,2}", b in "[abc]{1,2}",
    ) {
        let configs: [ConfigName; 2] = [a.parse().unwrap(), b.parse().unwrap()];
        let list = |names: &[String]| names.iter().map(|name| json!(name)).collect::<Vec<_>>();
        let (first, second) = (list(&first), list(&second));
        let one = alike_lists(&first, &second, Some([&configs[0], &configs[1]]));
        prop_assert_eq!(one, alike_lists(&second, &first, Some([&configs[1], &configs[0]])));
    }

    #[test]
    fn release_is_like_itself(min in 1..100_u32, more in 0..100_u32, spread in 0..=100_u32, name in "[a-z]{1,9}") {
        let change = |sent: &mut Value| {
            let web = &mut sent["services"]["web"];
            web["autoscaling"]["min_size"] = json!(min);
            web["autoscaling"]["max_size"] = json!(min + more);
            web["autoscaling"]["spread"] = json!(f64::from(spread) / 100.0);
            web["tags"] = json!({ "Team": name });
        };
        let (one, other) = (release("staging", change), release("production", change));
        prop_assert_eq!(differences(&one, &other), vec![]);
    }
}
