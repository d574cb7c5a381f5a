//! `AWS::Serverless::SimpleTable`.

use super::resource::ResourceType;
use super::table::Shape::{Boolean, Integer, Names, Object, OneOf, Refused, Required, Text};
use super::table::Table;
use super::{names, reference_kinds as kinds, tags};

pub(super) const TYPE: ResourceType = ResourceType {
    name: "AWS::Serverless::SimpleTable",
    table: PROPERTIES,
    named: Some(("TableName", names::TABLE)),
    finish: |_, _, _| {},
    deletion_policy: Some("Retain"),
};

const PROPERTIES: Table = &[
    ("PointInTimeRecoverySpecification", Object(POINT_IN_TIME_RECOVERY_SPECIFICATION)),
    ("PrimaryKey", Object(PRIMARY_KEY)),
    ("ProvisionedThroughput", Object(PROVISIONED_THROUGHPUT)),
    ("SSESpecification", Object(SSE_SPECIFICATION)),
    ("TableName", Refused("Fenrir generates the name; remove the property")),
    ("Tags", tags::MAP),
];
const POINT_IN_TIME_RECOVERY_SPECIFICATION: Table =
    &[("PointInTimeRecoveryEnabled", Boolean), ("RecoveryPeriodInDays", Integer)];
const PRIMARY_KEY: Table = &[("Name", Required(&Text)), ("Type", Required(&Text))];
const PROVISIONED_THROUGHPUT: Table =
    &[("ReadCapacityUnits", Required(&Integer)), ("WriteCapacityUnits", Required(&Integer))];
const SSE_SPECIFICATION: Table =
    &[("KMSMasterKeyId", Names(&kinds::KEY)), ("SSEEnabled", Required(&Boolean)), ("SSEType", OneOf(&["KMS"]))];

#[cfg(test)]
mod tests {
    use crate::rules::fixture::RulesFixture;
    use crate::template::FindingCode;
    use serde_json::json;

    #[test]
    fn table_gets_a_name_and_is_retained() {
        let emitted = RulesFixture::default().accepts(json!({"things": {"Type": "AWS::Serverless::SimpleTable"}}));
        let things = &emitted["Resources"]["things"];
        assert_eq!(things["Properties"], json!({"TableName": "fenrir-org-shop-development-things"}));
        assert_eq!(things["DeletionPolicy"], "Retain");
    }

    #[test]
    fn table_name_is_refused() {
        let named = json!({"things": {"Type": "AWS::Serverless::SimpleTable", "Properties": {"TableName": "x"}}});
        RulesFixture::default().refuses(named, "things.Properties.TableName", FindingCode::NotAllowed);
    }
}
