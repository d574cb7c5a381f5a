//! The SAM expansion of the local cloud: the same resources as AWS's own transform.

use bifrost::lifecycle::Proof;
use bifrost::local::{Account, LocalSession, LocalState, Resources, Store};
use chrono::{DateTime, TimeDelta};
use fenrir::cloud::local::{FenrirAccount, ports};
use fenrir::cloud::{ChangeSetType, NewChangeSet, TemplateSource};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The template of the change set of a new stack, as the local cloud expands it.
///
/// # Errors
/// The reason for which the change set fails.
pub(crate) async fn expanded(template: &Value) -> Result<Value, String> {
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
    let cloud =
        ports(LocalSession::new(Arc::clone(&store), "000000000000".parse().unwrap(), "us-east-1".parse().unwrap()));
    let new = NewChangeSet {
        stack_name: "stack".into(),
        name: "first".into(),
        change_set_type: ChangeSetType::Create,
        template: TemplateSource::Body(template.to_string()),
        tags: BTreeMap::new(),
        token: "token".into(),
        description: "test".into(),
    };
    cloud.stacks.create_change_set(&Proof::unchecked_for_tests(), &new).await.unwrap();
    store.transact(later).unwrap();
    let created = cloud.stacks.change_set("stack", "first").await.unwrap().unwrap();
    if created.status.as_str() != "CREATE_COMPLETE" {
        return Err(created.status_reason.unwrap_or_default());
    }
    Ok(cloud.expansions.expanded_template("stack", "first").await.unwrap().unwrap())
}

fn later(state: &mut LocalState<FenrirAccount>) {
    state.clock += TimeDelta::minutes(1);
    state.accounts.values_mut().for_each(|account| account.resources.advance(state.clock));
}
