//! The local cloud, in memory and on virtual time.

use super::fixture::{REGION, RegionFixture};
use bifrost::json;
use bifrost::local::{Account, Bucket, LocalSession, LocalState, Resources, Store, StoredObject};
use chrono::{DateTime, TimeDelta};
use fenrir::cloud::local::{FenrirAccount, ports};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

const ACCOUNT: &str = "222222222222";
const BUCKET: &str = "templates";

fn resources() -> Value {
    let tags = json!({"ProjectName": "coinbase/deploy-test"});
    json!({
        "roles": {"hello-role": {"tags": tags}},
        "regions": {REGION: {
            "security_groups": {"sg-1": {"tags": {"Name": "private"}}},
            "subnets": {"subnet-1": {"tags": {"Name": "private"}}},
            "keys": {"0f00-key": {"aliases": ["alias/hello"], "tags": tags}},
            "tables": {"streaming": {"stream": "2026-01-01T00:00:00.000"}, "quiet": {}},
            "tagged": {(format!("arn:aws:sqs:{REGION}:{ACCOUNT}:jobs")): tags},
        }},
    })
}

/// A new local cloud for one test.
pub fn fixture() -> RegionFixture {
    let resources: FenrirAccount = json::read(&resources()).unwrap();
    let buckets = BTreeMap::from([(BUCKET.parse().unwrap(), Bucket::default())]);
    let state = LocalState {
        clock: DateTime::UNIX_EPOCH,
        deployer_account: ACCOUNT.parse().unwrap(),
        deployer_region: REGION.parse().unwrap(),
        accounts: BTreeMap::from([(
            ACCOUNT.parse().unwrap(),
            Account { resources, buckets, ..Account::default() }.into(),
        )]),
        audit: BTreeMap::new(),
        faults: Vec::new(),
        ids: 0,
    };
    let store = Store::in_memory(state);
    let session = LocalSession::new(Arc::clone(&store), ACCOUNT.parse().unwrap(), REGION.parse().unwrap());
    let clock = Arc::clone(&store);
    RegionFixture {
        ports: ports(session),
        account: ACCOUNT.into(),
        key: "0f00-key".into(),
        security_group: "sg-1".into(),
        subnet: "subnet-1".into(),
        put: Box::new(move |key, text| put(&store, key, text)),
        wait: Box::new(move |seconds| clock.transact(|state| advance(state, seconds)).unwrap()),
    }
}

fn put(store: &Store<FenrirAccount>, key: &str, text: &str) -> String {
    let object = |state: &LocalState<_>| StoredObject {
        body: text.as_bytes().to_vec().into(),
        last_modified: state.clock,
        kms_key: None,
    };
    let insert = |state: &mut LocalState<FenrirAccount>| {
        let object = object(state);
        let buckets = state.accounts.values_mut().flat_map(|account| account.buckets.values_mut());
        buckets.for_each(|bucket| drop(bucket.objects.insert(key.into(), object.clone())));
    };
    store.transact(insert).unwrap();
    format!("https://{BUCKET}.s3.{REGION}.amazonaws.com/{key}")
}

/// Advances the clock, and runs what is due by then.
fn advance(state: &mut LocalState<FenrirAccount>, seconds: u32) {
    state.clock += TimeDelta::seconds(i64::from(seconds));
    state.accounts.values_mut().for_each(|account| account.resources.advance(state.clock));
}
