//! Versions and aliases of functions, and `CodeDeploy` groups that shift traffic between them.

use super::digest::suffix;
use super::function::{lambda_properties, trust};
use super::{Expansion, SourceResource};
use serde_json::{Map, Value, json};

/// SAM's `CodeDeploy` application for all functions, and its role.
const APPLICATION: &str = "ServerlessDeploymentApplication";
const SERVICE_ROLE: &str = "CodeDeployServiceRole";

impl Expansion {
    /// Adds a version and an alias with `AutoPublishAlias`. Returns the endpoint for events: the alias, else the function.
    pub(super) fn publish(&mut self, given: &SourceResource<'_>, code: &Value) -> Value {
        let Some(alias) = given.get("AutoPublishAlias").and_then(Value::as_str) else {
            return json!({"Fn::GetAtt": [given.id, "Arn"]});
        };
        let given_digest = given.get("AutoPublishCodeSha256").and_then(Value::as_str);
        let digest = match given_digest {
            Some(digest) => digest.chars().take(10).collect(),
            None => suffix(&published_with(given, code)),
        };
        let version_id = format!("{}Version{digest}", given.id);
        if given_digest.is_none() {
            self.expanded.unpredictable.insert(version_id.clone());
        }
        // A logical id has only letters and digits.
        let alias_id = format!("{}Alias{}", given.id, alias.replace('-', "D").replace('_', "U"));
        let mut version = Map::from_iter([("FunctionName".to_owned(), json!({"Ref": given.id}))]);
        version.extend(given.get("VersionDescription").map(|text| ("Description".into(), text.clone())));
        let policy = given.definition.get("DeletionPolicy").or_else(|| given.get("VersionDeletionPolicy"));
        let policy = policy.cloned().unwrap_or_else(|| "Retain".into());
        self.generate(
            given,
            &version_id,
            json!({"Type": "AWS::Lambda::Version", "DeletionPolicy": policy, "Properties": version}),
        );
        let mut properties = Map::from_iter([
            ("Name".to_owned(), alias.into()),
            ("FunctionName".to_owned(), json!({"Ref": given.id})),
            ("FunctionVersion".to_owned(), json!({"Fn::GetAtt": [version_id, "Version"]})),
        ]);
        let concurrency = given.get("ProvisionedConcurrencyConfig");
        properties.extend(concurrency.map(|value| ("ProvisionedConcurrencyConfig".into(), value.clone())));
        let mut definition = json!({"Type": "AWS::Lambda::Alias", "Properties": properties});
        if let (Some(update), Some(definition)) = (self.deployment(given), definition.as_object_mut()) {
            definition.insert("UpdatePolicy".into(), json!({"CodeDeployLambdaAliasUpdate": update}));
        }
        self.generate(given, &alias_id, definition);
        json!({"Ref": alias_id})
    }

    /// Adds the deployment group of a function with `DeploymentPreference`. Returns the alias's update policy.
    fn deployment(&mut self, given: &SourceResource<'_>) -> Option<Value> {
        let preference =
            given.get("DeploymentPreference").filter(|preference| preference.get("Enabled") != Some(&false.into()))?;
        let group_id = format!("{}DeploymentGroup", given.id);
        self.generate_apart(
            given,
            &group_id,
            json!({"Type": "AWS::CodeDeploy::DeploymentGroup", "Properties": group(preference)}),
        );
        let application = json!({"ComputePlatform": "Lambda"});
        self.generate_apart(
            given,
            APPLICATION,
            json!({"Type": "AWS::CodeDeploy::Application", "Properties": application}),
        );
        if preference.get("Role").is_none() {
            let role = json!({
                "AssumeRolePolicyDocument": trust("codedeploy"),
                "ManagedPolicyArns": [self.partition.managed_policy_arn("service-role/AWSCodeDeployRoleForLambda")],
            });
            self.generate_apart(given, SERVICE_ROLE, json!({"Type": "AWS::IAM::Role", "Properties": role}));
        }
        let mut update = json!({"ApplicationName": {"Ref": APPLICATION}, "DeploymentGroupName": {"Ref": group_id}});
        for (hook, name) in [("PreTraffic", "BeforeAllowTrafficHook"), ("PostTraffic", "AfterAllowTrafficHook")] {
            let value = preference.get("Hooks").and_then(|hooks| hooks.get(hook));
            if let (Some(value), Some(update)) = (value, update.as_object_mut()) {
                update.insert(name.into(), value.clone());
            }
        }
        Some(update)
    }
}

fn group(preference: &Value) -> Value {
    let kind = preference.get("Type").and_then(Value::as_str).unwrap_or("AllAtOnce");
    let alarms = preference.get("Alarms").and_then(Value::as_array).into_iter().flatten();
    let alarms: Vec<_> = alarms.map(|alarm| json!({"Name": alarm})).collect();
    let role = preference.get("Role").cloned();
    let mut group = json!({
        "ApplicationName": {"Ref": APPLICATION},
        "AutoRollbackConfiguration": {
            "Enabled": true,
            "Events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"],
        },
        "DeploymentConfigName": format!("CodeDeployDefault.Lambda{kind}"),
        "DeploymentStyle": {"DeploymentType": "BLUE_GREEN", "DeploymentOption": "WITH_TRAFFIC_CONTROL"},
        "ServiceRoleArn": role.unwrap_or_else(|| json!({"Fn::GetAtt": [SERVICE_ROLE, "Arn"]})),
    });
    if let (false, Some(group)) = (alarms.is_empty(), group.as_object_mut()) {
        group.insert("AlarmConfiguration".into(), json!({"Enabled": true, "Alarms": alarms}));
    }
    group
}

/// The properties whose change publishes a new version: code, environment and memory, or all of them on request.
fn published_with(given: &SourceResource<'_>, code: &Value) -> Value {
    if given.get("AutoPublishAliasAllProperties").is_some_and(|all| *all == true) {
        let mut all = lambda_properties(given, code);
        if given.get("Role").is_none() {
            // SAM adds its own role later.
            all.remove("Role");
        }
        return all.into();
    }
    let mut with = code.as_object().cloned().unwrap_or_default();
    with.extend(given.get("Environment").and_then(Value::as_object).cloned().unwrap_or_default());
    with.extend(given.get("MemorySize").map(|memory| ("MemorySize".into(), memory.clone())));
    let snapshots = given.get("SnapStart").filter(|snapshots| snapshots.get("ApplyOn").is_some_and(|on| *on != "None"));
    with.extend(snapshots.map(|snapshots| ("SnapStart".into(), snapshots.clone())));
    with.into()
}
