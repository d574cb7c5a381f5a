//! Benchmarks of Odin without AWS: whole executions in an in-memory local cloud with virtual time, parsing and
//! validation of the definition, and `Validate` alone. Run them with `cargo bench -p odin`.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a benchmark that cannot continue panics")]

use bifrost::asl::StateMachine;
use bifrost::deployer::definition;
use bifrost::local::{LocalDeployer, LocalState, read_seed};
use bifrost::machine::dispatch;
use bifrost::release::Sha256;
use bifrost::testing::TestHarness;
use divan::Bencher;
use odin::Odin;
use serde_json::{Value, json};
use std::path::Path;
use tokio::runtime::{Builder, Runtime};

const USER_DATA: &[u8] = include_bytes!("../releases/deploy-test.json.userdata");

fn main() {
    divan::main();
}

fn runtime() -> Runtime {
    Builder::new_current_thread().build().unwrap()
}

fn state() -> LocalState<<Odin as LocalDeployer>::Resources> {
    read_seed(Path::new("odin.json"), Odin::SEED.as_bytes()).unwrap()
}

/// The sample release, as the client prepares it.
fn release() -> Value {
    let mut release: Value = serde_json::from_str(include_str!("../releases/deploy-test.json")).unwrap();
    release["release_id"] = json!("release-2026-11-21T12-00-00Z-00000000");
    release["created_at"] = json!("2026-11-21T12:00:00Z");
    release["user_data_sha256"] = json!(Sha256::of(USER_DATA).to_string());
    release
}

/// From upload to `Success`: the sample release with both services, and with `web` alone. Creating the local cloud is
/// not measured.
#[divan::bench(args = [1, 2])]
fn successful_execution(bencher: Bencher<'_, '_>, services: usize) {
    let (runtime, state, mut release) = (runtime(), state(), release());
    if services == 1 {
        release["services"].as_object_mut().unwrap().shift_remove("worker");
    }
    bencher.with_inputs(|| TestHarness::<Odin>::new(state.clone()).unwrap()).bench_local_values(|harness| {
        let run = runtime.block_on(harness.deploy(&release, &[("userdata", USER_DATA)])).unwrap();
        assert_eq!(run.path().last(), Some(&"Success"));
        (run, harness)
    });
}

#[divan::bench]
fn parse_and_validate_the_definition(bencher: Bencher<'_, '_>) {
    let text = definition::<Odin>("arn:aws:lambda:us-east-1:000000000000:function:coinbase-odin").to_string();
    bencher.bench_local(|| {
        let definition: Value = serde_json::from_str(&text).unwrap();
        StateMachine::parse(&definition).unwrap()
    });
}

/// The task `Validate` as the Lambda function runs it, from payload to output.
#[divan::bench]
fn validate(bencher: Bencher<'_, '_>) {
    let (runtime, release) = (runtime(), release());
    let harness = TestHarness::<Odin>::new(state()).unwrap();
    runtime.block_on(harness.upload(&release, &[("userdata", USER_DATA)])).unwrap();
    let payload = json!({"Task": "Validate", "Input": release});
    bencher.with_inputs(|| payload.clone()).bench_local_values(|payload| {
        let open = |attempt, input| harness.context(attempt, input);
        runtime.block_on(dispatch::<Odin>(payload, open)).unwrap()
    });
}
