//! Drift.

use super::*;
use crate::cloud::local::StoredDrift;
use crate::cloud::{Drift, DriftedResource};

#[tokio::test]
async fn what_somebody_changed_past_cloud_formation_is_found() {
    let place = Place::usual();
    place.deployed(&create("first", &hello_with("MemorySize", 128.into()))).await;
    place.change_region(|region| {
        let resources = &mut region.stacks.values_mut().next().unwrap().resources;
        let found = [("/MemorySize".to_owned(), 512.into())].into();
        resources.get_mut("hello").unwrap().drift = Some(StoredDrift::Modified(found));
        resources.get_mut("table").unwrap().drift = Some(StoredDrift::Deleted);
    });
    let id = place.ports.stacks.detect_drift(STACK).await.unwrap();
    let drifted = |logical_id: &str, resource_type: &str, status: &str, differences| DriftedResource {
        logical_id: logical_id.into(),
        resource_type: resource_type.into(),
        status: status.into(),
        differences,
    };
    let memory = vec![("/MemorySize".to_owned(), "128".to_owned(), "512".to_owned())];
    let resources = vec![
        drifted("hello", "AWS::Lambda::Function", "MODIFIED", memory),
        drifted("table", "AWS::DynamoDB::Table", "DELETED", Vec::new()),
    ];
    let found = place.ports.stacks.drift(STACK, &id).await.unwrap();
    assert_eq!(found, Some(Drift { status: "DRIFTED".into(), resources }));
}
