//! The fields of a service, which becomes an auto-scaling group.

use super::{Autoscaling, ResourceName, ServiceName};
use crate::cloud::EbsVolume;
use crate::cloud::limits::MIN_SPOT_PRICE;
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::fmt;

/// The device name of the EBS volume, if a service does not set it.
pub(super) const DEFAULT_DEVICE_NAME: &str = "/dev/xvda";

/// A service, which becomes an auto-scaling group.
#[bifrost::field_type]
pub struct Service {
    /// EC2 instance type, such as `t3.nano`.
    pub instance_type: ResourceName,
    /// Security groups, by name tag; at least one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub security_groups: Vec<ResourceName>,
    /// Classic load balancers, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub elbs: Vec<ResourceName>,
    /// Target groups, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub target_groups: Vec<ResourceName>,
    /// Instance profile, by name.
    pub profile: Option<ResourceName>,
    /// Tags of the group and its instances, in addition to the deployer's.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// The highest price for an instance and hour, in dollars. Requests spot instances.
    #[unused_by_clean_up]
    pub spot_price: Option<SpotPrice>,
    /// Size of an EBS volume in GiB. Without it instances have only the volumes of their image.
    pub ebs_volume_size: Option<u32>,
    /// Type of that volume.
    #[unused_by_clean_up]
    pub ebs_volume_type: Option<VolumeType>,
    /// Device name of that volume.
    pub ebs_device_name: Option<ResourceName>,
    /// Placement group, by name. Created if it does not exist and its name has the prefix of the project.
    pub placement_group_name: Option<ResourceName>,
    /// How the placement group places instances.
    #[unused_by_clean_up]
    pub placement_group_strategy: Option<PlacementStrategy>,
    /// Number of partitions, if that strategy is `partition`.
    pub placement_group_partition_count: Option<u32>,
    /// Whether instances run on dedicated hardware.
    #[unused_by_clean_up]
    pub placement_tenancy: Option<PlacementTenancy>,
    /// Whether instances get a public IP address. The default is a setting of the subnet.
    pub associate_public_ip_address: Option<bool>,
    /// How many network hops an answer of the instance metadata service may travel. Default:
    /// [`DEFAULT_METADATA_HOP_LIMIT`](Self::DEFAULT_METADATA_HOP_LIMIT).
    pub metadata_hop_limit: Option<u32>,
    /// Whether the EBS volume is encrypted. The default is a setting of the account.
    pub ebs_encrypted: Option<bool>,
    /// IOPS of the EBS volume. Required for `io1` and `io2`; the default for `gp3` is 3,000.
    pub ebs_iops: Option<u32>,
    /// Throughput of a `gp3` volume in MiB/s. The default is 125.
    pub ebs_throughput: Option<u32>,
    /// Whether CloudWatch gets metrics of the instances each minute, for a fee. The default is each five minutes.
    pub detailed_monitoring: Option<bool>,
    /// How it scales.
    #[serde(default)]
    #[unused_by_clean_up]
    pub autoscaling: Autoscaling,
    /// Its name. Set by Validate.
    #[set_by_deployer]
    pub service_name: Option<ServiceName>,
    /// The name of its new group. Set by Deploy.
    #[set_by_deployer]
    pub created_asg: Option<String>,
    /// Desired capacity of the group that it replaces. Set by `ValidateResources`, and raised when the new group is healthy
    /// if the old one grew in the meantime.
    #[set_by_deployer]
    pub previous_desired_capacity: Option<u32>,
    /// Whether it is healthy. Set by `CheckHealthy`.
    #[serde(rename = "Healthy")]
    #[set_by_deployer]
    pub healthy: Option<bool>,
    /// The resources that it names. Set by `ValidateResources`.
    #[set_by_deployer]
    #[unused_by_clean_up]
    pub resources: Option<ServiceResources>,
    /// Its progress. Set by Deploy and `CheckHealthy`.
    #[set_by_deployer]
    #[unused_by_clean_up]
    pub healthy_report: Option<HealthyReport>,
}

impl Service {
    /// Containers on a bridge network need two hops to the instance metadata service.
    pub const DEFAULT_METADATA_HOP_LIMIT: u32 = 2;

    /// The EBS volume of its instances, if it asks for one, with its type and device or their defaults.
    #[must_use]
    pub fn ebs_volume(&self) -> Option<EbsVolume> {
        Some(EbsVolume {
            size_gib: self.ebs_volume_size?,
            volume_type: self.ebs_volume_type.unwrap_or(VolumeType::Gp3).as_str().to_owned(),
            device_name: self.ebs_device_name.as_ref().map_or(DEFAULT_DEVICE_NAME, ResourceName::as_str).to_owned(),
            encrypted: self.ebs_encrypted,
            iops: self.ebs_iops,
            throughput: self.ebs_throughput,
        })
    }

    /// Whether the service has a classic load balancer or target group.
    #[must_use]
    pub fn has_balancer(&self) -> bool {
        !(self.elbs.is_empty() && self.target_groups.is_empty())
    }
}

/// The resources that a service names, in its account and region.
#[bifrost::field_type]
#[derive(Default, Eq)]
#[serde(default)]
pub struct ServiceResources {
    /// Id of the image.
    pub image: Option<String>,
    /// ARN of the instance profile.
    pub profile_arn: Option<String>,
    /// The name of the group that is replaced. It is not an ARN: Go Odin, too, writes the name into this field.
    pub prev_asg_arn: Option<String>,
    /// Ids of the security groups.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub security_groups: Vec<String>,
    /// Names of the classic load balancers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub elbs: Vec<String>,
    /// ARNs of the target groups.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub target_group_arns: Vec<String>,
    /// Ids of the subnets.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subnets: Vec<String>,
}

/// The progress of a service, in numbers of instances.
#[bifrost::field_type]
#[derive(Default, Eq)]
pub struct HealthyReport {
    /// How many must be healthy.
    pub target_healthy: u32,
    /// How many to launch.
    pub target_launched: u32,
    /// How many are healthy.
    pub healthy: u32,
    /// How many the group has, in whatever state.
    pub launching: u32,
    /// How many are terminating.
    pub terminating: u32,
    /// Ids of the terminating instances.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub terminating_ids: Vec<String>,
    /// The largest desired capacity that Odin set so far. More than that is demand of the group's own policies.
    pub desired_capacity: Option<u32>,
    /// The largest minimum size that Odin set so far.
    pub min_size: Option<u32>,
}

/// Defines an enum of AWS's words, which are the same in a release and in a request.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[bifrost::field_type]
        #[derive(Copy, Eq)]
        pub enum $name { $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)* }

        impl $name {
            /// AWS's word.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }
    };
}

words! {
    /// Type of an EBS volume.
    VolumeType {
        /// General purpose. The default.
        Gp3 = "gp3",
        /// General purpose, previous generation. The default of Go Odin.
        Gp2 = "gp2",
        /// Provisioned IOPS, previous generation.
        Io1 = "io1",
        /// Provisioned IOPS.
        Io2 = "io2",
        /// Throughput-optimised hard disk.
        St1 = "st1",
        /// Cold hard disk.
        Sc1 = "sc1",
        /// Magnetic, first generation.
        Standard = "standard",
    }
}

words! {
    /// How a placement group places its instances.
    PlacementStrategy {
        /// Close together.
        Cluster = "cluster",
        /// Each on separate hardware.
        Spread = "spread",
        /// In partitions that share no hardware.
        Partition = "partition",
    }
}

words! {
    /// Whether instances run on dedicated hardware.
    PlacementTenancy {
        /// On hardware that is shared with other accounts.
        Default = "default",
        /// On dedicated hardware.
        Dedicated = "dedicated",
    }
}

/// The highest price for an instance and hour, in dollars: a positive decimal, kept as it was written.
#[bifrost::field_type]
#[derive(Eq)]
#[serde(try_from = "String")]
pub struct SpotPrice(String);

/// The text is not a valid spot price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a valid spot price: use a positive decimal number in quotes, such as \"0.05\"")]
pub struct InvalidPrice;

impl SpotPrice {
    /// The price as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether EC2 accepts it.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        let decimal = |text: &str| Decimal::from_str_exact(text).ok();
        decimal(&self.0) >= decimal(MIN_SPOT_PRICE)
    }
}

impl TryFrom<String> for SpotPrice {
    type Error = InvalidPrice;

    fn try_from(text: String) -> Result<Self, InvalidPrice> {
        let positive = Decimal::from_str_exact(&text).is_ok_and(|price| price > Decimal::ZERO);
        if positive { Ok(Self(text)) } else { Err(InvalidPrice) }
    }
}

impl fmt::Display for SpotPrice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
