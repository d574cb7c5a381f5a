//! Expands tables.

use super::{Expansion, SourceResource, kept};
use serde_json::{Map, Value, json};

impl Expansion {
    /// Expands a table with one key, which is `id` by default.
    pub(super) fn simple_table(&mut self, given: &SourceResource<'_>) {
        let key = given.get("PrimaryKey");
        let name = key.and_then(|key| key.get("Name")).cloned().unwrap_or_else(|| "id".into());
        let kind = match key.and_then(|key| key.get("Type")).and_then(Value::as_str) {
            Some("Number") => "N",
            Some("Binary") => "B",
            _ => "S",
        };
        let mut properties = Map::new();
        properties.insert("AttributeDefinitions".into(), json!([{"AttributeName": name, "AttributeType": kind}]));
        properties.insert("KeySchema".into(), json!([{"AttributeName": name, "KeyType": "HASH"}]));
        match given.get("ProvisionedThroughput") {
            Some(throughput) => properties.insert("ProvisionedThroughput".into(), throughput.clone()),
            None => properties.insert("BillingMode".into(), "PAY_PER_REQUEST".into()),
        };
        let names = ["TableName", "SSESpecification", "PointInTimeRecoverySpecification"];
        properties.extend(kept(given.properties, &names));
        if let Some(tags) = given.get("Tags").and_then(Value::as_object) {
            let tags: Value = tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
            properties.insert("Tags".into(), tags);
        }
        self.add(given.id, given.becomes(&properties));
    }
}
