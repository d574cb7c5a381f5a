//! What the rules have to know of a target account.

use super::Tags;
use std::collections::BTreeMap;

/// Something to look up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lookup {
    /// The IAM role of that name.
    Role(String),
    /// The security groups with that name tag.
    SecurityGroups(String),
    /// The subnets with that name tag, or the one of that id (`subnet-…`).
    Subnets(String),
    /// The KMS key of that id, ARN or alias (`alias/…`).
    Key(String),
    /// The latest stream of the DynamoDB table of that name.
    TableStream(String),
    /// The tags of the resource of that ARN.
    Tags(String),
}

/// What was found.
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
    /// For [`Lookup::TableStream`]: its ARN, if there is such a table and it has a stream.
    TableStream(Option<String>),
    /// For [`Lookup::Tags`]; none if there is no such resource, or it never had a tag.
    Tags(Option<Tags>),
}

/// Answers by what was asked.
pub type Answers = BTreeMap<Lookup, Answer>;

/// An IAM role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its ARN.
    pub arn: String,
    /// Its tags.
    pub tags: Tags,
}

/// An EC2 security group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecurityGroup {
    /// Its id, such as `sg-0123`.
    pub id: String,
    /// Its tags.
    pub tags: Tags,
}

/// A subnet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subnet {
    /// Its id, such as `subnet-0123`.
    pub id: String,
    /// Its tags.
    pub tags: Tags,
}

/// A KMS key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its id.
    pub id: String,
    /// Its tags.
    pub tags: Tags,
}
