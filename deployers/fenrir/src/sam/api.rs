//! Expands APIs: the API, a deployment that changes with it, and its stage.

use super::digest::{short, text_suffix};
use super::{Expansion, SourceResource, kept, location};
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
        if self.paths.contains_key(IMPLICIT_REST) {
            let definition = json!({"Type": "AWS::Serverless::Api"});
            self.rest_api(&SourceResource { id: IMPLICIT_REST, definition: &definition, properties: &none });
            self.expanded.generated.insert(IMPLICIT_REST.into(), IMPLICIT_REST.into());
        }
        if self.paths.contains_key(IMPLICIT_HTTP) {
            let definition = json!({"Type": "AWS::Serverless::HttpApi"});
            self.http_api(&SourceResource { id: IMPLICIT_HTTP, definition: &definition, properties: &none });
            self.expanded.generated.insert(IMPLICIT_HTTP.into(), IMPLICIT_HTTP.into());
        }
    }

    fn rest_api(&mut self, given: &SourceResource<'_>) {
        let (property, body) = self.body(given, "swagger", "2.0");
        let mut properties = Map::from_iter([(property.to_owned(), body.clone())]);
        properties.extend(kept(given.properties, &REST_API));
        properties
            .extend(given.get("EndpointConfiguration").map(|kind| ("EndpointConfiguration".into(), endpoint(kind))));
        self.add(given.id, given.becomes(&properties));
        // SAM takes the time instead for an API with `AlwaysDeploy`, whose deployment is here replaced only with the API, too.
        let digest = short(&body.to_string(), 40);
        let deployment_id = format!("{}Deployment{}", given.id, digest.get(..10).unwrap_or(&digest));
        let deployment = json!({
            "Description": format!("RestApi deployment id: {digest}"), "RestApiId": {"Ref": given.id}, "StageName": "Stage",
        });
        let deployment = json!({"Type": "AWS::ApiGateway::Deployment", "Properties": deployment});
        self.expanded.unpredictable.insert(deployment_id.clone());
        self.generate(given, &deployment_id, deployment);
        self.rest_stage(given, &deployment_id);
        self.authorizers(given, true);
    }

    fn rest_stage(&mut self, given: &SourceResource<'_>, deployment_id: &str) {
        let stage = given.get("StageName").cloned().unwrap_or_else(|| "Prod".into());
        let stage_id = stage_id(given.id, &stage);
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
        self.generate(given, stage_id, json!({"Type": "AWS::ApiGateway::Stage", "Properties": properties}));
    }

    fn http_api(&mut self, given: &SourceResource<'_>) {
        let (property, body) = self.body(given, "openapi", "3.0.1");
        let mut properties = Map::from_iter([(property.to_owned(), body)]);
        properties.extend(kept(given.properties, &["Description", "FailOnWarnings", "DisableExecuteApiEndpoint"]));
        self.add(given.id, given.becomes(&properties));
        let stage = given.get("StageName").cloned().unwrap_or_else(|| "$default".into());
        let stage_id = if stage == "$default" {
            format!("{}ApiGatewayDefaultStage", given.id)
        } else {
            stage_id(given.id, &stage)
        };
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
        self.generate(given, stage_id, json!({"Type": "AWS::ApiGatewayV2::Stage", "Properties": properties}));
        self.authorizers(given, false);
    }

    /// The definition of the API and the property that holds it: a file in S3, else the body from template and events.
    fn body(&mut self, given: &SourceResource<'_>, dialect: &str, version: &str) -> (&'static str, Value) {
        if given.get("Domain").is_some() {
            self.wrong(given.id, "the local cloud does not support Domain");
        }
        if let Some(uri) = given.get("DefinitionUri") {
            let found = location(uri, "Bucket", "Key");
            if found.is_none() {
                let message = "'DefinitionUri' is not a valid S3 Uri of the form 's3://bucket/key' with optional versionId query parameter.";
                self.wrong(given.id, message);
            }
            return ("BodyS3Location", found.into());
        }
        let mut body = given.get("DefinitionBody").cloned().unwrap_or_else(
            || json!({dialect: version, "info": {"version": "1.0", "title": {"Ref": "AWS::StackName"}}}),
        );
        if let Some(body) = body.as_object_mut() {
            if takes_paths(given) {
                let all = body.entry("paths").or_insert_with(|| json!({}));
                let paths = self.paths.get(given.id).cloned().unwrap_or_default();
                all.as_object_mut().into_iter().for_each(|all| all.extend(paths.clone()));
            }
            let properties =
                IN_BODY.into_iter().filter_map(|name| Some((format!("x-{name}"), given.get(name)?.clone())));
            body.extend(properties);
        }
        ("Body", body)
    }
}

/// Whether SAM adds the paths of events to the definition. It leaves a REST API's own definition as it is, unless it has to merge
/// both.
fn takes_paths(given: &SourceResource<'_>) -> bool {
    let is_rest = given.definition.get("Type").is_some_and(|name| *name == "AWS::Serverless::Api");
    let merges = given.get("MergeDefinitions").is_some_and(|merge| *merge == true);
    match given.get("DefinitionBody").filter(|_| is_rest) {
        None => true,
        // SAM loses what it merges into a definition without paths.
        Some(body) => merges && body.get("paths").and_then(Value::as_object).is_some_and(|paths| !paths.is_empty()),
    }
}

/// The logical id of the stage with that name. A name that is not a literal is not part of it.
fn stage_id(api: &str, name: &Value) -> String {
    let name = name.as_str().unwrap_or_default();
    let suffix = text_suffix(name);
    if suffix == name { format!("{api}{name}Stage") } else { format!("{api}Stage{suffix}") }
}

/// The endpoint configuration: a type such as `REGIONAL`, or a mapping.
fn endpoint(given: &Value) -> Value {
    let kind = given.get("Type").unwrap_or(given);
    let mut endpoint = Map::from_iter([("Types".to_owned(), json!([kind]))]);
    endpoint.extend(given.get("VPCEndpointIds").map(|ids| ("VpcEndpointIds".into(), ids.clone())));
    endpoint.into()
}
