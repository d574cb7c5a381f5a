//! What keeps a deploy away: a person's freeze, and another deploy.

use crate::fixture::{Application, Engine, SUBJECT};
use crate::shell::text;
use serde_json::json;

#[test]
fn a_frozen_config_is_refused_with_person_and_reason() {
    let application = Application::new("frozen");
    let lock = application.command(&format!("lock {SUBJECT} --local --reason")).arg("incident 42").output().unwrap();
    assert_eq!(lock.status.code(), Some(0));
    let (shown, code) = application.shown("deploy --local");
    assert_eq!(code, 2, "{shown}");
    assert!(shown.contains("is frozen by ada@") && shown.contains(": incident 42;"), "{shown}");
    assert!(shown.contains("\n  clean    nothing was changed, and it holds no lock"), "{shown}");
    assert!(application.region().stacks.is_empty());
    assert_eq!(application.run("unlock template.yml --local").status.code(), Some(0));
    assert_eq!(application.deploy("template.yml").1, 0);
}

#[test]
fn while_a_deploy_runs_the_next_follows_it_and_is_not_deployed_itself() {
    let application = Application::new("joined");
    application.behaviour("slow.json", &json!({"hello": {"seconds": 120}}));
    let engine = Engine::until(&application, "template.yml --scenario slow.json", "WaitForComplete");
    let plan = application.run("plan --local");
    assert_eq!((plan.status.code(), text(&plan.stdout).as_str()), (Some(1), ""));
    assert!(text(&plan.stderr).contains("is in CREATE_IN_PROGRESS: plan again when that is over"), "{plan:?}");
    assert!(application.refused("rollback template.yml --local").contains("runs now: wait for its end, or halt it"));
    engine.kill();
    // It goes on with the release of a process that is no more.
    let (end, code) = application.deploy("template.yml");
    assert_eq!((code, &end["status"], &end["is_ours"]), (2, &json!("Success"), &json!(false)));
    assert_eq!(application.json("history --local").len(), 1);
}
