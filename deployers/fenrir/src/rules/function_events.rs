//! `Events` of a function.
//!
//! An event source outside of the template needs correct tags. It is referred to by its name or ARN.

use super::arns::{self, arn, is_arn};
use super::rule_context::RuleContext;
use super::table::Shape::{
    Any, Boolean, Either, Integer, List, Map, Names, Number, Object, OneOf, Plain, Refused, Required, Rule, Text,
};
use super::table::{Shape, Table, refuse_non_literal, walk};
use super::{
    Answer, Lookup, api_role, combinations, http_api, implicit_api, limits, local, queue_event,
    reference_kinds as kinds, routes,
};
use crate::template::{Content, FindingCode, Mapping, Node, nearest};
use serde_json::{Value, json};

/// The event types, each with its properties.
pub(super) const TYPES: [(&str, Table); 11] = [
    ("Api", API),
    ("HttpApi", http_api::EVENT),
    ("S3", S3),
    ("Kinesis", KINESIS),
    ("DynamoDB", DYNAMO_DB),
    ("SQS", SQS),
    ("SNS", SNS),
    ("CloudWatchLogs", CLOUD_WATCH_LOGS),
    ("Schedule", SCHEDULE),
    // The same under two names.
    ("CloudWatchEvent", EVENT_BRIDGE_RULE),
    ("EventBridgeRule", EVENT_BRIDGE_RULE),
];

const API: Table = &[
    ("Auth", Object(API_AUTH)),
    ("Method", Required(&Text)),
    ("Path", Required(&Text)),
    ("RequestModel", Object(REQUEST_MODEL)),
    ("RequestParameters", List(&Either(&Text, &Map(&Object(REQUEST_PARAMETER))))),
    ("ResponseTransferMode", Text),
    ("RestApiId", Rule(rest_api)),
    ("TimeoutInMillis", Integer),
];
const API_AUTH: Table = &[
    ("ApiKeyRequired", Boolean),
    ("AuthorizationScopes", List(&Text)),
    ("Authorizer", Plain(&Text)),
    ("InvokeRole", api_role::OF_ROUTE),
    ("OverrideApiAuth", Boolean),
    ("ResourcePolicy", Object(RESOURCE_POLICY)),
];
pub(super) const RESOURCE_POLICY: Table = &[
    ("AwsAccountBlacklist", List(&Any)),
    ("AwsAccountWhitelist", List(&Any)),
    ("CustomStatements", Either(&Map(&Any), &List(&Any))),
    ("IntrinsicVpcBlacklist", List(&Any)),
    ("IntrinsicVpcWhitelist", List(&Any)),
    ("IntrinsicVpceBlacklist", List(&Any)),
    ("IntrinsicVpceWhitelist", List(&Any)),
    ("IpRangeBlacklist", List(&Any)),
    ("IpRangeWhitelist", List(&Any)),
    ("SourceVpcBlacklist", Plain(&List(&Rule(source_vpc)))),
    ("SourceVpcWhitelist", Plain(&List(&Rule(source_vpc)))),
];
const REQUEST_MODEL: Table =
    &[("Model", Required(&Text)), ("Required", Boolean), ("ValidateBody", Boolean), ("ValidateParameters", Boolean)];
const REQUEST_PARAMETER: Table = &[("Caching", Boolean), ("Required", Boolean)];

const S3: Table = &[
    ("Bucket", Required(&Rule(bucket))),
    ("Events", Required(&Either(&Text, &List(&Text)))),
    ("Filter", Object(S3_FILTER)),
];
const S3_FILTER: Table = &[("S3Key", Required(&Object(S3_KEY_FILTER)))];
const S3_KEY_FILTER: Table = &[("Rules", Required(&List(&Object(S3_FILTER_RULE))))];
const S3_FILTER_RULE: Table = &[("Name", Required(&Text)), ("Value", Required(&Text))];

const KINESIS: Table = &of_stream(&Rule(kinesis_stream));
const DYNAMO_DB: Table = &of_stream(&Rule(table_stream));
/// The properties of a stream event, with the rule for its stream.
const fn of_stream(stream: &'static Shape) -> [(&'static str, Shape); 16] {
    [
        ("BatchSize", Integer),
        ("BisectBatchOnFunctionError", Boolean),
        ("DestinationConfig", Object(DESTINATION_CONFIG)),
        ("Enabled", Boolean),
        ("FilterCriteria", Object(FILTER_CRITERIA)),
        ("FunctionResponseTypes", List(&Text)),
        ("KmsKeyArn", Names(&kinds::KEY)),
        ("MaximumBatchingWindowInSeconds", Integer),
        ("MaximumRecordAgeInSeconds", Integer),
        ("MaximumRetryAttempts", Integer),
        ("MetricsConfig", Object(METRICS_CONFIG)),
        ("ParallelizationFactor", Integer),
        ("StartingPosition", Required(&Text)),
        ("StartingPositionTimestamp", Number),
        ("Stream", Required(stream)),
        ("TumblingWindowInSeconds", Integer),
    ]
}
const SQS: Table = &[
    ("BatchSize", Integer),
    ("Enabled", Boolean),
    ("FilterCriteria", Object(FILTER_CRITERIA)),
    ("FunctionResponseTypes", List(&Text)),
    ("KmsKeyArn", Names(&kinds::KEY)),
    ("MaximumBatchingWindowInSeconds", Integer),
    ("MetricsConfig", Object(METRICS_CONFIG)),
    ("Queue", Required(&Rule(queue))),
    ("ScalingConfig", Object(SCALING_CONFIG)),
];
const DESTINATION_CONFIG: Table = &[("OnFailure", Object(ON_FAILURE))];
/// SAM adds `Type` to the properties of CloudFormation, and derives the permission to send from it.
const ON_FAILURE: Table = &[("Destination", Names(&kinds::FAILED_RECORDS)), ("Type", OneOf(&["SQS", "SNS", "S3"]))];
const FILTER_CRITERIA: Table = &[("Filters", List(&Object(FILTER)))];
const FILTER: Table = &[("Pattern", Text)];
const METRICS_CONFIG: Table = &[("Metrics", List(&Text))];
const SCALING_CONFIG: Table = &[("MaximumConcurrency", Integer)];

const SNS: Table = &[
    ("FilterPolicy", Any),
    ("FilterPolicyScope", OneOf(&["MessageAttributes", "MessageBody"])),
    ("RedrivePolicy", Object(&[("deadLetterTargetArn", Required(&Names(&kinds::QUEUE)))])),
    ("Region", Text),
    ("SqsSubscription", Either(&Boolean, &Object(SQS_SUBSCRIPTION))),
    ("Topic", Required(&Rule(topic))),
];
/// The queue has to be in the template, because SAM replaces its policy.
const SQS_SUBSCRIPTION: Table = &[
    ("BatchSize", Integer),
    ("Enabled", Boolean),
    ("QueueArn", Required(&Rule(queue_arn))),
    ("QueuePolicyLogicalId", Text),
    ("QueueUrl", Required(&Rule(queue_url))),
];
const CLOUD_WATCH_LOGS: Table = &[("FilterPattern", Required(&Text)), ("LogGroupName", Required(&Rule(log_group)))];

const SCHEDULE: Table = &[
    ("DeadLetterConfig", Object(DEAD_LETTER_CONFIG)),
    ("Description", Text),
    ("Enabled", Boolean),
    ("Input", Any),
    ("Name", Refused(NO_RULE_NAME)),
    ("RetryPolicy", Object(RETRY_POLICY)),
    ("Schedule", Required(&Text)),
    ("State", Text),
];
const DEAD_LETTER_CONFIG: Table = &[("Arn", Names(&kinds::QUEUE)), ("QueueLogicalId", Text), ("Type", OneOf(&["SQS"]))];
const RETRY_POLICY: Table = &[("MaximumEventAgeInSeconds", Integer), ("MaximumRetryAttempts", Integer)];
const EVENT_BRIDGE_RULE: Table = &[
    ("DeadLetterConfig", Object(DEAD_LETTER_CONFIG)),
    ("Enabled", Boolean),
    ("EventBusName", Names(&kinds::EVENT_BUS)),
    ("Input", Any),
    ("InputPath", Text),
    ("InputTransformer", Object(INPUT_TRANSFORMER)),
    ("Pattern", Required(&Map(&Any))),
    ("RetryPolicy", Object(RETRY_POLICY)),
    ("RuleName", Refused(NO_RULE_NAME)),
    ("State", Text),
    ("Target", Object(&[("Id", Required(&Text))])),
];
const INPUT_TRANSFORMER: Table = &[("InputPathsMap", Map(&Text)), ("InputTemplate", Required(&Text))];
const NO_RULE_NAME: &str = "remove it: Fenrir's role may only change rules that CloudFormation names after the stack";

pub(super) fn event(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    const EVENT: Table = &[("Properties", Any), ("Type", Required(&Plain(&Text)))];
    let mut event = walk(EVENT, context, node);
    let Some(kind) = node.get("Type") else { return Value::Object(event) };
    let written = kind.as_str().unwrap_or_default();
    // An event without properties has no API, either.
    let empty = Node { content: Content::Mapping(Mapping::new()), span: node.span };
    let properties = node.get("Properties");
    let walked = match (TYPES.iter().find(|(known, _)| *known == written), properties) {
        (Some(("HttpApi", _)), properties) => {
            Some(http_api::event(&mut context.within("Properties"), properties.unwrap_or(&empty)))
        }
        (Some(("Api", table)), properties) => {
            let (mut context, properties) = (context.within("Properties"), properties.unwrap_or(&empty));
            implicit_api::require_api(&mut context, &implicit_api::REST, properties);
            Some(Object(table).walk(&mut context, properties))
        }
        (Some((_, table)), Some(properties)) => Some(Object(table).walk(&mut context.within("Properties"), properties)),
        (Some(_), None) => {
            context.refuse(FindingCode::MissingProperty, node.span, "`Properties` is missing", "add `Properties`");
            None
        }
        (None, _) => {
            refuse_type(&mut context.within("Type"), kind, written);
            None
        }
    };
    event.extend(walked.map(|properties| ("Properties".to_owned(), properties)));
    if let Some(properties) = properties.filter(|properties| properties.as_mapping().is_some()) {
        let context = &mut context.within("Properties");
        limits::check(context, properties, limits::of(&limits::EVENTS, written));
        match written {
            "Api" | "HttpApi" => routes::check(context, written, properties),
            "Schedule" | "CloudWatchEvent" | "EventBridgeRule" => check_rule(context, properties),
            "SQS" => queue_event::check(context, properties),
            _ => {}
        }
    }
    Value::Object(event)
}

/// Refuses properties of a rule or of its target that EventBridge takes one of. (<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Target.html>)
fn check_rule(context: &mut RuleContext<'_, '_>, event: &Node) {
    for (one, other) in
        [("State", "Enabled"), ("Input", "InputPath"), ("Input", "InputTransformer"), ("InputPath", "InputTransformer")]
    {
        combinations::exclude(context, event, one, other);
    }
}

/// SAM reads the ids, and leaves out what is neither: the policy would not have the effect that it seems to have.
fn source_vpc(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    match node.as_str() {
        Some(id) if id.starts_with("vpc-") || id.starts_with("vpce-") => {}
        Some(id) => {
            let message = format!("`{id}` is not the id of a VPC (`vpc-…`) or of a VPC endpoint (`vpce-…`)");
            context.refuse(FindingCode::InvalidValue, node.span, message, "write the id: SAM leaves out anything else");
        }
        None => refuse_non_literal(context, node, "the id of a VPC or of a VPC endpoint"),
    }
    node.into()
}

fn refuse_type(context: &mut RuleContext<'_, '_>, node: &Node, written: &str) {
    let names = TYPES.map(|(name, _)| name);
    let help = match (written, nearest(written, names)) {
        ("ScheduleV2", _) => "use `Schedule`, with the expression in its property `Schedule`".to_owned(),
        (_, Some(name)) => format!("did you mean `{name}`?"),
        _ => format!("supported event types: {}", names.join(", ")),
    };
    context.refuse(FindingCode::UnknownEvent, node.span, format!("unsupported event type `{written}`"), help);
}

fn rest_api(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    local::by_ref(context, node, &["AWS::Serverless::Api"]);
    node.into()
}

/// The name of a resource outside of the template. Refuses a value that is not a name.
fn name<'n>(context: &mut RuleContext<'_, '_>, node: &'n Node, words: &str) -> Option<&'n str> {
    let name = node.as_str().filter(|name| !name.is_empty());
    if name.is_none() {
        refuse_non_literal(context, node, words);
    }
    name
}

/// SAM takes S3 events only from buckets of the template, and Fenrir supports no buckets. A warning, because Go Fenrir accepts
/// such events.
fn bucket(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    if let Some(name) = name(context, node, "the name of a bucket") {
        let arn = context.facts().region.partition().s3_arn(name);
        let message = format!("SAM refuses S3 events of a bucket outside of the template, such as `{name}`");
        let help = "let the bucket send to a queue or topic, and use an event of that";
        context.warn(FindingCode::BucketEvent, node.span, message, help);
        arns::require_correct_tags(context, node, name, &arn);
    }
    node.into()
}

fn kinesis_stream(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    resolve(context, node, "the name or ARN of a stream", "kinesis", "stream/")
}

fn topic(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    resolve(context, node, "the name or ARN of a topic", "sns", "")
}

fn queue(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    if local::is_reference(node) {
        return queue_arn(context, node);
    }
    resolve(context, node, "the name or ARN of a queue, or `!GetAtt <queue>.Arn`", "sqs", "")
}

fn queue_arn(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    local::by_attribute(context, node, &["AWS::SQS::Queue"], "Arn");
    node.into()
}

fn queue_url(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    local::by_ref(context, node, &["AWS::SQS::Queue"]);
    node.into()
}

fn resolve(context: &mut RuleContext<'_, '_>, node: &Node, words: &str, service: &str, prefix: &str) -> Value {
    match name(context, node, words) {
        Some(name) => arns::resolve(context, node, name, service, prefix),
        None => node.into(),
    }
}

/// Replaces the name of a table by the ARN of its stream, which changes each time that the stream is enabled. A stream has no
/// tags; those of its table count.
fn table_stream(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    if local::is_reference(node) {
        let message = "tables of the template have no stream: `AWS::Serverless::SimpleTable` cannot enable one";
        let help = "create the table outside of the template, enable its stream, and write its name";
        context.refuse(FindingCode::NotALiteral, node.span, message, help);
        return node.into();
    }
    let Some(name) = name(context, node, "the name of a table, or the ARN of its stream") else { return node.into() };
    if is_arn(name) {
        check_stream(context, node, name);
        context.check.allow(name);
        return node.into();
    }
    let table = arn(context.facts(), "dynamodb", &format!("table/{name}"));
    arns::require_correct_tags(context, node, name, &table);
    match context.look_up(Lookup::TableStream(name.to_owned())) {
        Some(Answer::TableStream(Some(stream))) => {
            context.check.allow(stream);
            json!(stream)
        }
        Some(Answer::TableStream(None)) => {
            let help = "check the name; the table has to be in the target account and region, with its stream enabled";
            context.refuse(FindingCode::NotFound, node.span, format!("no table `{name}` with a stream found"), help);
            node.into()
        }
        _ => node.into(),
    }
}

fn check_stream(context: &mut RuleContext<'_, '_>, node: &Node, stream: &str) {
    let table = stream.split_once("/stream/").map(|(table, _)| table);
    let is_table =
        |arn: &&str| arns::resource_of(arn, "dynamodb").is_some_and(|resource| resource.starts_with("table/"));
    let Some(table) = table.filter(is_table) else {
        let message = format!("`{stream}` is not the ARN of a table's stream");
        return context.refuse(FindingCode::InvalidName, node.span, message, "write the name of the table");
    };
    arns::require_correct_tags(context, node, stream, table);
}

/// CloudFormation takes the name of a log group, not its ARN.
fn log_group(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    let Some(name) = name(context, node, "the name of a log group") else { return node.into() };
    if is_arn(name) {
        let message = format!("`{name}` is an ARN, but should be a name");
        context.refuse(FindingCode::InvalidName, node.span, message, "write the name of the log group");
    } else {
        let arn = arn(context.facts(), "logs", &format!("log-group:{name}"));
        arns::require_correct_tags(context, node, name, &arn);
    }
    node.into()
}

#[cfg(test)]
#[path = "function_events_tests.rs"]
mod tests;
