//! What to do in place of a resource of a type that Fenrir does not support.

use super::resource::TYPES;
use crate::template::nearest;

/// Types that templates often have, and what to write in place of them.
const INSTEAD: [(&[&str], &str); 11] = [
    (
        &["AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"],
        "use `AWS::Serverless::SimpleTable`; or create the table outside of the template, and refer to it by name",
    ),
    (
        &["AWS::IAM::Role", "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"],
        "use `Policies` of the function; or create a role outside of the template, and set `Role` to its name",
    ),
    (&["AWS::Logs::LogGroup"], "remove it: Lambda creates the log group of a function"),
    (&["AWS::Events::Rule"], "use an event of the type `CloudWatchEvent` or `Schedule` of the function"),
    (&["AWS::Scheduler::Schedule"], "use an event of the type `Schedule` of the function"),
    (&["AWS::Lambda::EventSourceMapping", "AWS::SNS::Subscription"], "use `Events` of the function"),
    (&["AWS::Lambda::Url"], "use `FunctionUrlConfig` of the function"),
    (&["AWS::Lambda::Version", "AWS::Lambda::Alias"], "use `AutoPublishAlias` of the function"),
    (
        &["AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api"],
        "use `AWS::Serverless::Api` or `AWS::Serverless::HttpApi`",
    ),
    (&["AWS::SQS::QueuePolicy"], "remove it: SAM creates the policies that `Events` need"),
    (
        &["AWS::Serverless::Application", "AWS::CloudFormation::Stack"],
        "deploy it as a project of its own, and refer to its exports with `!ImportValue`",
    ),
];

/// The remedy for a resource of that type.
pub(super) fn remedy(written: &str) -> String {
    let supported = || TYPES.map(|of_type| of_type.name).join(", ");
    if let Some((_, instead)) = INSTEAD.iter().find(|(types, _)| types.contains(&written)) {
        return (*instead).to_owned();
    }
    match nearest_type(written) {
        Some(name) => format!("did you mean `{name}`?"),
        None if written.starts_with("AWS::") => format!(
            "create it outside of the template, with correct tags, and refer to it by name or ARN; supported types: {}",
            supported()
        ),
        None => format!("supported types: {}", supported()),
    }
}

/// The most similar type. Compares only the last part of the names, because all types begin alike.
fn nearest_type(written: &str) -> Option<&'static str> {
    let last = |name: &'static str| name.rsplit(':').next().unwrap_or(name);
    let written = written.rsplit(':').next()?;
    let found = nearest(written, TYPES.iter().map(|of_type| last(of_type.name)))?;
    TYPES.iter().map(|of_type| of_type.name).find(|name| last(name) == found)
}
