//! Every call of a deploy may fail, of one over code that nobody has and of one over code that Step deployed.

use crate::fixture::{Fixture, code, fields, versioned};
use bifrost::testing::{Case, FaultSweep};
use serde_json::{Value, json};
use step::Step;

fn sweep(fields: impl Fn(&str) -> Value) -> FaultSweep<Step> {
    let sweep = FaultSweep::<Step>::of([fields("one"), fields("two")]);
    let sweep = sweep.file_of(0, "lambda.zip", &code("one")).file_of(1, "lambda.zip", &code("two"));
    sweep.comparing(|resources| json!(Fixture::deployed_of(resources))).invariant(code_and_definition_belong_together)
}

/// After a clean end, both are of one release.
fn code_and_definition_belong_together(case: &Case<'_, Step>) -> Result<(), String> {
    if case.end() == "FailureDirty" {
        return Ok(());
    }
    let deployed = Fixture::deployed_in(case.settled);
    let comment = deployed.definition["Comment"].as_str().unwrap_or_default().to_owned();
    let names = ["one", "two"].into_iter().filter(|name| deployed.code == bifrost::release::Sha256::of(&code(name)));
    match names.collect::<Vec<_>>().as_slice() {
        [name] if *name != comment => Err(format!("code {name} with definition {comment}")),
        _ => Ok(()),
    }
}

#[test]
fn of_a_deploy() {
    sweep(fields).run_blocking().unwrap();
}

#[test]
fn of_a_deploy_that_publishes_versions() {
    sweep(versioned).run_blocking().unwrap();
}
