//! The embedded world, in memory and on virtual time.

use super::place::{Place, REGION};
use bifrost::json;
use bifrost::local::{Account, Bucket, Resources, Session, Store, StoredObject, World};
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

/// A new world for one story.
pub fn place() -> Place {
    let resources: FenrirAccount = json::read(&resources()).unwrap();
    let buckets = BTreeMap::from([(BUCKET.parse().unwrap(), Bucket::default())]);
    let world = World {
        clock: DateTime::UNIX_EPOCH,
        deployer_account: ACCOUNT.parse().unwrap(),
        deployer_region: REGION.parse().unwrap(),
        accounts: BTreeMap::from([(ACCOUNT.parse().unwrap(), Account { resources, buckets, ..Account::default() })]),
        faults: Vec::new(),
        ids: 0,
    };
    let store = Store::in_memory(world);
    let session = Session::new(Arc::clone(&store), ACCOUNT.parse().unwrap(), REGION.parse().unwrap());
    let clock = Arc::clone(&store);
    Place {
        ports: ports(session),
        account: ACCOUNT.into(),
        key: "0f00-key".into(),
        security_group: "sg-1".into(),
        subnet: "subnet-1".into(),
        put: Box::new(move |key, text| put(&store, key, text)),
        pass: Box::new(move |seconds| clock.transact(|world| later(world, seconds)).unwrap()),
    }
}

fn put(store: &Store<FenrirAccount>, key: &str, text: &str) -> String {
    let object = |world: &World<_>| StoredObject { body: text.into(), last_modified: world.clock, kms_key: None };
    let insert = |world: &mut World<FenrirAccount>| {
        let object = object(world);
        let buckets = world.accounts.values_mut().flat_map(|account| account.buckets.values_mut());
        buckets.for_each(|bucket| drop(bucket.objects.insert(key.into(), object.clone())));
    };
    store.transact(insert).unwrap();
    format!("https://{BUCKET}.s3.{REGION}.amazonaws.com/{key}")
}

/// Moves the clock on, and lets happen what is due by then.
fn later(world: &mut World<FenrirAccount>, seconds: u32) {
    world.clock += TimeDelta::seconds(i64::from(seconds));
    world.accounts.values_mut().for_each(|account| account.resources.advance(world.clock));
}
