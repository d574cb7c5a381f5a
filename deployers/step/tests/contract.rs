//! Contract tests of Step's ports. The same tests run on the local cloud and on AWS as moto emulates it.
//!
//! The tests on moto need feature `lambda`. On a machine that cannot run moto, they are skipped with a message.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers outside of test functions fail by panicking, too"
)]

use bifrost::asl::MachineType;
use bifrost::release::Sha256;
use bifrost::testing::{LocalContract, PortContract};
#[cfg(feature = "lambda")]
use bifrost_moto::MotoAccount;
use serde_json::{Value, json};
use std::io::{Cursor, Write};
use step::Step;
use step::cloud::{CodeUpdate, Function, NewVersion, StepPorts, Tags};

bifrost::port_contract! {
    Step, local: seed, #[cfg(feature = "lambda")] moto: seed_on_moto;
    functions:
        function_is_described,
        function_that_does_not_exist_is_not_found,
        code_is_replaced,
        code_of_another_revision_is_not_replaced,
        version_keeps_its_code,
        unchanged_code_is_published_once,
        version_of_other_code_is_not_published,
        number_of_a_deleted_version_is_not_used_again;
    state_machines:
        state_machine_is_described,
        state_machine_that_does_not_exist_is_not_found,
        definition_is_replaced,
        definition_is_validated;
}

const NAME: &str = "greeter";

/// A zip file with a Python module.
fn zip(text: &str) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("app.py", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(text.as_bytes()).unwrap();
    zip.finish().unwrap().into_inner()
}

fn definition(comment: &str) -> Value {
    json!({"Comment": comment, "StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}})
}

fn tags() -> Tags {
    [("ProjectName", "acme/greeter"), ("DeployWith", "step-deployer")]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into()
}

fn seed(cloud: &LocalContract<Step>) {
    let code = zip("one");
    let function = json!({
        "tags": tags(), "runtime": "python3.13", "handler": "app.handler",
        "code": {"sha256": Sha256::of(&code), "size_bytes": code.len()},
    });
    let role = format!("arn:aws:iam::{}:role/step/acme/machine", cloud.account());
    let machine = json!({"tags": tags(), "role_arn": role, "definition": definition("one").to_string()});
    cloud.seed(&json!({"us-east-1": {"functions": {NAME: function}, "state_machines": {NAME: machine}}})).unwrap();
}

#[cfg(feature = "lambda")]
fn seed_on_moto(account: &MotoAccount) {
    let role = |service: &str, path: &str, name: &str| {
        let trust = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole",
        }]});
        let role = json!({"RoleName": name, "Path": path, "AssumeRolePolicyDocument": trust.to_string()});
        account.call("iam", "CreateRole", role)["Role"]["Arn"].clone()
    };
    let function = json!({
        "FunctionName": NAME, "Runtime": "python3.13", "Handler": "app.handler",
        "Role": role("lambda.amazonaws.com", "/", "function"),
        "Code": {"ZipFile": bifrost_moto::bytes(&zip("one"))}, "Tags": tags(),
    });
    let _ = account.call("lambda", "CreateFunction", function);
    let tags: Vec<Value> = tags().iter().map(|(key, value)| json!({"key": key, "value": value})).collect();
    let machine = json!({
        "name": NAME, "definition": definition("one").to_string(), "tags": tags,
        "roleArn": role("states.amazonaws.com", "/step/acme/", "machine"),
    });
    let _ = account.call("stepfunctions", "CreateStateMachine", machine);
}

type Cloud = PortContract<StepPorts, ()>;

/// The function, once no update is in progress.
async fn settled(cloud: &Cloud) -> Function {
    let function = async |ports: &StepPorts| ports.functions.function(NAME, None).await.unwrap();
    let settled = async |ports: &StepPorts| function(ports).await.filter(|it| it.last_update_status != "InProgress");
    cloud.until("no update is in progress", settled).await
}

async fn update(cloud: &Cloud, text: &str) -> Function {
    let revision_id = settled(cloud).await.revision_id;
    let update = CodeUpdate { function: NAME.into(), zip: zip(text), revision_id };
    cloud.ports.functions.update_code(&cloud.proof(), &update).await.unwrap();
    settled(cloud).await
}

fn new_version(text: &str) -> NewVersion {
    NewVersion {
        function: NAME.into(),
        code_sha256: Sha256::of(&zip(text)),
        release_id: "release-2026-11-21T12-00-00Z-abcdefgh".parse().unwrap(),
    }
}

async fn publish(cloud: &Cloud, text: &str) -> String {
    cloud.ports.functions.publish_version(&cloud.proof(), &new_version(text)).await.unwrap()
}

mod functions {
    use super::*;

    pub(super) async fn function_is_described(cloud: Cloud) {
        let function = cloud.ports.functions.function(NAME, None).await.unwrap().unwrap();
        assert_eq!(function.code_sha256, Some(Sha256::of(&zip("one"))));
        assert_eq!(function.code_size_bytes, zip("one").len() as u64);
        let Function { runtime, handler, architecture, package_type, layers, state, .. } = function;
        assert_eq!((runtime.as_deref(), handler.as_deref(), layers), (Some("python3.13"), Some("app.handler"), 0));
        assert_eq!((architecture.as_str(), package_type.as_str(), state.as_str()), ("x86_64", "Zip", "Active"));
        assert_eq!(cloud.ports.functions.tags(NAME).await.unwrap(), tags());
        assert_eq!(cloud.ports.functions.versions(NAME).await.unwrap(), []);
    }

    pub(super) async fn function_that_does_not_exist_is_not_found(cloud: Cloud) {
        assert_eq!(cloud.ports.functions.function("nobody", None).await.unwrap(), None);
        assert_eq!(cloud.ports.functions.function(NAME, Some("7")).await.unwrap(), None);
        assert!(cloud.ports.functions.tags("nobody").await.unwrap_err().is_not_found());
    }

    pub(super) async fn code_is_replaced(cloud: Cloud) {
        let before = settled(&cloud).await;
        let after = update(&cloud, "two").await;
        assert_eq!(after.code_sha256, Some(Sha256::of(&zip("two"))));
        assert_eq!(after.last_update_status, "Successful");
        assert_ne!(after.revision_id, before.revision_id);
    }

    pub(super) async fn code_of_another_revision_is_not_replaced(cloud: Cloud) {
        let before = settled(&cloud).await;
        update(&cloud, "two").await;
        let late = CodeUpdate { function: NAME.into(), zip: zip("three"), revision_id: before.revision_id };
        let error = cloud.ports.functions.update_code(&cloud.proof(), &late).await.unwrap_err();
        assert_eq!(error.kind, bifrost::cloud::ErrorKind::Conflict, "{error}");
        assert_eq!(settled(&cloud).await.code_sha256, Some(Sha256::of(&zip("two"))));
    }

    pub(super) async fn version_keeps_its_code(cloud: Cloud) {
        assert_eq!(publish(&cloud, "one").await, "1");
        update(&cloud, "two").await;
        assert_eq!(publish(&cloud, "two").await, "2");
        for (version, text) in [("1", "one"), ("2", "two")] {
            let function = cloud.ports.functions.function(NAME, Some(version)).await.unwrap().unwrap();
            assert_eq!(function.code_sha256, Some(Sha256::of(&zip(text))));
        }
        let versions = cloud.ports.functions.versions(NAME).await.unwrap();
        let numbers: Vec<_> = versions.iter().map(|it| (it.version.as_str(), it.description.as_str())).collect();
        let release = "release-2026-11-21T12-00-00Z-abcdefgh";
        assert_eq!(numbers, [("1", release), ("2", release)]);
    }

    pub(super) async fn unchanged_code_is_published_once(cloud: Cloud) {
        assert_eq!(publish(&cloud, "one").await, "1");
        assert_eq!(publish(&cloud, "one").await, "1");
    }

    pub(super) async fn version_of_other_code_is_not_published(cloud: Cloud) {
        let error = cloud.ports.functions.publish_version(&cloud.proof(), &new_version("two")).await.unwrap_err();
        assert_eq!(error.kind, bifrost::cloud::ErrorKind::Invalid, "{error}");
    }

    pub(super) async fn number_of_a_deleted_version_is_not_used_again(cloud: Cloud) {
        publish(&cloud, "one").await;
        for _ in 0..2 {
            cloud.ports.functions.delete_version(&cloud.proof(), NAME, "1").await.unwrap();
        }
        assert_eq!(cloud.ports.functions.versions(NAME).await.unwrap(), []);
        update(&cloud, "two").await;
        assert_eq!(publish(&cloud, "two").await, "2");
    }
}

mod state_machines {
    use super::*;

    pub(super) async fn state_machine_is_described(cloud: Cloud) {
        let machine = cloud.ports.state_machines.state_machine(NAME).await.unwrap().unwrap();
        assert_eq!(serde_json::from_str::<Value>(&machine.definition).unwrap(), definition("one"));
        assert!(machine.role_arn.ends_with(":role/step/acme/machine"), "{}", machine.role_arn);
        assert_eq!((machine.machine_type, machine.status.as_str()), (MachineType::Standard, "ACTIVE"));
        assert_eq!(cloud.ports.state_machines.tags(NAME).await.unwrap(), tags());
    }

    pub(super) async fn state_machine_that_does_not_exist_is_not_found(cloud: Cloud) {
        assert_eq!(cloud.ports.state_machines.state_machine("nothing").await.unwrap(), None);
    }

    pub(super) async fn definition_is_replaced(cloud: Cloud) {
        let two = format!("{:#}", definition("two"));
        cloud.ports.state_machines.update(&cloud.proof(), NAME, &two).await.unwrap();
        let machine = cloud.ports.state_machines.state_machine(NAME).await.unwrap().unwrap();
        assert_eq!(machine.definition, two);
    }

    pub(super) async fn definition_is_validated(cloud: Cloud) {
        let validate = |definition: String| {
            let machines = std::sync::Arc::clone(&cloud.ports.state_machines);
            async move { machines.validate(&definition, MachineType::Standard).await.unwrap() }
        };
        assert_eq!(validate(definition("one").to_string()).await, []);
        let found = validate(json!({"StartAt": "Done"}).to_string()).await;
        assert!(found.iter().any(|diagnostic| diagnostic.is_error), "{found:?}");
    }
}
