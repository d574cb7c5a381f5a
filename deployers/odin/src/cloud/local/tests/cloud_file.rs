//! Seeds: valid and invalid ones.

use super::*;
use crate::cloud::Filter;
use crate::release::sample;
use bifrost::json::ReadErrorKind;
use bifrost::local::{SeedError, read_seed};
use std::path::Path;

const SEED: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/clouds/odin.json"));
const RELEASE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/releases/deploy-test.json"));

fn read(text: &str) -> Result<LocalState<OdinAccount>, SeedError> {
    read_seed(Path::new("odin.json"), text.as_bytes())
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(|text| text.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn sample_seed_has_resources_of_sample_release() {
    let state = read(SEED).unwrap();
    let (account, region) = (state.deployer_account.clone(), state.deployer_region.clone());
    let ports = ports(LocalSession::new(Store::in_memory(state), account, region));
    let release: Value = serde_json::from_str(RELEASE).unwrap();

    let ami = vec![release["ami"].as_str().unwrap().to_owned()];
    assert_eq!(ports.compute.images(&Filter::Names(ami)).await.unwrap().len(), 1);
    let subnets = texts(&release["subnets"]);
    assert_eq!(ports.compute.subnets(&Filter::Names(subnets.clone())).await.unwrap().len(), subnets.len());
    for hook in release["lifecycle"].as_object().unwrap().values() {
        assert!(ports.iam.role(hook["role"].as_str().unwrap()).await.unwrap().is_some());
        assert!(ports.topics.topic_arn(hook["sns"].as_str().unwrap()).await.unwrap().is_some());
    }
    for service in release["services"].as_object().unwrap().values() {
        let profile = service["profile"].as_str().unwrap();
        assert!(ports.iam.instance_profile(profile).await.unwrap().is_some(), "{profile}");
        let groups = texts(&service["security_groups"]);
        assert_eq!(ports.compute.security_groups(&Filter::Names(groups.clone())).await.unwrap().len(), groups.len());
        for name in texts(&service["elbs"]) {
            assert!(ports.balancers.load_balancer(&name).await.unwrap().is_some(), "{name}");
        }
        for name in texts(&service["target_groups"]) {
            assert!(ports.target_groups.target_group(&name).await.unwrap().is_some(), "{name}");
        }
    }
}

#[test]
fn unknown_resource_type_is_refused_with_path() {
    let error = read(&SEED.replace("\"load_balancers\"", "\"loadbalancers\"")).unwrap_err().to_string();
    assert!(
        error.contains("odin.json") && error.contains("regions.us-east-1") && error.contains("loadbalancers"),
        "{error}"
    );
}

#[test]
fn array_is_no_object_wherever_it_is() {
    let changed = sample::with_arrays(&serde_json::from_str(SEED).unwrap());
    assert!(changed.len() > 20);
    for (pointer, seed) in changed {
        let read = read(&seed.to_string());
        assert!(
            matches!(&read, Err(SeedError::Content { source, .. }) if source.kind == ReadErrorKind::Type),
            "{pointer}"
        );
    }
}

#[test]
fn account_survives_serialization() {
    let account: OdinAccount = json::read(&sample_resources()).unwrap();
    let written = serde_json::to_value(&account).unwrap();
    assert_eq!(json::read::<OdinAccount>(&written).unwrap(), account);
}

#[test]
fn exception_key_must_be_an_instance_number() {
    let mut resources = sample_resources();
    resources["regions"][REGION]["images"]["ami-1"]["exceptions"] = json!({"first": {}});
    let error = json::read::<OdinAccount>(&resources).unwrap_err().to_string();
    assert!(error.contains("\"first\""), "{error}");
}
