//! Combines the lookups that the rules need into as few requests as AWS allows.

use crate::rules::Lookup;
use bifrost::aws::FILTER_VALUES_LIMIT;
use std::collections::{BTreeMap, BTreeSet};

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
    /// The tags of the resources of these ARNs in that region; `None` is the region of the session.
    Tags(Option<String>, Vec<String>),
}

/// The requests for these lookups.
pub(super) fn requests(lookups: &BTreeSet<Lookup>) -> Vec<LookupRequest> {
    let mut single = Vec::new();
    let (mut groups, mut named, mut ids) = (Vec::new(), Vec::new(), Vec::new());
    let mut arns: BTreeMap<Option<String>, Vec<String>> = BTreeMap::new();
    for lookup in lookups {
        match lookup {
            Lookup::Role(name) => single.push(LookupRequest::Role(name.clone())),
            Lookup::Key(key) => single.push(LookupRequest::Key(key.clone())),
            Lookup::TableStream(table) => single.push(LookupRequest::TableStream(table.clone())),
            Lookup::SecurityGroups(name) => groups.push(name.clone()),
            Lookup::Subnets(id) if id.starts_with("subnet-") => ids.push(id.clone()),
            Lookup::Subnets(name) => named.push(name.clone()),
            Lookup::Tags(arn) => arns.entry(region_of(arn)).or_default().push(arn.clone()),
        }
    }
    let combined = chunks(&groups, FILTER_VALUES_LIMIT, LookupRequest::SecurityGroups)
        .chain(chunks(&named, FILTER_VALUES_LIMIT, LookupRequest::SubnetsNamed))
        .chain(chunks(&ids, FILTER_VALUES_LIMIT, LookupRequest::SubnetsOf));
    single.extend(combined);
    for (region, arns) in arns {
        single.extend(chunks(&arns, ARNS_LIMIT, |chunk| LookupRequest::Tags(region.clone(), chunk)));
    }
    single
}

/// The region that knows the tags of a resource: that of its ARN, such as `us-east-1` for the certificate of a distribution. Route 53
/// has no region in its ARNs; the tags of its resources are in the main region of the partition.
fn region_of(arn: &str) -> Option<String> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    match parts.as_slice() {
        [_, "aws", "route53", "", ..] => Some("us-east-1".to_owned()),
        [_, _, _, region, ..] if !region.is_empty() => Some((*region).to_owned()),
        _ => None,
    }
}

fn chunks(
    names: &[String],
    limit: usize,
    request: impl Fn(Vec<String>) -> LookupRequest,
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
        let size = |request: &LookupRequest| if let LookupRequest::Tags(_, arns) = request { arns.len() } else { 0 };
        let sizes: Vec<_> = requests(&lookups).iter().map(size).collect();
        assert_eq!(sizes, [100, 100, 50]);
    }

    #[test]
    fn tags_are_looked_up_in_the_region_of_the_resource() {
        let arns = [
            "arn:aws:acm:us-east-1:000000000000:certificate/x",
            "arn:aws:route53:::hostedzone/Z1",
            "arn:aws:s3:::bucket",
            "arn:aws:sqs:eu-west-1:000000000000:jobs",
        ];
        let lookups = arns.iter().map(|arn| Lookup::Tags((*arn).to_owned())).collect();
        let of = |region: Option<&str>, arns: &[&str]| {
            LookupRequest::Tags(region.map(str::to_owned), arns.iter().map(|arn| (*arn).to_owned()).collect())
        };
        let expected = [of(None, &arns[2..3]), of(Some("eu-west-1"), &arns[3..]), of(Some("us-east-1"), &arns[..2])];
        assert_eq!(requests(&lookups), expected);
    }

    #[test]
    fn no_lookup_needs_no_request() {
        assert_eq!(requests(&BTreeSet::new()), []);
    }
}
