//! `AWS::ElasticLoadBalancingV2::TargetGroup`: of instances, which register themselves, or of a function.

use super::arns::{self, arn, is_arn};
use super::combinations::given;
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
    check_protocol(context, node, of_function);
    tags::add_to_list(context, node, properties);
}

/// Lambda has no port, and instances need one. (<https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html>)
fn check_protocol(context: &mut RuleContext<'_, '_>, node: &Node, of_function: bool) {
    const OF_INSTANCES: [&str; 3] = ["Port", "Protocol", "VpcId"];
    const NOT_OF_FUNCTIONS: [&str; 3] = ["HealthCheckPort", "HealthCheckProtocol", "ProtocolVersion"];
    for name in OF_INSTANCES.into_iter().chain(NOT_OF_FUNCTIONS) {
        match given(node, name) {
            Some(value) if of_function => {
                let message = format!("a target group with `TargetType: lambda` has no `{name}`");
                context.within(name).refuse(FindingCode::Conflict, value.span, message, "remove it");
            }
            None if !of_function && OF_INSTANCES.contains(&name) => {
                let help = format!("add `{name}`, or set `TargetType: lambda` for a function");
                context.refuse(FindingCode::MissingProperty, node.span, format!("`{name}` is missing"), help);
            }
            _ => {}
        }
    }
}

/// The rule of a target: a function of this template, or one with correct tags.
fn target(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    if local::is_reference(node) {
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

    fn of_instances(mut properties: Value) -> Value {
        properties["Port"] = json!(80);
        properties["Protocol"] = json!("HTTP");
        properties["VpcId"] = json!("vpc-1");
        group(properties)
    }

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
        let emitted = RulesFixture::default().accepts(of_instances(json!({"TargetType": "instance"})));
        let properties = &emitted["Resources"]["group"]["Properties"];
        assert_eq!(properties["Name"], "fenrir-org-shop-developm86181ae1");
        assert_eq!(properties["Tags"][0], json!({"Key": "ProjectName", "Value": "org/shop"}));
        RulesFixture::default().accepts(of_instances(json!({})));
        let with_targets = of_instances(json!({"Targets": [{"Id": "i-1"}]}));
        let fixture = RulesFixture::default();
        fixture.refuses(with_targets, "group.Properties.Targets", FindingCode::NotAllowed);
        let addresses = of_instances(json!({"TargetType": "ip"}));
        fixture.refuses(addresses, "group.Properties.TargetType", FindingCode::InvalidValue);
    }

    #[test]
    fn group_of_instances_has_a_port_and_one_of_a_function_has_none() {
        let fixture = RulesFixture::default();
        for name in ["Port", "Protocol", "VpcId"] {
            let mut without = of_instances(json!({}));
            without["group"]["Properties"].as_object_mut().unwrap().remove(name);
            fixture.refuses(without, "group.Properties", FindingCode::MissingProperty);
        }
        let with_port = group(json!({"TargetType": "lambda", "Port": 80}));
        fixture.refuses(with_port, "group.Properties.Port", FindingCode::Conflict);
    }

    const TARGET: &str = "group.Properties.Targets.0.Id";

    #[test]
    fn target_may_be_a_function_of_the_template() {
        RulesFixture::default().accepts(of_function(&json!({"Fn::GetAtt": ["hello", "Arn"]})));
        for (wrong, code) in [
            (json!({"Fn::GetAtt": ["hello", "Name"]}), FindingCode::NotAReference),
            (json!({"Fn::GetAtt": ["group", "Arn"]}), FindingCode::WrongResourceType),
            (json!({"Ref": "hello"}), FindingCode::NotAReference),
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
