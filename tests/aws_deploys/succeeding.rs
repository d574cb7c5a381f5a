//! Deploys that succeed.

use crate::fixture::AccountsFixture;
use crate::project::{Project, tag};
use serde_json::json;

#[test]
fn a_release_is_deployed_into_another_account_and_the_next_replaces_it() {
    let Some(fixture) = AccountsFixture::enter() else { return };
    let project = Project::make(&fixture, "happy");

    let first = project.deploy();
    assert_eq!((first.code, &first.end()["status"]), (0, &json!("Success")), "{first:#?}");
    let second = project.deploy();
    assert_eq!((second.code, &second.end()["status"]), (0, &json!("Success")), "{second:#?}");
    assert_eq!(second.end()["deleted"], first.end()["created"]);

    let groups = project.groups();
    let releases: Vec<_> = groups.iter().map(|group| tag(group, "ReleaseID")).collect();
    assert_eq!(releases, [second.end()["release_id"].as_str(); 2]);
}
