use super::{OdinFields, Release, check, fill_defaults, sample};
use bifrost::Shape as _;
use bifrost::json::ReadErrorKind;
use proptest::prelude::{Just, Strategy, any, prop, prop_assert, prop_oneof, proptest};
use serde_json::{Value, json};

fn refusal(pointer: &str, value: Value) -> (ReadErrorKind, String) {
    let mut sent = sample::sent();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    sent.pointer_mut(parent).unwrap()[key] = value;
    let error = Release::<OdinFields>::read(&sent, &sample::defaults()).unwrap_err();
    (error.kind, error.to_string())
}

#[test]
fn read_release_is_written_with_defaults() {
    insta::assert_snapshot!(serde_json::to_string_pretty(&sample::release()).unwrap());
}

#[test]
fn written_release_is_read_as_the_same() {
    let mut release = sample::release();
    fill_defaults(&mut release);
    let written = serde_json::to_value(&release).unwrap();
    assert_eq!(sample::read(&written), release);
}

#[test]
fn array_is_no_object_wherever_it_is() {
    assert_eq!(
        refusal("/services/web/autoscaling", json!([2, 4, 0.5])),
        (ReadErrorKind::Type, "services.web.autoscaling: expected an object, found an array".to_owned()),
    );
    let changed = sample::with_arrays(&sample::sent());
    assert!(changed.len() > 5);
    for (pointer, sent) in changed {
        let error = Release::<OdinFields>::read(&sent, &sample::defaults()).unwrap_err();
        assert_eq!(error.kind, ReadErrorKind::Type, "{pointer}: {error}");
    }
}

#[test]
fn number_keeps_its_digits() {
    let release =
        sample::with("/services/web/autoscaling/policies/0/threshold", serde_json::from_str("25.10").unwrap());
    let written = serde_json::to_value(&release).unwrap();
    assert_eq!(written.pointer("/services/web/autoscaling/policies/0/threshold").unwrap().to_string(), "25.10");
    assert_eq!(written.pointer("/services/web/autoscaling/spread").unwrap().to_string(), "0.8");
}

/// Go Odin's client fills in fields that the deployer overwrites.
#[test]
fn deployer_fields_are_cleared() {
    let mut sent = sample::sent();
    sent["healthy"] = json!(true);
    sent["wait_for_healthy"] = json!(1);
    sent["lifecycle"]["termhook"]["name"] = json!("other");
    sent["lifecycle"]["termhook"]["role_arn"] = json!("arn:aws:iam::111111111111:role/admin");
    sent["lifecycle"]["termhook"]["notification_target_arn"] = json!("arn:aws:sns:us-east-1:111111111111:topic");
    let web = sent["services"]["web"].as_object_mut().unwrap();
    let report = json!({ "target_healthy": 0, "target_launched": 0, "healthy": 0, "launching": 0, "terminating": 0 });
    for (field, value) in [
        ("service_name", json!("other")),
        ("created_asg", json!("other")),
        ("previous_desired_capacity", json!(100)),
        ("Healthy", json!(true)),
        ("resources", json!({ "image": "ami-evil", "subnets": ["place_holder"] })),
        ("healthy_report", report),
    ] {
        web.insert(field.into(), value);
    }
    let mut release = sample::read(&sent);
    release.fields.clear_deployer_fields();
    assert_eq!(release, sample::release());
}

#[test]
fn unknown_field_is_refused_with_its_path() {
    for pointer in [
        "/helthy",
        "/services/web/ami",
        "/services/web/autoscaling/minsize",
        "/services/web/autoscaling/policies/0/metric",
        "/lifecycle/termhook/topic",
    ] {
        let (kind, message) = refusal(pointer, json!(1));
        assert_eq!(kind, ReadErrorKind::Unknown, "{message}");
        let path = pointer.trim_start_matches('/').replace("/0/", "[0].").replace('/', ".");
        assert!(message.starts_with(&path), "{message}");
    }
}

#[test]
fn invalid_value_is_refused() {
    for (pointer, value) in [
        ("/services/web/autoscaling/spread", serde_json::from_str("1e-999999999").unwrap()),
        ("/services/web/autoscaling/strategy", json!("OneAtATime")),
        ("/services/web/autoscaling/policies/0/type", json!("memory_scale_up")),
        ("/services/web/ebs_volume_type", json!("io3")),
        ("/services/web/placement_tenancy", json!("host")),
        ("/services/web/spot_price", json!("cheap")),
        ("/services/web/spot_price", json!("-0.1")),
        ("/lifecycle/termhook/transition", json!("autoscaling:EC2_INSTANCE_TERMINATE")),
        ("/detach_strategy", json!("Never")),
        ("/user_data_sha256", json!("abc")),
    ] {
        let (kind, message) = refusal(pointer, value);
        assert_eq!(kind, ReadErrorKind::Value, "{message}");
    }
}

#[test]
fn older_user_data_field_is_refused() {
    let (kind, message) = refusal("/user_data", json!("{{USER_DATA_FILE}}"));
    assert_eq!(kind, ReadErrorKind::Value);
    assert!(message.starts_with("user_data: "), "{message}");
}

#[test]
fn counts_are_natural_numbers() {
    let (kind, message) = refusal("/services/web/autoscaling/min_size", json!(1.5));
    assert_eq!(kind, ReadErrorKind::Type, "{message}");
    let (kind, message) = refusal("/services/web/autoscaling/max_terms", json!(-1));
    assert_eq!(kind, ReadErrorKind::Value, "{message}");
}

/// The JSON pointers to every part of a value.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(members) => members.iter().for_each(|(key, value)| {
            pointers(value, &format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), found);
        }),
        Value::Array(elements) => {
            for (index, value) in elements.iter().enumerate() {
                pointers(value, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

fn anything() -> impl Strategy<Value = Value> {
    let number = "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,30})?([eE][-+]?[0-9]{1,12})?";
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        number.prop_map(|number| serde_json::from_str(&number).unwrap()),
        ".{0,300}".prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        Just(json!([{}])),
        "[a-z_]{1,12}".prop_map(|key| json!({ key: 1 })),
    ]
}

proptest! {
    /// As Go Odin's fuzz test: any release is read, checked and filled in, or refused.
    #[test]
    fn no_release_makes_odin_panic(index in any::<prop::sample::Index>(), value in anything()) {
        let mut sent = sample::sent();
        let mut found = Vec::new();
        pointers(&sent, "", &mut found);
        *sent.pointer_mut(index.get(&found[..]).as_str()).unwrap() = value;
        if let Ok(mut release) = Release::<OdinFields>::read(&sent, &sample::defaults()) {
            let _ = check(&release);
            fill_defaults(&mut release);
            for service in release.fields.services.values() {
                let target = crate::capacity::Target::new(&service.autoscaling, Some(3));
                let first = service.autoscaling.strategy.creation(&target);
                prop_assert!(first.min <= first.desired || check(&release).is_err());
            }
        }
    }
}
