//! `AWS::Serverless::LayerVersion`.

use super::resource::ResourceType;
use super::table::Shape::{Boolean, List, OneOf, Plain, Refused, Required, Rule, Text};
use super::table::Table;
use super::{code, names, runtimes};

pub(super) const TYPE: ResourceType = ResourceType {
    name: "AWS::Serverless::LayerVersion",
    table: PROPERTIES,
    named: Some(("LayerName", names::LAYER)),
    finish: |_, _, _| {},
    deletion_policy: None,
};

const PROPERTIES: Table = &[
    ("CompatibleArchitectures", List(&Text)),
    ("CompatibleRuntimes", List(&Rule(runtimes::compatible))),
    ("ContentUri", Required(&Rule(code::uri))),
    ("Description", Text),
    ("LayerName", Refused("Fenrir generates the name; remove the property")),
    ("LicenseInfo", Text),
    ("PublishLambdaVersion", Boolean),
    ("RetentionPolicy", Plain(&OneOf(&["Retain", "Delete", "retain", "delete"]))),
];

#[cfg(test)]
mod tests {
    use crate::rules::fixture::RulesFixture;
    use crate::template::FindingCode;
    use serde_json::{Value, json};

    fn layer(properties: &Value) -> Value {
        json!({"shared": {"Type": "AWS::Serverless::LayerVersion", "Properties": properties}})
    }

    #[test]
    fn layer_gets_a_name_and_its_content_is_a_file() {
        let emitted = RulesFixture::default().accepts(layer(&json!({"ContentUri": "layer"})));
        assert_eq!(emitted["Resources"]["shared"]["Properties"]["LayerName"], "layer-org-shop-development-shared");
        let fixture = RulesFixture::default();
        let named = layer(&json!({"ContentUri": ".", "LayerName": "x"}));
        fixture.refuses(named, "shared.Properties.LayerName", FindingCode::NotAllowed);
        let outside = layer(&json!({"ContentUri": "../x"}));
        fixture.refuses(outside, "shared.Properties.ContentUri", FindingCode::InvalidPath);
        fixture.refuses(layer(&json!({})), "shared.Properties", FindingCode::MissingProperty);
    }
}
