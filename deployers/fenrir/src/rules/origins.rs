//! The origins of a distribution, to which its cache behaviors refer by id.

use super::rule_context::RuleContext;
use crate::template::{FindingCode, Node, nearest};

/// Refuses the id of an origin or origin group that the distribution does not have.
pub(super) fn check(context: &mut RuleContext<'_, '_>, distribution: &Node) {
    let Some(config) = distribution.get("DistributionConfig") else { return };
    let list = |of: Option<&Node>| of.and_then(Node::as_sequence).map(<[Node]>::to_vec).unwrap_or_default();
    let groups = list(config.get("OriginGroups").and_then(|groups| groups.get("Items")));
    let origins: Vec<Node> = list(config.get("Origins")).into_iter().chain(groups).collect();
    let ids: Option<Vec<&str>> = origins.iter().map(|origin| origin.get("Id")?.as_str()).collect();
    // An id that a function computes could be any.
    let Some(ids) = ids else { return };
    let mut context = context.within("DistributionConfig");
    if let Some(behavior) = config.get("DefaultCacheBehavior") {
        require(&mut context.within("DefaultCacheBehavior"), behavior, &ids);
    }
    for (position, behavior) in list(config.get("CacheBehaviors")).iter().enumerate() {
        require(&mut context.within("CacheBehaviors").at(position), behavior, &ids);
    }
}

fn require(context: &mut RuleContext<'_, '_>, behavior: &Node, ids: &[&str]) {
    let Some(target) = behavior.get("TargetOriginId") else { return };
    let Some(id) = target.as_str().filter(|id| !ids.contains(id)) else { return };
    let help = match nearest(id, ids.iter().copied()) {
        Some(known) => format!("did you mean `{known}`?"),
        None => "write the `Id` of one of `Origins` or `OriginGroups`".to_owned(),
    };
    let message = format!("the distribution has no origin `{id}`");
    context.within("TargetOriginId").refuse(FindingCode::InvalidValue, target.span, message, help);
}

#[cfg(test)]
mod tests {
    use crate::rules::fixture::{RulesFixture, resource};
    use crate::template::FindingCode;
    use serde_json::{Value, json};

    fn with(default: &str, other: &str) -> Value {
        let behavior =
            |id: &str| json!({"TargetOriginId": id, "ViewerProtocolPolicy": "https-only", "PathPattern": "/a"});
        let mut of_default = behavior(default);
        of_default.as_object_mut().unwrap().remove("PathPattern");
        let origin = |id: &str| json!({"Id": id, "DomainName": "example.com", "CustomOriginConfig": {"OriginProtocolPolicy": "https-only"}});
        let config = json!({
            "Enabled": true, "Origins": [origin("main"), origin("spare")], "DefaultCacheBehavior": of_default,
            "CacheBehaviors": [behavior(other)],
        });
        json!({"site": resource("AWS::CloudFront::Distribution", json!({"DistributionConfig": config}))})
    }

    #[test]
    fn behavior_names_an_origin_of_the_distribution() {
        let fixture = RulesFixture::default();
        fixture.accepts(with("main", "spare"));
        let path = "site.Properties.DistributionConfig";
        let default = format!("{path}.DefaultCacheBehavior.TargetOriginId");
        fixture.proposes(with("mains", "spare"), &default, FindingCode::InvalidValue, "main");
        let other = format!("{path}.CacheBehaviors.0.TargetOriginId");
        fixture.refuses(with("main", "none"), &other, FindingCode::InvalidValue);
    }
}
