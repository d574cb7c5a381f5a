//! Expands the events of functions except those of APIs: rules, subscriptions, and mappings of queues and streams.

use super::Expansion;
use super::events::Event;
use bifrost::release::service_principal;
use serde_json::{Value, json};

impl Expansion {
    pub(super) fn rule(&mut self, event: &Event<'_>, named: &[(&str, &str)]) {
        let mut properties = event.kept(&["Description", "State"]);
        let own =
            named.iter().filter_map(|(own, name)| Some(((*name).to_owned(), event.properties.get(*own)?.clone())));
        properties.extend(own);
        if event.properties.get("Enabled").is_some_and(|enabled| *enabled == false) {
            properties.insert("State".into(), "DISABLED".into());
        }
        let named = event.properties.get("Target").and_then(|target| target.get("Id")).cloned();
        let mut target = json!({"Arn": event.target, "Id": named.unwrap_or_else(|| event.id("LambdaTarget").into())});
        if let Some(target) = target.as_object_mut() {
            target.extend(event.kept(&["Input", "InputPath", "InputTransformer", "RetryPolicy"]));
            target.extend(self.dead_letters(event).map(|arn| ("DeadLetterConfig".into(), json!({"Arn": arn}))));
        }
        properties.insert("Targets".into(), json!([target]));
        self.generate(event.given, event.id(""), json!({"Type": "AWS::Events::Rule", "Properties": properties}));
        let source = json!({"Fn::GetAtt": [event.id(""), "Arn"]});
        self.permission(event.id("Permission"), event, "events", &source);
    }

    pub(super) fn mapping(&mut self, event: &Event<'_>, source: &str) {
        let mut properties = event.properties.clone();
        properties.remove(source);
        // Only for SAM, which derives a permission from it.
        let failed = properties.get_mut("DestinationConfig").and_then(|config| config.get_mut("OnFailure"));
        failed.and_then(Value::as_object_mut).map(|failed| failed.remove("Type"));
        properties.insert("EventSourceArn".into(), event.get(source));
        properties.insert("FunctionName".into(), event.callee.clone());
        self.generate(
            event.given,
            event.id(""),
            json!({"Type": "AWS::Lambda::EventSourceMapping", "Properties": properties}),
        );
    }

    /// The ARN of the queue for events that a rule could not deliver. Generates the queue if the event only has its type.
    fn dead_letters(&mut self, event: &Event<'_>) -> Option<Value> {
        let config = event.properties.get("DeadLetterConfig")?;
        if let Some(arn) = config.get("Arn") {
            return Some(arn.clone());
        }
        let named = config.get("QueueLogicalId").and_then(Value::as_str);
        let queue = named.map_or_else(|| event.id("Queue"), Into::into);
        let arn = json!({"Fn::GetAtt": [queue, "Arn"]});
        self.generate(event.given, &queue, json!({"Type": "AWS::SQS::Queue", "Properties": {}}));
        let condition = json!({"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": [event.id(""), "Arn"]}}});
        self.queue_policy(event, event.id("QueuePolicy"), "events", &[&arn, &json!({"Ref": queue})], &condition);
        Some(arn)
    }

    /// Lets a service send messages to a queue, of which `queue` has ARN and URL.
    fn queue_policy(&mut self, event: &Event<'_>, id: String, service: &str, queue: &[&Value; 2], condition: &Value) {
        let [arn, url] = queue;
        let statement = json!({
            "Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn, "Condition": condition,
            "Principal": {"Service": service_principal::of(service)},
        });
        let properties = json!({
            "Queues": [url], "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        });
        self.generate(event.given, id, json!({"Type": "AWS::SQS::QueuePolicy", "Properties": properties}));
    }

    /// A subscription to a topic: of the function itself, or of a queue that the function reads.
    pub(super) fn topic_event(&mut self, event: &Event<'_>) {
        match event.properties.get("SqsSubscription") {
            None | Some(Value::Bool(false)) => {
                self.permission(event.id("Permission"), event, "sns", &event.get("Topic"));
                self.subscription(event, "lambda", event.target);
            }
            Some(Value::Object(queue)) => {
                let part = |name| queue.get(name).cloned().unwrap_or_default();
                let policy = queue.get("QueuePolicyLogicalId").and_then(Value::as_str);
                let policy = policy.map_or_else(|| event.id("QueuePolicy"), Into::into);
                let batch = queue.get("BatchSize").cloned();
                self.queue_event(event, [&part("QueueArn"), &part("QueueUrl")], policy, batch);
            }
            Some(_) => {
                let queue = event.id("Queue");
                let (arn, url) = (json!({"Fn::GetAtt": [queue, "Arn"]}), json!({"Ref": queue}));
                self.generate(event.given, queue, json!({"Type": "AWS::SQS::Queue", "Properties": {}}));
                self.queue_event(event, [&arn, &url], event.id("QueuePolicy"), None);
            }
        }
    }

    fn queue_event(&mut self, event: &Event<'_>, queue: [&Value; 2], policy: String, batch: Option<Value>) {
        let [arn, _] = queue;
        let mapping = json!({
            "BatchSize": batch.unwrap_or_else(|| 10.into()), "Enabled": true, "EventSourceArn": arn, "FunctionName": event.callee,
        });
        let mapping = json!({"Type": "AWS::Lambda::EventSourceMapping", "Properties": mapping});
        self.generate(event.given, event.id("EventSourceMapping"), mapping);
        let condition = json!({"ArnEquals": {"aws:SourceArn": event.get("Topic")}});
        self.queue_policy(event, policy, "sns", &queue, &condition);
        self.subscription(event, "sqs", arn);
    }

    fn subscription(&mut self, event: &Event<'_>, protocol: &str, endpoint: &Value) {
        let mut properties = event.kept(&["FilterPolicy", "FilterPolicyScope", "Region", "RedrivePolicy"]);
        let own = [("Endpoint", endpoint.clone()), ("Protocol", protocol.into()), ("TopicArn", event.get("Topic"))];
        properties.extend(own.map(|(name, value)| (name.to_owned(), value)));
        self.generate(event.given, event.id(""), json!({"Type": "AWS::SNS::Subscription", "Properties": properties}));
    }

    pub(super) fn subscription_filter(&mut self, event: &Event<'_>) {
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
        self.generate(event.given, event.id(""), definition);
    }
}
