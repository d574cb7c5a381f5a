//! EC2: images, subnets, security groups and placement groups.

use super::Tags;
use bifrost::cloud::CloudError;
use bifrost::lifecycle::Proof;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use tokio::try_join;

/// Selects resources. A resource that does not exist is missing from the result; it is not an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// Resources with one of these ids.
    Ids(Vec<String>),
    /// Resources whose tag `Name` is one of these.
    Names(Vec<String>),
}

/// The ids or names, joined with commas: the resource of a call.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Ids(wanted) | Self::Names(wanted)) = self;
        f.write_str(&wanted.join(","))
    }
}

/// An Amazon machine image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Its id, `ami-…`.
    pub id: String,
    /// `available`, `pending`, `failed`, …: only an available image can be launched.
    pub state: String,
    /// Its processor architecture: `x86_64`, `arm64`, `i386`, … `None` if it is not known.
    pub architecture: Option<String>,
    /// Its tags.
    pub tags: Tags,
}

/// A subnet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subnet {
    /// Its id, `subnet-…`.
    pub id: String,
    /// Its availability zone, such as `us-east-1a`. `None` if it is not known.
    pub availability_zone: Option<String>,
    /// Its tags.
    pub tags: Tags,
}

/// A security group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecurityGroup {
    /// Its id, `sg-…`.
    pub id: String,
    /// Its tags.
    pub tags: Tags,
}

/// An instance type, such as `t3.small`, as a region has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct InstanceType {
    /// The processor architectures that it supports.
    pub architectures: Vec<String>,
    /// The availability zones that offer it.
    pub zones: Vec<String>,
}

/// A placement group. The local cloud stores it by its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlacementGroup {
    /// `cluster`, `spread` or `partition`.
    pub strategy: String,
    /// Number of partitions, only for strategy `partition`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition_count: Option<u32>,
    /// `pending`, `available`, `deleting` or `deleted`: instances can be launched only into an available group.
    #[serde(default = "available")]
    pub state: String,
    /// Its tags.
    #[serde(default)]
    pub tags: Tags,
}

/// The state of a placement group that is not being created or deleted.
pub(super) fn available() -> String {
    "available".into()
}

/// Settings of a new placement group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPlacementGroup {
    /// Its name, unique in account and region.
    pub name: String,
    /// `cluster`, `spread` or `partition`.
    pub strategy: String,
    /// Number of partitions, 1 to 7, only for strategy `partition`.
    pub partition_count: Option<u32>,
    /// Its tags.
    pub tags: Tags,
}

/// The EC2 resources from which and into which instances are launched.
#[bifrost::port]
pub trait Compute {
    /// The images that the filter selects.
    ///
    /// # Errors
    /// [`CloudError`] from EC2.
    #[call("ec2:DescribeImages", filter)]
    async fn images(&self, filter: &Filter) -> Result<Vec<Image>, CloudError>;

    /// The subnets that the filter selects.
    ///
    /// # Errors
    /// [`CloudError`] from EC2.
    #[call("ec2:DescribeSubnets", filter)]
    async fn subnets(&self, filter: &Filter) -> Result<Vec<Subnet>, CloudError>;

    /// The security groups that the filter selects.
    ///
    /// # Errors
    /// [`CloudError`] from EC2.
    #[call("ec2:DescribeSecurityGroups", filter)]
    async fn security_groups(&self, filter: &Filter) -> Result<Vec<SecurityGroup>, CloudError>;

    /// The architectures of these instance types, by their names. A type that the region does not have is missing.
    ///
    /// # Errors
    /// [`CloudError`] from EC2.
    #[call("ec2:DescribeInstanceTypes")]
    async fn architectures(&self, types: &[String]) -> Result<BTreeMap<String, Vec<String>>, CloudError>;

    /// The availability zones that offer these instance types, by the names of the types.
    ///
    /// # Errors
    /// [`CloudError`] from EC2.
    #[call("ec2:DescribeInstanceTypeOfferings")]
    async fn zones(&self, types: &[String]) -> Result<BTreeMap<String, Vec<String>>, CloudError>;

    /// These instance types, by their names. A type that the region does not have is missing. No call is made if none is asked
    /// for.
    ///
    /// # Errors
    /// As [`architectures`](Self::architectures).
    async fn instance_types(&self, types: &[String]) -> Result<BTreeMap<String, InstanceType>, CloudError> {
        if types.is_empty() {
            return Ok(BTreeMap::new());
        }
        let (architectures, mut zones) = try_join!(self.architectures(types), self.zones(types))?;
        let with_zones = |(name, architectures): (String, Vec<String>)| {
            let zones = zones.remove(&name).unwrap_or_default();
            (name, InstanceType { architectures, zones })
        };
        Ok(architectures.into_iter().map(with_zones).collect())
    }

    /// The placement group of that name, or `None` if it does not exist.
    ///
    /// # Errors
    /// [`CloudError`] from EC2.
    #[call("ec2:DescribePlacementGroups", name)]
    async fn placement_group(&self, name: &str) -> Result<Option<PlacementGroup>, CloudError>;

    /// Creates a placement group.
    ///
    /// # Errors
    /// [`AlreadyExists`](bifrost::cloud::ErrorKind::AlreadyExists) (`InvalidPlacementGroup.Duplicate`) if it
    /// already exists.
    #[change("ec2:CreatePlacementGroup", group.name)]
    async fn create_placement_group(&self, proof: &Proof, group: &NewPlacementGroup) -> Result<(), CloudError>;

    /// Deletes a placement group.
    ///
    /// # Errors
    /// Not found (`InvalidPlacementGroup.Unknown`) if it does not exist;
    /// [`Conflict`](bifrost::cloud::ErrorKind::Conflict) (`InvalidPlacementGroup.InUse`) while it contains instances.
    #[change("ec2:DeletePlacementGroup", name)]
    async fn delete_placement_group(&self, proof: &Proof, name: &str) -> Result<(), CloudError>;
}
