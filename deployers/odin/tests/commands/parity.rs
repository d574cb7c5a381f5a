//! `odin parity`.

use crate::fixture::{Release, Seed, object, refusal, shown};
use crate::shell::{Shell, text};
use serde_json::{Value, json};

const LINE: &str = "parity acme/shop staging production";

fn staging() -> Release {
    Release::new("acme/shop", "staging", 1)
}

fn production() -> Release {
    Release::new("acme/shop", "production", 5)
}

/// Both configs, each with names of its own; production after a change.
fn seed(change: impl FnOnce(&mut Value)) -> Seed {
    let documents = [staging(), production()].map(|release| {
        let mut document = release.document();
        document["services"]["web"]["security_groups"] = json!([format!("ec2::acme/shop::{}", release.config), "ssh"]);
        document["services"]["web"]["tags"] = json!({"Stage": release.config});
        document["metadata"] = json!({"commit": release.id()});
        document
    });
    let [first, mut second] = documents;
    change(&mut second);
    Seed::new()
        .item(&staging())
        .item(&production())
        .object(&staging().key(), &first.to_string())
        .object(&production().key(), &second.to_string())
}

#[test]
fn configs_that_differ_in_their_own_names_are_alike() {
    let shell = seed(|_| ()).open("parity-alike");
    let (out, code) = shown(&shell, LINE);
    insta::assert_snapshot!(out);
    assert_eq!(code, 0);
    let (parity, code) = object(&shell, LINE);
    assert_eq!((code, &parity["differences"], &parity["exit_code"]), (0, &json!([]), &json!(0)));
}

#[test]
fn differences_are_listed_by_field() {
    let shell = seed(|release| {
        let web = &mut release["services"]["web"];
        web["instance_type"] = json!("c5.large");
        web["autoscaling"]["min_size"] = json!(4);
        web["autoscaling"]["policies"][0]["threshold"] = json!(50);
        web["security_groups"] = json!(["ssh", "ec2::acme/shop::production", "debug"]);
        web["tags"]["Team"] = json!("shop\u{1b}[2J");
        release["user_data_sha256"] = json!("b".repeat(64));
        release["services"]["cron"] = release["services"]["worker"].clone();
    })
    .open("parity-differs");
    let (out, code) = shown(&shell, LINE);
    insta::assert_snapshot!(out);
    assert_eq!(code, 1);
    let (parity, code) = object(&shell, LINE);
    insta::assert_snapshot!(serde_json::to_string_pretty(&parity).unwrap());
    assert_eq!(code, 1);
}

#[test]
fn same_config_of_two_accounts_can_be_compared() {
    let other = Release { account: "222222222222", region: "eu-west-1", ..staging() };
    let mut document = other.document();
    document["ami"] = json!("ubuntu-26");
    let seed = seed(|_| ()).item(&other).object(&other.key(), &document.to_string());
    let shell = seed.open("parity-accounts");
    let (out, code) = shown(&shell, "parity acme/shop staging staging --other-account 222222222222");
    insta::assert_snapshot!(out);
    assert_eq!(code, 1);
    let both = "parity acme/shop staging staging --account 222222222222 --other-account 000000000000";
    assert_eq!(object(&shell, both).0["first"]["aws_account_id"], "222222222222");
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let shell = seed(|_| ()).open("parity-refused");
    for (line, code, place) in [
        ("parity acme/shop staging staging", "odin/same-config", "--other-account"),
        (
            "parity acme/shop staging canary",
            "odin/nothing-deployed",
            "`odin status acme/shop canary --account 000000000000 --cloud cloud.json`",
        ),
        ("parity acme/none staging production", "odin/nothing-deployed", "acme/none staging"),
        ("parity acme/shop staging production --account 111111111111", "odin/nothing-deployed", "111111111111"),
    ] {
        let (found, message) = refusal(&shell, line);
        assert!(found == code && message.contains(place), "{line}: {message}");
    }
    for line in ["parity acme/shop staging", "parity ../x staging production", "parity acme/shop staging a/b"] {
        assert_eq!(shell.run(&format!("{line} --cloud cloud.json")).status.code(), Some(2), "{line}");
    }
}

#[test]
fn release_that_cannot_be_read_is_refused() {
    let key = production().key();
    let changed = |field: &str, value: Value| {
        let mut document = production().document();
        document[field] = value;
        document.to_string()
    };
    for (name, body, code, place) in [
        ("text", "\u{1b}[2J".to_owned(), "release/not-json", key.as_str()),
        ("array", "[]".to_owned(), "release/wrong-type", &key),
        ("twice", "{\"a\": 1, \"a\": 1}".to_owned(), "release/not-json", &key),
        ("foreign", changed("config_name", json!("staging")), "release/upload-foreign", "acme/shop staging"),
        ("other-id", changed("release_id", json!("release-9")), "release/upload-foreign", "release-9"),
        ("climbs", changed("project_name", json!("../x")), "release/invalid-value", "project_name"),
        ("time", changed("created_at", json!("yesterday")), "release/invalid-value", "created_at"),
        ("unknown", changed("sevices", json!({})), "release/unknown-field", "sevices"),
        ("by-position", changed("services", json!({"web": ["t3.nano"]})), "release/wrong-type", "services.web"),
        ("large", changed("metadata", json!({"a": "x".repeat(1024 * 1024)})), "aws/object-too-large", key.as_str()),
    ] {
        let shell = seed(|_| ()).object(&key, &body).open(&format!("parity-hostile-{name}"));
        let (found, message) = refusal(&shell, LINE);
        assert!(found == code && message.contains(place), "{name}: {message}");
        assert!(message.len() < 1000 && !message.contains('\u{1b}'), "{name}: {message}");
    }
}

#[test]
fn missing_release_names_the_option_for_its_bucket() {
    let mut seed = seed(|_| ());
    let bucket = &mut seed.deployer()["buckets"];
    let key = production().key();
    let object = bucket["coinbase-odin-000000000000"]["objects"].as_object_mut().unwrap().remove(&key).unwrap();
    bucket["acme-releases"] = json!({"objects": {&key: object}});
    let shell = seed.open("parity-bucket");
    let (code, message) = refusal(&shell, LINE);
    assert!(
        code == "release/upload-missing" && message.contains(&key) && message.contains("--allowed-buckets"),
        "{message}"
    );
    assert_eq!(object_of(&shell, "--allowed-buckets acme-releases"), 0);
}

fn object_of(shell: &Shell, option: &str) -> i32 {
    object(shell, &format!("{LINE} {option}")).1
}

#[test]
fn help() {
    let shell = Shell::new(env!("CARGO_BIN_EXE_odin"), "parity-help");
    insta::assert_snapshot!(text(&shell.run("parity --help").stdout));
}
