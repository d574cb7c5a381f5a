//! Expands the events of functions into permissions, rules, subscriptions and mappings.

use super::api::{IMPLICIT_HTTP, IMPLICIT_REST};
use super::digest::text_suffix;
use super::{Expansion, SourceResource};
use bifrost::release::service_principal;
use serde_json::{Map, Value, json};

/// The path of an HTTP API's route for all requests without another one.
const DEFAULT_ROUTE: &str = "$default";

/// An event of a function.
pub(super) struct Event<'e> {
    pub(super) given: &'e SourceResource<'e>,
    name: &'e str,
    pub(super) properties: &'e Map<String, Value>,
    /// The ARN of the function or alias that it calls.
    pub(super) target: &'e Value,
    /// `FunctionName` of its permission.
    pub(super) callee: Value,
}

impl Event<'_> {
    pub(super) fn id(&self, suffix: &str) -> String {
        format!("{}{}{suffix}", self.given.id, self.name)
    }

    pub(super) fn get(&self, property: &str) -> Value {
        self.properties.get(property).cloned().unwrap_or_default()
    }

    /// The properties that it shares with its resource.
    pub(super) fn kept(&self, names: &[&str]) -> Map<String, Value> {
        super::kept(self.properties, names)
    }
}

impl Expansion {
    /// Expands all events of the function. They call `endpoint`.
    pub(super) fn events(&mut self, given: &SourceResource<'_>, endpoint: &Value) {
        let events = given.get("Events").and_then(Value::as_object).into_iter().flatten();
        let mut events: Vec<_> = events.collect();
        events.sort_by_key(|(name, event)| route(event).unwrap_or(name));
        let none = Map::new();
        let callee = if endpoint.get("Ref").is_some() { endpoint.clone() } else { json!({"Ref": given.id}) };
        for (name, event) in events {
            let properties = event.get("Properties").and_then(Value::as_object).unwrap_or(&none);
            let kind = event.get("Type").and_then(Value::as_str).unwrap_or_default();
            let event = Event { given, name, properties, target: endpoint, callee: callee.clone() };
            if let Err(message) = self.event(kind, &event) {
                self.wrong(given.id, &format!("Event with id [{name}] is invalid. {message}"));
            }
        }
    }

    fn event(&mut self, kind: &str, event: &Event<'_>) -> Result<(), String> {
        match kind {
            "Api" => return self.api_event(event),
            "HttpApi" => return self.http_event(event),
            "Schedule" => self.rule(event, &[("Schedule", "ScheduleExpression"), ("Name", "Name")]),
            "CloudWatchEvent" | "EventBridgeRule" => {
                self.rule(
                    event,
                    &[("Pattern", "EventPattern"), ("EventBusName", "EventBusName"), ("RuleName", "Name")],
                );
            }
            "SQS" => self.mapping(event, "Queue"),
            "Kinesis" | "DynamoDB" => self.mapping(event, "Stream"),
            "SNS" => self.topic_event(event),
            "CloudWatchLogs" => self.subscription_filter(event),
            "S3" => return Err("S3 events must reference an S3 bucket in the same template.".into()),
            other => return Err(format!("the local cloud does not support events of type {other}")),
        }
        Ok(())
    }

    pub(super) fn permission(&mut self, id: String, event: &Event<'_>, service: &str, source: &Value) {
        let properties = json!({
            "Action": "lambda:InvokeFunction", "FunctionName": event.callee, "Principal": service_principal::of(service),
            "SourceArn": source,
        });
        self.generate(event.given, id, json!({"Type": "AWS::Lambda::Permission", "Properties": properties}));
    }

    fn api_event(&mut self, event: &Event<'_>) -> Result<(), String> {
        let api = api_of(&event.get("RestApiId"), IMPLICIT_REST);
        let stage = match self.stages.get(&api) {
            Some(Value::String(stage)) => text_suffix(stage),
            Some(_) => "Stage".to_owned(),
            None => "Prod".to_owned(),
        };
        let source = self.add_path(&api, event)?;
        self.permission(event.id(&format!("Permission{stage}")), event, "apigateway", &source);
        Ok(())
    }

    fn http_event(&mut self, event: &Event<'_>) -> Result<(), String> {
        let api = api_of(&event.get("ApiId"), IMPLICIT_HTTP);
        let is_covered = self.calls_by_default(&api, event);
        let source = self.add_path(&api, event)?;
        if !is_covered {
            self.permission(event.id("Permission"), event, "apigateway", &source);
        }
        Ok(())
    }

    /// Whether the default route of an API calls the function of the event: its permission is for all routes. SAM does not see that of
    /// an alias.
    fn calls_by_default(&self, api: &str, event: &Event<'_>) -> bool {
        let default = self.paths.get(api).and_then(|paths| paths.get(DEFAULT_ROUTE)?.get("any"));
        let called = default.and_then(|called| called.pointer("/x-amazon-apigateway-integration/uri"));
        let is_other = event.properties.get("Path").is_some_and(|path| path != DEFAULT_ROUTE);
        is_other && event.target.get("Ref").is_none() && called == Some(event.target)
    }

    /// Adds the path and method to the API. Returns the source ARN for the permission.
    ///
    /// # Errors
    /// Another event has the same path and method.
    fn add_path(&mut self, api: &str, event: &Event<'_>) -> Result<Value, String> {
        let text = |name, usual: &str| event.properties.get(name).and_then(Value::as_str).unwrap_or(usual).to_owned();
        let (path, method) = (text("Path", DEFAULT_ROUTE), text("Method", "any").to_lowercase());
        let methods = self.paths.entry(api.into()).or_default().entry(path.clone()).or_insert_with(|| json!({}));
        if let Some(methods) = methods.as_object_mut() {
            let mut called = json!({"x-amazon-apigateway-integration": {"httpMethod": "POST", "type": "aws_proxy", "uri": event.target}});
            if let (Some(auth), Some(called)) = (event.properties.get("Auth"), called.as_object_mut()) {
                called.insert("security".into(), auth.clone());
            }
            if methods.insert(method.clone(), called).is_some() {
                return Err(format!("API method '{method}' defined multiple times for path '{path}'."));
            }
        }
        let method = if method == "any" { "*".into() } else { method.to_uppercase() };
        let path: Vec<_> = path.split('/').map(|part| if part.starts_with('{') { "*" } else { part }).collect();
        let arn = format!(
            "arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{{api}}}/*/{method}{}",
            path.join("/")
        );
        Ok(json!({"Fn::Sub": arn}))
    }
}

/// The path of an event of an API. SAM expands the default route before others.
fn route(event: &Value) -> Option<&str> {
    let is_default = event.get("Type").is_some_and(|kind| kind == "HttpApi");
    let path = event.pointer("/Properties/Path").and_then(Value::as_str);
    path.or(is_default.then_some(DEFAULT_ROUTE))
}

/// The API of an event: named by `Ref` or by its logical id, else SAM's implicit API.
fn api_of(named: &Value, implicit: &str) -> String {
    let name = named.get("Ref").unwrap_or(named);
    name.as_str().unwrap_or(implicit).to_owned()
}
