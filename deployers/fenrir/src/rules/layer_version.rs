//! `AWS::Serverless::LayerVersion`.

use super::resource::ResourceType;
use super::table::Shape::{Boolean, List, Refused, Required, Rule, Text};
use super::table::Table;
use super::{code, names};

/// The type.
pub(super) const TYPE: ResourceType = ResourceType {
    name: "AWS::Serverless::LayerVersion",
    table: PROPERTIES,
    named: Some(("LayerName", names::LAYER)),
    finish: |_, _, _| {},
    deletion_policy: None,
};

const PROPERTIES: Table = &[
    ("CompatibleArchitectures", List(&Text)),
    ("CompatibleRuntimes", List(&Text)),
    ("ContentUri", Required(&Rule(code::uri))),
    ("Description", Text),
    ("LayerName", Refused("Fenrir names it, so that no two releases make layers of one name: leave it out")),
    ("LicenseInfo", Text),
    ("PublishLambdaVersion", Boolean),
    ("RetentionPolicy", Text),
];

#[cfg(test)]
mod tests {
    use crate::rules::fixture::RulesFixture;
    use serde_json::{Value, json};

    fn layer(properties: &Value) -> Value {
        json!({"shared": {"Type": "AWS::Serverless::LayerVersion", "Properties": properties}})
    }

    #[test]
    fn a_layer_is_named_by_fenrir_and_its_content_is_a_file_of_the_release() {
        let emitted = RulesFixture::default().accepts(layer(&json!({"ContentUri": "layer"})));
        assert_eq!(emitted["Resources"]["shared"]["Properties"]["LayerName"], "layer-org-shop-development-shared");
        let path = "shared.Properties.LayerName";
        RulesFixture::default().refuses(layer(&json!({"ContentUri": ".", "LayerName": "x"})), path, "Fenrir names it");
        RulesFixture::default().refuses(
            layer(&json!({"ContentUri": "../x"})),
            "shared.Properties.ContentUri",
            "leads out of",
        );
        RulesFixture::default().refuses(layer(&json!({})), "shared.Properties", "`ContentUri` is missing");
    }
}
