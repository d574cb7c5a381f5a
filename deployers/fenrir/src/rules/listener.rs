//! `AWS::ElasticLoadBalancingV2::Listener`: of a load balancer of this template.

use super::action::ACTION;
use super::resource::ResourceType;
use super::rule_context::RuleContext;
use super::table::Shape::{Boolean, Integer, List, Names, Object, OneOf, Required, Rule, Text};
use super::table::Table;
use super::tags::TAG;
use super::{combinations, local, reference_kinds as kinds};
use crate::template::{FindingCode, Node};
use serde_json::Value;

pub(super) const TYPE: ResourceType = ResourceType {
    name: "AWS::ElasticLoadBalancingV2::Listener",
    table: PROPERTIES,
    named: None,
    finish: |context, node, _| require_certificate(context, node),
    deletion_policy: None,
};

const PROPERTIES: Table = &[
    ("AlpnPolicy", List(&Text)),
    ("Certificates", List(&Object(CERTIFICATE))),
    ("DefaultActions", Required(&List(&Object(ACTION)))),
    ("ListenerAttributes", List(&Object(LISTENER_ATTRIBUTE))),
    ("LoadBalancerArn", Required(&Rule(load_balancer))),
    ("MutualAuthentication", Object(MUTUAL_AUTHENTICATION)),
    ("Port", Required(&Integer)),
    ("Protocol", Required(&OneOf(&["HTTP", "HTTPS"]))),
    ("SslPolicy", Text),
    ("Tags", List(&Object(TAG))),
];
const CERTIFICATE: Table = &[("CertificateArn", Names(&kinds::CERTIFICATE))];
const LISTENER_ATTRIBUTE: Table = &[("Key", Text), ("Value", Text)];
const MUTUAL_AUTHENTICATION: Table = &[
    ("AdvertiseTrustStoreCaNames", OneOf(&["off", "on"])),
    ("IgnoreClientCertificateExpiry", Boolean),
    ("Mode", Text),
    ("TrustStoreArn", Names(&kinds::TRUST_STORE)),
];

fn require_certificate(context: &mut RuleContext<'_, '_>, node: &Node) {
    let protocol = node.get("Protocol").filter(|protocol| protocol.as_str() == Some("HTTPS"));
    if let (Some(protocol), None) = (protocol, combinations::given(node, "Certificates")) {
        let help = "add `Certificates` with the ARN of a certificate, or use `Protocol: HTTP`";
        let context = &mut context.within("Protocol");
        context.refuse(FindingCode::MissingProperty, protocol.span, "`HTTPS` requires `Certificates`", help);
    }
}

fn load_balancer(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    local::by_ref(context, node, &["AWS::ElasticLoadBalancingV2::LoadBalancer"]);
    node.into()
}

#[cfg(test)]
mod tests {
    use crate::rules::fixture::RulesFixture;
    use crate::template::FindingCode;
    use serde_json::{Value, json};

    fn listener(load_balancer: &Value) -> Value {
        json!({
            "balancer": {"Type": "AWS::ElasticLoadBalancingV2::LoadBalancer", "Properties": {"Subnets": ["x"]}},
            "front": {
                "Type": "AWS::ElasticLoadBalancingV2::Listener",
                "Properties": {
                    "LoadBalancerArn": load_balancer, "Port": 80, "Protocol": "HTTP",
                    "DefaultActions": [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": 404}}],
                },
            },
        })
    }

    #[test]
    fn https_needs_a_certificate() {
        let mut resources = listener(&json!({"Ref": "balancer"}));
        resources["front"]["Properties"]["Protocol"] = json!("HTTPS");
        let path = "front.Properties.Protocol";
        RulesFixture::default().refuses(resources, path, FindingCode::MissingProperty);
    }

    #[test]
    fn listener_needs_a_load_balancer_of_the_template() {
        RulesFixture::default().needs(listener(&json!({"Ref": "balancer"})));
        let path = "front.Properties.LoadBalancerArn";
        let fixture = RulesFixture::default();
        fixture.refuses(listener(&json!("arn:x")), path, FindingCode::NotAReference);
        fixture.refuses(listener(&json!({"Ref": "front"})), path, FindingCode::WrongResourceType);
    }
}
