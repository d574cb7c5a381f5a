//! Deploys that are refused because of a freeze or of another deploy.

use crate::fixture::{Application, Engine, SUBJECT};
use crate::shell::{error_code, text};
use serde_json::json;

#[test]
fn frozen_config_is_refused() {
    let application = Application::new("frozen");
    let freeze =
        application.command(&format!("freeze {SUBJECT} --local --reason")).arg("incident 42").output().unwrap();
    assert_eq!(freeze.status.code(), Some(0));
    let (end, code) = application.deploy("template.yml");
    let failure = &end["failures"][0];
    assert_eq!((code, &end["changed"], &failure["code"]), (2, &json!(false), &json!("freeze/active")), "{end}");
    let cause = failure["cause"].as_str().unwrap();
    assert!(cause.contains("ada@") && cause.contains("incident 42"), "{cause}");
    assert!(application.region().stacks.is_empty());
    assert_eq!(application.run("unfreeze template.yml --local").status.code(), Some(0));
    assert_eq!(application.deploy("template.yml").1, 0);
}

#[test]
fn second_deploy_follows_the_running_one() {
    let application = Application::new("joined");
    application.behaviour("slow.json", &json!({"hello": {"seconds": 120}}));
    let engine = Engine::until(&application, "template.yml --scenario slow.json", "WaitForComplete");
    let plan = application.run("plan --local");
    assert_eq!((plan.status.code(), text(&plan.stdout).as_str()), (Some(1), ""));
    assert_eq!(error_code(&text(&plan.stderr)), "fenrir/stack-busy");
    assert_eq!(error_code(&application.refused("rollback template.yml --local")), "rollback/deploy-running");
    engine.kill();
    // It continues the deploy of the killed process.
    let (end, code) = application.deploy("template.yml");
    assert_eq!((code, &end["status"], &end["is_ours"]), (2, &json!("Success"), &json!(false)));
    assert_eq!(application.json("history --local").len(), 1);
}
