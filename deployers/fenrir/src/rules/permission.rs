//! `AWS::Lambda::Permission`: lets certain AWS services call a function of this template.

use super::evaluate::{Piece, evaluate};
use super::resource::ResourceType;
use super::rule_context::RuleContext;
use super::table::Shape::{Boolean, Names, OneOf, Plain, Required, Rule, Text};
use super::table::Table;
use super::{local, reference_kinds as kinds};
use crate::template::{FindingCode, Node};
use bifrost::release::service_principal;
use serde_json::{Map, Value};

pub(super) const TYPE: ResourceType = ResourceType {
    name: "AWS::Lambda::Permission",
    table: PROPERTIES,
    named: None,
    finish: require_source,
    deletion_policy: None,
};

const PROPERTIES: Table = &[
    ("Action", Required(&Plain(&OneOf(&["lambda:InvokeFunction"])))),
    ("EventSourceToken", Text),
    ("FunctionName", Required(&Rule(function))),
    ("FunctionUrlAuthType", OneOf(&["AWS_IAM", "NONE"])),
    ("InvokedViaFunctionUrl", Boolean),
    ("Principal", Required(&Plain(&OneOf(PRINCIPALS)))),
    ("PrincipalOrgID", Text),
    ("SourceAccount", Names(&kinds::ACCOUNT)),
    ("SourceArn", Names(&kinds::CALLER)),
];
const PRINCIPALS: &[&str] = &[
    service_principal::ELASTIC_LOAD_BALANCING,
    service_principal::SECRETS_MANAGER,
    service_principal::API_GATEWAY,
    service_principal::EVENTS,
];

fn function(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    local::by_attribute(context, node, &["AWS::Serverless::Function"], "Arn");
    node.into()
}

/// Without a source, the service may call the function for anyone.
fn require_source(context: &mut RuleContext<'_, '_>, node: &Node, _: &mut Map<String, Value>) {
    let has = |name| {
        let pieces = node.get(name).map(|source| evaluate(context.facts(), source));
        pieces.is_some_and(|pieces| !matches!(pieces.as_slice(), [] | [Piece::NoValue]))
    };
    if !has("SourceArn") && !has("SourceAccount") {
        let help = "add `SourceAccount: !Ref AWS::AccountId`, or `SourceArn` with the ARN of what calls the function; \
                    of a target group, `arn:${AWS::Partition}:elasticloadbalancing:${AWS::Region}:${AWS::AccountId}:targetgroup/*`";
        let message = "`SourceArn` or `SourceAccount` is required";
        context.refuse(FindingCode::MissingProperty, node.span, message, help);
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::fixture::{RulesFixture, function};
    use crate::template::FindingCode;
    use serde_json::{Value, json};

    fn permission(name: &str, value: &Value) -> Value {
        let mut properties = json!({
            "Action": "lambda:InvokeFunction", "Principal": "events.amazonaws.com",
            "FunctionName": {"Fn::GetAtt": ["hello", "Arn"]}, "SourceAccount": {"Ref": "AWS::AccountId"},
        });
        properties[name] = value.clone();
        json!({
            "api": {"Type": "AWS::Serverless::Api", "Properties": {"StageName": "live"}},
            "group": {"Type": "AWS::ElasticLoadBalancingV2::TargetGroup", "Properties": {"TargetType": "lambda"}},
            "hello": function(json!({"Events": {"hourly": {
                "Type": "Schedule", "Properties": {"Schedule": "rate(1 hour)"},
            }}})),
            "permission": {"Type": "AWS::Lambda::Permission", "Properties": properties},
        })
    }

    #[test]
    fn principal_is_one_of_four_services() {
        let fixture = RulesFixture::default();
        for service in ["elasticloadbalancing", "secretsmanager", "apigateway", "events"] {
            fixture.accepts(permission("Principal", &json!(format!("{service}.amazonaws.com"))));
        }
        let path = "permission.Properties.Principal";
        for wrong in [json!("*"), json!("s3.amazonaws.com"), json!("111111111111")] {
            fixture.refuses(permission("Principal", &wrong), path, FindingCode::InvalidValue);
        }
        let computed = permission("Principal", &json!({"Ref": "AWS::AccountId"}));
        fixture.refuses(computed, path, FindingCode::NotALiteral);
    }

    /// A permission with a source in place of the account.
    fn with_source(value: &Value) -> Value {
        let mut resources = permission("SourceArn", value);
        resources["permission"]["Properties"].as_object_mut().unwrap().remove("SourceAccount");
        resources
    }

    #[test]
    fn source_is_in_the_account() {
        let fixture = RulesFixture::default();
        for own in [
            json!("arn:aws:events:us-east-1:000000000000:rule/x"),
            json!({"Ref": "group"}),
            json!({"Fn::GetAtt": ["hellohourly", "Arn"]}),
            json!({"Fn::Sub": "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${api}/*"}),
            json!({"Fn::Sub": "arn:aws:elasticloadbalancing:us-east-1:${AWS::AccountId}:targetgroup/*"}),
            json!({"Fn::Join": [":", ["arn:aws:events:us-east-1", {"Ref": "AWS::AccountId"}, "rule/x"]]}),
        ] {
            fixture.accepts(with_source(&own));
        }
        let path = "permission.Properties.SourceArn";
        for (other, code) in [
            (json!("arn:aws:events:us-east-1:111111111111:rule/x"), FindingCode::OtherProject),
            (json!("arn:aws:events:us-east-1:*:rule/x"), FindingCode::OtherProject),
            (json!("arn:aws:s3:::victim"), FindingCode::OtherProject),
            (json!("*"), FindingCode::NotAReference),
            (json!({"Fn::ImportValue": "x"}), FindingCode::NotAReference),
            (json!({"Fn::Sub": "arn:aws:events:us-east-1:111111111111:${api}"}), FindingCode::NotAReference),
        ] {
            fixture.refuses(with_source(&other), path, code);
        }
        let none = with_source(&json!({"Ref": "AWS::NoValue"}));
        fixture.refuses(none, "permission.Properties", FindingCode::MissingProperty);
        let other = permission("SourceAccount", &json!("111111111111"));
        fixture.refuses(other, "permission.Properties.SourceAccount", FindingCode::OtherProject);
    }

    #[test]
    fn other_actions_are_refused() {
        let all = permission("Action", &json!("lambda:*"));
        RulesFixture::default().refuses(all, "permission.Properties.Action", FindingCode::InvalidValue);
    }

    #[test]
    fn function_is_one_of_the_template() {
        let path = "permission.Properties.FunctionName";
        for (wrong, code) in [
            (json!("hello"), FindingCode::NotAReference),
            (json!({"Ref": "hello"}), FindingCode::NotAReference),
            (json!({"Fn::GetAtt": ["permission", "Arn"]}), FindingCode::WrongResourceType),
        ] {
            RulesFixture::default().refuses(permission("FunctionName", &wrong), path, code);
        }
    }
}
