//! Deploys that CloudFormation fails: the first failure, the rollback, and what to do.

use crate::fixture::{Application, STACK, SUBJECT};
use crate::output;
use crate::shell::error_code;
use serde_json::{Value, json};

#[test]
fn failed_first_deploy_leaves_no_stack() {
    let application = Application::new("create-fails");
    application.behaviour("fails.json", &json!({"hello": {"fails": "create", "reason": "Internal Failure"}}));
    let (shown, code) = application.shown("deploy --local --speed 100000 --scenario fails.json");
    assert_eq!(code, 1, "{shown}");
    assert!(!shown.contains("does not exist"), "{shown}");
    insta::assert_snapshot!(output::deploy(&shown));
    assert_eq!(application.json("status --local")[0]["services"], json!([]));
    assert_eq!(error_code(&application.refused("outputs --local")), "fenrir/no-stack");
    application.behaviour("fixed.json", &json!({"hello": null}));
    let (end, code) = application.deploy("template.yml --scenario fixed.json");
    assert_eq!((code, &end["created"]), (0, &json!([format!("stack {STACK}")])));
}

#[test]
fn stack_in_rollback_complete_is_replaced() {
    let application = Application::new("left");
    let mut state: Value = serde_json::from_str(include_str!("../../../../examples/clouds/fenrir.json")).unwrap();
    let region = &mut state["accounts"]["000000000000"]["resources"]["regions"]["us-east-1"];
    let arn = format!("arn:aws:cloudformation:us-east-1:000000000000:stack/{STACK}/1");
    let tags = json!({"ProjectName": "coinbase/deploy-test", "ConfigName": "development"});
    region["stacks"] = json!({arn: {"status": "ROLLBACK_COMPLETE", "tags": tags}});
    application.write("left.json", state.to_string());
    let (plan, code) = application.last_json("plan --cloud left.json");
    assert_eq!((code, &plan["changes"][0]["action"]), (2, &json!("add")));
    let (end, code) = application.last_json("deploy --cloud left.json --speed 100000");
    assert_eq!((code, &end["status"], &end["created"]), (0, &json!("Success"), &json!([format!("stack {STACK}")])));
}

/// A command for AWS would change a stack of the same name in a real account.
#[test]
fn local_cloud_of_another_account_gets_no_command_for_aws() {
    let application = Application::new("own-seed");
    application.template("template.yml", &[("000000000000", "222222222222")]);
    let seed = include_str!("../../../../examples/clouds/fenrir.json").replace("000000000000", "222222222222");
    let mut state: Value = serde_json::from_str(&seed).unwrap();
    let region = &mut state["accounts"]["222222222222"]["resources"]["regions"]["us-east-1"];
    let arn = format!("arn:aws:cloudformation:us-east-1:222222222222:stack/{STACK}/1");
    let tags = json!({"ProjectName": "coinbase/deploy-test", "ConfigName": "development"});
    region["stacks"] = json!({arn: {"status": "UPDATE_ROLLBACK_FAILED", "tags": tags}});
    application.write("own.json", state.to_string());
    let (plan, code) = application.last_json("plan --cloud own.json");
    let finding = &plan["findings"][0];
    assert_eq!((code, &finding["code"]), (1, &json!("fenrir/stack-not-updatable")), "{plan}");
    let (end, code) = application.last_json("deploy --cloud own.json --speed 100000");
    let failure = &end["failures"][0];
    assert_eq!((code, &failure["code"]), (2, &json!("fenrir/stack-not-updatable")), "{end}");
    for text in [&finding["message"], &failure["cause"]] {
        let text = text.as_str().unwrap();
        assert!(text.contains("`--fresh`") && !text.contains("aws cloudformation"), "{text}");
    }
}

/// The sample application is deployed and then changed. Its resources have this behaviour.
fn changed(test: &str, behaviour: &Value) -> Application {
    let application = Application::deployed(test);
    application.behaviour("behaves.json", behaviour);
    application.template("template.yml", &[("Timeout: 10", "Timeout: 20")]);
    application
}

#[test]
fn failed_update_is_rolled_back() {
    let application = changed("update-fails", &json!({"hello": {"fails": "update", "reason": "Rate exceeded"}}));
    let before = (
        application.json("outputs --local"),
        application.json("status --local")[0]["services"][0]["release_id"].clone(),
    );
    let (shown, code) = application.shown("deploy --local --speed 100000 --scenario behaves.json");
    assert_eq!(code, 1, "{shown}");
    for part in [
        "\nFailureClean: release-",
        "\n  note     failed first: UPDATE_FAILED AWS::Lambda::Function hello Rate exceeded\n",
        &format!("\n  note     rolled back: stack {STACK} is as it was before the deploy\n"),
        "\n  next ",
        "`fenrir history deploy-",
    ] {
        assert!(shown.contains(part), "{part:?} in {shown}");
    }
    let after = (
        application.json("outputs --local"),
        application.json("status --local")[0]["services"][0]["release_id"].clone(),
    );
    assert_eq!(before, after);
}

#[test]
fn timeout_cancels_the_update() {
    let application = changed("out-of-time", &json!({"hello": {"seconds": 400}}));
    let (end, code) = application.deploy("template.yml --scenario behaves.json");
    assert_eq!((code, &end["status"]), (1, &json!("FailureClean")), "{end}");
    assert!(end["notes"][0].as_str().unwrap().starts_with("cancelled: timed out: "), "{end}");
    assert!(end["notes"][1].as_str().unwrap().starts_with("rolled back: "), "{end}");
}

#[test]
fn timeout_option_gives_more_time() {
    let application = changed("in-time", &json!({"hello": {"seconds": 400}}));
    let (end, code) = application.deploy("template.yml --scenario behaves.json --timeout 900");
    assert_eq!((code, &end["status"]), (0, &json!("Success")), "{end}");
}

#[test]
fn failed_rollback_keeps_the_lock() {
    let application =
        changed("roll-back-fails", &json!({"hello": {"fails": "update"}, "greetings": {"fails": "rollback"}}));
    let (shown, code) = application.shown("deploy --local --speed 100000 --scenario behaves.json");
    assert_eq!(code, 3, "{shown}");
    let unlock = format!("`fenrir unlock {SUBJECT} --account 000000000000 --local`");
    for part in [
        "\nFailureDirty: release-",
        "\n  note     failed first: UPDATE_FAILED AWS::Lambda::Function hello Internal Failure\n",
        &format!(
            "\n  note     the rollback failed, too: stack {STACK} is in UPDATE_ROLLBACK_FAILED, and its lock is kept: "
        ),
        &unlock,
    ] {
        assert!(shown.contains(part), "{part:?} in {shown}");
    }
    let (status, _) = application.shown("status --local");
    assert!(status.contains("UPDATE_ROLLBACK_FAILED") && status.contains(&unlock), "{status}");
    let (refused, code) = application.deploy("template.yml");
    assert_eq!((code, &refused["failures"][0]["error"]), (2, &json!("LockExistsError")));
    assert_eq!(refused["failures"][0]["code"], "lock/held");
    assert!(
        refused["failures"][0]["cause"].as_str().unwrap().contains(&format!("fenrir unlock {SUBJECT}")),
        "{refused}"
    );
    assert_eq!(application.run(&format!("unlock {SUBJECT} --local")).status.code(), Some(0));
    // Without the lock, the stack still cannot be updated.
    let (plan, code) = application.last_json("plan --local");
    assert_eq!((code, &plan["findings"][0]["code"]), (1, &json!("fenrir/stack-not-updatable")), "{plan}");
    let (refused, code) = application.deploy("template.yml");
    assert_eq!((code, &refused["failures"][0]["state"]), (2, &json!("CreateChangeSet")));
    assert_eq!(refused["failures"][0]["code"], "fenrir/stack-not-updatable", "{refused}");
}

#[test]
fn table_that_needs_replacement_is_kept() {
    let application = Application::deployed("not-replaced");
    application.template("template.yml", &[("        Name: name", "        Name: who")]);
    let (end, code) = application.deploy("template.yml");
    assert_eq!(code, 1, "{end}");
    let notes: Vec<_> = end["notes"].as_array().unwrap().iter().map(|note| note.as_str().unwrap()).collect();
    assert!(notes[0].contains("cannot update a stack when a custom-named resource requires replacing"), "{notes:?}");
    assert_eq!(notes.len(), 3, "the reason, the remedy and the state of the stack: {notes:?}");
    application.template("template.yml", &[("        Name: name", "        Name: who"), ("greetings", "visitors")]);
    let (end, code) = application.deploy("template.yml");
    assert_eq!((code, &end["outputs"]["Table"]), (0, &json!("fenrir-coinbase-deploy-test-development-visitors")));
}

#[test]
fn name_in_use_fails_the_deploy() {
    let application = Application::new("taken");
    let name = "AWS::DynamoDB::Table/fenrir-coinbase-deploy-test-development-greetings";
    application.scenario("taken.json", &json!({"names": [name]}));
    let (end, code) = application.deploy("template.yml --scenario taken.json");
    assert_eq!(code, 1, "{end}");
    let first = end["notes"][0].as_str().unwrap();
    assert!(first.starts_with("failed first: CREATE_FAILED AWS::DynamoDB::Table greetings "), "{end}");
    assert!(first.contains("already exists"), "{end}");
}
