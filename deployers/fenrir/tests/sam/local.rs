//! The SAM expansion of the local cloud: the same resources as AWS's own transform.

use bifrost::lifecycle::Proof;
use bifrost::local::{Account, LocalSession, LocalState, Resources, Store};
use chrono::{DateTime, TimeDelta};
use fenrir::cloud::local::{FenrirAccount, ports};
use fenrir::cloud::{ChangeSetType, NewChangeSet, TemplateSource};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Types by logical id, without the digests of API deployments, which SAM computes from the Python representation of the API.
pub(crate) type Types = BTreeMap<String, String>;

/// The resources that the change set of a new stack adds. None if it fails.
pub(crate) async fn types(template: &Value) -> Option<Types> {
    let account = "000000000000".parse().unwrap();
    let state = LocalState {
        clock: DateTime::UNIX_EPOCH,
        deployer_account: "000000000000".parse().unwrap(),
        deployer_region: "us-east-1".parse().unwrap(),
        accounts: BTreeMap::from([(account, Account::<FenrirAccount>::default().into())]),
        audit: BTreeMap::new(),
        faults: Vec::new(),
        ids: 0,
    };
    let store = Store::in_memory(state);
    let stacks =
        ports(LocalSession::new(Arc::clone(&store), "000000000000".parse().unwrap(), "us-east-1".parse().unwrap()))
            .stacks;
    let new = NewChangeSet {
        stack_name: "stack".into(),
        name: "first".into(),
        change_set_type: ChangeSetType::Create,
        template: TemplateSource::Body(template.to_string()),
        tags: BTreeMap::new(),
        token: "token".into(),
        description: "test".into(),
    };
    stacks.create_change_set(&Proof::unchecked_for_tests(), &new).await.unwrap();
    store.transact(later).unwrap();
    let created = stacks.change_set("stack", "first").await.unwrap().unwrap();
    let added = created.changes.into_iter().map(|change| (change.logical_id, change.resource_type));
    (created.status.as_str() == "CREATE_COMPLETE").then(|| without_digests(added.collect()))
}

fn later(state: &mut LocalState<FenrirAccount>) {
    state.clock += TimeDelta::minutes(1);
    state.accounts.values_mut().for_each(|account| account.resources.advance(state.clock));
}

/// Removes the digests from the logical ids of API deployments.
pub(crate) fn without_digests(types: Types) -> Types {
    let name = |(name, kind): (String, String)| match name.split_once("Deployment") {
        Some((api, _)) if kind == "AWS::ApiGateway::Deployment" => (format!("{api}Deployment"), kind),
        _ => (name, kind),
    };
    types.into_iter().map(name).collect()
}
