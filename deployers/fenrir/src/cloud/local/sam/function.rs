//! Expands functions and their roles.

use super::{Expansion, SourceResource, kept, location, tag_list};
use bifrost::release::{Partition, service_principal};
use serde_json::{Map, Value, json};

/// Properties that SAM removes from a function, because they belong to another resource or have another name.
const NOT_OF_LAMBDA: [&str; 21] = [
    "AssumeRolePolicyDocument",
    "AutoPublishAlias",
    "AutoPublishAliasAllProperties",
    "AutoPublishCodeSha256",
    "CodeUri",
    "DeadLetterQueue",
    "DeploymentPreference",
    "EventInvokeConfig",
    "Events",
    "FunctionUrlConfig",
    "ImageUri",
    "InlineCode",
    "PermissionsBoundary",
    "Policies",
    "PropagateTags",
    "ProvisionedConcurrencyConfig",
    "RolePath",
    "Tags",
    "Tracing",
    "VersionDeletionPolicy",
    "VersionDescription",
];

impl Expansion {
    pub(super) fn function(&mut self, given: &SourceResource<'_>) {
        let code = match given.get("InlineCode") {
            Some(text) => Some(json!({"ZipFile": text})),
            None => given.get("CodeUri").and_then(|uri| location(uri, "S3Bucket", "S3Key")),
        };
        let Some(code) = code else {
            let message = "'CodeUri' is not a valid S3 Uri of the form 's3://bucket/key' with optional versionId query parameter.";
            return self.wrong(given.id, message);
        };
        let definition = given.becomes("AWS::Lambda::Function", &lambda_properties(given, &code));
        self.add(given.id, definition);
        if given.get("Role").is_none() {
            self.role(given);
        }
        let endpoint = self.publish(given, &code);
        self.url(given, &endpoint);
        self.invoke_config(given, &endpoint);
        self.events(given, &endpoint);
    }

    /// The role of a function without `Role`.
    fn role(&mut self, given: &SourceResource<'_>) {
        let policy = |(number, policy): (usize, &Value)| {
            // SAM generates the statements from the policy template's name and parameters, so they change together.
            json!({"PolicyName": format!("{}RolePolicy{number}", given.id), "PolicyDocument": {"Statement": [policy]}})
        };
        let policies = given.get("Policies").and_then(Value::as_array).into_iter().flatten();
        let policies: Vec<_> = policies.enumerate().map(policy).collect();
        let mut properties = Map::new();
        properties.insert("AssumeRolePolicyDocument".into(), trust("lambda"));
        properties.insert("ManagedPolicyArns".into(), managed_policies(given, self.partition));
        if !policies.is_empty() {
            properties.insert("Policies".into(), policies.into());
        }
        properties
            .extend(given.get("PermissionsBoundary").map(|boundary| ("PermissionsBoundary".into(), boundary.clone())));
        properties.extend(given.get("RolePath").map(|path| ("Path".into(), path.clone())));
        properties.insert("Tags".into(), tag_list(given.get("Tags")));
        self.add(format!("{}Role", given.id), json!({"Type": "AWS::IAM::Role", "Properties": properties}));
    }

    fn url(&mut self, given: &SourceResource<'_>, endpoint: &Value) {
        let Some(config) = given.get("FunctionUrlConfig").and_then(Value::as_object) else { return };
        let target = if endpoint.get("Ref").is_some() { endpoint.clone() } else { json!({"Ref": given.id}) };
        let mut properties = config.clone();
        properties.insert("TargetFunctionArn".into(), target.clone());
        self.add(format!("{}Url", given.id), json!({"Type": "AWS::Lambda::Url", "Properties": properties}));
        if config.get("AuthType").is_some_and(|auth| auth == "NONE") {
            for (suffix, action, property, value) in [
                ("UrlPublicPermissions", "lambda:InvokeFunctionUrl", "FunctionUrlAuthType", json!("NONE")),
                ("URLInvokeAllowPublicAccess", "lambda:InvokeFunction", "InvokedViaFunctionUrl", json!(true)),
            ] {
                let properties = json!({"Action": action, "FunctionName": target, "Principal": "*", property: value});
                let definition = json!({"Type": "AWS::Lambda::Permission", "Properties": properties});
                self.add(format!("{}{suffix}", given.id), definition);
            }
        }
    }

    /// The settings for asynchronous calls.
    fn invoke_config(&mut self, given: &SourceResource<'_>, endpoint: &Value) {
        let Some(config) = given.get("EventInvokeConfig").and_then(Value::as_object) else { return };
        let destinations = config.get("DestinationConfig").and_then(Value::as_object);
        let of = |(name, to): (&String, &Value)| Some((name.clone(), json!({"Destination": to.get("Destination")?})));
        let known: Map<String, Value> = destinations.into_iter().flatten().filter_map(of).collect();
        if destinations.is_some_and(|all| all.len() != known.len()) {
            self.wrong(given.id, "the local cloud does not create queues and topics for destinations; set Destination");
        }
        let alias = endpoint.get("Ref").and(given.get("AutoPublishAlias")).cloned();
        let mut properties = kept(config, &["MaximumEventAgeInSeconds", "MaximumRetryAttempts"]);
        properties.extend(destinations.map(|_| ("DestinationConfig".into(), known.into())));
        properties.insert("FunctionName".into(), json!({"Ref": given.id}));
        properties.insert("Qualifier".into(), alias.unwrap_or_else(|| "$LATEST".into()));
        let definition = json!({"Type": "AWS::Lambda::EventInvokeConfig", "Properties": properties});
        self.add(format!("{}EventInvokeConfig", given.id), definition);
    }
}

fn lambda_properties(given: &SourceResource<'_>, code: &Value) -> Map<String, Value> {
    let kept = given.properties.iter().filter(|(name, _)| !NOT_OF_LAMBDA.contains(&name.as_str()));
    let mut properties: Map<String, Value> = kept.map(|(name, value)| (name.clone(), value.clone())).collect();
    properties.insert("Code".into(), code.clone());
    properties.insert("Tags".into(), tag_list(given.get("Tags")));
    let role = || json!({"Fn::GetAtt": [format!("{}Role", given.id), "Arn"]});
    properties.entry("Role").or_insert_with(role);
    properties.extend(given.get("Tracing").map(|mode| ("TracingConfig".into(), json!({"Mode": mode}))));
    let dead_letters = given.get("DeadLetterQueue").and_then(|queue| queue.get("TargetArn"));
    properties.extend(dead_letters.map(|arn| ("DeadLetterConfig".into(), json!({"TargetArn": arn}))));
    properties
}

/// A trust policy for that service.
pub(super) fn trust(service: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{
        "Action": ["sts:AssumeRole"], "Effect": "Allow", "Principal": {"Service": [service_principal::of(service)]},
    }]})
}

/// AWS's managed policies that a function's role needs for logs, network and event sources.
fn managed_policies(given: &SourceResource<'_>, partition: Partition) -> Value {
    let of_event = |event: &Value| match event.get("Type").and_then(Value::as_str) {
        Some("DynamoDB") => Some("AWSLambdaDynamoDBExecutionRole"),
        Some("Kinesis") => Some("AWSLambdaKinesisExecutionRole"),
        Some("SQS") => Some("AWSLambdaSQSQueueExecutionRole"),
        _ => None,
    };
    let events = given.get("Events").and_then(Value::as_object).into_iter().flat_map(Map::values);
    let of_events: std::collections::BTreeSet<_> = events.filter_map(of_event).collect();
    let network = given.get("VpcConfig").map(|_| "AWSLambdaVPCAccessExecutionRole");
    let names = std::iter::once("AWSLambdaBasicExecutionRole").chain(network).chain(of_events);
    names.map(|name| partition.managed_policy_arn(&format!("service-role/{name}"))).collect()
}
