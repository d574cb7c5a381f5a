//! Deploys that succeed.

use crate::application::Application;
use crate::fixture::AccountsFixture;
use crate::shell::text;
use serde_json::json;

#[test]
fn unchanged_application_is_deployed_once() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    let application = Application::create(&fixture, "succeeding");

    let first = application.deploy();
    assert_eq!((first.code, &first.end()["status"]), (0, &json!("Success")), "{first:#?}");
    let stack = application.stack().unwrap();
    assert_eq!(stack["StackStatus"], "CREATE_COMPLETE");
    assert_eq!(application.timeout_of_function(), 10);
    let outputs = fixture.run_without_iam(&format!("outputs {}", application.write()));
    assert_eq!(text(&outputs.stdout), "{\"Table\":\"fenrir-tests-succeeding-development-greetings\"}\n");

    let second = application.deploy();
    assert_eq!((second.code, &second.end()["status"]), (0, &json!("Success")), "{second:#?}");
    assert_eq!(application.stack().unwrap()["StackStatus"], "CREATE_COMPLETE", "nothing was executed");
    application.assert_unlocked();
}

#[test]
fn changed_application_is_updated() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    let mut application = Application::create(&fixture, "changing");
    assert_eq!(application.deploy().code, 0);

    application.template["Resources"]["hello"]["Properties"]["Timeout"] = json!(20);
    let plan = fixture.run_without_iam(&format!("plan {}", application.write()));
    assert_eq!(plan.status.code(), Some(2), "{}{}", text(&plan.stdout), text(&plan.stderr));
    assert!(text(&plan.stdout).contains("Timeout"), "{}", text(&plan.stdout));
    let second = application.deploy();
    assert_eq!((second.code, &second.end()["status"]), (0, &json!("Success")), "{second:#?}");
    assert_eq!(
        (application.timeout_of_function(), application.stack().unwrap()["StackStatus"].clone()),
        (json!(20), json!("UPDATE_COMPLETE"))
    );
}
