//! EC2: images, subnets, security groups and placement groups.

use super::Tags;
use async_trait::async_trait;
use bifrost::cloud::CloudError;
use bifrost::lifecycle::Proof;

/// Selects resources. A resource that does not exist is missing from the result; it is not an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// Resources with one of these ids.
    Ids(Vec<String>),
    /// Resources whose tag `Name` is one of these.
    Names(Vec<String>),
}

/// An Amazon machine image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Its id, `ami-…`.
    pub id: String,
    /// `available`, `pending`, `failed`, …: only an available image can be launched.
    pub state: String,
    /// Its tags.
    pub tags: Tags,
}

/// A subnet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subnet {
    /// Its id, `subnet-…`.
    pub id: String,
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

/// A placement group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacementGroup {
    /// Its name.
    pub name: String,
    /// `pending`, `available`, `deleting` or `deleted`.
    pub state: String,
    /// `cluster`, `spread` or `partition`.
    pub strategy: String,
    /// Number of partitions, only for strategy `partition`.
    pub partition_count: Option<u32>,
    /// Its tags.
    pub tags: Tags,
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
#[async_trait]
pub trait Compute: Send + Sync {
    /// Images (`ec2:DescribeImages` with filter `image-id` or `tag:Name`, every page).
    ///
    /// # Errors
    /// [`CloudError`] from EC2.
    async fn images(&self, filter: &Filter) -> Result<Vec<Image>, CloudError>;

    /// Subnets (`ec2:DescribeSubnets` with filter `subnet-id` or `tag:Name`, every page).
    ///
    /// # Errors
    /// [`CloudError`] from EC2.
    async fn subnets(&self, filter: &Filter) -> Result<Vec<Subnet>, CloudError>;

    /// Security groups (`ec2:DescribeSecurityGroups` with filter `group-id` or `tag:Name`, every page).
    ///
    /// # Errors
    /// [`CloudError`] from EC2.
    async fn security_groups(&self, filter: &Filter) -> Result<Vec<SecurityGroup>, CloudError>;

    /// The placement group of that name, or `None` if it does not exist (`ec2:DescribePlacementGroups` with
    /// filter `group-name`).
    ///
    /// # Errors
    /// [`CloudError`] from EC2.
    async fn placement_group(&self, name: &str) -> Result<Option<PlacementGroup>, CloudError>;

    /// Creates a placement group (`ec2:CreatePlacementGroup`).
    ///
    /// # Errors
    /// [`AlreadyExists`](bifrost::cloud::ErrorKind::AlreadyExists) (`InvalidPlacementGroup.Duplicate`) if it
    /// already exists.
    async fn create_placement_group(&self, proof: &Proof, group: &NewPlacementGroup) -> Result<(), CloudError>;

    /// Deletes a placement group (`ec2:DeletePlacementGroup`).
    ///
    /// # Errors
    /// Not found (`InvalidPlacementGroup.Unknown`) if it does not exist;
    /// [`Conflict`](bifrost::cloud::ErrorKind::Conflict) (`InvalidPlacementGroup.InUse`) while it contains instances.
    async fn delete_placement_group(&self, proof: &Proof, name: &str) -> Result<(), CloudError>;
}
