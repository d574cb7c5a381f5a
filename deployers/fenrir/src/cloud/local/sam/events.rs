//! Expands the events of functions into permissions, rules, subscriptions and mappings.

use super::api::{IMPLICIT_HTTP, IMPLICIT_REST};
use super::{Expansion, SourceResource};
use bifrost::release::service_principal;
use serde_json::{Map, Value, json};

/// An event of a function.
struct Event<'e> {
    function: &'e str,
    name: &'e str,
    properties: &'e Map<String, Value>,
    /// The ARN of the function or alias that it calls.
    target: &'e Value,
    /// `FunctionName` of its permission.
    callee: Value,
}

impl Event<'_> {
    fn id(&self, suffix: &str) -> String {
        format!("{}{}{suffix}", self.function, self.name)
    }

    fn get(&self, property: &str) -> Value {
        self.properties.get(property).cloned().unwrap_or_default()
    }

    /// The properties that it shares with its resource.
    fn kept(&self, names: &[&str]) -> Map<String, Value> {
        super::kept(self.properties, names)
    }
}

impl Expansion {
    /// Expands all events of the function. They call `endpoint`.
    pub(super) fn events(&mut self, given: &SourceResource<'_>, endpoint: &Value) {
        let events = given.get("Events").and_then(Value::as_object).into_iter().flatten();
        let none = Map::new();
        let callee = if endpoint.get("Ref").is_some() { endpoint.clone() } else { json!({"Ref": given.id}) };
        for (name, event) in events {
            let properties = event.get("Properties").and_then(Value::as_object).unwrap_or(&none);
            let kind = event.get("Type").and_then(Value::as_str).unwrap_or_default();
            self.refuse_unknown(given.id, properties, &["/SqsSubscription", "/DeadLetterConfig/Type"]);
            let event = Event { function: given.id, name, properties, target: endpoint, callee: callee.clone() };
            if let Err(message) = self.event(kind, &event) {
                self.wrong(given.id, &format!("Event with id [{name}] is invalid. {message}"));
            }
        }
    }

    fn event(&mut self, kind: &str, event: &Event<'_>) -> Result<(), String> {
        match kind {
            "Api" => self.api_event(event),
            "HttpApi" => self.http_event(event),
            "Schedule" => self.rule(event, &[("Schedule", "ScheduleExpression")]),
            "CloudWatchEvent" | "EventBridgeRule" => {
                self.rule(event, &[("Pattern", "EventPattern"), ("EventBusName", "EventBusName")]);
            }
            "SQS" => self.mapping(event, "Queue"),
            "Kinesis" | "DynamoDB" => self.mapping(event, "Stream"),
            "SNS" => self.subscription(event),
            "CloudWatchLogs" => self.subscription_filter(event),
            "S3" => return Err("S3 events must reference an S3 bucket in the same template.".into()),
            other => return Err(format!("the local cloud does not support events of type {other}")),
        }
        Ok(())
    }

    fn permission(&mut self, id: String, event: &Event<'_>, service: &str, source: &Value) {
        let properties = json!({
            "Action": "lambda:InvokeFunction", "FunctionName": event.callee, "Principal": service_principal::of(service),
            "SourceArn": source,
        });
        self.add(id, json!({"Type": "AWS::Lambda::Permission", "Properties": properties}));
    }

    fn api_event(&mut self, event: &Event<'_>) {
        let api = api_of(&event.get("RestApiId"), IMPLICIT_REST);
        let stage = self.stages.get(&api).and_then(Value::as_str).unwrap_or("Prod").to_owned();
        let source = self.add_path(&api, event);
        self.permission(event.id(&format!("Permission{stage}")), event, "apigateway", &source);
    }

    fn http_event(&mut self, event: &Event<'_>) {
        let api = api_of(&event.get("ApiId"), IMPLICIT_HTTP);
        let source = self.add_path(&api, event);
        self.permission(event.id("Permission"), event, "apigateway", &source);
    }

    /// Adds the path and method to the API. Returns the source ARN for the permission.
    fn add_path(&mut self, api: &str, event: &Event<'_>) -> Value {
        let text = |name, usual: &str| event.properties.get(name).and_then(Value::as_str).unwrap_or(usual).to_owned();
        let (path, method) = (text("Path", "/$default"), text("Method", "any").to_lowercase());
        let methods = self.paths.entry(api.into()).or_default().entry(path.clone()).or_insert_with(|| json!({}));
        if let Some(methods) = methods.as_object_mut() {
            let mut called = json!({"x-amazon-apigateway-integration": {"httpMethod": "POST", "type": "aws_proxy", "uri": event.target}});
            if let (Some(auth), Some(called)) = (event.properties.get("Auth"), called.as_object_mut()) {
                called.insert("security".into(), auth.clone());
            }
            methods.insert(method.clone(), called);
        }
        let method = if method == "any" { "*".into() } else { method.to_uppercase() };
        let path: Vec<_> = path.split('/').map(|part| if part.starts_with('{') { "*" } else { part }).collect();
        let arn = format!(
            "arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{{api}}}/*/{method}{}",
            path.join("/")
        );
        json!({"Fn::Sub": arn})
    }

    fn rule(&mut self, event: &Event<'_>, named: &[(&str, &str)]) {
        let mut properties = event.kept(&["Name", "Description", "State"]);
        let own =
            named.iter().filter_map(|(own, name)| Some(((*name).to_owned(), event.properties.get(*own)?.clone())));
        properties.extend(own);
        if event.properties.get("Enabled").is_some_and(|enabled| *enabled == false) {
            properties.insert("State".into(), "DISABLED".into());
        }
        let id = event.properties.get("Target").and_then(|target| target.get("Id")).cloned();
        let mut target = json!({"Arn": event.target, "Id": id.unwrap_or_else(|| event.id("LambdaTarget").into())});
        if let Some(target) = target.as_object_mut() {
            target.extend(event.kept(&["DeadLetterConfig", "Input", "InputPath", "InputTransformer", "RetryPolicy"]));
        }
        properties.insert("Targets".into(), json!([target]));
        self.add(event.id(""), json!({"Type": "AWS::Events::Rule", "Properties": properties}));
        let source = json!({"Fn::GetAtt": [event.id(""), "Arn"]});
        self.permission(event.id("Permission"), event, "events", &source);
    }

    fn mapping(&mut self, event: &Event<'_>, source: &str) {
        let mut properties = event.properties.clone();
        properties.remove(source);
        properties.insert("EventSourceArn".into(), event.get(source));
        properties.insert("FunctionName".into(), event.callee.clone());
        self.add(event.id(""), json!({"Type": "AWS::Lambda::EventSourceMapping", "Properties": properties}));
    }

    fn subscription(&mut self, event: &Event<'_>) {
        let topic = event.get("Topic");
        self.permission(event.id("Permission"), event, "sns", &topic);
        let mut properties = event.kept(&["FilterPolicy", "FilterPolicyScope", "Region", "RedrivePolicy"]);
        let own = [("Endpoint", event.target.clone()), ("Protocol", "lambda".into()), ("TopicArn", topic)];
        properties.extend(own.map(|(name, value)| (name.to_owned(), value)));
        self.add(event.id(""), json!({"Type": "AWS::SNS::Subscription", "Properties": properties}));
    }

    fn subscription_filter(&mut self, event: &Event<'_>) {
        let group = event.get("LogGroupName");
        let source = json!({"Fn::Sub": [
            "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:${__LogGroupName__}:*",
            {"__LogGroupName__": group},
        ]});
        self.permission(event.id("Permission"), event, "logs", &source);
        let mut properties = event.kept(&["LogGroupName", "FilterPattern"]);
        properties.insert("DestinationArn".into(), event.target.clone());
        let definition = json!({
            "Type": "AWS::Logs::SubscriptionFilter", "DependsOn": [event.id("Permission")], "Properties": properties,
        });
        self.add(event.id(""), definition);
    }
}

/// The API of an event: named by `Ref` or by its logical id, else SAM's implicit API.
fn api_of(named: &Value, implicit: &str) -> String {
    let name = named.get("Ref").unwrap_or(named);
    name.as_str().unwrap_or(implicit).to_owned()
}
