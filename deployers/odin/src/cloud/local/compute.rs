//! EC2 in the local cloud: images, subnets, security groups and placement groups.

use super::region::StoredPlacementGroup;
use super::{OdinAccount, change, not_found, request};
use crate::cloud::{Compute, Filter, Image, NewPlacementGroup, PlacementGroup, SecurityGroup, Subnet, Tags};
use async_trait::async_trait;
use bifrost::cloud::CloudError;
use bifrost::lifecycle::Proof;
use bifrost::local::{LocalSession, ServiceError};

impl Filter {
    fn matches(&self, id: &str, tags: &Tags) -> bool {
        match self {
            Self::Ids(ids) => ids.iter().any(|wanted| wanted == id),
            Self::Names(names) => tags.get("Name").is_some_and(|name| names.contains(name)),
        }
    }

    fn resource(&self) -> String {
        let (Self::Ids(wanted) | Self::Names(wanted)) = self;
        wanted.join(",")
    }
}

#[async_trait]
impl Compute for LocalSession<OdinAccount> {
    async fn images(&self, filter: &Filter) -> Result<Vec<Image>, CloudError> {
        request(self, "ec2:DescribeImages", &filter.resource(), |region, _| {
            let found = region.images.iter().filter(|(id, image)| filter.matches(id, &image.tags));
            let describe =
                found.map(|(id, image)| Image { id: id.clone(), state: image.state.clone(), tags: image.tags.clone() });
            Ok(describe.collect())
        })
        .await
    }

    async fn subnets(&self, filter: &Filter) -> Result<Vec<Subnet>, CloudError> {
        request(self, "ec2:DescribeSubnets", &filter.resource(), |region, _| {
            let found = region.subnets.iter().filter(|(id, subnet)| filter.matches(id, &subnet.tags));
            Ok(found.map(|(id, subnet)| Subnet { id: id.clone(), tags: subnet.tags.clone() }).collect())
        })
        .await
    }

    async fn security_groups(&self, filter: &Filter) -> Result<Vec<SecurityGroup>, CloudError> {
        request(self, "ec2:DescribeSecurityGroups", &filter.resource(), |region, _| {
            let found = region.security_groups.iter().filter(|(id, group)| filter.matches(id, &group.tags));
            Ok(found.map(|(id, group)| SecurityGroup { id: id.clone(), tags: group.tags.clone() }).collect())
        })
        .await
    }

    async fn placement_group(&self, name: &str) -> Result<Option<PlacementGroup>, CloudError> {
        request(self, "ec2:DescribePlacementGroups", name, |region, _| {
            Ok(region.placement_groups.get(name).map(|group| PlacementGroup {
                name: name.to_owned(),
                state: group.state.clone(),
                strategy: group.strategy.clone(),
                partition_count: group.partition_count,
                tags: group.tags.clone(),
            }))
        })
        .await
    }

    async fn create_placement_group(&self, proof: &Proof, group: &NewPlacementGroup) -> Result<(), CloudError> {
        change(self, proof, "ec2:CreatePlacementGroup", &group.name, |region, _| {
            if region.placement_groups.contains_key(&group.name) {
                let message = format!("The Placement Group '{}' already exists.", group.name);
                return Err(ServiceError::new("InvalidPlacementGroup.Duplicate", message));
            }
            check_placement(group)?;
            let stored = StoredPlacementGroup {
                strategy: group.strategy.clone(),
                partition_count: group.partition_count,
                state: "available".into(),
                tags: group.tags.clone(),
            };
            region.placement_groups.insert(group.name.clone(), stored);
            Ok(())
        })
        .await
    }

    async fn delete_placement_group(&self, proof: &Proof, name: &str) -> Result<(), CloudError> {
        change(self, proof, "ec2:DeletePlacementGroup", name, |region, _| {
            let mut instances = region.auto_scaling_groups.values().flat_map(|group| group.instances.values());
            if instances.any(|instance| instance.placement_group.as_deref() == Some(name)) {
                let message = format!("The placement group '{name}' is in use and may not be deleted.");
                return Err(ServiceError::new("InvalidPlacementGroup.InUse", message));
            }
            let unknown =
                || not_found("InvalidPlacementGroup.Unknown", format!("The Placement Group '{name}' is unknown."));
            region.placement_groups.remove(name).map(drop).ok_or_else(unknown)
        })
        .await
    }
}

fn check_placement(group: &NewPlacementGroup) -> Result<(), ServiceError> {
    let partitions_fit = matches!(
        (group.strategy.as_str(), group.partition_count),
        ("cluster" | "spread", None) | ("partition", None | Some(1..=7))
    );
    if group.name.is_empty() || group.name.chars().count() > 255 || !partitions_fit {
        let message = "a placement group needs a name of 1 to 255 characters and strategy cluster, spread or \
                       partition; only partition takes a partition count, 1 to 7";
        return Err(ServiceError::new("InvalidParameterValue", message));
    }
    Ok(())
}
