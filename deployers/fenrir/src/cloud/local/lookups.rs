//! Lookups in the local cloud.

use super::FenrirAccount;
use super::region::{FenrirRegion, StoredKey};
use crate::cloud::Lookups;
use crate::rules::{Answer, Answers, Key, Lookup, Role, SecurityGroup, Subnet, Tags};
use async_trait::async_trait;
use bifrost::cloud::CloudError;
use bifrost::local::{LocalSession, RegionState};
use bifrost::release::Partition;
use std::collections::{BTreeMap, BTreeSet};

#[async_trait]
impl Lookups for LocalSession<FenrirAccount> {
    async fn look_up(&self, lookups: &BTreeSet<Lookup>) -> Result<Answers, CloudError> {
        let mut answers = Answers::new();
        for lookup in lookups {
            let (operation, name) = request(lookup);
            let answer = self.call(operation, name, |region_state| Ok(answer(region_state, lookup))).await?;
            answers.insert(lookup.clone(), answer);
        }
        Ok(answers)
    }
}

/// The AWS operation of a lookup, and its resource.
fn request(lookup: &Lookup) -> (&'static str, &str) {
    match lookup {
        Lookup::Role(name) => ("iam:GetRole", name),
        Lookup::SecurityGroups(name) => ("ec2:DescribeSecurityGroups", name),
        Lookup::Subnets(name) => ("ec2:DescribeSubnets", name),
        Lookup::Key(name) => ("kms:DescribeKey", name),
        Lookup::TableStream(name) => ("dynamodb:DescribeTable", name),
        Lookup::Tags(arn) => ("tag:GetResources", arn),
    }
}

fn answer(region_state: &mut RegionState<'_, FenrirAccount>, lookup: &Lookup) -> Answer {
    let (account, region_name) = (region_state.account.clone(), region_state.region.clone());
    let region = region_state.resources.regions.entry(region_name.clone()).or_default();
    match lookup {
        Lookup::Role(name) => Answer::Role(region_state.resources.roles.get(name).map(|role| Role {
            arn: region_name.iam_arn(&account, &format!("role{}{name}", role.path)),
            tags: role.tags.clone(),
        })),
        Lookup::SecurityGroups(name) => Answer::SecurityGroups(security_groups(region, name)),
        Lookup::Subnets(name) => Answer::Subnets(subnets(region, name)),
        Lookup::Key(name) => Answer::Key(key(&region.keys, name)),
        Lookup::TableStream(name) => {
            let label = region.tables.get(name).and_then(|table| table.stream.as_ref());
            let arn = |label| region_name.arn("dynamodb", &account, &format!("table/{name}/stream/{label}"));
            Answer::TableStream(label.map(arn))
        }
        Lookup::Tags(arn) => Answer::Tags(tags(region, region_name.partition(), arn)),
    }
}

fn is_named(tags: &Tags, name: &str) -> bool {
    tags.get("Name").is_some_and(|found| found == name)
}

fn security_groups(region: &FenrirRegion, name: &str) -> Vec<SecurityGroup> {
    let named = region.security_groups.iter().filter(|(_, group)| is_named(&group.tags, name));
    named.map(|(id, group)| SecurityGroup { id: id.clone(), tags: group.tags.clone() }).collect()
}

fn subnets(region: &FenrirRegion, name: &str) -> Vec<Subnet> {
    let named = region.subnets.iter().filter(|(id, subnet)| *id == name || is_named(&subnet.tags, name));
    named.map(|(id, subnet)| Subnet { id: id.clone(), tags: subnet.tags.clone() }).collect()
}

/// The key with that id or alias, or with the ARN of either.
fn key(keys: &BTreeMap<String, StoredKey>, name: &str) -> Option<Key> {
    let name = name.rsplit_once(':').map_or(name, |(_, resource)| resource);
    let name = name.strip_prefix("key/").unwrap_or(name);
    let found = keys.iter().find(|(id, key)| *id == name || key.aliases.contains(name));
    found.map(|(id, key)| Key { id: id.clone(), tags: key.tags.clone() })
}

/// The tags of the resource with that ARN: one in `tagged`, a table, or a resource of a stack.
fn tags(region: &FenrirRegion, partition: Partition, arn: &str) -> Option<Tags> {
    let table = || {
        let of_tables = format!("arn:{}:dynamodb:", partition.name());
        let (_, name) = arn.split_once(":table/").filter(|_| arn.starts_with(&of_tables))?;
        let name = name.split('/').next().unwrap_or(name);
        region.tables.get(name).map(|table| table.tags.clone()).filter(|tags| !tags.is_empty())
    };
    let of_a_stack = || {
        let all = region.stacks.values().flat_map(|stack| stack.resources.values());
        all.filter(|resource| resource.arn() == Some(arn)).find_map(super::stack::StoredResource::tags)
    };
    region.tagged.get(arn).cloned().or_else(table).or_else(of_a_stack)
}
