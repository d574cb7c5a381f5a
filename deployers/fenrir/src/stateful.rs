//! Which resources hold what cannot be made anew.

/// Types whose resources hold data: one that is replaced or removed loses it.
const STATEFUL: [&str; 4] =
    ["AWS::DynamoDB::Table", "AWS::SQS::Queue", "AWS::Serverless::SimpleTable", "AWS::Logs::LogGroup"];

/// Whether a resource of that type holds data.
#[must_use]
pub(crate) fn is_stateful(resource_type: &str) -> bool {
    STATEFUL.contains(&resource_type)
}
