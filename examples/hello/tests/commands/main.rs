//! The commands as users run them: processes, their output and their exit codes.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test that cannot continue panics")]

mod audit;
mod engine;
mod locks;
mod plan;
#[path = "../../../../tests/shell/mod.rs"]
mod shell;

use serde_json::{Value, json};
use shell::{Shell, error_code, text};
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

/// A local cloud.
const SEED: &str = r#"{
    "clock": "2026-11-21T12:00:00Z",
    "deployer_account": "000000000000",
    "deployer_region": "us-east-1",
    "accounts": {"000000000000": {}}
}"#;

/// A folder with a release, in which commands of this deployer run.
struct Hello(Shell);

impl Hello {
    /// Each test has its own folder.
    fn new(test: &str) -> Self {
        let shell = Shell::new(env!("CARGO_BIN_EXE_hello"), test);
        shell.write("release.json", include_str!("../../release.json"));
        Self(shell)
    }

    /// Starts a deploy that takes ten simulated minutes, and waits until it is in the slow state.
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

/// The code of the error of a refused command.
fn refusal_code(shell: &Hello, line: &str) -> String {
    error_code(&shell.refused(line))
}

/// The deployed release, and who deployed it.
fn deployed(shell: &Hello) -> (Value, Value) {
    let [status] = shell.json("status acme/shop development --local").try_into().unwrap();
    let release = status["services"][0]["release_id"].clone();
    let by = status["started_by"][release.as_str().unwrap_or_default()].clone();
    (release, by)
}

#[test]
fn deploy_reports_events_and_status_the_release() {
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
fn deploy_as_text() {
    let shell = Hello::new("text");
    let output = shell.run("deploy release.json --local --output text");
    let shown = text(&output.stdout);
    assert!(shown.starts_with("Deploying release-2026-11-21T12-00-00Z-"), "{shown}");
    assert!(shown.contains("  0:00   1:00 left  Lock   "), "{shown}");
    assert!(shown.contains("\nSuccess: release-"), "{shown}");
    assert!(!shown.contains('\u{1b}'), "no colours without a terminal: {shown}");
}

#[test]
fn bad_input_is_one_error_and_changes_nothing() {
    let shell = Hello::new("bad-input");
    let deploy = |text: &str| {
        shell.write("bad.json", text);
        shell.refused("deploy bad.json --local")
    };
    assert_eq!(refusal_code(&shell, "deploy absent.json --local"), "release/unreadable-file");
    for (release, code, place) in [
        (r#"{"project_name": "a/b", // the project"#, "release/not-json", "line 1, column 25"),
        (r#"{"project_name": "a", "config_name": "b", "flag": "c", "valeu": "d"}"#, "release/unknown-field", "valeu: "),
        (r#"{"project_name": "a", "config_name": "b", "flag": "c", "value": true}"#, "release/wrong-type", "value: "),
        (
            r#"{"project_name": "../x", "config_name": "b", "flag": "c", "value": "d"}"#,
            "release/invalid-value",
            "project_name: ",
        ),
    ] {
        let error = deploy(release);
        assert!(error.starts_with(&format!("error[{code}]: ")) && error.contains(place), "{error}");
    }
    assert_eq!(error_code(&deploy(&" ".repeat(2_000_000))), "release/file-too-large");
    shell.write("seed.json", r#"{"clock": "2026-11-21T12:00:00Z", "acounts": {}}"#);
    assert!(shell.refused("deploy release.json --cloud seed.json").contains("seed.json: acounts: "));
    shell.write("scenario.json", r#"{"faults": [{"operation": "*", "kind": "explode"}]}"#);
    let scenario = shell.refused("deploy release.json --local --scenario scenario.json");
    assert_eq!(error_code(&scenario), "scenario/invalid");
    assert!(scenario.contains("scenario.json: ") && scenario.contains("faults[0].kind"), "{scenario}");
    assert!(!shell.folder.join(".bifrost").exists(), "a refused command creates no local cloud");
}

#[cfg(not(feature = "aws"))]
#[test]
fn build_without_aws_is_refused() {
    let shell = Hello::new("no-aws");
    assert_eq!(refusal_code(&shell, "deploy release.json"), "cli/no-aws");
}

/// serde would read the elements as the fields, by position.
#[test]
fn array_is_no_object() {
    let shell = Hello::new("arrays");
    let release: Value = serde_json::from_str(include_str!("../../release.json")).unwrap();
    shell.write("array.json", json!(release.as_object().unwrap().values().collect::<Vec<_>>()).to_string());
    let code = refusal_code(&shell, "deploy array.json --local");
    assert!(code.starts_with("release/"), "{code}");
    let mut seed: Value = serde_json::from_str(SEED).unwrap();
    seed["accounts"]["000000000000"] = json!([{}]);
    shell.write("seed.json", seed.to_string());
    let error = shell.refused("deploy release.json --cloud seed.json");
    assert_eq!(error_code(&error), "seed/invalid");
    assert!(error.contains("accounts.000000000000: expected an object, found an array"), "{error}");
    let fault = json!(["*", "Deploy", 1, {"delay_seconds": 600}]);
    shell.write("scenario.json", json!({"faults": [fault]}).to_string());
    let error = shell.refused("deploy release.json --local --scenario scenario.json");
    assert_eq!(error_code(&error), "scenario/invalid");
    assert!(error.contains("faults[0]: expected an object, found an array"), "{error}");
}

#[test]
fn options_of_the_local_cloud_require_it() {
    let shell = Hello::new("requires-local");
    for option in ["--scenario faults.json", "--fresh"] {
        assert_eq!(refusal_code(&shell, &format!("deploy release.json {option}")), "cli/requires-local");
    }
    assert_eq!(refusal_code(&shell, "doctor --local"), "doctor/local-cloud");
}

#[test]
fn errors_are_json_with_an_explicit_output_json() {
    let shell = Hello::new("json-errors");
    for (line, code) in [
        ("deploy absent.json --local --output json", "release/unreadable-file"),
        ("deploy release.json --local --output=json --timeout 0", "cli/usage"),
        ("deploy --local --output json", "cli/usage"),
    ] {
        let error: Value = serde_json::from_str(&shell.refused(line)).unwrap();
        assert_eq!(error["error"]["code"], code, "{line}");
        assert!(!error["error"]["message"].as_str().unwrap().is_empty(), "{line}");
    }
}

#[test]
fn usage_errors_have_the_form_of_clap() {
    let shell = Hello::new("usage-errors");
    for line in
        ["deploy release.json --local --timeout 0", "failures --local --limit 0", "deploy release.json --speed=0"]
    {
        let output = shell.run(line);
        assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(2), ""), "{line}");
        let error = text(&output.stderr);
        assert!(error.starts_with("error: invalid value '0' for '--"), "{error}");
        assert!(!error.contains("non-zero type"), "{error}");
    }
}

#[test]
fn help_is_shown_without_arguments() {
    let shell = Hello::new("help");
    let output = shell.run("");
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).contains("Exit codes:"));
}

/// With the feature, the program would be the function.
#[cfg(not(feature = "lambda"))]
#[test]
fn build_without_lambda_cannot_be_the_function() {
    let shell = Hello::new("no-lambda");
    let lambda = shell.command("").env("AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001").output().unwrap();
    assert_eq!(lambda.status.code(), Some(2));
}

#[test]
fn exit_codes_of_failures() {
    let shell = Hello::new("exit-codes");
    let code = |faults: Value| {
        shell.write("faults.json", json!({"faults": faults}).to_string());
        let output = shell.run("deploy release.json --local --scenario faults.json --speed 1000");
        (output.status.code().unwrap(), text(&output.stdout))
    };
    let fault = |operation: &str, state: &str| json!({"operation": operation, "state": state, "kind": {"error": "AccessDenied"}});
    assert_eq!(code(json!([fault("s3:GetObject", "Validate")])).0, 2);
    assert_eq!(code(json!([fault("dynamodb:PutItem", "Deploy")])).0, 1);
    let (dirty, events) = code(json!([fault("dynamodb:PutItem", "Deploy"), fault("dynamodb:Query", "RollBack")]));
    assert_eq!(dirty, 3);
    let end: Value = serde_json::from_str(events.lines().last().unwrap()).unwrap();
    assert_eq!((&end["status"], &end["failures"][0]["state"]), (&json!("FailureDirty"), &json!("Deploy")));
    // The lock was kept, and can be cleared because the execution has ended.
    assert_eq!(code(json!([])).0, 2);
    assert_eq!(shell.run("unlock release.json --local").status.code(), Some(0));
    assert_eq!(code(json!([])).0, 0);
}

#[test]
fn seed_becomes_a_local_cloud_that_is_kept() {
    let shell = Hello::new("seed-file");
    shell.write("mine.json", SEED);
    shell.json("deploy release.json --cloud mine.json");
    assert!(shell.folder.join(".bifrost/mine.sqlite").exists());
    assert_eq!(shell.json("history --cloud mine.json").len(), 1);
    assert_eq!(shell.json("history --cloud .bifrost/mine.sqlite").len(), 1);
    assert_eq!(shell.json("history --local").len(), 0);
}

#[test]
fn definitions_are_printed() {
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
fn history_has_the_events_of_aws() {
    let shell = Hello::new("history");
    shell.json("deploy release.json --local");
    let [execution] = shell.json("history --local").try_into().unwrap();
    let events = shell.json(&format!("history --local {}", execution["arn"].as_str().unwrap()));
    assert_eq!(events[0]["type"], "ExecutionStarted");
    assert_eq!(events.last().unwrap()["type"], "ExecutionSucceeded");
    assert_eq!(refusal_code(&shell, "history --local nothing"), "cli/unknown-execution");
}

#[test]
fn bootstrap_prints_templates() {
    let shell = Hello::new("bootstrap");
    let template = |arguments: &str| -> Value { serde_json::from_slice(&shell.run(arguments).stdout).unwrap() };
    let deployer = template("bootstrap");
    assert_eq!(deployer["Resources"]["Machine"]["Properties"]["StateMachineName"], "coinbase-hello");
    let target = template("bootstrap --target 222222222222 --deployer-account 111111111111 --deployer acme-hello");
    assert_eq!(target["Resources"]["AssumedRole"]["Properties"]["RoleName"], "acme-hello-assumed");
}

#[test]
fn bootstrap_refuses_incomplete_input() {
    let shell = Hello::new("bootstrap-lacks");
    for (line, code) in [
        ("bootstrap --target 222222222222", "bootstrap/no-deployer-account"),
        ("bootstrap --deployer acme_hello", "release/invalid-name"),
        ("bootstrap --apply --code release.json", "bootstrap/code-not-for-lambda"),
        ("bootstrap --apply --code absent.zip", "bootstrap/code-unreadable"),
        (
            "bootstrap --project acme/shop --apply",
            if cfg!(feature = "aws") { "aws/no-region" } else { "bootstrap/no-aws" },
        ),
    ] {
        assert_eq!(refusal_code(&shell, line), code, "{line}");
    }
}

#[test]
fn invalid_value_of_a_seed_is_cut() {
    let shell = Hello::new("long-value");
    let seed = SEED.replacen("000000000000", &"9".repeat(300_000), 1);
    shell.write("seed.json", seed);
    let error = shell.refused("history --cloud seed.json");
    assert!(error.len() < 1000 && error.contains("seed.json: "), "{}", error.len());
}

#[test]
fn local_cloud_of_another_version_is_replaced_by_a_command() {
    let shell = Hello::new("old-version");
    shell.json("deploy release.json --cloud mine.sqlite");
    let path = shell.folder.join("mine.sqlite");
    let mut content = std::fs::read(&path).unwrap();
    // The header of an SQLite file has `user_version` there.
    content[60..64].copy_from_slice(&2_u32.to_be_bytes());
    std::fs::write(&path, content).unwrap();
    let error = shell.refused("history --cloud mine.sqlite");
    assert_eq!(error_code(&error), "local/other-layout");
    assert!(error.contains("`hello deploy release.json --fresh --cloud mine.sqlite`"), "{error}");
    assert_eq!(shell.run("deploy release.json --fresh --cloud mine.sqlite").status.code(), Some(0));
}

#[test]
fn failures_have_cause_and_remedy() {
    let shell = Hello::new("failures");
    assert!(shell.json("failures --local").is_empty());
    let fault = json!({"operation": "dynamodb:PutItem", "state": "Deploy", "kind": {"error": "AccessDenied"}});
    shell.write("faults.json", json!({"faults": [fault]}).to_string());
    shell.run("deploy release.json --local --scenario faults.json --speed 1000");
    let [failure] = shell.json("failures --local").try_into().unwrap();
    assert_eq!((&failure["status"], &failure["failures"][0]["state"]), (&json!("FailureClean"), &json!("Deploy")));
    assert_eq!((&failure["project_name"], &failure["config_name"]), (&json!("acme/shop"), &json!("development")));
    assert!(failure["next"].as_str().unwrap().contains("`hello history deploy-acme-shop-development-"), "{failure}");
    assert_eq!(shell.json("failures release.json --local").len(), 1);
    assert_eq!(shell.json("failures acme/shop production --local").len(), 0);
    let shown = text(&shell.run("failures --local --limit 1 --output text").stdout);
    assert!(shown.contains("\n  failed   in Deploy: PermanentError [aws/access-denied]: "), "{shown}");
    assert_eq!(failure["superseded_by"], Value::Null);
    shell.write("faults.json", json!({"faults": []}).to_string());
    let later = shell.json("deploy release.json --local --scenario faults.json")[0]["execution"].clone();
    assert_eq!(shell.json("failures --local")[0]["superseded_by"], later);
}

#[test]
fn former_names_of_commands_and_options_still_work() {
    let shell = Hello::new("former-names");
    assert!(shell.json("fails --local").is_empty());
    shell.write("mine.json", SEED);
    let lock =
        shell.command("lock acme/shop development --world mine.json --reason").arg("incident 42").output().unwrap();
    assert_eq!(lock.status.code(), Some(0), "{}", text(&lock.stderr));
    assert_eq!(shell.run("deploy release.json --world mine.json").status.code(), Some(2), "it is frozen");
    assert_eq!(shell.run("unfreeze acme/shop development --cloud mine.json").status.code(), Some(0));
    assert_eq!(shell.run("deploy release.json --world mine.json").status.code(), Some(0));
    for help in ["--help", "status --help"] {
        let help = text(&shell.run(help).stdout);
        assert!(!help.contains("fails ") && !help.contains("--world"), "former names are hidden: {help}");
    }
}
