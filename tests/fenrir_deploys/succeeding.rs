//! Deploys that succeed.

use crate::application::Application;
use crate::fixture::AccountsFixture;
use crate::shell::text;
use serde_json::json;

#[test]
fn an_application_is_deployed_into_another_account_and_unchanged_it_is_not_deployed_again() {
    let Some(fixture) = AccountsFixture::enter() else { return };
    let application = Application::make(&fixture, "happy");

    let first = application.deploy();
    assert_eq!((first.code, &first.end()["status"]), (0, &json!("Success")), "{first:#?}");
    let stack = application.stack().unwrap();
    assert_eq!(stack["StackStatus"], "CREATE_COMPLETE");
    assert_eq!(application.timeout_of_function(), 10);
    let outputs = fixture.run_as_somebody_who_may_look(&format!("outputs {}", application.write()));
    assert_eq!(text(&outputs.stdout), "{\"Table\":\"fenrir-story-happy-development-greetings\"}\n");

    let second = application.deploy();
    assert_eq!((second.code, &second.end()["status"]), (0, &json!("Success")), "{second:#?}");
    assert_eq!(application.stack().unwrap()["StackStatus"], "CREATE_COMPLETE", "nothing was executed");
    application.is_unlocked();
}

#[test]
fn what_a_release_changes_is_changed() {
    let Some(fixture) = AccountsFixture::enter() else { return };
    let mut application = Application::make(&fixture, "changing");
    assert_eq!(application.deploy().code, 0);

    application.template["Resources"]["hello"]["Properties"]["Timeout"] = json!(20);
    let plan = fixture.run_as_somebody_who_may_look(&format!("plan {}", application.write()));
    assert_eq!(plan.status.code(), Some(2), "{}{}", text(&plan.stdout), text(&plan.stderr));
    assert!(text(&plan.stdout).contains("Timeout"), "{}", text(&plan.stdout));
    let second = application.deploy();
    assert_eq!((second.code, &second.end()["status"]), (0, &json!("Success")), "{second:#?}");
    assert_eq!(
        (application.timeout_of_function(), application.stack().unwrap()["StackStatus"].clone()),
        (json!(20), json!("UPDATE_COMPLETE"))
    );
}
