//! Deploys that succeed.

use crate::project::{Project, tag};
use crate::stage::Stage;
use serde_json::json;

#[test]
fn a_release_is_deployed_into_another_account_and_the_next_replaces_it() {
    let Some(stage) = Stage::enter() else { return };
    let project = Project::make(&stage, "happy");

    let first = project.deploy();
    assert_eq!((first.code, &first.end()["status"]), (0, &json!("Success")), "{first:#?}");
    let second = project.deploy();
    assert_eq!((second.code, &second.end()["status"]), (0, &json!("Success")), "{second:#?}");
    assert_eq!(second.end()["deleted"], first.end()["created"]);

    let groups = project.groups();
    let releases: Vec<_> = groups.iter().map(|group| tag(group, "ReleaseID")).collect();
    assert_eq!(releases, [second.end()["release_id"].as_str(); 2]);
}
