//! Look-ups: what the rules need to know about the target account.

use super::Tags;
use std::collections::BTreeMap;

/// A resource to look up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lookup {
    /// An IAM role by name.
    Role(String),
    /// The security groups with a `Name` tag.
    SecurityGroups(String),
    /// The subnets with a `Name` tag, or the subnet with an id (`subnet-…`).
    Subnets(String),
    /// A KMS key by id, ARN or alias (`alias/…`).
    Key(String),
    /// The latest stream of a DynamoDB table by the name of the table.
    TableStream(String),
    /// The tags of a resource by ARN.
    Tags(String),
}

/// The answer of a look-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// For [`Lookup::Role`].
    Role(Option<Role>),
    /// For [`Lookup::SecurityGroups`].
    SecurityGroups(Vec<SecurityGroup>),
    /// For [`Lookup::Subnets`].
    Subnets(Vec<Subnet>),
    /// For [`Lookup::Key`].
    Key(Option<Key>),
    /// For [`Lookup::TableStream`]: the ARN of the stream. None if the table does not exist or has no stream.
    TableStream(Option<String>),
    /// For [`Lookup::Tags`]; None if the resource does not exist, or never had a tag.
    Tags(Option<Tags>),
}

/// Answers by look-up.
pub type Answers = BTreeMap<Lookup, Answer>;

/// An IAM role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// The ARN.
    pub arn: String,
    /// The tags.
    pub tags: Tags,
}

/// An EC2 security group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecurityGroup {
    /// The id, such as `sg-0123`.
    pub id: String,
    /// The tags.
    pub tags: Tags,
}

/// A subnet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subnet {
    /// The id, such as `subnet-0123`.
    pub id: String,
    /// The tags.
    pub tags: Tags,
}

/// A KMS key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The id.
    pub id: String,
    /// The tags.
    pub tags: Tags,
}
