//! The local cloud, in memory and on virtual time.

use crate::fixture::{AccountFixture, FOREIGN_ROLE, REGION};
use crate::idler::{Idler, NoResources};
use crate::locks::{go_lock, go_lock_key};
use bifrost::client::Client;
use bifrost::local::LocalState;
use bifrost::testing::TestHarness;
use serde_json::json;

const DEPLOYER: &str = "000000000000";
const TARGET: &str = "222222222222";

/// A new local cloud for one test.
pub fn fixture() -> AccountFixture {
    let state: LocalState<NoResources> = serde_json::from_value(json!({
        "clock": "2026-11-25T12:00:00Z",
        "deployer_account": DEPLOYER,
        "deployer_region": REGION,
        "accounts": {
            DEPLOYER: {
                "lock_tables": {format!("{REGION}/coinbase-idler-locks"): {go_lock_key().as_str(): go_lock()}},
            },
            TARGET: {
                "buckets": {format!("theirs-{TARGET}"): {}},
                "roles": {FOREIGN_ROLE: {"trusts": ["999999999999"]}},
            },
        },
    }))
    .unwrap();
    let harness = TestHarness::<Idler>::new(state).unwrap();
    AccountFixture { client: Client::from(harness.cloud()), target: TARGET.into(), harness: Some(harness) }
}
