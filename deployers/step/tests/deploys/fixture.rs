//! Deploys new code and definitions of the function `acme-hello` in a local cloud.

use bifrost::local::{ByRegion, LocalState};
use bifrost::release::{AccountId, Sha256};
use bifrost::testing::{Run, TestHarness, with};
use serde_json::{Value, json};
use std::io::{Cursor, Write};
use step::Step;
use step::cloud::local::{StepRegion, StoredFunction, StoredMachine};

type State = LocalState<ByRegion<StepRegion>>;

/// The JSON pointer to the region in the seed.
pub const REGION: &str = "/accounts/000000000000/resources/us-east-1";
const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:acme-hello";

/// A zip file with the Python handler of the function.
pub fn code(text: &str) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("app.py", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(text.as_bytes()).unwrap();
    zip.finish().unwrap().into_inner()
}

/// A definition whose only task is the function.
pub fn definition(comment: &str) -> Value {
    json!({
        "Comment": comment, "StartAt": "Greet", "TimeoutSeconds": 60,
        "States": {"Greet": {"Type": "Task", "Resource": ARN, "End": true}},
    })
}

/// The definition with the function's version.
pub fn definition_with(comment: &str, version: &str) -> Value {
    let mut definition = definition(comment);
    definition["States"]["Greet"]["Resource"] = json!(format!("{ARN}:{version}"));
    definition
}

/// The fields of a release, with code and definition of this name.
pub fn fields(name: &str) -> Value {
    json!({
        "project_name": "acme/hello",
        "config_name": "development",
        "aws_account_id": "000000000000",
        "lambda_name": "acme-hello",
        "lambda_sha256": Sha256::of(&code(name)).to_string(),
        "step_fn_name": "acme-hello",
        "state_machine_json": definition(name).to_string(),
    })
}

/// The fields of a release that publishes a version.
pub fn versioned(name: &str) -> Value {
    with(fields(name), &[("/publish_version", json!(true))])
}

/// What an execution can see: the definition, the hash of the present code, and the versions with the hashes of theirs.
#[derive(Debug, PartialEq, serde::Serialize)]
pub struct Deployed {
    pub definition: Value,
    pub code: Sha256,
    pub versions: Vec<(u64, Sha256)>,
}

pub struct Fixture {
    pub harness: TestHarness<Step>,
}

impl Fixture {
    pub fn new(changes: &[(&str, Value)]) -> Self {
        let changes: Vec<_> = changes.iter().map(|(path, value)| (format!("{REGION}{path}"), value.clone())).collect();
        let changes: Vec<_> = changes.iter().map(|(path, value)| (path.as_str(), value.clone())).collect();
        Self { harness: TestHarness::seeded_with(&changes).unwrap() }
    }

    /// As [`new`](Self::new), where Deploy may not call the operation, after so many calls of it.
    pub fn denied(operation: &str, skip: u32) -> Self {
        Self::faulty(&json!({"operation": operation, "skip": skip, "kind": {"error": "AccessDeniedException"}}))
    }

    /// As [`new`](Self::new), with a fault.
    pub fn faulty(fault: &Value) -> Self {
        Self { harness: TestHarness::seeded_with(&[("/faults", json!([fault]))]).unwrap() }
    }

    /// Deploys a release with these fields, and the code of this name.
    pub async fn deploy(&self, fields: &Value, name: &str) -> Run {
        let release = self.harness.release(fields);
        self.harness.deploy(&release, &[("lambda.zip", &code(name))]).await.unwrap()
    }

    pub fn deployed(&self) -> Deployed {
        self.harness.store().read(Self::deployed_in).unwrap()
    }

    pub fn deployed_in(state: &State) -> Deployed {
        let account: AccountId = "000000000000".parse().unwrap();
        Self::deployed_of(&state.accounts[&account].resources)
    }

    /// Numbers of versions and revisions are never used again, so they differ after a deploy that failed.
    pub fn deployed_of(resources: &ByRegion<StepRegion>) -> Deployed {
        let region = resources.of(&"us-east-1".parse().unwrap());
        let StoredFunction { code, versions, .. } = &region.functions["acme-hello"];
        let StoredMachine { definition, .. } = &region.state_machines["acme-hello"];
        Deployed {
            definition: serde_json::from_str(definition).unwrap(),
            code: code.sha256,
            versions: versions.iter().map(|(number, version)| (*number, version.code.sha256)).collect(),
        }
    }
}
