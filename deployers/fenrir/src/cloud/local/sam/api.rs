//! Expands APIs: the API, a deployment that changes with it, and its stage.

use super::{Expansion, SourceResource, kept, location, short};
use bifrost::release::service_principal;
use serde_json::{Map, Value, json};

/// SAM's implicit APIs, for events that name no API.
pub(super) const IMPLICIT_REST: &str = "ServerlessRestApi";
pub(super) const IMPLICIT_HTTP: &str = "ServerlessHttpApi";

/// Properties that SAM passes on to the REST API.
const REST_API: [&str; 11] = [
    "ApiKeySourceType",
    "EndpointAccessMode",
    "Mode",
    "Name",
    "Policy",
    "SecurityPolicy",
    "Description",
    "BinaryMediaTypes",
    "MinimumCompressionSize",
    "FailOnWarnings",
    "DisableExecuteApiEndpoint",
];

/// Properties that SAM passes on to its stage.
const REST_STAGE: [&str; 7] = [
    "AccessLogSetting",
    "CacheClusterEnabled",
    "CacheClusterSize",
    "CanarySetting",
    "MethodSettings",
    "TracingEnabled",
    "Variables",
];

/// Properties that SAM writes into the `OpenAPI` body of the API.
const IN_BODY: [&str; 6] = ["Auth", "Cors", "CorsConfiguration", "GatewayResponses", "Models", "OpenApiVersion"];

impl Expansion {
    /// Collects the stage of each API, which is part of the names of its events' resources.
    pub(super) fn note_stages(&mut self, resources: &Map<String, Value>) {
        for (id, definition) in resources {
            let stage = definition.pointer("/Properties/StageName").cloned();
            self.stages.extend(stage.map(|stage| (id.clone(), stage)));
        }
    }

    /// Expands all APIs. Events have to be expanded before.
    pub(super) fn apis(&mut self, resources: &Map<String, Value>) {
        let none = Map::new();
        for (id, definition) in resources {
            let properties = definition.get("Properties").and_then(Value::as_object).unwrap_or(&none);
            let given = SourceResource { id, definition, properties };
            match definition.get("Type").and_then(Value::as_str) {
                Some("AWS::Serverless::Api") => self.rest_api(&given),
                Some("AWS::Serverless::HttpApi") => self.http_api(&given),
                _ => {}
            }
        }
        let implicit = |id| SourceResource { id, definition: &Value::Null, properties: &none };
        if self.paths.contains_key(IMPLICIT_REST) {
            self.rest_api(&implicit(IMPLICIT_REST));
        }
        if self.paths.contains_key(IMPLICIT_HTTP) {
            self.http_api(&implicit(IMPLICIT_HTTP));
        }
    }

    fn rest_api(&mut self, given: &SourceResource<'_>) {
        let Some((property, body)) = self.body(given, "swagger", "2.0") else { return };
        let mut properties = Map::from_iter([(property.to_owned(), body.clone())]);
        properties.extend(kept(given.properties, &REST_API));
        properties
            .extend(given.get("EndpointConfiguration").map(|kind| ("EndpointConfiguration".into(), endpoint(kind))));
        self.add(given.id, given.becomes("AWS::ApiGateway::RestApi", &properties));
        let digest = short(&body.to_string(), 40);
        let deployment_id = format!("{}Deployment{}", given.id, digest.get(..10).unwrap_or(&digest));
        let deployment = json!({
            "Description": format!("RestApi deployment id: {digest}"), "RestApiId": {"Ref": given.id}, "StageName": "Stage",
        });
        self.add(&deployment_id, json!({"Type": "AWS::ApiGateway::Deployment", "Properties": deployment}));
        self.rest_stage(given, &deployment_id);
        self.authorizers(given, true);
        self.renamed.insert(format!("{}.Deployment", given.id), deployment_id);
    }

    fn rest_stage(&mut self, given: &SourceResource<'_>, deployment_id: &str) {
        let stage = given.get("StageName").cloned().unwrap_or_else(|| "Prod".into());
        let stage_id = format!("{}{}Stage", given.id, stage.as_str().unwrap_or_default());
        let mut properties = Map::new();
        properties.insert("DeploymentId".into(), json!({"Ref": deployment_id}));
        properties.insert("RestApiId".into(), json!({"Ref": given.id}));
        properties.insert("StageName".into(), stage);
        properties.extend(kept(given.properties, &REST_STAGE));
        if let Some(tags) = given.get("Tags").and_then(Value::as_object) {
            let tags: Value = tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
            properties.insert("Tags".into(), tags);
        }
        self.usage_plan(given, &stage_id);
        self.renamed.insert(format!("{}.Stage", given.id), stage_id.clone());
        self.add(stage_id, json!({"Type": "AWS::ApiGateway::Stage", "Properties": properties}));
    }

    fn http_api(&mut self, given: &SourceResource<'_>) {
        let Some((property, body)) = self.body(given, "openapi", "3.0.1") else { return };
        let mut properties = Map::from_iter([(property.to_owned(), body)]);
        properties.extend(kept(given.properties, &["Description", "FailOnWarnings", "DisableExecuteApiEndpoint"]));
        self.add(given.id, given.becomes("AWS::ApiGatewayV2::Api", &properties));
        let stage_id = match given.get("StageName").and_then(Value::as_str) {
            Some(stage) => format!("{}{stage}Stage", given.id),
            None => format!("{}ApiGatewayDefaultStage", given.id),
        };
        let stage = given.get("StageName").cloned().unwrap_or_else(|| "$default".into());
        let mut tags = given.get("Tags").and_then(Value::as_object).cloned().unwrap_or_default();
        tags.insert("httpapi:createdBy".into(), "SAM".into());
        let mut properties =
            kept(given.properties, &["AccessLogSettings", "DefaultRouteSettings", "RouteSettings", "StageVariables"]);
        let own = [
            ("ApiId", json!({"Ref": given.id})),
            ("StageName", stage),
            ("AutoDeploy", true.into()),
            ("Tags", tags.into()),
        ];
        properties.extend(own.map(|(name, value)| (name.to_owned(), value)));
        self.renamed.insert(format!("{}.Stage", given.id), stage_id.clone());
        self.add(stage_id, json!({"Type": "AWS::ApiGatewayV2::Stage", "Properties": properties}));
        self.authorizers(given, false);
    }

    /// The definition of the API and the property that holds it: a file in S3, else the body from template and events.
    fn body(&mut self, given: &SourceResource<'_>, dialect: &str, version: &str) -> Option<(&'static str, Value)> {
        self.refuse_unknown(given.id, given.properties, &["/Domain", "/AlwaysDeploy"]);
        if let Some(uri) = given.get("DefinitionUri") {
            let found = location(uri, "Bucket", "Key");
            if found.is_none() {
                let message = "'DefinitionUri' is not a valid S3 Uri of the form 's3://bucket/key' with optional versionId query parameter.";
                self.wrong(given.id, message);
            }
            return found.map(|location| ("BodyS3Location", location));
        }
        let mut body = given.get("DefinitionBody").cloned().unwrap_or_else(
            || json!({dialect: version, "info": {"version": "1.0", "title": {"Ref": "AWS::StackName"}}}),
        );
        let paths = self.paths.get(given.id).cloned().unwrap_or_default();
        if let Some(body) = body.as_object_mut() {
            let all = body.entry("paths").or_insert_with(|| json!({}));
            if let Some(all) = all.as_object_mut() {
                all.extend(paths);
            }
            let properties =
                IN_BODY.into_iter().filter_map(|name| Some((format!("x-{name}"), given.get(name)?.clone())));
            body.extend(properties);
        }
        Some(("Body", body))
    }
}

/// The endpoint configuration: a type such as `REGIONAL`, or a mapping.
fn endpoint(given: &Value) -> Value {
    let kind = given.get("Type").unwrap_or(given);
    let mut endpoint = Map::from_iter([("Types".to_owned(), json!([kind]))]);
    endpoint.extend(given.get("VPCEndpointIds").map(|ids| ("VpcEndpointIds".into(), ids.clone())));
    endpoint.into()
}

impl Expansion {
    /// Permissions for the API to call its authorizers.
    fn authorizers(&mut self, given: &SourceResource<'_>, by_default: bool) {
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
                    "Action": "lambda:InvokeFunction", "FunctionName": function, "Principal": service_principal::API_GATEWAY,
                    "SourceArn": {"Fn::Sub": source},
                });
                let definition = json!({"Type": "AWS::Lambda::Permission", "Properties": properties});
                self.add(format!("{}{name}AuthorizerPermission", given.id), definition);
            }
        }
    }

    /// The usage plan of an API, or the shared one, with a key.
    fn usage_plan(&mut self, given: &SourceResource<'_>, stage_id: &str) {
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
