//! EC2: images, subnets, security groups and placement groups.

use super::Tags;
use async_trait::async_trait;
use bifrost::cloud::CloudError;

/// Which resources are meant. One that is not there is no error: it is not in the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// Those with one of these ids.
    Ids(Vec<String>),
    /// Those whose tag `Name` is one of these.
    Names(Vec<String>),
}

/// An Amazon machine image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Its id, `ami-…`.
    pub id: String,
    /// `available`, `pending`, `failed`, …: only an available one can be launched.
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
    /// How many partitions it has, if that is its strategy.
    pub partition_count: Option<u32>,
    /// Its tags.
    pub tags: Tags,
}

/// What a placement group is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPlacementGroup {
    /// Its name, unique in account and region.
    pub name: String,
    /// `cluster`, `spread` or `partition`.
    pub strategy: String,
    /// How many partitions it has: 1 to 7; only for that strategy.
    pub partition_count: Option<u32>,
    /// Its tags.
    pub tags: Tags,
}

/// EC2, as far as it concerns what instances are launched from and into.
#[async_trait]
pub trait Compute: Send + Sync {
    /// Images (`ec2:DescribeImages` with filter `image-id` or `tag:Name`, every page).
    ///
    /// # Errors
    /// Whatever EC2 answers.
    async fn images(&self, filter: &Filter) -> Result<Vec<Image>, CloudError>;

    /// Subnets (`ec2:DescribeSubnets` with filter `subnet-id` or `tag:Name`, every page).
    ///
    /// # Errors
    /// Whatever EC2 answers.
    async fn subnets(&self, filter: &Filter) -> Result<Vec<Subnet>, CloudError>;

    /// Security groups (`ec2:DescribeSecurityGroups` with filter `group-id` or `tag:Name`, every page).
    ///
    /// # Errors
    /// Whatever EC2 answers.
    async fn security_groups(&self, filter: &Filter) -> Result<Vec<SecurityGroup>, CloudError>;

    /// The placement group of that name; `None` if there is none (`ec2:DescribePlacementGroups` with filter
    /// `group-name`).
    ///
    /// # Errors
    /// Whatever EC2 answers.
    async fn placement_group(&self, name: &str) -> Result<Option<PlacementGroup>, CloudError>;

    /// Makes a placement group (`ec2:CreatePlacementGroup`).
    ///
    /// # Errors
    /// [`AlreadyExists`](bifrost::cloud::ErrorKind::AlreadyExists) (`InvalidPlacementGroup.Duplicate`) if there is one
    /// of that name.
    async fn create_placement_group(&self, group: &NewPlacementGroup) -> Result<(), CloudError>;

    /// Deletes a placement group (`ec2:DeletePlacementGroup`).
    ///
    /// # Errors
    /// Not found (`InvalidPlacementGroup.Unknown`) if there is none of that name;
    /// [`Conflict`](bifrost::cloud::ErrorKind::Conflict) (`InvalidPlacementGroup.InUse`) while instances are in it.
    async fn delete_placement_group(&self, name: &str) -> Result<(), CloudError>;
}
