//! `AWS::ElasticLoadBalancingV2::LoadBalancer`: application load balancers with IPv4 addresses.

use super::network::{SECURITY_GROUPS, SUBNETS};
use super::resource::ResourceType;
use super::rule_context::RuleContext;
use super::table::Shape::{Boolean, Integer, List, Names, Object, OneOf, Plain, Refused, Required, Rule, Text};
use super::table::Table;
use super::tags::{self, TAG};
use super::{names, reference_kinds as kinds};
use crate::template::Node;
use serde_json::Value;

pub(super) const TYPE: ResourceType = ResourceType {
    name: "AWS::ElasticLoadBalancingV2::LoadBalancer",
    table: PROPERTIES,
    named: Some(("Name", names::BALANCER)),
    finish: tags::add_to_list,
    deletion_policy: None,
};

const PROPERTIES: Table = &[
    ("EnableCapacityReservationProvisionStabilize", Boolean),
    ("EnablePrefixForIpv6SourceNat", OneOf(&["off", "on"])),
    ("EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic", Text),
    ("IpAddressType", Plain(&OneOf(&["ipv4"]))),
    ("Ipv4IpamPoolId", Refused("remove it: nothing shows which project may use the pool")),
    ("LoadBalancerAttributes", List(&Rule(attribute))),
    ("MinimumLoadBalancerCapacity", Object(MINIMUM_LOAD_BALANCER_CAPACITY)),
    ("Name", Text),
    ("Scheme", OneOf(&["internal", "internet-facing"])),
    ("SecurityGroups", SECURITY_GROUPS),
    ("SubnetMappings", Refused("use `Subnets`, whose names Fenrir looks up")),
    ("Subnets", Required(&SUBNETS)),
    ("Tags", List(&Object(TAG))),
    ("Type", Plain(&OneOf(&["application"]))),
];
/// The value of an attribute such as `access_logs.s3.bucket` is a bucket, into which the load balancer writes.
const BUCKET_ATTRIBUTE: Table = &[("Key", Plain(&Text)), ("Value", Names(&kinds::LOG_BUCKET))];
const OTHER_ATTRIBUTE: Table = &[("Key", Plain(&Text)), ("Value", Text)];
const MINIMUM_LOAD_BALANCER_CAPACITY: Table = &[("CapacityUnits", Required(&Integer))];

fn attribute(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    let key = node.get("Key").and_then(Node::as_str).unwrap_or_default();
    let is_bucket = key.trim().to_ascii_lowercase().ends_with(".bucket");
    Object(if is_bucket { BUCKET_ATTRIBUTE } else { OTHER_ATTRIBUTE }).walk(context, node)
}

#[cfg(test)]
mod tests {
    use crate::rules::fixture::{RulesFixture, own_tags, resource, tags};
    use crate::rules::{Answer, Lookup, SecurityGroup, Subnet, Tags};
    use crate::template::FindingCode;
    use serde_json::{Value, json};

    fn balancer(properties: Value) -> Value {
        json!({"balancer": resource("AWS::ElasticLoadBalancingV2::LoadBalancer", properties)})
    }

    fn groups(all: &[(&str, Tags)]) -> Answer {
        let group = |(id, tags): &(&str, Tags)| SecurityGroup { id: (*id).to_owned(), tags: tags.clone() };
        Answer::SecurityGroups(all.iter().map(group).collect())
    }

    fn fixture(group: &Answer) -> RulesFixture {
        let subnet = |id: &str| Subnet { id: id.to_owned(), tags: tags([("DeployWithFenrir", "yes")]) };
        RulesFixture::default()
            .knows(Lookup::SecurityGroups("web".to_owned()), group.clone())
            .knows(Lookup::Subnets("private".to_owned()), Answer::Subnets(vec![subnet("subnet-1"), subnet("subnet-2")]))
            .knows(Lookup::Subnets("subnet-2".to_owned()), Answer::Subnets(vec![subnet("subnet-2")]))
            .knows(Lookup::Subnets("none".to_owned()), Answer::Subnets(vec![]))
            .knows(
                Lookup::Subnets("other".to_owned()),
                Answer::Subnets(vec![Subnet { id: "subnet-3".to_owned(), tags: Tags::new() }]),
            )
    }

    #[test]
    fn names_of_groups_and_subnets_become_ids() {
        let named = balancer(json!({"SecurityGroups": ["web"], "Subnets": ["private", "subnet-2"]}));
        let emitted = fixture(&groups(&[("sg-1", own_tags("_all"))])).accepts(named);
        let properties = &emitted["Resources"]["balancer"]["Properties"];
        assert_eq!(properties["SecurityGroups"], json!(["sg-1"]));
        assert_eq!(properties["Subnets"], json!(["subnet-1", "subnet-2"]));
        assert_eq!(properties["Name"], "fenrir-org-shop-developm5c55461a");
        assert_eq!(properties["Tags"][2], json!({"Key": "ServiceName", "Value": "balancer"}));
    }

    #[test]
    fn security_group_is_unique_and_has_service_tags() {
        let named = || balancer(json!({"SecurityGroups": ["web"], "Subnets": ["private"]}));
        let path = "balancer.Properties.SecurityGroups.0";
        let two = [("sg-1", own_tags("_all")), ("sg-2", own_tags("_all"))];
        for (answer, code) in [
            (groups(&[]), FindingCode::NotFound),
            (groups(&two), FindingCode::Ambiguous),
            (groups(&[("sg-1", own_tags("other"))]), FindingCode::OtherProject),
            (groups(&[("sg-1", tags([]))]), FindingCode::OtherProject),
        ] {
            fixture(&answer).refuses(named(), path, code);
        }
    }

    #[test]
    fn subnets_exist_and_have_the_tag_for_fenrir() {
        let fixture = fixture(&groups(&[]));
        for (subnets, path, code) in [
            (json!(["none"]), ".0", FindingCode::NotFound),
            (json!(["other"]), ".0", FindingCode::OtherProject),
            (json!([]), "", FindingCode::WrongType),
            (json!({"Ref": "AWS::StackId"}), "", FindingCode::WrongType),
            (json!([{"Ref": "AWS::Region"}]), ".0", FindingCode::NotALiteral),
        ] {
            let path = &format!("balancer.Properties.Subnets{path}");
            fixture.refuses(balancer(json!({"Subnets": subnets})), path, code);
        }
        fixture.refuses(balancer(json!({})), "balancer.Properties", FindingCode::MissingProperty);
        let mappings = balancer(json!({"SubnetMappings": []}));
        fixture.refuses(mappings, "balancer.Properties.SubnetMappings", FindingCode::NotAllowed);
    }

    #[test]
    fn missing_answers_are_asked_for() {
        let named = balancer(json!({"SecurityGroups": ["web"], "Subnets": ["private"]}));
        let needs = [Lookup::SecurityGroups("web".to_owned()), Lookup::Subnets("private".to_owned())];
        assert_eq!(RulesFixture::default().needs(named), needs);
    }

    #[test]
    fn only_application_balancers_with_ipv4_are_accepted() {
        let with = |name: &str, value: &str| balancer(json!({"Subnets": ["subnet-2"], name: value}));
        let fixture = fixture(&groups(&[]));
        fixture.accepts(with("Type", "application"));
        fixture.accepts(with("IpAddressType", "ipv4"));
        fixture.refuses(with("Type", "network"), "balancer.Properties.Type", FindingCode::InvalidValue);
        let dualstack = with("IpAddressType", "dualstack");
        fixture.refuses(dualstack, "balancer.Properties.IpAddressType", FindingCode::InvalidValue);
        fixture.warns(with("Name", "mine"), "balancer.Properties.Name", FindingCode::Overwritten);
    }
}
