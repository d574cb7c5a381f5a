//! `AWS::ElasticLoadBalancingV2::TargetGroup`: of instances, which register themselves, or of a function.

use super::arns::{self, arn, is_arn};
use super::resource::ResourceType;
use super::rule_context::RuleContext;
use super::table::Shape::{Boolean, Integer, List, Object, OneOf, Plain, Required, Rule, Text};
use super::table::{Table, refuse_non_literal};
use super::tags::{self, TAG};
use super::{local, names};
use crate::template::{FindingCode, Node};
use serde_json::{Map as JsonMap, Value, json};

pub(super) const TYPE: ResourceType = ResourceType {
    name: "AWS::ElasticLoadBalancingV2::TargetGroup",
    table: PROPERTIES,
    named: Some(("Name", names::BALANCER)),
    finish,
    deletion_policy: None,
};

const PROPERTIES: Table = &[
    ("HealthCheckEnabled", Boolean),
    ("HealthCheckIntervalSeconds", Integer),
    ("HealthCheckPath", Text),
    ("HealthCheckPort", Text),
    ("HealthCheckProtocol", Text),
    ("HealthCheckTimeoutSeconds", Integer),
    ("HealthyThresholdCount", Integer),
    ("IpAddressType", OneOf(&["ipv4", "ipv6"])),
    ("Matcher", Object(MATCHER)),
    ("Name", Text),
    ("Port", Integer),
    ("Protocol", Text),
    ("ProtocolVersion", Text),
    ("Tags", List(&Object(TAG))),
    ("TargetControlPort", Integer),
    ("TargetGroupAttributes", List(&Object(TARGET_GROUP_ATTRIBUTE))),
    ("TargetType", Plain(&OneOf(&["instance", "lambda"]))),
    ("Targets", List(&Object(TARGET_DESCRIPTION))),
    ("UnhealthyThresholdCount", Integer),
    ("VpcId", Text),
];
const MATCHER: Table = &[("GrpcCode", Text), ("HttpCode", Text)];
const TARGET_GROUP_ATTRIBUTE: Table = &[("Key", Text), ("Value", Text)];
const TARGET_DESCRIPTION: Table =
    &[("AvailabilityZone", Text), ("Id", Required(&Rule(target))), ("Port", Integer), ("QuicServerId", Text)];

fn finish(context: &mut RuleContext<'_, '_>, node: &Node, properties: &mut JsonMap<String, Value>) {
    let of_function = node.get("TargetType").and_then(Node::as_str) == Some("lambda");
    if let Some(targets) = node.get("Targets").filter(|_| !of_function) {
        let message = "`Targets` is only allowed with `TargetType: lambda`";
        let help =
            "remove `Targets`, because instances register themselves; or set `TargetType: lambda` for a function";
        context.within("Targets").refuse(FindingCode::NotAllowed, targets.span, message, help);
    }
    tags::add_to_list(context, node, properties);
}

/// The rule of a target: a function of this template, or one with correct tags.
fn target(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    if local::attribute_of(node).is_some() {
        local::by_attribute(context, node, &["AWS::Serverless::Function"], "Arn");
        return node.into();
    }
    let Some(name) = node.as_str().filter(|name| !name.is_empty()) else {
        refuse_non_literal(context, node, "`!GetAtt <function>.Arn`, or the name or ARN of a function");
        return node.into();
    };
    if !is_arn(name) {
        let whole = arn(context.facts(), "lambda", &format!("function:{name}"));
        arns::require_correct_tags(context, node, name, &whole);
        return json!(whole);
    }
    let function = arns::resource_of(name, "lambda").and_then(|resource| resource.strip_prefix("function:"));
    let function = function.and_then(|function| function.split(':').next());
    if let Some(function) = function.filter(|function| !function.is_empty()) {
        // The function has the tags, not its versions and aliases.
        let whole = name.split(':').take(6).chain([function]).collect::<Vec<_>>().join(":");
        arns::require_correct_tags(context, node, name, &whole);
    } else {
        let message = format!("`{name}` is not the ARN of a function");
        context.refuse(FindingCode::InvalidName, node.span, message, "write the name of the function");
    }
    node.into()
}

#[cfg(test)]
mod tests {
    use crate::rules::fixture::{RulesFixture, function, own_tags, resource, tags};
    use crate::rules::{Answer, Lookup};
    use crate::template::FindingCode;
    use serde_json::{Value, json};

    fn group(properties: Value) -> Value {
        json!({
            "group": resource("AWS::ElasticLoadBalancingV2::TargetGroup", properties),
            "hello": function(json!({})),
        })
    }

    fn of_function(id: &Value) -> Value {
        group(json!({"TargetType": "lambda", "Targets": [{"Id": id}]}))
    }

    const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:other";

    fn knows(answer: Answer) -> RulesFixture {
        RulesFixture::default().knows(Lookup::Tags(ARN.to_owned()), answer)
    }

    #[test]
    fn group_of_instances_has_no_targets() {
        let emitted = RulesFixture::default().accepts(group(json!({"TargetType": "instance", "Port": 80})));
        let properties = &emitted["Resources"]["group"]["Properties"];
        assert_eq!(properties["Name"], "fenrir-org-shop-developm86181ae1");
        assert_eq!(properties["Tags"][0], json!({"Key": "ProjectName", "Value": "org/shop"}));
        RulesFixture::default().accepts(group(json!({})));
        let with_targets = group(json!({"Targets": [{"Id": "i-1"}]}));
        let fixture = RulesFixture::default();
        fixture.refuses(with_targets, "group.Properties.Targets", FindingCode::NotAllowed);
        let addresses = group(json!({"TargetType": "ip"}));
        fixture.refuses(addresses, "group.Properties.TargetType", FindingCode::InvalidValue);
    }

    const TARGET: &str = "group.Properties.Targets.0.Id";

    #[test]
    fn target_may_be_a_function_of_the_template() {
        RulesFixture::default().accepts(of_function(&json!({"Fn::GetAtt": ["hello", "Arn"]})));
        for (wrong, code) in [
            (json!({"Fn::GetAtt": ["hello", "Name"]}), FindingCode::NotAReference),
            (json!({"Fn::GetAtt": ["group", "Arn"]}), FindingCode::WrongResourceType),
            (json!({"Ref": "hello"}), FindingCode::NotALiteral),
        ] {
            RulesFixture::default().refuses(of_function(&wrong), TARGET, code);
        }
    }

    #[test]
    fn target_may_be_a_function_with_correct_tags() {
        let correct = Answer::Tags(Some(own_tags("x")));
        let emitted = knows(correct.clone()).accepts(of_function(&json!("other")));
        assert_eq!(emitted["Resources"]["group"]["Properties"]["Targets"][0]["Id"], ARN);
        knows(correct).accepts(of_function(&json!(format!("{ARN}:live"))));
        let others = tags([("ProjectName", "org/other"), ("ConfigName", "development")]);
        let named = || of_function(&json!("other"));
        knows(Answer::Tags(Some(others))).refuses(named(), TARGET, FindingCode::OtherProject);
        knows(Answer::Tags(None)).refuses(named(), TARGET, FindingCode::NotFound);
        let queue = of_function(&json!("arn:aws:sqs:us-east-1:0:x"));
        RulesFixture::default().refuses(queue, TARGET, FindingCode::InvalidName);
    }
}
