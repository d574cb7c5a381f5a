//! The two tests that every deployer needs. `bifrost::testing::TestHarness` runs single deploys,
//! for tests of your own.

#![cfg(feature = "local")]

use crate::machine::Cache;
use crate::tables::{Status, Tables};
use bifrost::testing::{LocalContract, PortContract};
#[cfg(feature = "lambda")]
use bifrost_moto::MotoAccount;
use std::sync::Arc;

// Deploys these releases one after another, and again with a fault at each call: an error, a
// crash, a halt, a lost answer … Every deploy must end in Success, in FailureClean with nothing
// changed, or in FailureDirty because its last task failed.
bifrost::testing::every_call_may_fail!(Cache, {"key": "id"}, {"key": "session"});

// What handlers rely on when they call the port.
bifrost::port_contract! {
    Cache, local: empty_account, #[cfg(feature = "lambda")] moto: empty_moto_account;
    contract:
        table_is_ready_after_a_while,
        table_is_created_once,
        table_is_deleted_when_it_is_ready;
}

/// Creates what the tests need in the account: nothing.
fn empty_account(_: &LocalContract<Cache>) {}

#[cfg(feature = "lambda")]
fn empty_moto_account(_: &MotoAccount) {}

mod contract {
    use super::{Arc, PortContract, Status, Tables};

    type Cloud = PortContract<Arc<dyn Tables>, ()>;

    async fn until_ready(cloud: &Cloud, table: &str) {
        let poll = async |tables: &Arc<dyn Tables>| {
            tables
                .status(table)
                .await
                .unwrap()
                .filter(|status| *status == Status::Active)
        };
        cloud.until("the table is ready", poll).await;
    }

    pub(super) async fn table_is_ready_after_a_while(cloud: Cloud) {
        assert_eq!(cloud.ports.status("sessions").await.unwrap(), None);
        cloud
            .ports
            .create(&cloud.proof(), "sessions", "id")
            .await
            .unwrap();
        until_ready(&cloud, "sessions").await;
        assert_eq!(cloud.ports.list().await.unwrap(), ["sessions"]);
    }

    pub(super) async fn table_is_created_once(cloud: Cloud) {
        cloud
            .ports
            .create(&cloud.proof(), "sessions", "id")
            .await
            .unwrap();
        let error = cloud
            .ports
            .create(&cloud.proof(), "sessions", "id")
            .await
            .unwrap_err();
        assert_eq!(error.code, "ResourceInUseException");
    }

    pub(super) async fn table_is_deleted_when_it_is_ready(cloud: Cloud) {
        cloud
            .ports
            .create(&cloud.proof(), "sessions", "id")
            .await
            .unwrap();
        until_ready(&cloud, "sessions").await;
        cloud
            .ports
            .delete(&cloud.proof(), "sessions")
            .await
            .unwrap();
        assert_eq!(cloud.ports.status("sessions").await.unwrap(), None);
        assert!(
            cloud
                .ports
                .delete(&cloud.proof(), "sessions")
                .await
                .unwrap_err()
                .is_not_found()
        );
    }
}
