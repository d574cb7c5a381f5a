//! `AWS::Lambda::Permission`: lets certain AWS services call a function of this template.

use super::local;
use super::resource::ResourceType;
use super::rule_context::RuleContext;
use super::table::Shape::{Boolean, OneOf, Plain, Required, Rule, Text};
use super::table::Table;
use crate::template::Node;
use bifrost::release::service_principal;
use serde_json::Value;

pub(super) const TYPE: ResourceType = ResourceType {
    name: "AWS::Lambda::Permission",
    table: PROPERTIES,
    named: None,
    finish: |_, _, _| {},
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
    ("SourceAccount", Text),
    ("SourceArn", Text),
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

#[cfg(test)]
mod tests {
    use crate::rules::fixture::{RulesFixture, function};
    use crate::template::FindingCode;
    use serde_json::{Value, json};

    fn permission(name: &str, value: &Value) -> Value {
        let mut properties = json!({
            "Action": "lambda:InvokeFunction", "Principal": "events.amazonaws.com",
            "FunctionName": {"Fn::GetAtt": ["hello", "Arn"]},
        });
        properties[name] = value.clone();
        json!({
            "hello": function(json!({})),
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
