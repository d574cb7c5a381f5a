//! Decides whose resource a string of an expanded template names.

use crate::rules::Facts;
use crate::rules::api_definition::{gateway, invocations};
use crate::rules::arns::arn;
use crate::rules::evaluate::Piece;
use crate::rules::hosts::is_bucket_domain;
use crate::template::{Mapping, Node};
use std::collections::BTreeSet;

/// How the ARNs of a type are put together: service, what precedes the name, the attribute that is the name (`None` for `!Ref`),
/// and the property with the name.
struct Identity {
    resource_type: &'static str,
    service: &'static str,
    prefix: &'static str,
    attribute: Option<&'static str>,
    property: Option<&'static str>,
}

const fn identity(
    resource_type: &'static str,
    service: &'static str,
    prefix: &'static str,
    attribute: Option<&'static str>,
    property: Option<&'static str>,
) -> Identity {
    Identity { resource_type, service, prefix, attribute, property }
}

const IDENTITIES: [Identity; 6] = [
    identity("AWS::Lambda::Function", "lambda", "function:", None, Some("FunctionName")),
    identity("AWS::DynamoDB::Table", "dynamodb", "table/", None, Some("TableName")),
    identity("AWS::SQS::Queue", "sqs", "", Some("QueueName"), Some("QueueName")),
    identity("AWS::CloudWatch::Alarm", "cloudwatch", "alarm:", None, Some("AlarmName")),
    identity("AWS::ApiGateway::RestApi", "execute-api", "", None, None),
    identity("AWS::ApiGatewayV2::Api", "execute-api", "", None, None),
];

/// AWS's own policies that SAM attaches to the roles of functions and of CodeDeploy.
const MANAGED_POLICIES: [&str; 10] = [
    "AWSXRayDaemonWriteAccess",
    "AWSXrayWriteOnlyAccess",
    "service-role/AWSCodeDeployRoleForLambda",
    "service-role/AWSCodeDeployRoleForLambdaLimited",
    "service-role/AWSLambdaBasicDurableExecutionRolePolicy",
    "service-role/AWSLambdaBasicExecutionRole",
    "service-role/AWSLambdaDynamoDBExecutionRole",
    "service-role/AWSLambdaKinesisExecutionRole",
    "service-role/AWSLambdaSQSQueueExecutionRole",
    "service-role/AWSLambdaVPCAccessExecutionRole",
];

/// What is known about an expanded template.
#[derive(Clone, Copy)]
pub(super) struct Judge<'t> {
    pub(super) facts: &'t Facts<'t>,
    pub(super) resources: &'t Mapping,
    pub(super) allowed: &'t BTreeSet<String>,
}

impl Judge<'_> {
    /// Whether a string names a resource that is neither of the stack nor allowed.
    pub(super) fn is_foreign(&self, kind: &str, names: &[&str], pieces: &[Piece<'_>]) -> bool {
        let is_name = |piece: &Piece<'_>| matches!(piece, Piece::Text(text) if names_outside(text));
        pieces.iter().any(is_name) && !self.is_known(kind, names, pieces)
    }

    fn is_known(&self, kind: &str, names: &[&str], pieces: &[Piece<'_>]) -> bool {
        if kind == "AWS::Lambda::Permission" && names == ["SourceArn"] && self.is_in_account(pieces) {
            return true;
        }
        let gateway = gateway(self.facts);
        match pieces {
            // The rules require a checked role for a call of another service.
            [Piece::Text(start), ..] if start.starts_with(&gateway) && names.first() == Some(&"Body") => {
                let lambda = format!("{gateway}lambda:");
                !start.starts_with(&lambda) || self.is_invocation(pieces, &invocations(self.facts))
            }
            [Piece::Text(text)] => {
                self.is_allowed(text) || self.is_managed_policy(names, text) || self.has_own_name(text)
            }
            [Piece::Text(start), rest @ ..] => self.is_own(start, rest),
            [Piece::Attribute(..), ..] => self.is_function(pieces),
            _ => false,
        }
    }

    /// Whether the rules let the template use a resource. Of a bucket, SAM names the objects; of a log group, the streams.
    fn is_allowed(&self, text: &str) -> bool {
        let bases = ["", "/*", ":*"].into_iter().filter_map(|suffix| text.strip_suffix(suffix));
        bases.into_iter().any(|base| self.allowed.contains(base))
    }

    fn is_managed_policy(&self, names: &[&str], text: &str) -> bool {
        let partition = self.facts.region.partition();
        names == ["ManagedPolicyArns"] && MANAGED_POLICIES.iter().any(|name| partition.managed_policy_arn(name) == text)
    }

    /// Whether it is the ARN of any resource of the account.
    fn is_in_account(&self, pieces: &[Piece<'_>]) -> bool {
        let Some(Piece::Text(start)) = pieces.first() else { return false };
        let mut parts = start.splitn(6, ':');
        parts.next() == Some("arn") && parts.nth(3) == Some(self.facts.account.as_str()) && parts.next().is_some()
    }

    fn type_of(&self, logical_id: &str) -> Option<&str> {
        self.resources.get(logical_id)?.value.get("Type")?.as_str()
    }

    /// Whether `start` and a reference are the ARN of a resource of the stack.
    fn is_own(&self, start: &str, rest: &[Piece<'_>]) -> bool {
        let (logical_id, attribute, rest) = match rest {
            [Piece::Ref(id), rest @ ..] => (*id, None, rest),
            [Piece::Attribute(id, attribute), rest @ ..] => (*id, Some(*attribute), rest),
            _ => return false,
        };
        let is_named = |identity: &Identity| {
            self.type_of(logical_id) == Some(identity.resource_type)
                && attribute == identity.attribute
                && start == arn(self.facts, identity.service, identity.prefix)
        };
        ends_name(rest) && IDENTITIES.iter().any(is_named)
    }

    /// Whether an ARN contains the name of a resource of the stack.
    fn has_own_name(&self, text: &str) -> bool {
        IDENTITIES.iter().any(|identity| {
            let named = text.strip_prefix(&arn(self.facts, identity.service, identity.prefix));
            let name = named.and_then(|named| named.split([':', '/']).next());
            let property = |node: &Node| Some(node.get("Properties")?.get(identity.property?)?.as_str()?.to_owned());
            name.is_some_and(|name| {
                let mut of_type = self
                    .resources
                    .values()
                    .filter(|entry| entry.value.get("Type").and_then(Node::as_str) == Some(identity.resource_type));
                of_type.any(|entry| property(&entry.value).as_deref() == Some(name))
            })
        })
    }

    /// Whether a function, version or alias of the stack is meant.
    fn is_function(&self, pieces: &[Piece<'_>]) -> bool {
        match pieces {
            [Piece::Ref(id)] => {
                matches!(self.type_of(id), Some("AWS::Lambda::Alias" | "AWS::Lambda::Version"))
            }
            [Piece::Attribute(id, "Arn"), rest @ ..] => {
                self.type_of(id) == Some("AWS::Lambda::Function") && ends_name(rest)
            }
            _ => false,
        }
    }

    /// Whether API Gateway invokes a function of the stack or an allowed one.
    fn is_invocation(&self, pieces: &[Piece<'_>], start: &str) -> bool {
        let mut pieces = pieces.to_vec();
        let (mut is_start, mut is_end) = (false, false);
        if let Some(Piece::Text(text)) = pieces.first_mut() {
            is_start = text.strip_prefix(start).map(str::to_owned).map(|rest| *text = rest).is_some();
        }
        if let Some(Piece::Text(text)) = pieces.last_mut() {
            is_end = text.strip_suffix("/invocations").map(str::to_owned).map(|rest| *text = rest).is_some();
        }
        pieces.retain(|piece| *piece != Piece::Text(String::new()));
        let is_known = match pieces.as_slice() {
            [Piece::Text(text)] => self.is_allowed(text) || self.has_own_name(text),
            [Piece::Text(start), rest @ ..] => self.is_own(start, rest),
            pieces => self.is_function(pieces),
        };
        is_start && is_end && is_known
    }
}

/// Whether a name ends here: SAM continues ARNs with a qualifier, a path or a wildcard.
fn ends_name(rest: &[Piece<'_>]) -> bool {
    match rest {
        [] => true,
        [Piece::Text(rest), ..] => rest.starts_with([':', '/', '*']),
        _ => false,
    }
}

/// Whether a text is the ARN, queue URL or bucket of a resource, which has to be checked.
fn names_outside(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let host = text.split_once("://").map_or(text.as_str(), |(_, rest)| rest);
    let host = host.split(['/', ':', '?']).next().unwrap_or(host);
    text.contains("arn:")
        || text.contains("s3://")
        || text.contains("://sqs.")
        || text.contains(".queue.amazonaws")
        || is_bucket_domain(host)
}
