//! Step upgrades deployers: Odin while it deploys, Fenrir, and itself. It also deploys a state machine that no deployer has.

use crate::accounts::{execution_arn, wait_until};
use crate::fixture::{AccountsFixture, DEPLOYER, FUNCTION, REGION};
use crate::one_log::program_beside;
use crate::project::{Deployed, Project};
use crate::shell::text;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

const STEP: &str = "coinbase-step-deployer";
const FENRIR: &str = "coinbase-fenrir";
const CONFIG: &str = "production";

/// Odin and Step in one account, each with its role in the accounts that it deploys to.
struct Upgrades {
    odin: AccountsFixture,
    step: AccountsFixture,
}

impl Upgrades {
    fn set() -> Option<Self> {
        let odin = AccountsFixture::set(env!("CARGO_BIN_EXE_odin"), "upgrades-odin", &opted_in(FUNCTION))?;
        let step = odin.beside(program_beside("step-deployer"), "upgrades-step");
        step.bootstrap(&opted_in(STEP));
        // Deployers are upgraded in the deployer account.
        odin.moto.enforce_iam(false);
        let target = format!("bootstrap --target {DEPLOYER} --deployer-account {DEPLOYER} --apply");
        assert_eq!(step.run(&target).status.code(), Some(0));
        odin.moto.enforce_iam(true);
        odin.moto.pace(&json!({"sfn_scale": 0.01}));
        Some(Self { odin, step })
    }

    /// Upgrades a deployer to this version of its program, as its release says.
    fn upgrade(&self, name: &str, program: &Path, version: &str) -> Deployed {
        let folder = self.step.shell.folder.join(format!("{name}-{version}"));
        write_code(&folder, program, version);
        let definition = std::process::Command::new(program).arg("json").output().unwrap();
        let release = json!({
            "project_name": project(name), "config_name": CONFIG, "lambda_name": name, "step_fn_name": name,
            "lambda_zip": folder.to_str().unwrap(), "state_machine_json": text(&definition.stdout), "publish_version": true,
        });
        self.deploy(&format!("{name}-{version}.json"), &release)
    }

    fn deploy(&self, file: &str, release: &Value) -> Deployed {
        self.step.shell.write(file, release.to_string());
        Deployed::of(&self.step.run(&format!("deploy {file}")))
    }

    /// The versions of the function that ran the tasks of an execution.
    fn versions(&self, machine: &str, execution: &str) -> Vec<String> {
        let history = self.odin.history(&execution_arn(machine, execution));
        let resources =
            history.iter().filter_map(|event| event["lambdaFunctionScheduledEventDetails"]["resource"].as_str());
        let mut versions: Vec<_> = resources.map(|arn| arn.rsplit(':').next().unwrap().to_owned()).collect();
        versions.dedup();
        versions
    }
}

fn project(name: &str) -> String {
    format!("coinbase/{}", name.trim_start_matches("coinbase-"))
}

fn opted_in(name: &str) -> String {
    format!("--step-project {} --step-config {CONFIG}", project(name))
}

/// A folder with a `bootstrap` that starts the program. The version makes its hash differ.
fn write_code(folder: &Path, program: &Path, version: &str) {
    fs::create_dir_all(folder).unwrap();
    let bootstrap = folder.join("bootstrap");
    fs::write(&bootstrap, format!("#!/bin/sh\n# {version}\nexec {}\n", program.display())).unwrap();
    fs::set_permissions(&bootstrap, fs::Permissions::from_mode(0o755)).unwrap();
}

fn assert_succeeded(deployed: &Deployed) {
    assert_eq!((deployed.code, &deployed.end()["status"]), (0, &json!("Success")), "{deployed:#?}");
}

#[test]
fn odin_deploys_while_it_and_step_are_upgraded() {
    let Some(upgrades) = Upgrades::set() else { return };
    let (odin, step) = (Path::new(env!("CARGO_BIN_EXE_odin")), program_beside("step-deployer"));
    assert_succeeded(&upgrades.upgrade(FUNCTION, odin, "one"));

    upgrades.odin.never_healthy();
    let shop = Project::create(&upgrades.odin, "shop");
    let mut running = shop.start();
    running.wait_for("state", "WaitForHealthy");
    // The execution that upgrades Step runs its present code to the end.
    assert_succeeded(&upgrades.upgrade(STEP, &step, "one"));
    assert_succeeded(&upgrades.upgrade(STEP, &step, "two"));
    assert_succeeded(&upgrades.upgrade(FUNCTION, odin, "two"));
    upgrades.odin.healthy_at_once();
    let running = running.finish();
    assert_succeeded(&running);
    assert_eq!(upgrades.versions(FUNCTION, running.execution()), ["1"], "it ends on the code that it began with");

    // Bootstrap leaves what Step deployed.
    upgrades.odin.moto.enforce_iam(false);
    let again = upgrades.odin.run("bootstrap --apply");
    upgrades.odin.moto.enforce_iam(true);
    assert_eq!(again.status.code(), Some(0), "{}", text(&again.stderr));
    assert!(text(&again.stdout).contains("Step deployed function"), "{}", text(&again.stdout));
    let next = shop.deploy();
    assert_succeeded(&next);
    assert_eq!(upgrades.versions(FUNCTION, next.execution()), ["2"]);
}

#[test]
fn fenrir_and_a_python_function_are_deployed() {
    let Some(upgrades) = Upgrades::set() else { return };
    let fenrir_program = program_beside("fenrir");
    let fenrir = upgrades.odin.beside(fenrir_program.clone(), "upgrades-fenrir");
    fenrir.bootstrap(&opted_in(FENRIR));
    assert_succeeded(&upgrades.upgrade(FENRIR, &fenrir_program, "one"));

    create_greeter(&upgrades.odin);
    let folder = upgrades.step.shell.folder.join("greeter");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("app.py"), "def handler(event, context):\n    return {'greeting': 'Hello'}\n").unwrap();
    let release = json!({
        "project_name": "acme/greeter", "config_name": CONFIG, "lambda_name": "greeter", "step_fn_name": "greeter",
        "lambda_zip": "greeter", "state_machine_json": {
            "StartAt": "Greet", "TimeoutSeconds": 60, "States": {"Greet": {
                "Type": "Task", "Resource": "arn:aws:lambda:{{aws_region}}:{{aws_account}}:function:{{lambda_name}}",
                "ResultPath": "$.greeting", "End": true,
            }},
        },
    });
    assert_succeeded(&upgrades.deploy("greeter.json", &release));
    let definition: Value = serde_json::from_str(&upgrades.odin.definition_of("greeter")).unwrap();
    let arn = format!("arn:aws:lambda:{REGION}:{DEPLOYER}:function:greeter");
    assert_eq!(definition["States"]["Greet"]["Resource"], arn);

    let mut wrong = release;
    wrong["lambda_name"] = json!(FENRIR);
    let refused = upgrades.deploy("wrong.json", &wrong);
    assert_eq!((refused.code, &refused.end()["failures"][0]["code"]), (2, &json!("step/not-opted-in")), "{refused:#?}");
}

/// A Python function and a state machine whose role's path opts in.
fn create_greeter(fixture: &AccountsFixture) {
    let role = |name: &str, path: &str, service: &str| {
        let trust = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole",
        }]});
        let role = json!({"RoleName": name, "Path": path, "AssumeRolePolicyDocument": trust.to_string()});
        fixture.aws(DEPLOYER, "iam", "CreateRole", role)["Role"]["Arn"].clone()
    };
    let tags = json!({"ProjectName": "acme/greeter", "ConfigName": CONFIG, "DeployWith": "step-deployer"});
    // An empty zip file.
    let zip = bifrost_moto::bytes(b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    let function = json!({
        "FunctionName": "greeter", "Runtime": "python3.13", "Handler": "app.handler", "Tags": tags,
        "Role": role("greeter-function", "/", "lambda.amazonaws.com"), "Code": {"ZipFile": zip},
    });
    fixture.aws(DEPLOYER, "lambda", "CreateFunction", function);
    let path = format!("/step/acme/greeter/{CONFIG}/");
    let machine = json!({
        "name": "greeter", "roleArn": role("greeter-machine", &path, "states.amazonaws.com"),
        "definition": json!({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}).to_string(),
    });
    fixture.aws(DEPLOYER, "stepfunctions", "CreateStateMachine", machine);
    wait_until("the function is active", || {
        let function = json!({"FunctionName": "greeter"});
        fixture.aws(DEPLOYER, "lambda", "GetFunctionConfiguration", function)["State"] == "Active"
    });
}
