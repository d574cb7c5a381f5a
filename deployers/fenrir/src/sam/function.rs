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
        let code = code.unwrap_or_else(|| {
            let message = "'CodeUri' is not a valid S3 Uri of the form 's3://bucket/key' with optional versionId query parameter.";
            self.wrong(given.id, message);
            Value::Null
        });
        let definition = given.becomes(&lambda_properties(given, &code));
        self.add(given.id, definition);
        let endpoint = self.publish(given, &code);
        self.url(given, &endpoint);
        let destinations = self.invoke_config(given, &endpoint);
        if given.get("Role").is_none() {
            self.role(given, destinations);
        }
        self.events(given, &endpoint);
    }

    /// The role of a function without `Role`. It may send to the destinations.
    fn role(&mut self, given: &SourceResource<'_>, destinations: Vec<Value>) {
        let policy = |(number, policy): (usize, &Value)| {
            // SAM generates the statements from the policy template's name and parameters, so they change together.
            json!({"PolicyName": format!("{}RolePolicy{number}", given.id), "PolicyDocument": {"Statement": [policy]}})
        };
        let policies = given.get("Policies").and_then(Value::as_array).into_iter().flatten();
        let targets = destinations.into_iter().chain(failure_targets(given));
        let sends = targets.map(|target| json!({"Effect": "Allow", "Action": "*", "Resource": target})).enumerate();
        let sends = sends.map(|(number, statement)| {
            json!({"PolicyName": format!("{}Destination{number}", given.id), "PolicyDocument": {"Statement": [statement]}})
        });
        let policies: Vec<_> = policies.enumerate().map(policy).chain(sends).collect();
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
        self.generate(given, format!("{}Role", given.id), json!({"Type": "AWS::IAM::Role", "Properties": properties}));
    }

    fn url(&mut self, given: &SourceResource<'_>, endpoint: &Value) {
        let Some(config) = given.get("FunctionUrlConfig").and_then(Value::as_object) else { return };
        let target = if endpoint.get("Ref").is_some() { endpoint.clone() } else { json!({"Ref": given.id}) };
        let mut properties = config.clone();
        properties.insert("TargetFunctionArn".into(), target.clone());
        self.generate(given, format!("{}Url", given.id), json!({"Type": "AWS::Lambda::Url", "Properties": properties}));
        if config.get("AuthType").is_some_and(|auth| auth == "NONE") {
            for (suffix, action, property, value) in [
                ("UrlPublicPermissions", "lambda:InvokeFunctionUrl", "FunctionUrlAuthType", json!("NONE")),
                ("URLInvokeAllowPublicAccess", "lambda:InvokeFunction", "InvokedViaFunctionUrl", json!(true)),
            ] {
                let properties = json!({"Action": action, "FunctionName": target, "Principal": "*", property: value});
                let definition = json!({"Type": "AWS::Lambda::Permission", "Properties": properties});
                self.generate(given, format!("{}{suffix}", given.id), definition);
            }
        }
    }

    /// The settings for asynchronous calls. Returns the ARNs of their destinations.
    fn invoke_config(&mut self, given: &SourceResource<'_>, endpoint: &Value) -> Vec<Value> {
        let Some(config) = given.get("EventInvokeConfig").and_then(Value::as_object) else { return Vec::new() };
        let config_id = format!("{}EventInvokeConfig", given.id);
        let (mut destinations, mut arns) = (Map::new(), Vec::new());
        for name in ["OnSuccess", "OnFailure"] {
            let destination = config.get("DestinationConfig").and_then(|all| all.get(name));
            let to = destination.map(|destination| self.destination(given, destination, &format!("{config_id}{name}")));
            arns.extend(to.clone());
            destinations.extend(to.map(|to| (name.to_owned(), json!({"Destination": to}))));
        }
        let alias = endpoint.get("Ref").and(given.get("AutoPublishAlias")).cloned();
        let mut properties = kept(config, &["MaximumEventAgeInSeconds", "MaximumRetryAttempts"]);
        properties.insert("DestinationConfig".into(), destinations.into());
        properties.insert("FunctionName".into(), json!({"Ref": given.id}));
        properties.insert("Qualifier".into(), alias.unwrap_or_else(|| "$LATEST".into()));
        let mut definition = json!({"Type": "AWS::Lambda::EventInvokeConfig", "Properties": properties});
        if let (Some(alias), Some(definition)) = (endpoint.get("Ref"), definition.as_object_mut()) {
            definition.insert("DependsOn".into(), json!([alias]));
        }
        self.generate(given, config_id, definition);
        arns
    }

    /// The ARN of a destination. Generates a queue or topic if the function only has its type.
    fn destination(&mut self, given: &SourceResource<'_>, destination: &Value, id: &str) -> Value {
        if let Some(arn) = destination.get("Destination") {
            return arn.clone();
        }
        let (id, kind, attribute) = match destination.get("Type").and_then(Value::as_str) {
            Some("SNS") => (format!("{id}Topic"), "AWS::SNS::Topic", None),
            _ => (format!("{id}Queue"), "AWS::SQS::Queue", Some("Arn")),
        };
        let arn = attribute.map_or_else(|| json!({"Ref": id}), |attribute| json!({"Fn::GetAtt": [id, attribute]}));
        self.generate(given, id, json!({"Type": kind, "Properties": {}}));
        arn
    }
}

/// The ARNs of queues and topics for what the function could not handle.
fn failure_targets(given: &SourceResource<'_>) -> Vec<Value> {
    let dead_letters = given.get("DeadLetterQueue").and_then(|queue| queue.get("TargetArn"));
    let events = given.get("Events").and_then(Value::as_object).into_iter().flat_map(Map::values);
    let of_events = events.filter_map(|event| {
        let target = event.pointer("/Properties/DestinationConfig/OnFailure")?;
        target.get("Destination").filter(|_| target.get("Type").is_some())
    });
    dead_letters.into_iter().chain(of_events).cloned().collect()
}

pub(super) fn lambda_properties(given: &SourceResource<'_>, code: &Value) -> Map<String, Value> {
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
