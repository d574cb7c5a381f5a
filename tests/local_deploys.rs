//! Whole deploys by Odin's program on the embedded world, as a newcomer would run them: processes, their output, their
//! exit codes, and what they leave in the world.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on says where by panicking"
)]

mod shell;

use serde_json::{Value, json};
use shell::{Shell, text};
use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Stdio};

const RELEASE: &str = include_str!("../deployers/odin/releases/deploy-test.json");
const SEED: &str = include_str!("../examples/clouds/odin.json");
const SUBJECT: &str = "coinbase/deploy-test development";

/// A folder with the sample release.
fn odin(test: &str) -> Shell {
    let shell = Shell::new(env!("CARGO_BIN_EXE_odin"), test);
    release(&shell, "release", |_| {});
    shell
}

/// Writes the sample release, changed, and its user data.
fn release(shell: &Shell, name: &str, change: impl FnOnce(&mut Value)) {
    let mut release: Value = serde_json::from_str(RELEASE).unwrap();
    change(&mut release);
    shell.write(&format!("{name}.json"), release.to_string());
    shell.write(&format!("{name}.json.userdata"), "#!/bin/sh\necho {{RELEASE_ID}} hunter2\n");
}

/// The world as it is kept; `None` before there is one.
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

/// A process that deploys, slowly enough to get in its way.
struct Engine {
    process: Child,
    events: Lines<BufReader<ChildStdout>>,
}

impl Engine {
    /// Starts it, and waits until it has entered the state.
    fn until(shell: &Shell, state: &str) -> Self {
        let mut command = shell.command("deploy release.json --local --speed 20");
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let events = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut engine = Self { process, events };
        engine.wait_for(|event| event["state"] == state);
        engine
    }

    fn wait_for(&mut self, is_it: impl Fn(&Value) -> bool) -> Value {
        let mut events = self.events.by_ref().map(|line| serde_json::from_str(&line.unwrap()).unwrap());
        events.find(is_it).unwrap()
    }

    /// Ends it as a power cut would.
    fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// The release that runs in each group, by `status`.
fn deployed(shell: &Shell) -> Vec<String> {
    let [status] = shell.json(&format!("status {SUBJECT} --local")).try_into().unwrap();
    let services = status["services"].as_array().unwrap();
    assert_eq!((&status["running"], &status["root_locks"]), (&Value::Null, &json!([])), "{status}");
    services.iter().map(|service| service["release_id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_demo_deploys_and_its_second_run_replaces_the_first() {
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
fn a_halt_from_another_process_ends_the_deploy_clean() {
    let shell = odin("halted");
    let mut engine = Engine::until(&shell, "WaitForDeploy");
    let halt = shell.command(&format!("halt {SUBJECT} --local --reason")).arg("wrong\u{1b}[2J image").output().unwrap();
    assert_eq!(halt.status.code(), Some(0), "{}", text(&halt.stderr));
    let end = engine.wait_for(|event| event["event"] == "end");
    assert_eq!((&end["status"], &end["exit_code"]), (&json!("FailureClean"), &json!(1)));
    let failure = &end["failures"][0];
    assert_eq!((&failure["state"], &failure["error"]), (&json!("CheckHealthy"), &json!("HaltError")));
    assert!(failure["cause"].as_str().unwrap().contains("wrong[2J image (ada@"), "{failure}");
    assert_eq!(engine.process.wait().unwrap().code(), Some(1));
    assert!(deployed(&shell).is_empty());
    assert!(shell.refused(&format!("halt {SUBJECT} --local")).contains("there is nothing to halt"));
}

#[test]
fn when_the_engine_is_killed_the_next_process_goes_on() {
    let shell = odin("killed");
    let mut engine = Engine::until(&shell, "WaitForDeploy");
    let groups = engine.wait_for(|event| event["event"] == "progress");
    assert_eq!(groups["services"].as_array().unwrap().len(), 2);
    engine.kill();
    let (end, code) = deploy(&shell, "release.json --local");
    // The release that was under way was deployed, and not the one that was asked for.
    assert_eq!((code, &end["status"], &end["is_ours"]), (2, &json!("Success"), &json!(false)));
    assert_eq!(deployed(&shell), vec![end["release_id"].as_str().unwrap(); 2]);
    assert_eq!(shell.json("history --local").len(), 1);
}

#[test]
fn of_two_deploys_at_once_the_second_follows_the_first() {
    let shell = odin("two");
    let engine = Engine::until(&shell, "Lock");
    let mut second = shell.command("deploy release.json --local --speed 100000");
    let mut second = second.stdout(Stdio::piped()).spawn().unwrap();
    let mut events = BufReader::new(second.stdout.take().unwrap()).lines().map_while(Result::ok);
    let start: Value = serde_json::from_str(&events.next().unwrap()).unwrap();
    assert_eq!((&start["joined"], &start["is_ours"]), (&json!(true), &json!(false)));
    // It takes over, and is done sooner than the first would have been.
    engine.kill();
    assert!(events.any(|line| line.contains(r#""status":"Success""#)));
    assert_eq!(second.wait().unwrap().code(), Some(2));
    assert_eq!(shell.json("history --local").len(), 1);
}

#[test]
fn another_config_of_the_project_does_not_wait_for_it() {
    let shell = odin("other-config");
    release(&shell, "other", |release| release["config_name"] = json!("production"));
    let engine = Engine::until(&shell, "WaitForDeploy");
    let (other, code) = deploy(&shell, "other.json --local");
    // Its resources are those of development: it got that far, and was refused.
    assert_eq!(
        (code, &other["is_ours"], &other["failures"][0]["state"]),
        (2, &json!(true), &json!("ValidateResources"))
    );
    assert_eq!(shell.json("history --local").len(), 2);
    engine.kill();
}

#[test]
fn a_deploy_that_fails_says_where_why_what_was_cleaned_up_and_what_to_do() {
    let shell = odin("unhealthy");
    release(&shell, "unhealthy", |release| release["ami"] = json!("ubuntu-never-healthy"));
    let output = shell.run("deploy unhealthy.json --local --speed 100000 --output text");
    let shown = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{shown}");
    for part in [
        "\nFailureClean: release-",
        "\n  failed   in CheckHealthy: HaltError: timed out: ",
        "\n  clean    all that it made is gone, what ran before still runs, the lock is free (DetachForFailure → ",
        "\n  deleted  group coinbase/deploy-test-development-",
        "\n  next     find out why it was halted, was too slow, or lost instances; then deploy again; `odin history ",
    ] {
        assert!(shown.contains(part), "{part:?} in {shown}");
    }
    assert!(!shown.contains("hunter2"), "user data is nobody's to see");
    assert!(deployed(&shell).is_empty());
}

#[test]
fn each_image_of_the_world_ends_as_its_guide_says() {
    for (image, end, state) in [
        ("ubuntu-terminates", ("FailureClean", 1), "CheckHealthy"),
        ("ubuntu-second-terminates", ("Success", 0), ""),
        ("ubuntu-of-another-team", ("FailureClean", 2), "ValidateResources"),
    ] {
        let shell = odin(image);
        release(&shell, "image", |release| release["ami"] = json!(image));
        let (told, code) = deploy(&shell, "image.json --local");
        assert_eq!((told["status"].as_str().unwrap(), code), end, "{image}: {told}");
        assert_eq!(told["failures"][0]["state"].as_str().unwrap_or_default(), state, "{image}: {told}");
    }
}

#[test]
fn a_clean_up_that_fails_for_good_needs_a_person() {
    let shell = odin("dirty");
    let faults = json!({"faults": [
        {"operation": "autoscaling:PutScalingPolicy", "kind": {"error": "AccessDenied"}},
        {"operation": "autoscaling:DeleteAutoScalingGroup", "kind": {"error": "AccessDenied"}},
    ]});
    shell.write("faults.json", faults.to_string());
    let output = shell.run("deploy release.json --local --scenario faults.json --speed 100000 --output text");
    let shown = text(&output.stdout);
    assert_eq!(output.status.code(), Some(3), "{shown}");
    for part in [
        "\nFailureDirty: release-",
        "\n  failed   in Deploy: DeployError: ",
        "\n  then     in CleanUpFailure: CleanUpError: ",
        "\n  is left  coinbase/deploy-test-development-",
        "\n  next     a person must look: `odin history ",
        "`odin unlock coinbase/deploy-test development --account 000000000000 --local`",
    ] {
        assert!(shown.contains(part), "{part:?} in {shown}");
    }
    let [status] = shell.json("status --local").try_into().unwrap();
    assert_eq!(status["root_locks"][0]["running"], json!(false), "its lock is kept");
    // The next is refused, and says who is in the way.
    let (refused, code) = deploy(&shell, "release.json --local");
    assert_eq!((code, &refused["failures"][0]["error"]), (2, &json!("LockExistsError")));
    assert!(refused["failures"][0]["cause"].as_str().unwrap().contains("odin unlock coinbase/deploy-test development"));
}

/// A release, and what is said of it.
fn bad_releases(shell: &Shell) -> Vec<(&'static str, &'static str)> {
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
    changed("climbs", "/project_name", json!("../x"));
    changed("escapes", "/services/web/tags", json!({"aws:\u{9b}2J": ""}));
    vec![
        ("absent", "cannot read absent.json"),
        ("text", "line 1, column 1: expected a value"),
        ("comment", "JSON has no comments"),
        ("comma", "JSON has no trailing commas"),
        ("quotes", "JSON has strings in double quotes only"),
        ("large", "more than 1048576 bytes"),
        ("unknown", "sevices: there is no such field; did you mean `services`?"),
        ("nested", "services.web.autoscaling.min_sze: there is no such field; did you mean `min_size`?"),
        ("type", "services.web.ebs_volume_size: expected a whole number"),
        ("groups", "services.web.security_groups: required"),
        ("sizes", "services.web.autoscaling.min_size: min_size is 9 and max_size 5"),
        ("spread", "services.web.autoscaling.spread: a spread is a share from 0 to 1, not 1.5"),
        ("policies", "services.web.autoscaling.policies[1]: another policy has the same type and name"),
        ("climbs", "project_name: \"../x\" is no project name"),
        ("escapes", r"services.web.tags.aws:\u{9b}2J: keys that begin"),
    ]
}

#[test]
fn bad_input_gives_one_clear_error_and_changes_nothing() {
    let shell = odin("bad-input");
    let bad = bad_releases(&shell);
    shell.write("scenario.json", r#"{"faults": []}"#);
    for (name, says) in &bad {
        let complaint = shell.refused(&format!("deploy {name}.json --local"));
        assert!(complaint.starts_with("error: ") && complaint.contains(says), "{name}: {complaint}");
    }
    assert!(!shell.folder.join(".bifrost").exists(), "a refused command makes no world");
    deploy(&shell, "release.json --local");
    let before = local_state(&shell);
    assert!(before.is_some());
    for (name, _) in &bad {
        shell.refused(&format!("deploy {name}.json --local --fresh --scenario scenario.json"));
    }
    assert!(local_state(&shell) == before, "a refused command changes no world");
}

#[test]
fn a_world_or_scenario_with_an_unknown_resource_type_changes_nothing() {
    let shell = odin("bad-world");
    deploy(&shell, "release.json --local");
    let before = local_state(&shell);
    let mut unknown: Value = serde_json::from_str(SEED).unwrap();
    unknown["accounts"]["000000000000"]["resources"]["regions"]["us-east-1"]["databases"] = json!({});
    shell.write("unknown.json", unknown.to_string());
    let place = "accounts.000000000000.resources.regions.us-east-1.databases: there is no such field";
    assert!(shell.refused("deploy release.json --cloud unknown.json").contains(place));
    assert!(!shell.folder.join(".bifrost/unknown.sqlite").exists());
    let patch = json!({"accounts": unknown["accounts"]});
    shell.write("scenario.json", patch.to_string());
    assert!(shell.refused("deploy release.json --local --scenario scenario.json").contains(place));
    assert!(shell.refused("deploy release.json --local --fresh --scenario scenario.json").contains(place));
    assert!(local_state(&shell) == before);
}

#[test]
fn what_is_refused_elsewhere_leaves_no_world_either() {
    let shell = odin("no-trace");
    for line in ["halt web dev --local", "halt ../x dev --local", "lock ../x dev --local --reason incident"] {
        shell.refused(line);
        assert!(!shell.folder.join(".bifrost").exists(), "{line}");
    }
}

/// The events of a command that may have any exit code, and that.
fn told(shell: &Shell, line: &str) -> (Value, i32) {
    let output = shell.run(line);
    let shown = text(&output.stdout);
    let last = shown.lines().last().unwrap_or_else(|| panic!("{line}: {}", text(&output.stderr)));
    (serde_json::from_str(last).unwrap(), output.status.code().unwrap())
}

#[test]
fn a_plan_tells_which_groups_would_be_made_and_which_would_go() {
    let shell = odin("plan");
    let (first, code) = told(&shell, "plan release.json --local");
    let actions = |plan: &Value| -> Vec<Value> {
        plan["changes"].as_array().unwrap().iter().map(|change| change["action"].clone()).collect()
    };
    assert_eq!((code, actions(&first)), (2, vec![json!("add"), json!("add")]));
    deploy(&shell, "release.json --local");
    let before = local_state(&shell);
    release(&shell, "larger", |release| release["services"]["web"]["instance_type"] = json!("c5.large"));
    let (second, code) = told(&shell, "plan larger.json --local");
    assert_eq!((code, actions(&second)), (2, ["add", "add", "remove", "remove"].map(Value::from).to_vec()));
    let details = second["changes"][0]["details"].to_string();
    assert!(
        details.contains("instance type t3.nano → c5.large") && details.contains("user data as before"),
        "{details}"
    );
    release(&shell, "refused", |release| release["ami"] = json!("ubuntu-of-another-team"));
    let (refused, code) = told(&shell, "plan refused.json --local");
    assert_eq!(code, 1);
    assert!(refused["findings"][0].as_str().unwrap().starts_with("ami: "), "{refused}");
    assert!(local_state(&shell) == before, "a plan changes nothing");
}

#[test]
fn a_rollback_brings_back_the_release_before_with_its_user_data() {
    let shell = odin("rollback");
    deploy(&shell, "release.json --local");
    release(&shell, "second", |release| release["services"]["web"]["instance_type"] = json!("c5.large"));
    shell.write("second.json.userdata", "#!/bin/sh\n");
    deploy(&shell, "second.json --local");
    let (end, code) = told(&shell, &format!("rollback {SUBJECT} --local --speed 100000"));
    assert_eq!((code, &end["status"]), (0, &json!("Success")));
    assert_eq!(deployed(&shell), vec![end["release_id"].as_str().unwrap(); 2]);
    // What is deployed now is the first again, to the byte of its user data.
    let (plan, _) = told(&shell, "plan release.json --local");
    let details = plan["changes"][0]["details"].to_string();
    assert!(details.contains("user data as before") && !details.contains("→"), "{details}");
    assert!(shell.refused("rollback release.json --local").contains("is the first release of"));
}

#[test]
fn a_halt_after_the_new_instances_are_healthy_comes_too_late_and_says_so() {
    let shell = odin("too-late");
    release(&shell, "release", |release| release["wait_for_detach"] = json!(3600));
    let engine = Engine::until(&shell, "WaitForDetach");
    let halt = shell.run(&format!("halt {SUBJECT} --local"));
    let said = text(&halt.stdout);
    assert_eq!(halt.status.code(), Some(0), "{}", text(&halt.stderr));
    assert!(said.contains("is written; but it comes too late: the new instances are healthy"), "{said}");
    engine.kill();
    let (end, _) = deploy(&shell, "release.json --local");
    assert_eq!(end["status"], "Success");
}

#[test]
fn fails_tells_the_root_cause_of_a_deploy_that_failed() {
    let shell = odin("fails");
    release(&shell, "unhealthy", |release| release["ami"] = json!("ubuntu-never-healthy"));
    deploy(&shell, "unhealthy.json --local");
    deploy(&shell, "release.json --local");
    let [fail] = shell.json(&format!("fails {SUBJECT} --local")).try_into().unwrap();
    let failure = &fail["failures"][0];
    assert_eq!((&failure["state"], &failure["error"]), (&json!("CheckHealthy"), &json!("HaltError")));
    assert!(fail["next"].as_str().unwrap().starts_with("find out why it was halted"), "{fail}");
}
