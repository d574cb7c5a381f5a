//! EC2 on the AWS SDK: images, subnets, security groups and placement groups.

use super::ec2::{exact_filter, filter_parts, tag_pairs, tag_specification};
use crate::cloud::{AwsCompute, Filter, Image, NewPlacementGroup, PlacementGroup, SecurityGroup, Subnet};
use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ec2::{Client, types};
use bifrost::aws::{AwsCall, AwsChange, FILTER_VALUES_LIMIT, Request, each, pages};
use bifrost::cloud::CloudError;
use futures_util::TryFutureExt;
use std::collections::BTreeMap;
use std::error::Error;

/// One page of a response, and the token of the next page.
type Page<T> = (Option<Vec<T>>, Option<String>);

impl AwsCompute for Client {
    async fn images(&self, call: AwsCall<'_>, filter: &Filter) -> Result<Vec<Image>, CloudError> {
        let fetch = |filter, token| {
            let request = self.describe_images().filters(filter).set_next_token(token);
            request.send().map_ok(|page| (page.images, page.next_token))
        };
        all(call, filter, "image-id", fetch, image).await
    }

    async fn subnets(&self, call: AwsCall<'_>, filter: &Filter) -> Result<Vec<Subnet>, CloudError> {
        let fetch = |filter, token| {
            let request = self.describe_subnets().filters(filter).set_next_token(token);
            request.send().map_ok(|page| (page.subnets, page.next_token))
        };
        all(call, filter, "subnet-id", fetch, subnet).await
    }

    async fn security_groups(&self, call: AwsCall<'_>, filter: &Filter) -> Result<Vec<SecurityGroup>, CloudError> {
        let fetch = |filter, token| {
            let request = self.describe_security_groups().filters(filter).set_next_token(token);
            request.send().map_ok(|page| (page.security_groups, page.next_token))
        };
        all(call, filter, "group-id", fetch, security_group).await
    }

    async fn architectures(
        &self,
        call: AwsCall<'_>,
        types: &[String],
    ) -> Result<BTreeMap<String, Vec<String>>, CloudError> {
        let mut all = BTreeMap::new();
        for filter in type_filters(types) {
            let found = pages(async |token| {
                let describe = self.describe_instance_types().filters(filter.clone());
                let page = call.send(describe.set_next_token(token).send()).await?;
                Ok((page.instance_types.unwrap_or_default(), page.next_token))
            });
            for found in found.await? {
                let name = call.field("InstanceType", found.instance_type)?.as_str().to_owned();
                let processor = call.field(&format!("ProcessorInfo of {name}"), found.processor_info)?;
                let supported = processor.supported_architectures.unwrap_or_default();
                all.insert(name, supported.iter().map(|architecture| architecture.as_str().to_owned()).collect());
            }
        }
        Ok(all)
    }

    async fn zones(&self, call: AwsCall<'_>, types: &[String]) -> Result<BTreeMap<String, Vec<String>>, CloudError> {
        let mut zones = BTreeMap::<_, Vec<_>>::new();
        for filter in type_filters(types) {
            let found = pages(async |token| {
                let describe = self.describe_instance_type_offerings().filters(filter.clone());
                let describe = describe.location_type(types::LocationType::AvailabilityZone);
                let page = call.send(describe.set_next_token(token).send()).await?;
                Ok((page.instance_type_offerings.unwrap_or_default(), page.next_token))
            });
            for offering in found.await? {
                let name = call.field("InstanceType", offering.instance_type)?.as_str().to_owned();
                zones.entry(name).or_default().push(call.field("Location", offering.location)?);
            }
        }
        Ok(zones)
    }

    async fn placement_group(&self, call: AwsCall<'_>, name: &str) -> Result<Option<PlacementGroup>, CloudError> {
        let describe = self.describe_placement_groups().filters(exact_filter("group-name", [name]));
        let answer = call.send(describe.send()).await?;
        let mut found = answer.placement_groups.unwrap_or_default().into_iter();
        let found = found.find(|found| found.group_name.as_deref() == Some(name));
        found.map(|found| placement_group(found, *call)).transpose()
    }

    async fn create_placement_group(&self, call: AwsChange<'_>, group: &NewPlacementGroup) -> Result<(), CloudError> {
        let partitions = group.partition_count.map(|count| call.number("PartitionCount", count)).transpose()?;
        let create = self.create_placement_group().group_name(&group.name);
        let create = create.strategy(group.strategy.as_str().into()).set_partition_count(partitions);
        let tags = tag_specification(types::ResourceType::PlacementGroup, &group.tags);
        call.send(create.set_tag_specifications(tags).send()).await.map(drop)
    }

    async fn delete_placement_group(&self, call: AwsChange<'_>, name: &str) -> Result<(), CloudError> {
        call.send(self.delete_placement_group().group_name(name).send()).await.map(drop)
    }
}

/// All resources that the filter matches, with as many requests and pages as needed.
async fn all<S, T, E, F>(
    call: AwsCall<'_>,
    filter: &Filter,
    id_filter: &str,
    fetch: impl Fn(types::Filter, Option<String>) -> F,
    describe: impl Fn(S, Request<'_>) -> Result<T, CloudError>,
) -> Result<Vec<T>, CloudError>
where
    E: ProvideErrorMetadata + Error + 'static,
    F: Future<Output = Result<Page<S>, SdkError<E>>> + Send,
{
    let found = each(filter_parts(filter, id_filter), async |part| {
        let call = call.about(&part.resource);
        let found = pages(async |token| {
            let (items, next) = call.send(fetch(part.filter.clone(), token)).await?;
            Ok((items.unwrap_or_default(), next))
        });
        found.await?.into_iter().map(|item| describe(item, *call)).collect::<Result<Vec<_>, _>>()
    });
    Ok(found.await?.into_iter().flatten().collect())
}

/// The filters for these instance types, as many as EC2's limit needs.
fn type_filters(types: &[String]) -> impl Iterator<Item = types::Filter> {
    types.chunks(FILTER_VALUES_LIMIT).map(|types| exact_filter("instance-type", types.iter().map(String::as_str)))
}

fn image(image: types::Image, request: Request<'_>) -> Result<Image, CloudError> {
    let id = request.field("ImageId", image.image_id)?;
    let answer = request.about(&id);
    let state = answer.field("ImageState", image.state)?.as_str().to_owned();
    let tags = answer.tags(tag_pairs(image.tags))?;
    let architecture = image.architecture.map(|architecture| architecture.as_str().to_owned());
    Ok(Image { id, state, architecture, tags })
}

fn subnet(subnet: types::Subnet, request: Request<'_>) -> Result<Subnet, CloudError> {
    let id = request.field("SubnetId", subnet.subnet_id)?;
    let tags = request.about(&id).tags(tag_pairs(subnet.tags))?;
    Ok(Subnet { id, availability_zone: subnet.availability_zone, tags })
}

fn security_group(group: types::SecurityGroup, request: Request<'_>) -> Result<SecurityGroup, CloudError> {
    let id = request.field("GroupId", group.group_id)?;
    let tags = request.about(&id).tags(tag_pairs(group.tags))?;
    Ok(SecurityGroup { id, tags })
}

fn placement_group(group: types::PlacementGroup, request: Request<'_>) -> Result<PlacementGroup, CloudError> {
    Ok(PlacementGroup {
        state: request.field("State", group.state)?.as_str().to_owned(),
        strategy: request.field("Strategy", group.strategy)?.as_str().to_owned(),
        partition_count: group.partition_count.map(|count| request.count("PartitionCount", Some(count))).transpose()?,
        tags: request.tags(tag_pairs(group.tags))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::Tags;

    #[test]
    fn image_without_state_is_an_error() {
        let request = Request::new("ec2:DescribeImages", "ubuntu");
        let name = types::Tag::builder().key("Name").value("ubuntu").build();
        let there = types::Image::builder().image_id("ami-1").state(types::ImageState::Pending).tags(name);
        let tags = Tags::from([("Name".into(), "ubuntu".into())]);
        let pending = Image { id: "ami-1".into(), state: "pending".into(), architecture: None, tags };
        assert_eq!(image(there.build(), request).unwrap(), pending);

        let error = image(types::Image::builder().image_id("ami-1").build(), request).unwrap_err();
        assert_eq!(error.resource, "ami-1");
        assert!(error.message.contains("ImageState"), "{error}");
    }

    #[test]
    fn partition_count_is_optional() {
        let request = Request::new("ec2:DescribePlacementGroups", "near");
        let near = types::PlacementGroup::builder()
            .group_name("near")
            .state(types::PlacementGroupState::Available)
            .strategy(types::PlacementStrategy::Cluster);
        assert_eq!(placement_group(near.clone().build(), request).unwrap().partition_count, None);
        let apart = near.strategy(types::PlacementStrategy::Partition).partition_count(3).build();
        let apart = placement_group(apart, request).unwrap();
        assert_eq!((apart.strategy.as_str(), apart.partition_count), ("partition", Some(3)));
    }
}
