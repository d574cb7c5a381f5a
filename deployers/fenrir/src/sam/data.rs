//! Expands layers and tables: each into one resource.

use super::digest::suffix;
use super::{Expansion, SourceResource, kept, location};
use serde_json::{Map, Value, json};

impl Expansion {
    /// Expands a layer. Its logical id has a digest of it, so that each version is a new resource. Old versions are retained.
    pub(super) fn layer(&mut self, given: &SourceResource<'_>) {
        let content = given.get("ContentUri").and_then(|uri| location(uri, "S3Bucket", "S3Key"));
        if content.is_none() {
            let message = "'ContentUri' is not a valid S3 Uri of the form 's3://bucket/key' with optional versionId query parameter.";
            self.wrong(given.id, message);
        }
        let id = format!(
            "{}{}",
            given.id,
            suffix(&json!({given.id: {"Type": "AWS::Serverless::LayerVersion", "Properties": given.properties}}))
        );
        let names = ["LayerName", "Description", "CompatibleArchitectures", "CompatibleRuntimes", "LicenseInfo"];
        let mut properties = kept(given.properties, &names);
        properties.entry("LayerName").or_insert_with(|| given.id.into());
        properties.insert("Content".into(), content.into());
        let mut layer = given.becomes(&properties);
        let policy = match given.get("RetentionPolicy").and_then(Value::as_str) {
            Some(policy) => Some(if policy.eq_ignore_ascii_case("Delete") { "Delete" } else { "Retain" }),
            None => given.definition.get("DeletionPolicy").is_none().then_some("Retain"),
        };
        if let (Some(policy), Some(layer)) = (policy, layer.as_object_mut()) {
            layer.insert("DeletionPolicy".into(), policy.into());
        }
        self.expanded.renames.ids.insert(given.id.into(), id.clone());
        self.expanded.unpredictable.insert(id.clone());
        self.add(id, layer);
    }

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
