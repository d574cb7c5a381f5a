//! The embedded world, in memory and on virtual time.

use crate::fixture::{AccountFixture, REGION, STRANGER};
use crate::idler::{Idler, Nothing};
use crate::locks::{original, original_key};
use bifrost::client::Client;
use bifrost::local::LocalState;
use bifrost::testing::TestHarness;
use serde_json::json;

const DEPLOYER: &str = "000000000000";
const TARGET: &str = "222222222222";

/// A new world for one story.
pub fn fixture() -> AccountFixture {
    let state: LocalState<Nothing> = serde_json::from_value(json!({
        "clock": "2026-11-25T12:00:00Z",
        "deployer_account": DEPLOYER,
        "deployer_region": REGION,
        "accounts": {
            DEPLOYER: {
                "buckets": {format!("coinbase-idler-{DEPLOYER}"): {}},
                "lock_tables": {format!("{REGION}/coinbase-idler-locks"): {original_key().as_str(): original()}},
            },
            TARGET: {
                "buckets": {format!("theirs-{TARGET}"): {}},
                "roles": {"coinbase-idler-assumed": {"trusts": [DEPLOYER]}, STRANGER: {"trusts": ["999999999999"]}},
            },
        },
    }))
    .unwrap();
    let harness = TestHarness::<Idler>::new(state).unwrap();
    AccountFixture { client: Client::from(harness.cloud()), target: TARGET.into(), harness: Some(harness) }
}
