//! States that released versions wrote, which the current code finishes: `tests/states` has them. Step deploys itself, so its function is
//! replaced while its own deploys run. After a change of what a state has, record those of this version:
//! `UPDATE_STATES=1 cargo test -p step --test deploys states`.

use crate::fixture::{Fixture, code, fields, versioned};
use bifrost::testing::RecordedStates;
use step::Step;

#[tokio::test]
async fn states_of_every_version_are_finished() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/states");
    let mut states = RecordedStates::<Step>::new(folder, env!("CARGO_PKG_VERSION"));
    let broken = Fixture::denied("lambda:UpdateFunctionCode", 0);
    for (name, fixture, fields, end) in [
        ("Updates", Fixture::new(&[]), fields("one"), Step::Success),
        ("Publishes", Fixture::new(&[]), versioned("one"), Step::Success),
        ("Undone", broken, fields("one"), Step::FailureClean),
    ] {
        let release = fixture.harness.release(&fields);
        states = states.deploy(name, fixture.harness, &release, &[("lambda.zip", &code("one"))], end);
    }
    let report = states.check().await.unwrap_or_else(|error| panic!("{error}"));
    assert!(report.runs > 0, "{report:?}");
}
