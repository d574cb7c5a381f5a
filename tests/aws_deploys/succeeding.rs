//! Deploys that succeed.

use crate::fixture::AccountsFixture;
use crate::project::{Project, tag};
use serde_json::json;

#[test]
fn second_release_replaces_the_first() {
    let Some(fixture) = AccountsFixture::shared() else { return };
    let project = Project::create(&fixture, "succeeding");

    let first = project.deploy();
    assert_eq!((first.code, &first.end()["status"]), (0, &json!("Success")), "{first:#?}");
    let second = project.deploy();
    assert_eq!((second.code, &second.end()["status"]), (0, &json!("Success")), "{second:#?}");
    assert_eq!(second.end()["deleted"], first.end()["created"]);

    let groups = project.groups();
    let releases: Vec<_> = groups.iter().map(|group| tag(group, "ReleaseID")).collect();
    assert_eq!(releases, [second.end()["release_id"].as_str(); 2]);
}
