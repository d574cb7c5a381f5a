//! The local cloud, in memory and on virtual time.

use super::fixture::{REGION, Resources};
use bifrost::local::{Bucket, LocalState, Store, StoredObject};
use bifrost::testing::LocalContract;
use fenrir::Fenrir;
use fenrir::cloud::local::FenrirAccount;
use serde_json::{Value, json};
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

/// Creates the resources of a [`RegionFixture`](super::fixture::RegionFixture).
pub fn seed(cloud: &LocalContract<Fenrir>) -> Resources {
    cloud.seed(&resources()).unwrap();
    let store = Arc::clone(cloud.store());
    let account = cloud.account().clone();
    let create = |state: &mut LocalState<_>| {
        state.account(&account).unwrap().buckets.insert(BUCKET.parse().unwrap(), Bucket::default());
    };
    store.transact(create).unwrap();
    Resources {
        key: "0f00-key".into(),
        security_group: "sg-1".into(),
        subnet: "subnet-1".into(),
        put: Box::new(move |key, text| put(&store, key, text)),
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
