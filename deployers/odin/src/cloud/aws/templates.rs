//! EC2 launch templates on the AWS SDK.

use super::ec2::{tag_filters, tag_pairs, tag_specification};
use crate::cloud::{AwsLaunchTemplates, EbsVolume, LaunchTemplate, NewLaunchTemplate};
use aws_sdk_ec2::types::{
    LaunchTemplateBlockDeviceMappingRequest as BlockDevice, LaunchTemplateEbsBlockDeviceRequest as Ebs,
    LaunchTemplateHttpTokensState as HttpTokens, LaunchTemplateIamInstanceProfileSpecificationRequest as Profile,
    LaunchTemplateInstanceMarketOptionsRequest as MarketOptions,
    LaunchTemplateInstanceMetadataOptionsRequest as MetadataOptions,
    LaunchTemplateInstanceNetworkInterfaceSpecificationRequest as NetworkInterface,
    LaunchTemplatePlacementRequest as Placement, LaunchTemplateSpotMarketOptionsRequest as SpotOptions,
    LaunchTemplateTagSpecificationRequest as TagSpecification, LaunchTemplatesMonitoringRequest as Monitoring,
    MarketType, RequestLaunchTemplateData, ResourceType,
};
use aws_sdk_ec2::{Client, types};
use bifrost::aws::{AwsCall, AwsChange, Request, pages};
use bifrost::cloud::CloudError;

/// The maximum number of templates in a page.
const PAGE_LIMIT: i32 = 200;

impl AwsLaunchTemplates for Client {
    async fn launch_templates(
        &self,
        call: AwsCall<'_>,
        tags: &[(&str, &str)],
    ) -> Result<Vec<LaunchTemplate>, CloudError> {
        let filters = tag_filters(tags);
        let found = pages(async |token| {
            let describe = self.describe_launch_templates().set_filters(Some(filters.clone()));
            let page = call.send(describe.max_results(PAGE_LIMIT).set_next_token(token).send()).await?;
            Ok((page.launch_templates.unwrap_or_default(), page.next_token))
        });
        let found = found.await?.into_iter().map(|template| launch_template(template, *call));
        let mut found = found.collect::<Result<Vec<_>, _>>()?;
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    async fn create_launch_template(
        &self,
        call: AwsChange<'_>,
        template: &NewLaunchTemplate,
    ) -> Result<LaunchTemplate, CloudError> {
        let create = self.create_launch_template().launch_template_name(&template.name);
        let create = create.client_token(&template.client_token).launch_template_data(template_data(template, *call)?);
        let tags = tag_specification(ResourceType::LaunchTemplate, &template.tags);
        let answer = call.send(create.set_tag_specifications(tags).send()).await?;
        launch_template(call.field("LaunchTemplate", answer.launch_template)?, *call)
    }

    async fn delete_launch_template(&self, call: AwsChange<'_>, name: &str) -> Result<(), CloudError> {
        call.send(self.delete_launch_template().launch_template_name(name).send()).await.map(drop)
    }
}

fn launch_template(template: types::LaunchTemplate, request: Request<'_>) -> Result<LaunchTemplate, CloudError> {
    let name = request.field("LaunchTemplateName", template.launch_template_name)?;
    let answer = request.about(&name);
    Ok(LaunchTemplate {
        id: answer.field("LaunchTemplateId", template.launch_template_id)?,
        create_time: answer.time("CreateTime", template.create_time)?,
        tags: answer.tags(tag_pairs(template.tags))?,
        name: name.clone(),
    })
}

/// Builds the content of the template.
///
/// # Errors
/// If a number does not fit into its field of the request.
fn template_data(template: &NewLaunchTemplate, request: Request<'_>) -> Result<RequestLaunchTemplateData, CloudError> {
    let volume = template.ebs_volume.as_ref().map(|volume| block_device(volume, request)).transpose()?;
    let interface = network_interface(template);
    // EC2 refuses security groups outside of the network interface if there is one.
    let groups = interface.is_none().then(|| template.security_group_ids.clone());
    Ok(RequestLaunchTemplateData::builder()
        .image_id(&template.image_id)
        .instance_type(template.instance_type.as_str().into())
        .user_data(template.user_data.to_base64())
        .metadata_options(metadata_options(template, request)?)
        .set_monitoring(template.detailed_monitoring.map(|enabled| Monitoring::builder().enabled(enabled).build()))
        .set_tag_specifications(volume_tags(template))
        .set_iam_instance_profile(template.instance_profile_arn.as_ref().map(|arn| Profile::builder().arn(arn).build()))
        .set_block_device_mappings(volume.map(|volume| vec![volume]))
        .set_ebs_optimized(template.ebs_optimized)
        .set_instance_market_options(template.spot_price.as_deref().map(spot))
        .set_network_interfaces(interface.map(|interface| vec![interface]))
        .set_security_group_ids(groups)
        .set_placement(placement(template))
        .build())
}

fn block_device(volume: &EbsVolume, request: Request<'_>) -> Result<BlockDevice, CloudError> {
    let size = request.number("VolumeSize", volume.size_gib)?;
    let iops = volume.iops.map(|iops| request.number("Iops", iops)).transpose()?;
    let throughput = volume.throughput.map(|throughput| request.number("Throughput", throughput)).transpose()?;
    let ebs = Ebs::builder().volume_size(size).volume_type(volume.volume_type.as_str().into());
    let ebs = ebs.set_iops(iops).set_throughput(throughput).set_encrypted(volume.encrypted);
    let ebs = ebs.delete_on_termination(true).build();
    Ok(BlockDevice::builder().device_name(&volume.device_name).ebs(ebs).build())
}

fn metadata_options(template: &NewLaunchTemplate, request: Request<'_>) -> Result<MetadataOptions, CloudError> {
    let hops = template.metadata_hop_limit.map(|hops| request.number("HttpPutResponseHopLimit", hops)).transpose()?;
    Ok(MetadataOptions::builder().http_tokens(HttpTokens::Required).set_http_put_response_hop_limit(hops).build())
}

fn volume_tags(template: &NewLaunchTemplate) -> Option<Vec<TagSpecification>> {
    if template.volume_tags.is_empty() {
        return None;
    }
    let tags = template.volume_tags.iter().map(|(key, value)| types::Tag::builder().key(key).value(value).build());
    let volumes = TagSpecification::builder().resource_type(ResourceType::Volume).set_tags(Some(tags.collect()));
    Some(vec![volumes.build()])
}

fn spot(max_price: &str) -> MarketOptions {
    let options = SpotOptions::builder().max_price(max_price).build();
    MarketOptions::builder().market_type(MarketType::Spot).spot_options(options).build()
}

/// The first network interface, if the template sets `associate_public_ip_address`: EC2 has no other field for it.
fn network_interface(template: &NewLaunchTemplate) -> Option<NetworkInterface> {
    let public = template.associate_public_ip_address?;
    let groups = Some(template.security_group_ids.clone());
    Some(NetworkInterface::builder().device_index(0).associate_public_ip_address(public).set_groups(groups).build())
}

fn placement(template: &NewLaunchTemplate) -> Option<Placement> {
    let NewLaunchTemplate { placement_group, tenancy, .. } = template;
    let placement = Placement::builder().set_group_name(placement_group.clone());
    let placement = placement.set_tenancy(tenancy.as_deref().map(Into::into)).build();
    (placement_group.is_some() || tenancy.is_some()).then_some(placement)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_ec2::types::{Tenancy, VolumeType};

    fn data_of(template: &NewLaunchTemplate) -> RequestLaunchTemplateData {
        template_data(template, Request::new("ec2:CreateLaunchTemplate", "web")).unwrap()
    }

    fn web() -> NewLaunchTemplate {
        NewLaunchTemplate {
            image_id: "ami-1".into(),
            instance_type: "t3.small".into(),
            security_group_ids: vec!["sg-1".into()],
            user_data: "#!/bin/sh".into(),
            ..NewLaunchTemplate::default()
        }
    }

    #[test]
    fn optional_template_fields_are_omitted() {
        let tokens = MetadataOptions::builder().http_tokens(HttpTokens::Required).build();
        let expected = RequestLaunchTemplateData::builder()
            .image_id("ami-1")
            .instance_type("t3.small".into())
            .security_group_ids("sg-1")
            .user_data("IyEvYmluL3No")
            .metadata_options(tokens);
        assert_eq!(data_of(&web()), expected.build());
    }

    #[test]
    fn public_address_moves_security_groups_to_interface() {
        let data = data_of(&NewLaunchTemplate { associate_public_ip_address: Some(false), ..web() });
        assert_eq!(data.security_group_ids, None);
        let interface = &data.network_interfaces()[0];
        assert_eq!(interface.associate_public_ip_address(), Some(false));
        assert_eq!((interface.device_index(), interface.groups()), (Some(0), &["sg-1".to_owned()][..]));
    }

    #[test]
    fn volume_is_deleted_with_its_instance() {
        let volume = EbsVolume {
            device_name: "/dev/xvda".into(),
            size_gib: 20,
            volume_type: "gp2".into(),
            encrypted: None,
            iops: None,
            throughput: None,
        };
        let data = data_of(&NewLaunchTemplate { ebs_volume: Some(volume.clone()), ebs_optimized: Some(true), ..web() });
        let device = &data.block_device_mappings()[0];
        let ebs = device.ebs().unwrap();
        assert_eq!((device.device_name(), ebs.volume_size()), (Some("/dev/xvda"), Some(20)));
        assert_eq!((ebs.volume_type(), ebs.delete_on_termination()), (Some(&VolumeType::Gp2), Some(true)));
        assert_eq!(data.ebs_optimized(), Some(true));
        assert_eq!((ebs.iops(), ebs.throughput(), ebs.encrypted()), (None, None, None));

        let huge = NewLaunchTemplate { ebs_volume: Some(EbsVolume { size_gib: u32::MAX, ..volume }), ..web() };
        let error = template_data(&huge, Request::new("ec2:CreateLaunchTemplate", "web")).unwrap_err();
        assert!(error.message.contains("VolumeSize") && error.message.contains("4294967295"), "{error}");
    }

    #[test]
    fn performance_encryption_and_tags_of_volumes_are_sent() {
        let volume = EbsVolume {
            device_name: "/dev/xvda".into(),
            size_gib: 20,
            volume_type: "gp3".into(),
            encrypted: Some(true),
            iops: Some(4000),
            throughput: Some(500),
        };
        let volume_tags = [("Team".to_owned(), "infra".to_owned())].into();
        let data = data_of(&NewLaunchTemplate { ebs_volume: Some(volume), volume_tags, ..web() });
        let ebs = data.block_device_mappings()[0].ebs().unwrap();
        assert_eq!((ebs.iops(), ebs.throughput(), ebs.encrypted()), (Some(4000), Some(500), Some(true)));
        let tags = &data.tag_specifications()[0];
        assert_eq!(tags.resource_type(), Some(&ResourceType::Volume));
        assert_eq!((tags.tags()[0].key(), tags.tags()[0].value()), (Some("Team"), Some("infra")));
    }

    #[test]
    fn hop_limit_and_monitoring_are_sent() {
        let data =
            data_of(&NewLaunchTemplate { metadata_hop_limit: Some(2), detailed_monitoring: Some(true), ..web() });
        assert_eq!(data.metadata_options().unwrap().http_put_response_hop_limit(), Some(2));
        assert_eq!(data.monitoring().unwrap().enabled(), Some(true));
    }

    #[test]
    fn spot_price_placement_group_and_tenancy_are_sent() {
        let data = data_of(&NewLaunchTemplate {
            spot_price: Some("0.05".into()),
            placement_group: Some("near".into()),
            tenancy: Some("dedicated".into()),
            ..web()
        });
        let market = data.instance_market_options().unwrap();
        assert_eq!(market.market_type(), Some(&MarketType::Spot));
        assert_eq!(market.spot_options().and_then(|options| options.max_price()), Some("0.05"));
        let placement = data.placement().unwrap();
        assert_eq!((placement.group_name(), placement.tenancy()), (Some("near"), Some(&Tenancy::Dedicated)));
    }
}
