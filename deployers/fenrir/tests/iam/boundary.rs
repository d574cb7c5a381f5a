//! The permissions boundary: a function reaches what its project owns, and Lambda reads its event sources.

use crate::evaluation::{Context, Request};
use bifrost::client::ClientDeployer;
use fenrir::Fenrir;

/// A request of the role of a function of `org/shop` in `development`.
#[derive(Default)]
struct OfFunction {
    context: Context,
}

impl OfFunction {
    fn tagged() -> Self {
        Self::default()
            .with("aws:PrincipalTag/ProjectName", "org/shop")
            .with("aws:PrincipalTag/ConfigName", "development")
    }

    /// A request of the code of the function.
    fn code() -> Self {
        let function = "arn:aws:lambda:us-east-1:222222222222:function:fenrir-org-shop-development-hello";
        Self::tagged().with("lambda:SourceFunctionArn", function)
    }

    fn with(mut self, key: &str, value: &str) -> Self {
        self.context.insert(key.to_owned(), value.to_owned());
        self
    }

    fn to(self, project: &str, config: &str) -> Self {
        self.with("aws:ResourceTag/ProjectName", project).with("aws:ResourceTag/ConfigName", config)
    }

    fn may(&self, action: &str, resource: &str) -> bool {
        let resource = &format!("arn:aws:{resource}");
        Request { action, resource, context: &self.context }.is_allowed(Fenrir::BOUNDARY.unwrap().permissions)
    }
}

const QUEUE: &str = "sqs:us-east-1:222222222222:jobs";
const STREAMS: [(&str, &str); 3] = [
    ("kinesis:GetRecords", "kinesis:us-east-1:222222222222:stream/clicks"),
    ("kinesis:SubscribeToShard", "kinesis:us-east-1:222222222222:stream/clicks/consumer/c:1"),
    ("dynamodb:GetRecords", "dynamodb:us-east-1:222222222222:table/orders/stream/2026-01-01T00:00:00.000"),
];

#[test]
fn code_reads_queues_of_its_project_alone() {
    assert!(OfFunction::code().to("org/shop", "development").may("sqs:ReceiveMessage", QUEUE));
    for (project, config) in [("org/other", "development"), ("org/shop", "production")] {
        assert!(!OfFunction::code().to(project, config).may("sqs:ReceiveMessage", QUEUE), "{project} {config}");
    }
    assert!(!OfFunction::code().may("sqs:ReceiveMessage", QUEUE));
}

/// A variable without a value matches nothing, not even a resource without tags.
#[test]
fn role_without_tags_reads_no_queue() {
    let function = "arn:aws:lambda:us-east-1:222222222222:function:fenrir-x";
    let untagged = || OfFunction::default().with("lambda:SourceFunctionArn", function);
    assert!(!untagged().may("sqs:ReceiveMessage", QUEUE));
    assert!(!untagged().to("org/shop", "development").may("sqs:ReceiveMessage", QUEUE));
}

#[test]
fn lambda_reads_event_sources_and_code_does_not() {
    let shared = |request: OfFunction| {
        request.to("org/other", "development").with("aws:ResourceTag/FenrirAllowed:org/shop:development", "true")
    };
    for (action, resource) in STREAMS.into_iter().chain([("sqs:ReceiveMessage", QUEUE), ("sqs:DeleteMessage", QUEUE)]) {
        assert!(shared(OfFunction::tagged()).may(action, resource), "{action}");
        assert!(!shared(OfFunction::code()).may(action, resource), "{action}");
    }
    assert!(!OfFunction::tagged().may("sqs:ReceiveMessage", "sqs:us-east-1:333333333333:jobs"));
}

#[test]
fn lambda_sends_results_and_code_does_not() {
    for (action, resource) in [
        ("sqs:SendMessage", QUEUE),
        ("sns:Publish", "sns:us-east-1:222222222222:failed"),
        ("events:PutEvents", "events:us-east-1:222222222222:event-bus/default"),
        ("lambda:InvokeFunction", "lambda:us-east-1:222222222222:function:failed"),
    ] {
        assert!(OfFunction::tagged().may(action, resource), "{action}");
        assert!(!OfFunction::code().may(action, resource), "{action}");
    }
    let bucket =
        |request: OfFunction| request.with("aws:ResourceAccount", "222222222222").may("s3:PutObject", "s3:::failed/x");
    assert!(bucket(OfFunction::tagged()));
    assert!(!bucket(OfFunction::code()));
}

#[test]
fn code_calls_functions_of_its_project_alone() {
    let other = "lambda:us-east-1:222222222222:function:fenrir-org-shop-development-other";
    assert!(OfFunction::code().to("org/shop", "development").may("lambda:InvokeFunction", other));
    assert!(!OfFunction::code().to("org/other", "development").may("lambda:InvokeFunction", other));
}

#[test]
fn code_does_not_change_networks() {
    let interface = "ec2:us-east-1:222222222222:network-interface/*";
    assert!(OfFunction::tagged().may("ec2:CreateNetworkInterface", interface));
    assert!(!OfFunction::code().may("ec2:CreateNetworkInterface", interface));
}

#[test]
fn logs_go_to_groups_of_functions_and_of_the_project() {
    let stream = |group: &str| format!("logs:us-east-1:222222222222:log-group:{group}:log-stream:a");
    assert!(OfFunction::code().may("logs:PutLogEvents", &stream("/aws/lambda/fenrir-org-shop-development-hello")));
    let payments = &stream("/payments");
    assert!(!OfFunction::code().may("logs:PutLogEvents", payments));
    assert!(!OfFunction::code().to("org/other", "development").may("logs:PutLogEvents", payments));
    assert!(OfFunction::code().to("org/shop", "development").may("logs:PutLogEvents", payments));
    assert!(OfFunction::code().with("aws:ResourceTag/FenrirAllAllowed", "true").may("logs:PutLogEvents", payments));
}

#[test]
fn nothing_else_is_allowed() {
    for (action, resource) in [
        ("iam:PassRole", "iam::222222222222:role/x"),
        ("secretsmanager:GetSecretValue", "secretsmanager:us-east-1:222222222222:secret:x"),
        ("s3:GetObject", "s3:::x/y"),
        ("dynamodb:GetItem", "dynamodb:us-east-1:222222222222:table/payments"),
        ("dynamodb:DeleteTable", "dynamodb:us-east-1:222222222222:table/fenrir-x"),
    ] {
        assert!(!OfFunction::tagged().to("org/shop", "development").may(action, resource), "{action}");
    }
}
