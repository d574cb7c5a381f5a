//! The embedded world, in memory and on virtual time.

use crate::idler::{Idler, Nothing};
use crate::locks::{original, original_key};
use crate::place::{Place, REGION, STRANGER};
use bifrost::client::Client;
use bifrost::local::World;
use bifrost::testing::Lab;
use serde_json::json;

const DEPLOYER: &str = "000000000000";
const TARGET: &str = "222222222222";

/// A new world for one story.
pub fn place() -> Place {
    let world: World<Nothing> = serde_json::from_value(json!({
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
    let lab = Lab::<Idler>::new(world).unwrap();
    Place { client: Client::from(lab.cloud()), target: TARGET.into(), lab: Some(lab) }
}
