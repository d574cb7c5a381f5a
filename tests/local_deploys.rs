//! End-to-end tests of Odin's program in the local cloud: processes, their output and exit codes, and the resulting state.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod shell;

use serde_json::{Value, json};
use shell::{Shell, error_code, text};
use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Stdio};

const RELEASE: &str = include_str!("../deployers/odin/releases/deploy-test.json");
const SEED: &str = include_str!("../examples/clouds/odin.json");
const TARGET: &str = "coinbase/deploy-test development";

/// A folder with the sample release.
fn odin(test: &str) -> Shell {
    let shell = Shell::new(env!("CARGO_BIN_EXE_odin"), test);
    release(&shell, "release", |_| {});
    shell
}

/// Writes a changed sample release and its user data.
fn release(shell: &Shell, name: &str, change: impl FnOnce(&mut Value)) {
    let mut release: Value = serde_json::from_str(RELEASE).unwrap();
    change(&mut release);
    shell.write(&format!("{name}.json"), release.to_string());
    shell.write(&format!("{name}.json.userdata"), "#!/bin/sh\necho {{RELEASE_ID}} hunter2\n");
}

/// The file of the local cloud; `None` if it does not exist.
fn local_state(shell: &Shell) -> Option<Vec<u8>> {
    std::fs::read(shell.folder.join(".bifrost/cloud.sqlite")).ok()
}

/// The last event of a deploy, and its exit code.
fn deploy(shell: &Shell, arguments: &str) -> (Value, i32) {
    let output = shell.run(&format!("deploy {arguments} --speed 100000"));
    let events = text(&output.stdout);
    let last = events.lines().last().unwrap_or_else(|| panic!("{}", text(&output.stderr)));
    (serde_json::from_str(last).unwrap(), output.status.code().unwrap())
}

/// A process that deploys slowly enough to be interrupted.
struct Engine {
    process: Child,
    events: Lines<BufReader<ChildStdout>>,
}

impl Engine {
    /// Starts it, and waits until the execution has entered the state.
    fn until(shell: &Shell, state: &str) -> Self {
        let mut command = shell.command("deploy release.json --local --speed 20");
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let events = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut engine = Self { process, events };
        engine.wait_for(|event| event["state"] == state);
        engine
    }

    fn wait_for(&mut self, matches: impl Fn(&Value) -> bool) -> Value {
        let mut events = self.events.by_ref().map(|line| serde_json::from_str(&line.unwrap()).unwrap());
        events.find(matches).unwrap()
    }

    /// Ends it without a chance to clean up.
    fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// The release of each service, by `status`, without what is being deleted. Checks that no deploy runs and no lock is held.
fn deployed(shell: &Shell) -> Vec<String> {
    let [status] = shell.json(&format!("status {TARGET} --local")).try_into().unwrap();
    let services = status["services"].as_array().unwrap().iter().filter(|service| service["state"] != "deleting");
    assert_eq!((&status["running"], &status["root_locks"]), (&Value::Null, &json!([])), "{status}");
    services.map(|service| service["release_id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn second_deploy_replaces_the_first() {
    let shell = odin("demo");
    let (first, code) = deploy(&shell, "release.json --local");
    assert_eq!((code, &first["status"], &first["deleted"]), (0, &json!("Success"), &json!([])));
    assert_eq!(first["created"].as_array().unwrap().len(), 2);
    let (second, code) = deploy(&shell, "release.json --local");
    assert_eq!((code, &second["deleted"]), (0, &first["created"]));
    assert_eq!(deployed(&shell), vec![second["release_id"].as_str().unwrap(); 2]);
    assert_eq!(shell.json("history --local").len(), 2);
}

#[test]
fn demo_succeeds_with_another_prefix() {
    let shell = odin("prefix");
    let command = |line: &str| shell.command(line).env("BIFROST_PREFIX", "acme-").output().unwrap();
    let demo = command("deploy release.json --local --speed 100000");
    assert_eq!(demo.status.code(), Some(0), "{}", text(&demo.stderr));
    assert_eq!(
        shell.json(&format!("status {TARGET} --local --prefix acme-"))[0]["services"].as_array().unwrap().len(),
        2
    );
    let template = text(&command("bootstrap").stdout);
    assert!(template.contains("acme-odin") && !template.contains("coinbase"));
}

#[test]
fn halt_from_another_process_ends_clean() {
    let shell = odin("halted");
    let mut engine = Engine::until(&shell, "WaitForDeploy");
    let halt = shell.command(&format!("halt {TARGET} --local --reason")).arg("wrong\u{1b}[2J image").output().unwrap();
    assert_eq!(halt.status.code(), Some(0), "{}", text(&halt.stderr));
    let end = engine.wait_for(|event| event["event"] == "end");
    assert_eq!((&end["status"], &end["exit_code"]), (&json!("FailureClean"), &json!(1)));
    let failure = &end["failures"][0];
    assert_eq!((&failure["state"], &failure["error"]), (&json!("CheckHealthy"), &json!("HaltError")));
    assert_eq!(failure["code"], "halt/requested");
    assert!(failure["cause"].as_str().unwrap().contains("wrong[2J image (ada@"), "{failure}");
    assert_eq!(engine.process.wait().unwrap().code(), Some(1));
    assert!(deployed(&shell).is_empty());
    assert_eq!(error_code(&shell.refused(&format!("halt {TARGET} --local"))), "halt/nothing-runs");
}

#[test]
fn next_process_continues_after_a_kill() {
    let shell = odin("killed");
    let mut engine = Engine::until(&shell, "WaitForDeploy");
    let groups = engine.wait_for(|event| event["event"] == "progress");
    assert_eq!(groups["services"].as_array().unwrap().len(), 2);
    engine.kill();
    let (end, code) = deploy(&shell, "release.json --local");
    // The interrupted release was deployed, and not the new one.
    assert_eq!((code, &end["status"], &end["is_ours"]), (2, &json!("Success"), &json!(false)));
    assert_eq!(deployed(&shell), vec![end["release_id"].as_str().unwrap(); 2]);
    assert_eq!(shell.json("history --local").len(), 1);
}

#[test]
fn second_concurrent_deploy_follows_the_first() {
    let shell = odin("two");
    let engine = Engine::until(&shell, "Lock");
    let mut second = shell.command("deploy release.json --local --speed 100000");
    let mut second = second.stdout(Stdio::piped()).spawn().unwrap();
    let mut events = BufReader::new(second.stdout.take().unwrap()).lines().map_while(Result::ok);
    let start: Value = serde_json::from_str(&events.next().unwrap()).unwrap();
    assert_eq!((&start["joined"], &start["is_ours"]), (&json!(true), &json!(false)));
    // It takes over the execution, and finishes sooner than the first would have.
    engine.kill();
    assert!(events.any(|line| line.contains(r#""status":"Success""#)));
    assert_eq!(second.wait().unwrap().code(), Some(2));
    assert_eq!(shell.json("history --local").len(), 1);
}

#[test]
fn configs_are_deployed_concurrently() {
    let shell = odin("other-config");
    release(&shell, "other", |release| release["config_name"] = json!("production"));
    let engine = Engine::until(&shell, "WaitForDeploy");
    let (other, code) = deploy(&shell, "other.json --local");
    // Its resources have tags of development: it got as far as ValidateResources, and was refused there.
    assert_eq!(
        (code, &other["is_ours"], &other["failures"][0]["state"]),
        (2, &json!(true), &json!("ValidateResources"))
    );
    assert_eq!(shell.json("history --local").len(), 2);
    engine.kill();
}

#[test]
fn failed_deploy_prints_summary() {
    let shell = odin("unhealthy");
    release(&shell, "unhealthy", |release| release["ami"] = json!("ubuntu-never-healthy"));
    let output = shell.run("deploy unhealthy.json --local --speed 100000 --output text");
    let shown = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{shown}");
    for part in [
        "\nFailureClean: release-",
        "\n  failed   in CheckHealthy: ",
        "halt/timeout",
        "DetachForFailure → ",
        "\n  deleted  group coinbase/deploy-test-development-",
        "\n  next     ",
        "odin history ",
    ] {
        assert!(shown.contains(part), "{part:?} in {shown}");
    }
    assert!(!shown.contains("hunter2"), "user data is secret");
    assert!(deployed(&shell).is_empty());
}

#[test]
fn images_of_the_seed_behave_as_documented() {
    for (image, end, state) in [
        ("ubuntu-terminates", ("FailureClean", 1), "CheckHealthy"),
        ("ubuntu-second-terminates", ("Success", 0), ""),
        ("ubuntu-of-another-team", ("FailureClean", 2), "ValidateResources"),
    ] {
        let shell = odin(image);
        release(&shell, "image", |release| release["ami"] = json!(image));
        let (last, code) = deploy(&shell, "image.json --local");
        assert_eq!((last["status"].as_str().unwrap(), code), end, "{image}: {last}");
        assert_eq!(last["failures"][0]["state"].as_str().unwrap_or_default(), state, "{image}: {last}");
    }
}

#[test]
fn failed_clean_up_keeps_the_lock() {
    let shell = odin("dirty");
    let faults = json!({"faults": [
        {"operation": "autoscaling:PutScalingPolicy", "kind": {"error": "AccessDenied"}},
        {"operation": "autoscaling:DeleteAutoScalingGroup", "kind": {"error": "AccessDenied"}},
    ]});
    shell.write("faults.json", faults.to_string());
    let output = shell.run("deploy release.json --local --scenario faults.json --speed 100000 --output text");
    let shown = text(&output.stdout);
    assert_eq!(output.status.code(), Some(3), "{shown}");
    let unlock = "odin unlock coinbase/deploy-test development --account 000000000000 --local";
    for part in [
        "\nFailureDirty: release-",
        "\n  failed   in Deploy: ",
        "\n  then     in CleanUpFailure: ",
        "\n  left     coinbase/deploy-test-development-",
        "\n  next     ",
        "odin history ",
        unlock,
    ] {
        assert!(shown.contains(part), "{part:?} in {shown}");
    }
    let [status] = shell.json("status --local").try_into().unwrap();
    assert_eq!(status["root_locks"][0]["running"], json!(false), "its lock is kept");
    // The next deploy is refused, and the error names the command that frees the lock.
    let (refused, code) = deploy(&shell, "release.json --local");
    let failure = &refused["failures"][0];
    assert_eq!((code, &failure["error"], &failure["code"]), (2, &json!("LockExistsError"), &json!("lock/held")));
    // Account and bucket are defaults, so the command does not name them.
    let unlock = "odin unlock coinbase/deploy-test development --local";
    assert!(failure["cause"].as_str().unwrap().ends_with(unlock), "{failure}");
}

/// Names of invalid releases, each with the code of its error and a part of the message: a path or a position.
fn bad_releases(shell: &Shell) -> Vec<(&'static str, &'static str, &'static str)> {
    let changed = |name: &str, pointer: &str, value: Value| {
        release(shell, name, |release| {
            let (parent, key) = pointer.rsplit_once('/').unwrap();
            release.pointer_mut(parent).unwrap()[key] = value;
        });
    };
    shell.write("text.json", "hello");
    shell.write("comment.json", "{ // mine\n}");
    shell.write("comma.json", "{\"timeout\": 600,}");
    shell.write("quotes.json", "{'timeout': 600}");
    shell.write("large.json", format!("{RELEASE}{}", " ".repeat(2_000_000)));
    changed("unknown", "/sevices", json!({}));
    changed("nested", "/services/web/autoscaling/min_sze", json!(1));
    changed("type", "/services/web/ebs_volume_size", json!("20"));
    changed("groups", "/services/web/security_groups", json!([]));
    changed("sizes", "/services/web/autoscaling/min_size", json!(9));
    changed("spread", "/services/web/autoscaling/spread", json!(1.5));
    changed(
        "policies",
        "/services/web/autoscaling/policies",
        json!([{"type": "cpu_scale_up"}, {"type": "cpu_scale_up"}]),
    );
    changed("traversal", "/project_name", json!("../x"));
    changed("escapes", "/services/web/tags", json!({"aws:\u{9b}2J": ""}));
    vec![
        ("absent", "release/unreadable-file", "absent.json"),
        ("text", "release/not-json", "line 1, column 1"),
        ("comment", "release/not-json", "line 1, column 3"),
        ("comma", "release/not-json", "line 1, column 17"),
        ("quotes", "release/not-json", "line 1, column 2"),
        ("large", "release/file-too-large", "1048576"),
        ("unknown", "release/unknown-field", "`services`"),
        ("nested", "release/unknown-field", "services.web.autoscaling.min_sze"),
        ("type", "release/wrong-type", "services.web.ebs_volume_size"),
        ("groups", "odin/required", "services.web.security_groups"),
        ("sizes", "odin/sizes", "services.web.autoscaling.min_size"),
        ("spread", "odin/spread", "services.web.autoscaling.spread"),
        ("policies", "odin/duplicate", "services.web.autoscaling.policies[1]"),
        ("traversal", "release/invalid-value", "project_name"),
        ("escapes", "odin/tag", r"services.web.tags.aws:\u{9b}2J"),
    ]
}

#[test]
fn bad_input_is_one_error_and_changes_nothing() {
    let shell = odin("bad-input");
    let bad = bad_releases(&shell);
    shell.write("scenario.json", r#"{"faults": []}"#);
    for (name, code, part) in &bad {
        let complaint = shell.refused(&format!("deploy {name}.json --local"));
        assert_eq!(error_code(&complaint), *code, "{name}: {complaint}");
        assert!(complaint.contains(part), "{name}: {complaint}");
    }
    assert!(!shell.folder.join(".bifrost").exists(), "a refused command creates no local cloud");
    deploy(&shell, "release.json --local");
    let before = local_state(&shell);
    assert!(before.is_some());
    for (name, ..) in &bad {
        shell.refused(&format!("deploy {name}.json --local --fresh --scenario scenario.json"));
    }
    assert!(local_state(&shell) == before, "a refused command changes no local cloud");
}

#[test]
fn invalid_seed_or_scenario_changes_nothing() {
    let shell = odin("bad-seed");
    deploy(&shell, "release.json --local");
    let before = local_state(&shell);
    let mut unknown: Value = serde_json::from_str(SEED).unwrap();
    unknown["accounts"]["000000000000"]["resources"]["regions"]["us-east-1"]["databases"] = json!({});
    shell.write("unknown.json", unknown.to_string());
    let check = |line: &str, code: &str| {
        let complaint = shell.refused(line);
        assert_eq!(error_code(&complaint), code, "{complaint}");
        assert!(complaint.contains("accounts.000000000000.resources.regions.us-east-1.databases"), "{complaint}");
    };
    check("deploy release.json --cloud unknown.json", "seed/invalid");
    assert!(!shell.folder.join(".bifrost/unknown.sqlite").exists());
    let patch = json!({"accounts": unknown["accounts"]});
    shell.write("scenario.json", patch.to_string());
    check("deploy release.json --local --scenario scenario.json", "scenario/invalid");
    check("deploy release.json --local --fresh --scenario scenario.json", "scenario/invalid");
    assert!(local_state(&shell) == before);
}

#[test]
fn refused_commands_create_no_local_cloud() {
    let shell = odin("no-trace");
    for line in ["halt web dev --local", "halt ../x dev --local", "freeze ../x dev --local --reason incident"] {
        shell.refused(line);
        assert!(!shell.folder.join(".bifrost").exists(), "{line}");
    }
}

/// The last event of a command, and its exit code.
fn last_event(shell: &Shell, line: &str) -> (Value, i32) {
    let output = shell.run(line);
    let shown = text(&output.stdout);
    let last = shown.lines().last().unwrap_or_else(|| panic!("{line}: {}", text(&output.stderr)));
    (serde_json::from_str(last).unwrap(), output.status.code().unwrap())
}

#[test]
fn plan_lists_added_and_removed_groups() {
    let shell = odin("plan");
    let (first, code) = last_event(&shell, "plan release.json --local");
    let actions = |plan: &Value| -> Vec<Value> {
        plan["changes"].as_array().unwrap().iter().map(|change| change["action"].clone()).collect()
    };
    assert_eq!((code, actions(&first)), (2, vec![json!("add"), json!("add")]));
    deploy(&shell, "release.json --local");
    let before = local_state(&shell);
    release(&shell, "larger", |release| release["services"]["web"]["instance_type"] = json!("c5.large"));
    let (second, code) = last_event(&shell, "plan larger.json --local");
    assert_eq!((code, actions(&second)), (2, ["add", "add", "remove", "remove"].map(Value::from).to_vec()));
    let details = second["changes"][0]["details"].to_string();
    assert!(
        details.contains("instance type t3.nano → c5.large") && details.contains("user data unchanged"),
        "{details}"
    );
    release(&shell, "refused", |release| release["ami"] = json!("ubuntu-of-another-team"));
    let (refused, code) = last_event(&shell, "plan refused.json --local");
    assert_eq!(code, 1);
    let finding = &refused["findings"][0];
    assert_eq!((&finding["code"], &finding["path"]), (&json!("odin/not-opted-in"), &json!("ami")));
    assert!(local_state(&shell) == before, "a plan changes nothing");
}

#[test]
fn rollback_restores_release_and_user_data() {
    let shell = odin("rollback");
    deploy(&shell, "release.json --local");
    release(&shell, "second", |release| release["services"]["web"]["instance_type"] = json!("c5.large"));
    shell.write("second.json.userdata", "#!/bin/sh\n");
    deploy(&shell, "second.json --local");
    let (end, code) = last_event(&shell, &format!("rollback {TARGET} --local --speed 100000"));
    assert_eq!((code, &end["status"]), (0, &json!("Success")));
    assert_eq!(deployed(&shell), vec![end["release_id"].as_str().unwrap(); 2]);
    // The first release is deployed again, with identical user data.
    let (plan, _) = last_event(&shell, "plan release.json --local");
    let details = plan["changes"][0]["details"].to_string();
    assert!(details.contains("user data unchanged") && !details.contains("→"), "{details}");
    assert_eq!(error_code(&shell.refused("rollback release.json --local")), "rollback/nothing-earlier");
}

#[test]
fn late_halt_prints_a_warning() {
    let shell = odin("too-late");
    release(&shell, "release", |release| release["wait_for_detach"] = json!(3600));
    let engine = Engine::until(&shell, "WaitForDetach");
    let halt = shell.run(&format!("halt {TARGET} --local"));
    let printed = text(&halt.stdout);
    assert_eq!(halt.status.code(), Some(0), "{}", text(&halt.stderr));
    assert!(printed.contains("too late") && printed.contains("WaitForDetach"), "{printed}");
    engine.kill();
    let (end, _) = deploy(&shell, "release.json --local");
    assert_eq!(end["status"], "Success");
}

#[test]
fn failures_lists_the_root_cause() {
    let shell = odin("failures");
    release(&shell, "unhealthy", |release| release["ami"] = json!("ubuntu-never-healthy"));
    deploy(&shell, "unhealthy.json --local");
    deploy(&shell, "release.json --local");
    let [failed] = shell.json(&format!("failures {TARGET} --local")).try_into().unwrap();
    let failure = &failed["failures"][0];
    assert_eq!((&failure["state"], &failure["code"]), (&json!("CheckHealthy"), &json!("halt/timeout")));
    assert!(failed["next"].is_string(), "{failed}");
}
