//! Expands what lets clients call an API: the permissions of its authorizers, its usage plan and API key.

use super::{Expansion, SourceResource};
use bifrost::release::service_principal;
use serde_json::{Value, json};

impl Expansion {
    /// Permissions for the API to call its authorizers.
    pub(super) fn authorizers(&mut self, given: &SourceResource<'_>, by_default: bool) {
        let authorizers = given.get("Auth").and_then(|auth| auth.get("Authorizers")).and_then(Value::as_object);
        for (name, authorizer) in authorizers.into_iter().flatten() {
            let says = |property: &str| authorizer.get(property).is_some_and(|value| *value == true);
            let is_let = if by_default {
                !says("DisableFunctionDefaultPermissions")
            } else {
                says("EnableFunctionDefaultPermissions")
            };
            if let Some(function) = authorizer.get("FunctionArn").filter(|_| is_let) {
                let source = format!(
                    "arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{{}}}/authorizers/*",
                    given.id
                );
                let properties = json!({
                    "Action": "lambda:InvokeFunction", "FunctionName": function, "Principal": service_principal::API_GATEWAY,
                    "SourceArn": {"Fn::Sub": source},
                });
                let definition = json!({"Type": "AWS::Lambda::Permission", "Properties": properties});
                self.generate(given, format!("{}{name}AuthorizerPermission", given.id), definition);
            }
        }
    }

    /// The usage plan of an API, or the shared one, with a key.
    pub(super) fn usage_plan(&mut self, given: &SourceResource<'_>, stage_id: &str) {
        let plan = given.get("Auth").and_then(|auth| auth.get("UsagePlan")).and_then(Value::as_object);
        let owner = match plan.and_then(|plan| plan.get("CreateUsagePlan")).and_then(Value::as_str) {
            Some("PER_API") => given.id,
            Some("SHARED") => "Serverless",
            _ => return,
        };
        let (plan_id, key_id) = (format!("{owner}UsagePlan"), format!("{owner}ApiKey"));
        let mut plan = plan.cloned().unwrap_or_default();
        plan.remove("CreateUsagePlan");
        let stage = json!({"ApiId": {"Ref": given.id}, "Stage": {"Ref": stage_id}});
        plan.insert("ApiStages".into(), self.shared(&plan_id, "/Properties/ApiStages", stage));
        let needed = self.shared(&plan_id, "/DependsOn", given.id.into());
        let stage = json!({"RestApiId": {"Ref": given.id}, "StageName": {"Ref": stage_id}});
        let key = json!({"Enabled": true, "StageKeys": self.shared(&key_id, "/Properties/StageKeys", stage)});
        let both = json!({"KeyId": {"Ref": key_id}, "KeyType": "API_KEY", "UsagePlanId": {"Ref": plan_id}});
        for (id, kind, needed, properties) in [
            (plan_id.clone(), "AWS::ApiGateway::UsagePlan", needed, plan.into()),
            (key_id.clone(), "AWS::ApiGateway::ApiKey", json!([plan_id]), key),
            (format!("{owner}UsagePlanKey"), "AWS::ApiGateway::UsagePlanKey", json!([key_id]), both),
        ] {
            let mut definition = json!({"Type": kind, "DependsOn": needed, "Properties": properties});
            self.keep_policies(&id, given, &mut definition);
            self.generate(given, id, definition);
        }
    }

    /// Keeps the policies that a resource got from an API before, unless this one retains it.
    fn keep_policies(&self, id: &str, given: &SourceResource<'_>, definition: &mut Value) {
        for name in ["DeletionPolicy", "UpdateReplacePolicy"] {
            let before = self.expanded.resources.get(id).and_then(|before| before.get(name));
            let before = before.filter(|_| given.definition.get(name).is_none_or(|policy| policy != "Retain"));
            if let (Some(policy), Some(definition)) = (before, definition.as_object_mut()) {
                definition.insert(name.into(), policy.clone());
            }
        }
    }

    /// A list of a resource that several APIs share, with one more item.
    fn shared(&self, id: &str, pointer: &str, item: Value) -> Value {
        let before = self.expanded.resources.get(id).and_then(|found| found.pointer(pointer)?.as_array());
        before.into_iter().flatten().cloned().chain([item]).collect()
    }
}
