//! EC2 in the local cloud: images, subnets, security groups and placement groups.

use super::{OdinAccount, not_found};
use crate::cloud::compute::available;
use crate::cloud::limits::{PARTITIONS, is_placement_group_name};
use crate::cloud::{
    Filter, Image, InstanceType, LocalCompute, NewPlacementGroup, PlacementGroup, SecurityGroup, Subnet, Tags,
};
use bifrost::local::{RegionState, ServiceError};
use std::collections::BTreeMap;

impl Filter {
    fn matches(&self, id: &str, tags: &Tags) -> bool {
        match self {
            Self::Ids(ids) => ids.iter().any(|wanted| wanted == id),
            Self::Names(names) => tags.get("Name").is_some_and(|name| names.contains(name)),
        }
    }
}

impl LocalCompute for OdinAccount {
    fn images(region: &RegionState<'_, Self>, filter: &Filter) -> Result<Vec<Image>, ServiceError> {
        let found = region.here().images.iter().filter(|(id, image)| filter.matches(id, &image.tags));
        let describe = found.map(|(id, image)| Image {
            id: id.clone(),
            state: image.state.clone(),
            architecture: image.architecture.clone(),
            tags: image.tags.clone(),
        });
        Ok(describe.collect())
    }

    fn subnets(region: &RegionState<'_, Self>, filter: &Filter) -> Result<Vec<Subnet>, ServiceError> {
        let found = region.here().subnets.iter().filter(|(id, subnet)| filter.matches(id, &subnet.tags));
        let describe = found.map(|(id, subnet)| Subnet {
            id: id.clone(),
            availability_zone: subnet.availability_zone.clone(),
            tags: subnet.tags.clone(),
        });
        Ok(describe.collect())
    }

    fn security_groups(region: &RegionState<'_, Self>, filter: &Filter) -> Result<Vec<SecurityGroup>, ServiceError> {
        let found = region.here().security_groups.iter().filter(|(id, group)| filter.matches(id, &group.tags));
        Ok(found.map(|(id, group)| SecurityGroup { id: id.clone(), tags: group.tags.clone() }).collect())
    }

    fn architectures(
        region: &RegionState<'_, Self>,
        types: &[String],
    ) -> Result<BTreeMap<String, Vec<String>>, ServiceError> {
        Ok(instance_types(region, types).map(|(name, found)| (name, found.architectures)).collect())
    }

    fn zones(region: &RegionState<'_, Self>, types: &[String]) -> Result<BTreeMap<String, Vec<String>>, ServiceError> {
        Ok(instance_types(region, types).map(|(name, found)| (name, found.zones)).collect())
    }

    fn placement_group(region: &RegionState<'_, Self>, name: &str) -> Result<Option<PlacementGroup>, ServiceError> {
        Ok(region.here().placement_groups.get(name).cloned())
    }

    fn create_placement_group(
        region: &mut RegionState<'_, Self>,
        group: &NewPlacementGroup,
    ) -> Result<(), ServiceError> {
        let NewPlacementGroup { name, strategy, partition_count, tags } = group.clone();
        let groups = &mut region.here_mut().placement_groups;
        if groups.contains_key(&name) {
            let message = format!("The Placement Group '{name}' already exists.");
            return Err(ServiceError::new("InvalidPlacementGroup.Duplicate", message));
        }
        check_placement(group)?;
        groups.insert(name, PlacementGroup { strategy, partition_count, state: available(), tags });
        Ok(())
    }

    fn delete_placement_group(region: &mut RegionState<'_, Self>, name: &str) -> Result<(), ServiceError> {
        let here = region.here_mut();
        let mut instances = here.auto_scaling_groups.values().flat_map(|group| group.instances.values());
        if instances.any(|instance| instance.placement_group.as_deref() == Some(name)) {
            let message = format!("The placement group '{name}' is in use and may not be deleted.");
            return Err(ServiceError::new("InvalidPlacementGroup.InUse", message));
        }
        let unknown =
            || not_found("InvalidPlacementGroup.Unknown", format!("The Placement Group '{name}' is unknown."));
        here.placement_groups.remove(name).map(drop).ok_or_else(unknown)
    }
}

/// These instance types. A region that lists none has every type, for every image and in every zone.
fn instance_types(
    region: &RegionState<'_, OdinAccount>,
    types: &[String],
) -> impl Iterator<Item = (String, InstanceType)> {
    let here = region.here();
    let all = || InstanceType {
        architectures: here.images.values().filter_map(|image| image.architecture.clone()).collect(),
        zones: here.subnets.values().filter_map(|subnet| subnet.availability_zone.clone()).collect(),
    };
    types.iter().filter_map(move |name| {
        let listed = &here.instance_types;
        Some((name.clone(), if listed.is_empty() { all() } else { listed.get(name)?.clone() }))
    })
}

fn check_placement(group: &NewPlacementGroup) -> Result<(), ServiceError> {
    let partitions_fit = match (group.strategy.as_str(), group.partition_count) {
        ("cluster" | "spread", count) => count.is_none(),
        ("partition", count) => count.is_none_or(|count| PARTITIONS.contains(&count)),
        _ => false,
    };
    if !is_placement_group_name(&group.name) || !partitions_fit {
        let message = "a placement group needs a name of 1 to 255 ASCII characters and strategy cluster, spread or \
                       partition; only partition takes a partition count, 1 to 7";
        return Err(ServiceError::new("InvalidParameterValue", message));
    }
    Ok(())
}
