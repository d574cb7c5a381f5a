//! Layers and tables.

use super::{Expansion, Given, kept, location, suffix};
use serde_json::{Map, Value, json};

impl Expansion {
    /// A layer: its logical id changes with it, so that each version is another resource; the old ones are retained.
    pub(super) fn layer(&mut self, given: &Given<'_>) {
        let Some(content) = given.get("ContentUri").and_then(|uri| location(uri, "S3Bucket", "S3Key")) else {
            let message = "'ContentUri' is not a valid S3 Uri of the form 's3://bucket/key' with optional versionId query parameter.";
            return self.wrong(given.id, message);
        };
        let id = format!(
            "{}{}",
            given.id,
            suffix(&json!({given.id: {"Type": "AWS::Serverless::LayerVersion", "Properties": given.properties}}))
        );
        let names = ["LayerName", "Description", "CompatibleArchitectures", "CompatibleRuntimes", "LicenseInfo"];
        let mut properties = kept(given.properties, &names);
        properties.entry("LayerName").or_insert_with(|| given.id.into());
        properties.insert("Content".into(), content);
        let mut layer = given.becomes("AWS::Lambda::LayerVersion", &properties);
        let policy =
            if given.get("RetentionPolicy").is_some_and(|policy| policy == "Delete") { "Delete" } else { "Retain" };
        if let Some(layer) = layer.as_object_mut() {
            layer.entry("DeletionPolicy").or_insert_with(|| policy.into());
        }
        self.renamed.insert(given.id.into(), id.clone());
        self.add(id, layer);
    }

    /// A table with one key, `id` if nothing else is said.
    pub(super) fn simple_table(&mut self, given: &Given<'_>) {
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
        self.add(given.id, given.becomes("AWS::DynamoDB::Table", &properties));
    }
}
