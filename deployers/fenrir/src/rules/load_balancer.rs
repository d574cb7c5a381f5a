//! `AWS::ElasticLoadBalancingV2::LoadBalancer`: application load balancers with IPv4 addresses.

use super::names;
use super::network::{SECURITY_GROUPS, SUBNETS};
use super::resource::ResourceType;
use super::table::Shape::{Boolean, Integer, List, Object, OneOf, Plain, Refused, Required, Text};
use super::table::Table;
use super::tags::{self, TAG};

/// The type.
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
    ("Ipv4IpamPoolId", Text),
    ("LoadBalancerAttributes", List(&Object(LOAD_BALANCER_ATTRIBUTE))),
    ("MinimumLoadBalancerCapacity", Object(MINIMUM_LOAD_BALANCER_CAPACITY)),
    ("Name", Text),
    ("Scheme", OneOf(&["internal", "internet-facing"])),
    ("SecurityGroups", SECURITY_GROUPS),
    ("SubnetMappings", Refused("subnets are named, and their tags looked up: write `Subnets`")),
    ("Subnets", Required(&SUBNETS)),
    ("Tags", List(&Object(TAG))),
    ("Type", Plain(&OneOf(&["application"]))),
];
const LOAD_BALANCER_ATTRIBUTE: Table = &[("Key", Text), ("Value", Text)];
const MINIMUM_LOAD_BALANCER_CAPACITY: Table = &[("CapacityUnits", Required(&Integer))];

#[cfg(test)]
mod tests {
    use crate::rules::fixture::{RulesFixture, own_tags, resource, tags};
    use crate::rules::{Answer, Lookup, SecurityGroup, Subnet, Tags};
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
    fn security_groups_and_subnets_are_named_and_become_ids() {
        let named = balancer(json!({"SecurityGroups": ["web"], "Subnets": ["private", "subnet-2"]}));
        let emitted = fixture(&groups(&[("sg-1", own_tags("_all"))])).accepts(named);
        let properties = &emitted["Resources"]["balancer"]["Properties"];
        assert_eq!(properties["SecurityGroups"], json!(["sg-1"]));
        assert_eq!(properties["Subnets"], json!(["subnet-1", "subnet-2"]));
        assert_eq!(properties["Name"], "fenrir-org-shop-developm5c55461a");
        assert_eq!(properties["Tags"][2], json!({"Key": "ServiceName", "Value": "balancer"}));
    }

    #[test]
    fn a_security_group_is_exactly_one_and_has_service_tags() {
        let named = || balancer(json!({"SecurityGroups": ["web"], "Subnets": ["private"]}));
        let path = "balancer.Properties.SecurityGroups.0";
        for (answer, message) in [
            (groups(&[]), "there is no security group with the name tag `web`"),
            (groups(&[("sg-1", own_tags("_all")), ("sg-2", own_tags("_all"))]), "2 security groups have"),
            (groups(&[("sg-1", own_tags("other"))]), "has the tag ServiceName=other, which is not this one's"),
            (groups(&[("sg-1", tags([]))]), "has no tag ProjectName"),
        ] {
            fixture(&answer).refuses(named(), path, message);
        }
    }

    #[test]
    fn subnets_exist_and_are_tagged_for_fenrir() {
        let fixture = fixture(&groups(&[]));
        let with = |subnets: Value| balancer(json!({"Subnets": subnets}));
        fixture.refuses(with(json!(["none"])), "balancer.Properties.Subnets.0", "there is no subnet");
        fixture.refuses(with(json!(["other"])), "balancer.Properties.Subnets.0", "has no tag DeployWithFenrir");
        fixture.refuses(with(json!([])), "balancer.Properties.Subnets", "at least one name, but is empty");
        fixture.refuses(with(json!({"Ref": "x"})), "balancer.Properties.Subnets", "at least one name");
        fixture.refuses(
            with(json!([{"Ref": "AWS::Region"}])),
            "balancer.Properties.Subnets.0",
            "a name, without an intrinsic",
        );
        fixture.refuses(balancer(json!({})), "balancer.Properties", "`Subnets` is missing");
        fixture.refuses(balancer(json!({"SubnetMappings": []})), "SubnetMappings", "write `Subnets`");
    }

    #[test]
    fn what_is_not_known_is_asked_for() {
        let named = balancer(json!({"SecurityGroups": ["web"], "Subnets": ["private"]}));
        let needs = [Lookup::SecurityGroups("web".to_owned()), Lookup::Subnets("private".to_owned())];
        assert_eq!(RulesFixture::default().needs(named), needs);
    }

    #[test]
    fn it_is_an_application_balancer_with_ipv4_and_its_name_is_overwritten() {
        let with = |name: &str, value: &str| balancer(json!({"Subnets": ["subnet-2"], name: value}));
        let fixture = fixture(&groups(&[]));
        fixture.accepts(with("Type", "application"));
        fixture.accepts(with("IpAddressType", "ipv4"));
        fixture.refuses(
            with("Type", "network"),
            "balancer.Properties.Type",
            "should be `application`, but is `network`",
        );
        fixture.refuses(with("IpAddressType", "dualstack"), "balancer.Properties.IpAddressType", "should be `ipv4`");
        fixture.warns(with("Name", "mine"), "balancer.Properties.Name", "is overwritten with `fenrir-org-shop");
    }
}
