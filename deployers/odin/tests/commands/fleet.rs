//! `odin fleet`.

use crate::fixture::{DEPLOYER, Release, Seed, object, shown};
use crate::shell::{Shell, text};
use serde_json::{Value, json};

const OTHER: &str = "222222222222";

/// 97 of 100 instances run releases younger than 30 days.
fn seed() -> Seed {
    let api = Release { account: OTHER, region: "eu-west-1", ..Release::new("acme/api", "production", 12) };
    Seed::new()
        .with(&Release::new("acme/shop", "production", 40), 2)
        .with(&Release::new("acme/shop", "development", 3), 7)
        .with(&Release::new("web", "production", 31), 1)
        .with(&Release::new("idle", "production", 90), 0)
        .with(&api, 90)
}

fn refuse_role(mut seed: Seed, account: &str) -> Seed {
    seed.0["accounts"][account]["roles"]["coinbase-odin-assumed"] = json!({"trusts": []});
    seed
}

#[test]
fn fleet_below_the_goal() {
    let shell = seed().open("fleet");
    let (out, code) = shown(&shell, "fleet");
    insta::assert_snapshot!(out);
    assert_eq!(code, 1);
    let (fleet, code) = object(&shell, "fleet");
    insta::assert_snapshot!(serde_json::to_string_pretty(&fleet).unwrap());
    assert_eq!(code, 1);
}

#[test]
fn fleet_that_meets_its_goal() {
    let shell = seed().open("fleet-good");
    for (line, younger) in [("fleet --goal 97", 97), ("fleet --max-age 40d --goal 98", 98), ("fleet --max-age 6w", 100)]
    {
        let (fleet, code) = object(&shell, line);
        assert_eq!((code, &fleet["younger_instances"], &fleet["exit_code"]), (0, &json!(younger), &json!(0)), "{line}");
    }
    assert_eq!(object(&shell, "fleet --goal 97.00001").1, 1);
}

#[test]
fn empty_fleet_meets_every_goal() {
    let shell = Seed::new().open("fleet-empty");
    assert_eq!(shown(&shell, "fleet --goal 100"), ("no instances run; the goal is 100 %\n".to_owned(), 0));
    assert_eq!(object(&shell, "fleet").0["share_percent"], Value::Null);
}

#[test]
fn account_that_cannot_be_read_is_named() {
    let shell = refuse_role(seed(), OTHER).open("fleet-refused");
    let (out, code) = shown(&shell, "fleet --max-age 6w");
    insta::assert_snapshot!(out);
    assert_eq!(code, 2, "an incomplete answer is no success");
    let (fleet, code) = object(&shell, "fleet");
    assert_eq!((code, &fleet["instances"]), (1, &json!(10)), "what was read is below the goal");
    assert_eq!(
        (fleet["unread"].as_array().unwrap().len(), &fleet["unread"][0]["code"]),
        (1, &json!("aws/access-denied"))
    );
}

#[test]
fn account_is_named_once_for_all_of_its_regions() {
    let api = Release { account: OTHER, region: "us-west-2", ..Release::new("acme/api", "development", 1) };
    let shell = refuse_role(seed().with(&api, 1), OTHER).open("fleet-refused-once");
    assert_eq!(object(&shell, "fleet").0["unread"].as_array().unwrap().len(), 1);
}

#[test]
fn release_that_is_not_deployed_has_its_own_age() {
    let (left, unknown) = (Release::new("web", "production", 50), Release::new("other", "production", 60));
    let seed = Seed::new().with(&Release::new("web", "production", 1), 1).group(&left, 2).group(&unknown, 4);
    let shell = seed.object(&left.key(), &left.document().to_string()).open("fleet-left");
    let (out, code) = shown(&shell, "fleet");
    insta::assert_snapshot!(out);
    assert_eq!(code, 1);
}

#[test]
fn deleted_release_keeps_its_age() {
    let (here, there) =
        (Release::new("web", "production", 50), Release { region: "eu-west-1", ..Release::new("api", "dev", 1) });
    let seed = Seed::new().item(&here).group(&here, 1).item(&there).group(&there, 1);
    let (fleet, code) = object(&seed.open("fleet-deleted"), "fleet --goal 0");
    let releases = fleet["releases"].as_array().unwrap();
    // The group in the deployer's region is found. The region of the other group is not known.
    assert_eq!((code, releases.len(), &releases[0]["age_source"]), (2, 1, &json!("release")));
    assert_eq!(fleet["unread"][0]["code"], "release/upload-missing");
}

#[test]
fn hostile_text_is_escaped() {
    let evil = Release::new("evil\u{1b}[2J", "dev\nprod", 50);
    let tags = json!({"ProjectName": evil.project, "ConfigName": evil.config, "ReleaseID": "r\u{202e}1"});
    let web = Release::new("web", "production", 1);
    let mut seed = Seed::new().group_with_tags(&evil, 1, &tags).with(&web, 1).object(&web.key(), "[\"\u{1b}[31m\"");
    seed.deployer()["lock_tables"]["us-east-1/coinbase-odin-locks"]["deployed/000000000000/../web"] = json!({
        "key": "deployed/000000000000/../web", "release_id": "release-1", "created_at_ms": 0, "time": "1970-01-01T00:00:00Z",
        "deployer": "coinbase-odin",
    });
    let shell = seed.open("fleet-hostile");
    let (out, code) = shown(&shell, "fleet");
    insta::assert_snapshot!(out);
    assert_eq!(code, 1);
    let output = shell.run("fleet --cloud cloud.json --output json");
    assert!(!text(&output.stdout).contains(['\u{1b}', '\u{202e}']));
}

#[test]
fn releases_of_other_deployers_do_not_count() {
    let mut seed = seed();
    let items = &mut seed.deployer()["lock_tables"]["us-east-1/coinbase-odin-locks"];
    let key = Release { account: OTHER, ..Release::new("acme/api", "production", 12) }.item_key();
    items[key]["deployer"] = json!("coinbase-fenrir");
    assert_eq!(object(&seed.open("fleet-others"), "fleet").0["instances"], 10);
}

#[test]
fn invalid_goal_or_age_is_a_usage_error() {
    let shell = Seed::new().open("fleet-usage");
    for line in ["--goal 101", "--goal all", "--goal=-1", "--max-age 30", "--max-age 0d", "--max-age 1y"] {
        let output = shell.run(&format!("fleet {line} --cloud cloud.json"));
        assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(2), ""), "{line}");
    }
}

#[test]
fn deployed_release_is_in_the_fleet() {
    let shell = Shell::new(env!("CARGO_BIN_EXE_odin"), "fleet-deployed");
    shell.write("release.json", include_str!("../../releases/deploy-test.json"));
    shell.write("release.json.userdata", "#!/bin/sh\n");
    shell.json("deploy release.json --local --speed 100000");
    let [fleet] = shell.json("fleet --local").try_into().unwrap();
    let release = &fleet["releases"][0];
    assert_eq!((&release["aws_account_id"], &release["age_source"]), (&json!(DEPLOYER), &json!("release")));
    // At least the minimum sizes of its services.
    assert!(release["instances"].as_u64() >= Some(4), "{release}");
    assert_eq!((&fleet["younger_instances"], &fleet["exit_code"]), (&release["instances"], &json!(0)));
}

#[test]
fn help() {
    let shell = Shell::new(env!("CARGO_BIN_EXE_odin"), "fleet-help");
    insta::assert_snapshot!(text(&shell.run("fleet --help").stdout));
}
