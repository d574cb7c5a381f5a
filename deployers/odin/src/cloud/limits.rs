//! What AWS accepts in the fields of its requests, whatever the quotas of an account are. The rules of a release and the local
//! cloud use the same limits.
//!
//! *Model* below is the API model that AWS publishes in botocore 1.44.8 (`service-2.json` of the service), *guide* a page of
//! docs.aws.amazon.com. EBS volumes have their own module, [`volumes`](super::volumes).

use std::ops::RangeInclusive;

/// Sizes of a group, cooldowns: every number of Auto Scaling's model is a signed integer of 32 bits.
pub const INTEGER_LIMIT: u32 = i32::MAX.unsigned_abs();

/// Characters in the name of a group, of a scaling policy (model of Auto Scaling: `XmlStringMaxLen255`), of an alarm (model of
/// CloudWatch: `AlarmName`) and of a placement group (model of EC2: `CreatePlacementGroupRequest`).
pub const NAME_LIMIT: usize = 255;

/// Characters in the name of a role (model of IAM: `roleNameType`).
pub const ROLE_NAME_LIMIT: usize = 64;

/// Characters in the name of an instance profile (model of IAM: `instanceProfileNameType`).
pub const PROFILE_NAME_LIMIT: usize = 128;

/// Lifecycle hooks of a group. This and the next three cannot be raised: guide "Quotas for Amazon EC2 Auto Scaling"
/// (autoscaling/latest/userguide/as-account-limits.html).
pub const HOOK_LIMIT: usize = 50;

/// Scaling policies of a group.
pub const POLICY_LIMIT: usize = 50;

/// Classic load balancers of a group.
pub const LOAD_BALANCER_LIMIT: usize = 50;

/// Target groups of a group.
pub const TARGET_GROUP_LIMIT: usize = 50;

/// Tags of a group (model of Auto Scaling: `CreateOrUpdateTags`) and of a volume (guide "Tag your Amazon EC2 resources").
pub const TAG_LIMIT: usize = 50;

/// Security groups of a network interface: the most to which the quota of 5 can be raised (guide "Amazon VPC quotas").
pub const SECURITY_GROUP_LIMIT: usize = 16;

/// Subnets of a group: as many ids of 24 characters as `VPCZoneIdentifier` has room for, with commas between (model of Auto
/// Scaling: `XmlStringMaxLen5000`).
pub const SUBNET_LIMIT: usize = 200;

/// Seconds until a lifecycle hook gives up (model of Auto Scaling: `HeartbeatTimeout`).
pub const HEARTBEAT_SECONDS: RangeInclusive<u32> = 30..=7_200;

/// Hops of an answer of the instance metadata service (model of EC2: `HttpPutResponseHopLimit`).
pub const METADATA_HOPS: RangeInclusive<u32> = 1..=64;

/// Partitions of a placement group (guide "Placement strategies for your placement groups").
pub const PARTITIONS: RangeInclusive<u32> = 1..=7;

/// The lowest maximum price of a spot instance, in dollars (model of EC2: `MaxPrice`).
pub const MIN_SPOT_PRICE: &str = "0.001";

/// Whether CloudWatch takes averages over so many seconds (model: `Period`).
#[must_use]
pub fn is_alarm_period(seconds: u32) -> bool {
    matches!(seconds, 10 | 20 | 30) || (seconds >= 60 && seconds.is_multiple_of(60))
}

/// The longest time that all evaluation periods of an alarm may take together, in seconds: a day if one is shorter than an hour,
/// else seven days (model of CloudWatch: `Period`).
#[must_use]
pub fn max_evaluation_seconds(period: u32) -> u64 {
    if period < 3_600 { 86_400 } else { 604_800 }
}

/// Whether a text has only characters of Auto Scaling's model (`XmlString`): no control characters except tabs and line ends.
#[must_use]
pub fn is_xml_text(text: &str) -> bool {
    text.chars().all(|c| matches!(c, '\t' | '\r' | '\n' | '\u{20}'..='\u{FFFD}' | '\u{10000}'..))
}

/// Whether a tag has a length and characters that Auto Scaling accepts (model: `TagKey`, `TagValue`).
#[must_use]
pub fn is_tag(key: &str, value: &str) -> bool {
    let fits = (1..=128).contains(&key.chars().count()) && value.chars().count() <= 256;
    fits && is_xml_text(key) && is_xml_text(value)
}

/// Whether AWS keeps the tag key for itself (guide "Tag your AWS resources"), in whatever case it is written.
#[must_use]
pub fn is_reserved_tag(key: &str) -> bool {
    key.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("aws:"))
}

/// Whether this may be an instance type: a family and a size, such as `m7g.large`. The model of EC2 lists 1,437, all of this form;
/// a list would refuse next month's.
#[must_use]
pub fn is_instance_type(name: &str) -> bool {
    let is_part =
        |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    name.split_once('.').is_some_and(|(family, size)| is_part(family) && is_part(size))
}

/// Whether this is a name in IAM, of a role or an instance profile (model of IAM: `roleNameType`, `instanceProfileNameType`).
#[must_use]
pub fn is_iam_name(name: &str, limit: usize) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    (1..=limit).contains(&name.len()) && name.chars().all(allowed)
}

/// Whether this is the name of a placement group: model of EC2, `CreatePlacementGroupRequest`.
#[must_use]
pub fn is_placement_group_name(name: &str) -> bool {
    (1..=NAME_LIMIT).contains(&name.len()) && name.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evaluation_takes_a_day_or_seven() {
        assert_eq!([10, 3_540, 3_600, 604_800].map(max_evaluation_seconds), [86_400, 86_400, 604_800, 604_800]);
    }

    #[test]
    fn instance_type_is_family_and_size() {
        for right in ["t3.nano", "u-6tb1.112xlarge", "mac2-m2pro.metal", "m7i.metal-24xl", "c1.medium"] {
            assert!(is_instance_type(right), "{right}");
        }
        for wrong in ["t3", "t3.", ".nano", "T3.nano", "t3.nano ", "t3 nano", "t3.nano.nano", "t3/nano"] {
            assert!(!is_instance_type(wrong), "{wrong}");
        }
    }

    #[test]
    fn names_have_the_characters_of_their_kind() {
        assert!(is_iam_name("asg_lifecycle-hooks+x=1,a.b@c", 64) && !is_iam_name(&"r".repeat(65), 64));
        assert!(!is_iam_name("arn:aws:iam::000000000000:role/hooks", 64) && !is_iam_name("path/hooks", 64));
        assert!(is_placement_group_name("odin/a b") && !is_placement_group_name("é"));
    }

    #[test]
    fn tag_is_xml_text_of_limited_length() {
        assert!(is_tag(&"k".repeat(128), &"é".repeat(256)) && is_tag("a/b:c d", "") && is_tag("k", "a\tb"));
        for (key, value) in
            [("", "v"), (&*"k".repeat(129), "v"), ("k", &*"v".repeat(257)), ("k", "\u{1}"), ("\u{FFFF}", "v")]
        {
            assert!(!is_tag(key, value), "{key:?}={value:?}");
        }
        assert!(is_reserved_tag("AWS:x") && !is_reserved_tag("aws") && !is_reserved_tag("éaws:"));
    }
}
