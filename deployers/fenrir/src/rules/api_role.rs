//! Roles with which API Gateway would call a function. Fenrir's role may not pass it one, because nothing shows which role a team
//! means for it.

use super::rule_context::RuleContext;
use super::table::Shape::{self, Rule};
use crate::template::{FindingCode, Node};
use serde_json::Value;

/// The role with which a route calls: the caller's role, or no role.
pub(super) const OF_ROUTE: Shape = Rule(|context, node| only(context, node, &["CALLER_CREDENTIALS", "NONE"]));
/// The role for the calls of an authorizer: none.
pub(super) const OF_AUTHORIZER: Shape = Rule(|context, node| only(context, node, &["NONE"]));

fn only(context: &mut RuleContext<'_, '_>, node: &Node, allowed: &[&str]) -> Value {
    if !node.as_str().is_some_and(|text| allowed.contains(&text)) {
        let message = "Fenrir's role may not pass API Gateway a role";
        let help = format!("remove it, and SAM lets the API call the function; or write {}", allowed.join(" or "));
        context.refuse(FindingCode::NotAllowed, node.span, message, help);
    }
    node.into()
}

#[cfg(test)]
mod tests {
    use crate::rules::fixture::{RulesFixture, function, resource};
    use crate::template::FindingCode;
    use serde_json::{Value, json};

    const ROLE: &str = "arn:aws:iam::000000000000:role/x";

    fn api(kind: &str, role: &Value) -> Value {
        let auth = json!({"DefaultAuthorizer": "ours", "Authorizers": {"ours": {
            "FunctionArn": {"Fn::GetAtt": ["hello", "Arn"]}, "FunctionInvokeRole": role,
        }}});
        let api = if kind == "Api" { json!({"StageName": "dev", "Auth": auth}) } else { json!({"Auth": auth}) };
        json!({"hello": function(json!({})), "api": resource(&format!("AWS::Serverless::{kind}"), api)})
    }

    #[test]
    fn authorizer_has_no_role() {
        let path = "api.Properties.Auth.Authorizers.ours.FunctionInvokeRole";
        for kind in ["Api", "HttpApi"] {
            for role in [json!(ROLE), json!({"Fn::GetAtt": ["helloRole", "Arn"]}), json!("CALLER_CREDENTIALS")] {
                RulesFixture::default().refuses(api(kind, &role), path, FindingCode::NotAllowed);
            }
            let findings = RulesFixture::default().with(api(kind, &json!("NONE"))).findings;
            assert!(!findings.all().iter().any(|finding| finding.code == FindingCode::NotAllowed), "{findings}");
        }
    }

    #[test]
    fn route_has_the_role_of_the_caller() {
        let with = |role: &str| {
            let auth = json!({"Authorizer": "AWS_IAM", "InvokeRole": role});
            let event = json!({"RestApiId": {"Ref": "api"}, "Path": "/x", "Method": "get", "Auth": auth});
            json!({
                "hello": function(json!({"Events": {"get": {"Type": "Api", "Properties": event}}})),
                "api": resource("AWS::Serverless::Api", json!({"StageName": "dev"})),
            })
        };
        for allowed in ["CALLER_CREDENTIALS", "NONE"] {
            RulesFixture::default().accepts(with(allowed));
        }
        let path = "hello.Properties.Events.get.Properties.Auth.InvokeRole";
        RulesFixture::default().refuses(with(ROLE), path, FindingCode::NotAllowed);
    }
}
