//! How a reference to a resource of the template is written, what it yields, and which one a property takes instead.

use super::rule_context::RuleContext;
use crate::template::{FindingCode, Span};

/// A form of reference to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form<'n> {
    /// `!Ref`.
    Ref,
    /// `!GetAtt` of an attribute.
    Attribute(&'n str),
    /// An ARN that contains the name of the resource.
    Arn,
}

/// What `!Ref` yields for each supported type.
const REFS: [(&str, &str); 13] = [
    ("AWS::CloudFront::Distribution", "id"),
    ("AWS::CloudWatch::Alarm", "name"),
    ("AWS::ElasticLoadBalancingV2::Listener", "ARN"),
    ("AWS::ElasticLoadBalancingV2::ListenerRule", "ARN"),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "ARN"),
    ("AWS::ElasticLoadBalancingV2::TargetGroup", "ARN"),
    ("AWS::Lambda::Permission", "id"),
    ("AWS::SQS::Queue", "URL"),
    ("AWS::Serverless::Api", "id"),
    ("AWS::Serverless::Function", "name"),
    ("AWS::Serverless::HttpApi", "id"),
    ("AWS::Serverless::LayerVersion", "ARN"),
    ("AWS::Serverless::SimpleTable", "name"),
];

/// What attributes yield that are another form of the resource itself.
const ATTRIBUTES: [(&str, &str); 9] = [
    ("Arn", "ARN"),
    ("ListenerArn", "ARN"),
    ("LoadBalancerArn", "ARN"),
    ("LoadBalancerName", "name"),
    ("QueueName", "name"),
    ("QueueUrl", "URL"),
    ("RuleArn", "ARN"),
    ("TargetGroupArn", "ARN"),
    ("TargetGroupName", "name"),
];

/// How the ARNs of a type are put together: its service, what precedes the name, and the attribute that is the name (`None` for
/// `!Ref`).
pub(super) const ARNS: [(&str, &str, &str, Option<&str>); 6] = [
    ("AWS::Serverless::Function", "lambda", "function:", None),
    ("AWS::Serverless::SimpleTable", "dynamodb", "table/", None),
    ("AWS::SQS::Queue", "sqs", "", Some("QueueName")),
    ("AWS::CloudWatch::Alarm", "cloudwatch", "alarm:", None),
    ("AWS::Serverless::Api", "execute-api", "", None),
    ("AWS::Serverless::HttpApi", "execute-api", "", None),
];

/// What a reference in that form yields.
fn yields(resource_type: &str, form: Form<'_>) -> Option<&'static str> {
    let of = |name: &str, table: &[(&str, &'static str)]| {
        table.iter().find(|(known, _)| *known == name).map(|(_, yielded)| *yielded)
    };
    match form {
        Form::Ref => of(resource_type, &REFS),
        Form::Attribute(attribute) => of(attribute, &ATTRIBUTES),
        Form::Arn => Some("ARN"),
    }
}

/// The reference as a template has it.
pub(super) fn written(resource_type: &str, logical_id: &str, form: Form<'_>) -> String {
    match form {
        Form::Ref => format!("!Ref {logical_id}"),
        Form::Attribute(attribute) => format!("!GetAtt {logical_id}.{attribute}"),
        Form::Arn => {
            let (service, prefix, name) = ARNS
                .iter()
                .find(|(of, ..)| *of == resource_type)
                .map_or(("<service>", "", None), |(_, service, prefix, name)| (*service, *prefix, *name));
            let name = name.map_or_else(|| logical_id.to_owned(), |attribute| format!("{logical_id}.{attribute}"));
            // The ARN of an API is that of its routes.
            let routes = if service == "execute-api" { "/*" } else { "" };
            let account = "${AWS::Partition}:{service}:${AWS::Region}:${AWS::AccountId}".replace("{service}", service);
            format!("!Sub arn:{account}:{prefix}${{{name}}}{routes}")
        }
    }
}

/// Refuses a reference to a resource of the template in another form than the property takes.
pub(super) fn refuse(
    context: &mut RuleContext<'_, '_>,
    span: Option<Span>,
    (resource_type, logical_id): (&str, &str),
    found: Form<'_>,
    wanted: Form<'_>,
) {
    let texts = [found, wanted].map(|form| written(resource_type, logical_id, form));
    let [found_text, wanted_text] = &texts;
    let message = match [found, wanted].map(|form| yields(resource_type, form)) {
        // Such as `!Sub ${jobs}`.
        _ if found == wanted => format!("should be `{wanted_text}` itself, without another function"),
        [Some(found), Some(wanted)] if found != wanted => {
            format!("should be the {wanted} of `{logical_id}`, but `{found_text}` is its {found}")
        }
        _ => format!("should be `{wanted_text}`, but is `{found_text}`"),
    };
    context.refuse(FindingCode::NotAReference, span, message, format!("write `{wanted_text}`"));
}

#[cfg(test)]
mod tests {
    use super::REFS;
    use crate::rules::resource::TYPES;
    use std::collections::BTreeSet;

    #[test]
    fn ref_of_each_type_is_known() {
        let known: BTreeSet<_> = REFS.iter().map(|(of, _)| *of).collect();
        let types: BTreeSet<_> = TYPES.iter().map(|of_type| of_type.name).collect();
        assert_eq!(known, types);
    }
}
