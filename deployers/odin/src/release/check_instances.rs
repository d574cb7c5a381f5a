//! The rules for what the instances of a service are launched with: type, volume, tags, placement group.

use super::Service;
use crate::cloud::limits::{
    METADATA_HOPS, MIN_SPOT_PRICE, PARTITIONS, TAG_LIMIT, is_instance_type, is_placement_group_name, is_reserved_tag,
    is_tag,
};
use crate::cloud::volumes::{VolumeField, refused_settings};
use crate::names;
use crate::rules;
use bifrost::findings::Findings;

/// Checks all of them. `path` is the path of the service.
pub(super) fn check_instances(findings: &mut Findings, path: &str, service: &Service) {
    let instance_type = service.instance_type.as_str();
    findings.require(is_instance_type(instance_type), rules::INSTANCE, &format!("{path}.instance_type"), || {
        format!("{instance_type:?} is not an instance type: use a family and a size, such as t3.nano")
    });
    if let Some(price) = service.spot_price.as_ref().filter(|price| !price.is_accepted()) {
        let message = format!("EC2 does not accept {price} dollars: use at least {MIN_SPOT_PRICE}");
        findings.add(rules::INSTANCE, format!("{path}.spot_price"), message);
    }
    if let Some(hops) = service.metadata_hop_limit.filter(|hops| !METADATA_HOPS.contains(hops)) {
        let message = format!(
            "EC2 does not accept {hops} hops: use {} to {}, or remove the field for {}",
            METADATA_HOPS.start(),
            METADATA_HOPS.end(),
            Service::DEFAULT_METADATA_HOP_LIMIT
        );
        findings.add(rules::INSTANCE, format!("{path}.metadata_hop_limit"), message);
    }
    check_tags(findings, path, service);
    check_volume(findings, path, service);
    check_placement(findings, path, service);
}

/// A tag that the deployer sets itself is ignored, whatever it is, with a note.
fn check_tags(findings: &mut Findings, path: &str, service: &Service) {
    let path = format!("{path}.tags");
    let mut count = 0;
    for (key, value) in service.tags.iter().filter(|(key, _)| !names::is_own_tag(key)) {
        count += 1;
        let path = format!("{path}.{key}");
        findings.require(!is_reserved_tag(key), rules::TAG, &path, || {
            "AWS reserves keys that begin with `aws:`: use another".into()
        });
        findings.require(is_tag(key, value), rules::TAG, &path, || {
            "AWS does not accept this tag: a key has 1 to 128 characters, a value at most 256, and none of them is a control \
             character"
                .into()
        });
    }
    let most = TAG_LIMIT - names::OWN_TAGS.len();
    findings.require(count <= most, rules::TAG, &path, || {
        format!(
            "{count} tags are too many: a group has at most {TAG_LIMIT}, of which the deployer sets {}: keep {most}",
            names::OWN_TAGS.len()
        )
    });
}

fn check_volume(findings: &mut Findings, path: &str, service: &Service) {
    let Some(volume) = service.ebs_volume() else {
        let settings = [
            ("ebs_encrypted", service.ebs_encrypted.is_some()),
            ("ebs_iops", service.ebs_iops.is_some()),
            ("ebs_throughput", service.ebs_throughput.is_some()),
        ];
        for (field, _) in settings.into_iter().filter(|(_, is_set)| *is_set) {
            let message = "without ebs_volume_size there is no volume: add the size, or remove this field";
            findings.add(rules::VOLUME, format!("{path}.{field}"), message);
        }
        return;
    };
    for (field, message) in refused_settings(&volume) {
        findings.add(rules::VOLUME, format!("{path}.{}", volume_field(field)), message);
    }
}

/// The name of the field in a release.
fn volume_field(field: VolumeField) -> &'static str {
    match field {
        VolumeField::DeviceName => "ebs_device_name",
        VolumeField::VolumeSize => "ebs_volume_size",
        VolumeField::Iops => "ebs_iops",
        VolumeField::Throughput => "ebs_throughput",
    }
}

fn check_placement(findings: &mut Findings, path: &str, service: &Service) {
    use super::PlacementStrategy::Partition;
    let (name, strategy) = (&service.placement_group_name, service.placement_group_strategy);
    if let Some(name) = name.as_ref().filter(|name| !is_placement_group_name(name.as_str())) {
        let message = format!("{name:?} is not the name of a placement group: use ASCII characters alone");
        findings.add(rules::INVALID_NAME, format!("{path}.placement_group_name"), message);
    }
    let strategy_path = format!("{path}.placement_group_strategy");
    findings.require(name.is_none() || strategy.is_some(), rules::PLACEMENT, &strategy_path, || {
        "required with placement_group_name: use cluster, spread or partition".into()
    });
    let (least, most) = PARTITIONS.into_inner();
    let message = match (strategy, service.placement_group_partition_count) {
        (Some(Partition), None) => format!("required with strategy partition: use {least} to {most}"),
        (Some(Partition), Some(count)) if PARTITIONS.contains(&count) => return,
        (Some(Partition), Some(count)) => {
            format!("a placement group cannot have {count} partitions: use {least} to {most}")
        }
        (_, None) => return,
        (_, Some(_)) => "only a placement group with strategy partition has partitions: remove the field".to_owned(),
    };
    findings.add(rules::PLACEMENT, format!("{path}.placement_group_partition_count"), message);
}
