//! Who may call an API: its authorizers that are functions, and its usage plan.

use super::{Expansion, Given};
use serde_json::{Value, json};

impl Expansion {
    /// Lets the API call its authorizers.
    pub(super) fn authorizers(&mut self, given: &Given<'_>, by_default: bool) {
        let authorizers = given.get("Auth").and_then(|auth| auth.get("Authorizers")).and_then(Value::as_object);
        for (name, authorizer) in authorizers.into_iter().flatten() {
            let says = |property: &str| authorizer.get(property).is_some_and(|value| *value == true);
            let is_let = if by_default {
                authorizer.get("FunctionInvokeRole").is_none() && !says("DisableFunctionDefaultPermissions")
            } else {
                says("EnableFunctionDefaultPermissions")
            };
            if let Some(function) = authorizer.get("FunctionArn").filter(|_| is_let) {
                let source = format!(
                    "arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{{}}}/authorizers/*",
                    given.id
                );
                let properties = json!({
                    "Action": "lambda:InvokeFunction", "FunctionName": function, "Principal": "apigateway.amazonaws.com",
                    "SourceArn": {"Fn::Sub": source},
                });
                let definition = json!({"Type": "AWS::Lambda::Permission", "Properties": properties});
                self.add(format!("{}{name}AuthorizerPermission", given.id), definition);
            }
        }
    }

    /// The usage plan of an API, of its own or for all, with a key.
    pub(super) fn usage_plan(&mut self, given: &Given<'_>, stage_id: &str) {
        let plan = given.get("Auth").and_then(|auth| auth.get("UsagePlan")).and_then(Value::as_object);
        let owner = match plan.and_then(|plan| plan.get("CreateUsagePlan")).and_then(Value::as_str) {
            Some("PER_API") => given.id,
            Some("SHARED") => "Serverless",
            _ => return,
        };
        let (plan_id, key_id) = (format!("{owner}UsagePlan"), format!("{owner}ApiKey"));
        let stage = json!({"ApiId": {"Ref": given.id}, "Stage": {"Ref": stage_id}});
        let shared = |id: &str, property: &str| self.resources.get(id)?.pointer(property)?.as_array().cloned();
        let stages = |id: &str, property: &str| {
            let others = shared(id, property).unwrap_or_default();
            others.into_iter().chain([stage.clone()]).collect::<Value>()
        };
        let mut of_plan = plan.cloned().unwrap_or_default();
        of_plan.remove("CreateUsagePlan");
        of_plan.insert("ApiStages".into(), stages(&plan_id, "/Properties/ApiStages"));
        let of_key = json!({"Enabled": true, "StageKeys": stages(&key_id, "/Properties/StageKeys")});
        let of_both = json!({"KeyId": {"Ref": key_id}, "KeyType": "API_KEY", "UsagePlanId": {"Ref": plan_id}});
        self.add(plan_id, json!({"Type": "AWS::ApiGateway::UsagePlan", "Properties": of_plan}));
        self.add(key_id, json!({"Type": "AWS::ApiGateway::ApiKey", "Properties": of_key}));
        self.add(
            format!("{owner}UsagePlanKey"),
            json!({"Type": "AWS::ApiGateway::UsagePlanKey", "Properties": of_both}),
        );
    }
}
