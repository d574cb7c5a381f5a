//! The contract of the table, on the local cloud and on DynamoDB as moto emulates it.

use super::{Arc, Flags, Hello, Version};
use bifrost::testing::{LocalContract, PortContract};
#[cfg(feature = "lambda")]
use bifrost_moto::MotoAccount;

bifrost::port_contract! {
    Hello, local: empty_table, #[cfg(feature = "lambda")] moto: create_table;
    versions:
        flag_without_versions_has_no_value,
        last_version_is_that_with_the_highest_number,
        flags_do_not_see_each_other,
        version_is_replaced_and_deleted_once;
}

/// A table needs no bootstrap in the local cloud.
fn empty_table(_: &LocalContract<Hello>) {}

#[cfg(feature = "lambda")]
fn create_table(account: &MotoAccount) {
    let table = serde_json::json!({
        "TableName": "flags",
        "AttributeDefinitions": [
            {"AttributeName": "flag", "AttributeType": "S"},
            {"AttributeName": "number", "AttributeType": "N"},
        ],
        "KeySchema": [{"AttributeName": "flag", "KeyType": "HASH"}, {"AttributeName": "number", "KeyType": "RANGE"}],
        "BillingMode": "PAY_PER_REQUEST",
    });
    let _ = account.call("dynamodb", "CreateTable", table);
}

fn version(flag: &str, number: u32, value: &str) -> Version {
    Version { flag: flag.into(), number, value: value.into(), release_id: format!("release-{number}") }
}

mod versions {
    use super::{Arc, Flags, PortContract, version};

    type Cloud = PortContract<Arc<dyn Flags>, ()>;

    pub(super) async fn flag_without_versions_has_no_value(cloud: Cloud) {
        assert_eq!(cloud.ports.last("acme/shop/beta").await.unwrap(), None);
    }

    pub(super) async fn last_version_is_that_with_the_highest_number(cloud: Cloud) {
        // As text, 10 is before 9.
        for number in [9, 10, 8] {
            cloud.ports.put(&cloud.proof(), &version("acme/shop/beta", number, "on")).await.unwrap();
        }
        let last = cloud.ports.last("acme/shop/beta").await.unwrap();
        assert_eq!(last, Some(version("acme/shop/beta", 10, "on")));
    }

    pub(super) async fn flags_do_not_see_each_other(cloud: Cloud) {
        cloud.ports.put(&cloud.proof(), &version("acme/shop/beta/eu", 1, "on")).await.unwrap();
        assert_eq!(cloud.ports.last("acme/shop/beta").await.unwrap(), None);
    }

    pub(super) async fn version_is_replaced_and_deleted_once(cloud: Cloud) {
        for value in ["off", "on"] {
            cloud.ports.put(&cloud.proof(), &version("acme/shop/beta", 1, value)).await.unwrap();
            assert_eq!(cloud.ports.last("acme/shop/beta").await.unwrap().unwrap().value, value);
        }
        for _ in 0..2 {
            cloud.ports.delete(&cloud.proof(), &version("acme/shop/beta", 1, "on")).await.unwrap();
            assert_eq!(cloud.ports.last("acme/shop/beta").await.unwrap(), None);
        }
    }
}
