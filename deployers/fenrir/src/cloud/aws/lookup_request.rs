//! What has to be asked of AWS to look up what the rules need: as few requests as AWS allows.

use crate::rules::Lookup;
use bifrost::aws::FILTER_VALUES_LIMIT;
use std::collections::BTreeSet;

/// How many ARNs `tag:GetResources` takes.
const ARNS_LIMIT: usize = 100;

/// A question that one request answers, or, of a key, two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum LookupRequest {
    /// The role of that name.
    Role(String),
    /// The security groups with these name tags.
    SecurityGroups(Vec<String>),
    /// The subnets with these name tags.
    SubnetsNamed(Vec<String>),
    /// The subnets of these ids.
    SubnetsOf(Vec<String>),
    /// The key of that id, ARN or alias.
    Key(String),
    /// The stream of that table.
    TableStream(String),
    /// The tags of the resources of these ARNs.
    Tags(Vec<String>),
}

/// All questions.
pub(super) fn asks(lookups: &BTreeSet<Lookup>) -> Vec<LookupRequest> {
    let mut alone = Vec::new();
    let (mut groups, mut named, mut ids, mut arns) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for lookup in lookups {
        match lookup {
            Lookup::Role(name) => alone.push(LookupRequest::Role(name.clone())),
            Lookup::Key(key) => alone.push(LookupRequest::Key(key.clone())),
            Lookup::TableStream(table) => alone.push(LookupRequest::TableStream(table.clone())),
            Lookup::SecurityGroups(name) => groups.push(name.clone()),
            Lookup::Subnets(id) if id.starts_with("subnet-") => ids.push(id.clone()),
            Lookup::Subnets(name) => named.push(name.clone()),
            Lookup::Tags(arn) => arns.push(arn.clone()),
        }
    }
    let together = parts(&groups, FILTER_VALUES_LIMIT, LookupRequest::SecurityGroups)
        .chain(parts(&named, FILTER_VALUES_LIMIT, LookupRequest::SubnetsNamed))
        .chain(parts(&ids, FILTER_VALUES_LIMIT, LookupRequest::SubnetsOf))
        .chain(parts(&arns, ARNS_LIMIT, LookupRequest::Tags));
    alone.extend(together);
    alone
}

fn parts(of: &[String], limit: usize, ask: fn(Vec<String>) -> LookupRequest) -> impl Iterator<Item = LookupRequest> {
    of.chunks(limit).map(move |part| ask(part.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_asked_together_is() {
        let lookups = BTreeSet::from([
            Lookup::Role("web".into()),
            Lookup::SecurityGroups("web".into()),
            Lookup::SecurityGroups("worker".into()),
            Lookup::Subnets("private_a".into()),
            Lookup::Subnets("subnet-0123".into()),
            Lookup::Key("alias/web".into()),
            Lookup::TableStream("web".into()),
        ]);
        let expected = [
            LookupRequest::Role("web".into()),
            LookupRequest::Key("alias/web".into()),
            LookupRequest::TableStream("web".into()),
            LookupRequest::SecurityGroups(vec!["web".into(), "worker".into()]),
            LookupRequest::SubnetsNamed(vec!["private_a".into()]),
            LookupRequest::SubnetsOf(vec!["subnet-0123".into()]),
        ];
        assert_eq!(asks(&lookups), expected);
    }

    #[test]
    fn more_arns_than_a_request_takes_are_asked_for_in_parts() {
        let lookups = (0..250).map(|number| Lookup::Tags(format!("arn:aws:sqs:us-east-1:0:{number}"))).collect();
        let sizes: Vec<_> =
            asks(&lookups).iter().map(|ask| if let LookupRequest::Tags(arns) = ask { arns.len() } else { 0 }).collect();
        assert_eq!(sizes, [100, 100, 50]);
    }

    #[test]
    fn nothing_is_asked_for_nothing() {
        assert_eq!(asks(&BTreeSet::new()), []);
    }
}
