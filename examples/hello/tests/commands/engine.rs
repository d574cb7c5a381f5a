//! Deploys that several processes follow or run, and processes that end before their deploys.

use super::{Hello, deployed, refusal_code};
use crate::shell::text;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

#[test]
fn next_deploy_continues_after_a_killed_engine() {
    let shell = Hello::new("killed");
    let mut engine = shell.slow_deploy();
    engine.kill().unwrap();
    engine.wait().unwrap();
    let next = shell.run("deploy release.json --local --speed 1000");
    assert_eq!(next.status.code(), Some(2), "the other release was deployed, not this one");
    let events = text(&next.stdout);
    let start: Value = serde_json::from_str(events.lines().next().unwrap()).unwrap();
    assert_eq!((&start["joined"], &start["is_ours"]), (&json!(true), &json!(false)));
    assert_eq!(deployed(&shell).0, start["release_id"]);
    let history = shell.json("history --local");
    assert_eq!((history.len(), &history[0]["status"]), (1, &json!("SUCCEEDED")));
}

#[test]
fn interrupted_deploy_names_the_command_that_halts_it() {
    let shell = Hello::new("interrupted");
    let mut engine = shell.slow_deploy();
    let signal = Command::new("kill").args(["-INT", &engine.id().to_string()]).status().unwrap();
    assert!(signal.success());
    let mut note = String::new();
    engine.stderr.take().unwrap().read_to_string(&mut note).unwrap();
    assert_eq!(engine.wait().unwrap().code(), Some(130), "{note}");
    assert!(note.contains("`hello halt acme/shop development --account 000000000000 --local`"), "{note}");
}

#[test]
fn second_deploy_takes_over_from_a_killed_engine() {
    let shell = Hello::new("take-over");
    let mut engine = shell.slow_deploy();
    let mut follower = shell.command("deploy release.json --local --speed 1000");
    let mut follower = follower.stdout(Stdio::piped()).spawn().unwrap();
    let mut events = BufReader::new(follower.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(events.any(|line| line.contains(r#""state":"Deploy""#)), "it follows while the other process runs it");
    engine.kill().unwrap();
    engine.wait().unwrap();
    assert!(events.any(|line| line.contains(r#""status":"Success""#)));
    assert_eq!(follower.wait().unwrap().code(), Some(2));
}

#[test]
fn local_cloud_in_use_is_not_reset() {
    let shell = Hello::new("in-use");
    let mut engine = shell.slow_deploy();
    assert_eq!(refusal_code(&shell, "deploy release.json --local --fresh"), "local/in-use");
    engine.kill().unwrap();
    engine.wait().unwrap();
    assert_eq!(shell.run("deploy release.json --local --fresh").status.code(), Some(0));
    assert_eq!(shell.json("history --local").len(), 1, "the local cloud is new");
}
