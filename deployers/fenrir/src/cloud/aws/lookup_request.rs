//! Combines the lookups that the rules need into as few requests as AWS allows.

use crate::rules::Lookup;
use bifrost::aws::FILTER_VALUES_LIMIT;
use std::collections::BTreeSet;

/// How many ARNs a `tag:GetResources` request may have.
const ARNS_LIMIT: usize = 100;

/// One request to AWS; for a key, two.
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

/// The requests for these lookups.
pub(super) fn requests(lookups: &BTreeSet<Lookup>) -> Vec<LookupRequest> {
    let mut single = Vec::new();
    let (mut groups, mut named, mut ids, mut arns) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for lookup in lookups {
        match lookup {
            Lookup::Role(name) => single.push(LookupRequest::Role(name.clone())),
            Lookup::Key(key) => single.push(LookupRequest::Key(key.clone())),
            Lookup::TableStream(table) => single.push(LookupRequest::TableStream(table.clone())),
            Lookup::SecurityGroups(name) => groups.push(name.clone()),
            Lookup::Subnets(id) if id.starts_with("subnet-") => ids.push(id.clone()),
            Lookup::Subnets(name) => named.push(name.clone()),
            Lookup::Tags(arn) => arns.push(arn.clone()),
        }
    }
    let combined = chunks(&groups, FILTER_VALUES_LIMIT, LookupRequest::SecurityGroups)
        .chain(chunks(&named, FILTER_VALUES_LIMIT, LookupRequest::SubnetsNamed))
        .chain(chunks(&ids, FILTER_VALUES_LIMIT, LookupRequest::SubnetsOf))
        .chain(chunks(&arns, ARNS_LIMIT, LookupRequest::Tags));
    single.extend(combined);
    single
}

fn chunks(
    names: &[String],
    limit: usize,
    request: fn(Vec<String>) -> LookupRequest,
) -> impl Iterator<Item = LookupRequest> {
    names.chunks(limit).map(move |chunk| request(chunk.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lookups_of_one_kind_share_a_request() {
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
        assert_eq!(requests(&lookups), expected);
    }

    #[test]
    fn many_arns_are_split_into_several_requests() {
        let lookups = (0..250).map(|number| Lookup::Tags(format!("arn:aws:sqs:us-east-1:0:{number}"))).collect();
        let size = |request: &LookupRequest| if let LookupRequest::Tags(arns) = request { arns.len() } else { 0 };
        let sizes: Vec<_> = requests(&lookups).iter().map(size).collect();
        assert_eq!(sizes, [100, 100, 50]);
    }

    #[test]
    fn no_lookup_needs_no_request() {
        assert_eq!(requests(&BTreeSet::new()), []);
    }
}
