//! The commands as a person gives them: processes, their output and their exit codes.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on says where by panicking"
)]

#[path = "../../../tests/shell/mod.rs"]
mod shell;

use serde_json::{Value, json};
use shell::{Shell, text};
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

/// A folder with a release, in which commands of this deployer are given.
struct Hello(Shell);

impl Hello {
    /// Each test has its own.
    fn new(test: &str) -> Self {
        let shell = Shell::new(env!("CARGO_BIN_EXE_hello"), test);
        shell.write("release.json", include_str!("../release.json"));
        Self(shell)
    }

    /// A deploy that takes ten minutes of the world, and is in them.
    fn slow_deploy(&self) -> Child {
        let delay =
            json!({"operation": "dynamodb:PutItem", "state": "Deploy", "times": 1, "kind": {"delay_seconds": 600}});
        self.write("slow.json", json!({"faults": [delay]}).to_string());
        let mut child = self.command("deploy release.json --local --scenario slow.json --speed 20");
        let mut child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.map_while(Result::ok).any(|line| line.contains(r#""state":"Deploy""#)));
        child
    }
}

impl std::ops::Deref for Hello {
    type Target = Shell;

    fn deref(&self) -> &Shell {
        &self.0
    }
}

/// The release that is deployed, and by whom.
fn deployed(shell: &Hello) -> (Value, Value) {
    let [status] = shell.json("status acme/shop development --local").try_into().unwrap();
    let release = status["services"][0]["release_id"].clone();
    let by = status["started_by"][release.as_str().unwrap_or_default()].clone();
    (release, by)
}

#[test]
fn a_deploy_tells_its_events_and_status_what_it_deployed() {
    let shell = Hello::new("deploy");
    let events = shell.json("deploy release.json --local");
    let states: Vec<_> = events.iter().filter_map(|event| event["state"].as_str()).collect();
    assert_eq!(states, ["Validate", "Lock", "Deploy", "UnlockSuccess", "Success"]);
    let end = events.last().unwrap();
    assert_eq!((&end["event"], &end["status"], &end["exit_code"]), (&json!("end"), &json!("Success"), &json!(0)));
    let (release, by) = deployed(&shell);
    assert_eq!(release, end["release_id"]);
    assert!(by.as_str().unwrap().starts_with("ada@"), "{by}");
}

#[test]
fn a_deploy_for_a_person_is_text() {
    let shell = Hello::new("text");
    let output = shell.run("deploy release.json --local --output text");
    let shown = text(&output.stdout);
    assert!(shown.starts_with("Deploying release-2026-11-21T12-00-00Z-"), "{shown}");
    assert!(shown.contains("  0:00   1:00 left  Lock           One deploy at a time.\n"), "{shown}");
    assert!(shown.contains("\nSuccess: release-"), "{shown}");
    assert!(!shown.contains('\u{1b}'), "no colours where there is no terminal: {shown}");
}

#[test]
fn bad_input_is_one_clear_error_and_leaves_no_trace() {
    let shell = Hello::new("bad-input");
    let file = |text: &str| {
        shell.write("bad.json", text);
        shell.refused("deploy bad.json --local")
    };
    assert!(shell.refused("deploy absent.json --local").starts_with("error: cannot read absent.json: "));
    assert_eq!(
        file(r#"{"project_name": "a/b", // the project"#),
        "error: bad.json: line 1, column 25: expected a key in double quotes, found `/` (JSON has no comments)"
    );
    assert_eq!(
        file(r#"{"project_name": "a", "config_name": "b", "flag": "c", "valeu": "d"}"#),
        "error: bad.json: valeu: there is no such field; did you mean `value`?"
    );
    assert_eq!(
        file(r#"{"project_name": "a", "config_name": "b", "flag": "c", "value": true}"#),
        "error: bad.json: value: expected a string, found true"
    );
    assert_eq!(
        file(r#"{"project_name": "../x", "config_name": "b", "flag": "c", "value": "d"}"#),
        "error: bad.json: project_name: \"../x\" is no project name: a segment may not be `.` or `..`, which lead to another directory"
    );
    assert!(file(&" ".repeat(2_000_000)).contains("bad.json has more than 1048576 bytes"));
    shell.write("world.json", r#"{"clock": "2026-11-21T12:00:00Z", "acounts": {}}"#);
    assert_eq!(
        shell.refused("deploy release.json --cloud world.json"),
        "error: world.json: acounts: there is no such field; did you mean `accounts`?"
    );
    shell.write("scenario.json", r#"{"faults": [{"operation": "*", "kind": "explode"}]}"#);
    let scenario = shell.refused("deploy release.json --local --scenario scenario.json");
    assert!(scenario.starts_with("error: scenario.json: "), "{scenario}");
    assert!(scenario.contains("faults[0].kind"), "{scenario}");
    assert!(!shell.folder.join(".bifrost").exists(), "a refused command makes no world");
}

#[test]
fn a_build_without_aws_says_so() {
    let shell = Hello::new("no-aws");
    let refusal = shell.refused("deploy release.json");
    assert!(refusal.starts_with("error: this build of hello does not reach AWS: add --local"), "{refusal}");
}

#[test]
fn without_arguments_the_help_is_shown() {
    let shell = Hello::new("help");
    let output = shell.run("");
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).contains("Exit codes:"));
    let lambda = shell.command("").env("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001").output().unwrap();
    assert_eq!(lambda.status.code(), Some(2));
}

#[test]
fn a_refusal_exits_2_a_clean_failure_1_and_a_dirty_one_3() {
    let shell = Hello::new("exit-codes");
    let code = |faults: Value| {
        shell.write("faults.json", json!({"faults": faults}).to_string());
        let output = shell.run("deploy release.json --local --scenario faults.json --speed 1000");
        (output.status.code().unwrap(), text(&output.stdout))
    };
    let fault = |operation: &str, state: &str| json!({"operation": operation, "state": state, "kind": {"error": "AccessDenied"}});
    assert_eq!(code(json!([fault("s3:GetObject", "Validate")])).0, 2);
    assert_eq!(code(json!([fault("dynamodb:PutItem", "Deploy")])).0, 1);
    let (dirty, events) = code(json!([fault("dynamodb:PutItem", "Deploy"), fault("dynamodb:PutItem", "RollBack")]));
    assert_eq!(dirty, 3);
    let end: Value = serde_json::from_str(events.lines().last().unwrap()).unwrap();
    assert_eq!((&end["status"], &end["failures"][0]["state"]), (&json!("FailureDirty"), &json!("Deploy")));
    // Its lock was kept, and can be cleared now that it does not run any more.
    assert_eq!(code(json!([])).0, 2);
    assert_eq!(shell.run("unlock release.json --local").status.code(), Some(0));
    assert_eq!(code(json!([])).0, 0);
}

#[test]
fn a_frozen_config_is_refused_with_person_and_reason() {
    let shell = Hello::new("frozen");
    let lock = shell.command("lock acme/shop development --local --reason").arg("incident 42").output().unwrap();
    assert_eq!(lock.status.code(), Some(0));
    let deploy = shell.run("deploy release.json --local --output text");
    assert_eq!(deploy.status.code(), Some(2));
    let shown = text(&deploy.stdout);
    assert!(shown.contains("is frozen by ada@") && shown.contains(": incident 42;"), "{shown}");
    assert_eq!(shell.run("unlock acme/shop development --local").status.code(), Some(0));
    assert_eq!(shell.run("deploy release.json --local").status.code(), Some(0));
}

#[test]
fn when_the_engine_is_killed_the_next_deploy_goes_on_with_its_execution() {
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
fn an_interrupted_deploy_says_what_goes_on_and_how_to_stop_it() {
    let shell = Hello::new("interrupted");
    let mut engine = shell.slow_deploy();
    let signal = Command::new("kill").args(["-INT", &engine.id().to_string()]).status().unwrap();
    assert!(signal.success());
    let mut said = String::new();
    engine.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(engine.wait().unwrap().code(), Some(130), "{said}");
    assert!(said.contains("the next deploy in this world goes on with it"), "{said}");
    assert!(said.contains("`hello halt acme/shop development --account 000000000000 --local`"), "{said}");
}

#[test]
fn a_second_deploy_follows_the_first_and_takes_over_when_that_dies() {
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
fn a_world_in_use_is_not_made_anew() {
    let shell = Hello::new("in-use");
    let mut engine = shell.slow_deploy();
    let refusal = shell.refused("deploy release.json --local --fresh");
    assert!(refusal.contains("is in use: a deploy runs in this world"), "{refusal}");
    engine.kill().unwrap();
    engine.wait().unwrap();
    assert_eq!(shell.run("deploy release.json --local --fresh").status.code(), Some(0));
    assert_eq!(shell.json("history --local").len(), 1, "the world is new");
}

#[test]
fn a_world_file_becomes_a_world_that_stays() {
    let shell = Hello::new("world-file");
    shell.write("mine.json", include_str!("../seed.json"));
    shell.json("deploy release.json --cloud mine.json");
    assert!(shell.folder.join(".bifrost/mine.sqlite").exists());
    assert_eq!(shell.json("history --cloud mine.json").len(), 1);
    assert_eq!(shell.json("history --cloud .bifrost/mine.sqlite").len(), 1);
    assert_eq!(shell.json("history --local").len(), 0);
}

#[test]
fn definitions_are_printed_for_aws_for_the_originals_and_for_the_eye() {
    let shell = Hello::new("definitions");
    let resource = |line: &str| {
        let definition: Value = serde_json::from_slice(&shell.run(line).stdout).unwrap();
        definition["States"]["Lock"]["Resource"].as_str().unwrap().to_owned()
    };
    assert_eq!(resource("asl --local"), "arn:aws:lambda:us-east-1:000000000000:function:coinbase-hello");
    assert_eq!(
        resource("asl --account 222222222222 --region eu-west-1 --deployer my-hello"),
        "arn:aws:lambda:eu-west-1:222222222222:function:my-hello"
    );
    assert_eq!(resource("json"), "arn:aws:lambda:{{aws_region}}:{{aws_account}}:function:{{lambda_name}}");
    assert!(text(&shell.run("graph").stdout).starts_with("stateDiagram-v2"));
    assert!(text(&shell.run("graph dot").stdout).starts_with("digraph"));
    assert!(text(&shell.run("completions bash").stdout).contains("_hello"));
}

#[test]
fn the_events_of_an_execution_are_those_of_aws() {
    let shell = Hello::new("history");
    shell.json("deploy release.json --local");
    let [execution] = shell.json("history --local").try_into().unwrap();
    let events = shell.json(&format!("history --local {}", execution["arn"].as_str().unwrap()));
    assert_eq!(events[0]["type"], "ExecutionStarted");
    assert_eq!(events.last().unwrap()["type"], "ExecutionSucceeded");
    assert!(shell.refused("history --local nothing").contains("there is no execution nothing"));
}

#[test]
fn bootstrap_prints_a_template_for_the_deployer_account_and_one_for_each_target() {
    let shell = Hello::new("bootstrap");
    let template = |arguments: &str| -> Value { serde_json::from_slice(&shell.run(arguments).stdout).unwrap() };
    let deployer = template("bootstrap");
    assert_eq!(deployer["Resources"]["Machine"]["Properties"]["StateMachineName"], "coinbase-hello");
    let target = template("bootstrap --target 222222222222 --deployer-account 111111111111 --deployer acme-hello");
    assert_eq!(target["Resources"]["AssumedRole"]["Properties"]["RoleName"], "acme-hello-assumed");
}

#[test]
fn bootstrap_says_what_it_lacks() {
    let shell = Hello::new("bootstrap-lacks");
    for (arguments, problem) in [
        ("bootstrap --target 222222222222", "--deployer-account"),
        ("bootstrap --deployer acme_hello", "no name of a deployer"),
        ("bootstrap --apply --code release.json", "no Linux executable"),
        ("bootstrap --apply --code absent.zip", "absent.zip"),
        ("bootstrap --project acme/shop --apply", "does not reach AWS"),
    ] {
        let error = shell.refused(arguments);
        assert!(error.contains(problem), "{arguments}: {error}");
    }
}

/// What a command answers, and its exit code.
fn answer(shell: &Hello, line: &str) -> (Value, i32) {
    let output = shell.run(line);
    let shown = text(&output.stdout);
    let last = shown.lines().last().unwrap_or_else(|| panic!("{line}: {}", text(&output.stderr)));
    (serde_json::from_str(last).unwrap(), output.status.code().unwrap())
}

#[test]
fn a_plan_exits_2_with_changes_0_without_any_and_1_if_it_fails() {
    let shell = Hello::new("plan");
    let (first, code) = answer(&shell, "plan release.json --local");
    assert_eq!((code, &first["exit_code"], &first["changes"][0]["action"]), (2, &json!(2), &json!("add")));
    assert!(!shell.folder.join(".bifrost").exists(), "a plan makes no world");
    shell.json("deploy release.json --local");
    let (same, code) = answer(&shell, "plan release.json --local");
    assert_eq!((code, &same["changes"], &same["project_name"]), (0, &json!([]), &json!("acme/shop")));
    shell.write("off.json", include_str!("../release.json").replace("\"on\"", "\"off\""));
    let output = shell.run("plan off.json --local --output text");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        text(&output.stdout),
        "acme/shop development in account 000000000000
  ~ modify     new-checkout  flag
               on → off
A deploy would change this: 1 to modify.\n"
    );
    for wrong in ["plan absent.json --local", "plan release.json", "plan release.json --local --no-such-flag", "plan"] {
        let output = shell.run(wrong);
        assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(1), ""), "{wrong}");
        assert!(text(&output.stderr).starts_with("error: "), "{wrong}");
    }
}

#[test]
fn a_plan_tells_that_a_deploy_runs() {
    let shell = Hello::new("plan-while");
    let mut engine = shell.slow_deploy();
    let (plan, _) = answer(&shell, "plan release.json --local");
    assert!(plan["notes"][0].as_str().unwrap().contains(" runs now, and may change what this says"), "{plan}");
    engine.kill().unwrap();
    engine.wait().unwrap();
}

#[test]
fn a_rollback_deploys_again_what_was_deployed_before() {
    let shell = Hello::new("rollback");
    let value =
        |shell: &Hello| shell.json("status acme/shop development --local")[0]["services"][0]["parts"][0].clone();
    let deploy = |value: &str| {
        shell.write("value.json", include_str!("../release.json").replace("\"on\"", &format!("{value:?}")));
        shell.json("deploy value.json --local").last().unwrap()["release_id"].clone()
    };
    assert!(shell.refused("rollback release.json --local").contains("no deploy of acme/shop development in account"));
    let first = deploy("first");
    assert!(shell.refused("rollback release.json --local").contains("is the first release of"));
    deploy("second");
    deploy("third");
    let output = shell.run("rollback acme/shop development --local");
    assert_eq!((output.status.code(), value(&shell)), (Some(0), json!("second")));
    let told = text(&output.stderr);
    assert!(told.starts_with("rolling back acme/shop development in account 000000000000\n  from release-"), "{told}");
    assert_eq!(shell.json("rollback acme/shop development --local").last().unwrap()["status"], "Success");
    assert_eq!(value(&shell), "first", "to roll back twice goes back twice");
    assert!(shell.refused("rollback release.json --local").contains("is the first release of"));
    deploy("fourth");
    let line = format!("rollback acme/shop development --to {} --local --output text", first.as_str().unwrap());
    let shown = text(&shell.run(&line).stdout);
    assert!(shown.contains("\nSuccess: release-"), "{shown}");
    assert_eq!(value(&shell), "first");
    let unknown = shell.refused("rollback acme/shop development --to release-1-abc --local");
    assert!(unknown.contains("no deploy of release-1-abc of acme/shop development"), "{unknown}");
}

#[test]
fn a_rollback_is_refused_while_a_deploy_runs() {
    let shell = Hello::new("rollback-while");
    shell.json("deploy release.json --local");
    let mut engine = shell.slow_deploy();
    let refusal = shell.refused("rollback release.json --local");
    assert!(refusal.contains("runs now: wait for its end, or halt it"), "{refusal}");
    engine.kill().unwrap();
    engine.wait().unwrap();
}

#[test]
fn fails_tells_what_failed_why_and_what_to_do() {
    let shell = Hello::new("fails");
    assert!(shell.json("fails --local").is_empty());
    let fault = json!({"operation": "dynamodb:PutItem", "state": "Deploy", "kind": {"error": "AccessDenied"}});
    shell.write("faults.json", json!({"faults": [fault]}).to_string());
    shell.run("deploy release.json --local --scenario faults.json --speed 1000");
    let [fail] = shell.json("fails --local").try_into().unwrap();
    assert_eq!((&fail["status"], &fail["failures"][0]["state"]), (&json!("FailureClean"), &json!("Deploy")));
    assert_eq!((&fail["project_name"], &fail["config_name"]), (&json!("acme/shop"), &json!("development")));
    assert!(fail["next"].as_str().unwrap().contains("`hello history deploy-acme-shop-development-"), "{fail}");
    assert_eq!(shell.json("fails release.json --local").len(), 1);
    assert_eq!(shell.json("fails acme/shop production --local").len(), 0);
    let shown = text(&shell.run("fails --local --limit 1 --output text").stdout);
    assert!(shown.contains("\n  failed   in Deploy: DeployError: cannot set the flag"), "{shown}");
}
