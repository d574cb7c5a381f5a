//! `AWS::ElasticLoadBalancingV2::ListenerRule`: of a listener of this template, to target groups of this template.

use super::action::ACTION;
use super::local;
use super::resource::ResourceType;
use super::rule_context::RuleContext;
use super::table::Shape::{Integer, List, Object, OneOf, Required, Rule, Text};
use super::table::Table;
use super::tags::TAG;
use crate::template::Node;
use serde_json::Value;

pub(super) const TYPE: ResourceType = ResourceType {
    name: "AWS::ElasticLoadBalancingV2::ListenerRule",
    table: PROPERTIES,
    named: None,
    finish: |_, _, _| {},
    deletion_policy: None,
};

const PROPERTIES: Table = &[
    ("Actions", Required(&List(&Object(ACTION)))),
    ("Conditions", Required(&List(&Object(RULE_CONDITION)))),
    ("ListenerArn", Required(&Rule(listener))),
    ("Priority", Required(&Integer)),
    ("Tags", List(&Object(TAG))),
    ("Transforms", List(&Object(TRANSFORM))),
];
const RULE_CONDITION: Table = &[
    ("Field", Text),
    ("HostHeaderConfig", Object(HOST_HEADER_CONFIG)),
    ("HttpHeaderConfig", Object(HTTP_HEADER_CONFIG)),
    ("HttpRequestMethodConfig", Object(HTTP_REQUEST_METHOD_CONFIG)),
    ("PathPatternConfig", Object(PATH_PATTERN_CONFIG)),
    ("QueryStringConfig", Object(QUERY_STRING_CONFIG)),
    ("RegexValues", List(&Text)),
    ("SourceIpConfig", Object(SOURCE_IP_CONFIG)),
    ("Values", List(&Text)),
];
const HOST_HEADER_CONFIG: Table = &[("RegexValues", List(&Text)), ("Values", List(&Text))];
const HTTP_HEADER_CONFIG: Table = &[("HttpHeaderName", Text), ("RegexValues", List(&Text)), ("Values", List(&Text))];
const HTTP_REQUEST_METHOD_CONFIG: Table = &[("Values", List(&Text))];
const PATH_PATTERN_CONFIG: Table = &[("RegexValues", List(&Text)), ("Values", List(&Text))];
const QUERY_STRING_CONFIG: Table = &[("Values", List(&Object(QUERY_STRING_KEY_VALUE)))];
const QUERY_STRING_KEY_VALUE: Table = &[("Key", Text), ("Value", Text)];
const SOURCE_IP_CONFIG: Table = &[("IpAddressType", OneOf(&["ipv4", "ipv6"])), ("Values", List(&Text))];
const TRANSFORM: Table = &[
    ("HostHeaderRewriteConfig", Object(REWRITE_CONFIG_OBJECT)),
    ("Type", Required(&OneOf(&["host-header-rewrite", "url-rewrite"]))),
    ("UrlRewriteConfig", Object(REWRITE_CONFIG_OBJECT)),
];
const REWRITE_CONFIG_OBJECT: Table = &[("Rewrites", Required(&List(&Object(REWRITE_CONFIG))))];
const REWRITE_CONFIG: Table = &[("Regex", Required(&Text)), ("Replace", Required(&Text))];

fn listener(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    local::by_ref(context, node, &["AWS::ElasticLoadBalancingV2::Listener"]);
    node.into()
}

#[cfg(test)]
mod tests {
    use crate::rules::fixture::RulesFixture;
    use crate::template::FindingCode;
    use serde_json::{Value, json};

    fn rule(listener: &Value, action: &Value) -> Value {
        json!({
            "front": {
                "Type": "AWS::ElasticLoadBalancingV2::Listener",
                "Properties": {
                    "LoadBalancerArn": {"Ref": "balancer"}, "Port": 80, "Protocol": "HTTP",
                    "DefaultActions": [{"Type": "fixed-response"}],
                },
            },
            "balancer": {"Type": "AWS::ElasticLoadBalancingV2::LoadBalancer", "Properties": {"Subnets": ["x"]}},
            "group": {"Type": "AWS::ElasticLoadBalancingV2::TargetGroup", "Properties": {"TargetType": "lambda"}},
            "rule": {
                "Type": "AWS::ElasticLoadBalancingV2::ListenerRule",
                "Properties": {
                    "ListenerArn": listener, "Priority": 1, "Actions": [action],
                    "Conditions": [{"Field": "path-pattern", "Values": ["/x"]}],
                },
            },
        })
    }

    #[test]
    fn rule_needs_a_listener_of_the_template() {
        let forward = json!({"Type": "forward", "TargetGroupArn": {"Ref": "group"}});
        RulesFixture::default().needs(rule(&json!({"Ref": "front"}), &forward));
        let path = "rule.Properties.ListenerArn";
        let arn = json!("arn:aws:elasticloadbalancing:us-east-1:000000000000:listener/app/x/y/z");
        let fixture = RulesFixture::default();
        fixture.refuses(rule(&arn, &forward), path, FindingCode::NotAReference);
        fixture.refuses(rule(&json!({"Ref": "group"}), &forward), path, FindingCode::WrongResourceType);
        let misspelt = rule(&json!({"Ref": "frnt"}), &forward);
        fixture.proposes(misspelt, path, FindingCode::UnknownResource, "front");
    }

    #[test]
    fn rule_forwards_to_target_groups_of_the_template() {
        let front = json!({"Ref": "front"});
        let weighted =
            |arn: Value| json!({"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": arn}]}});
        RulesFixture::default().needs(rule(&front, &weighted(json!({"Ref": "group"}))));
        let path = "rule.Properties.Actions.0.ForwardConfig.TargetGroups.0.TargetGroupArn";
        let fixture = RulesFixture::default();
        fixture.refuses(rule(&front, &weighted(json!("arn:x"))), path, FindingCode::NotAReference);
        let direct = json!({"Type": "forward", "TargetGroupArn": {"Fn::ImportValue": "x"}});
        let path = "rule.Properties.Actions.0.TargetGroupArn";
        fixture.refuses(rule(&front, &direct), path, FindingCode::NotAReference);
    }
}
