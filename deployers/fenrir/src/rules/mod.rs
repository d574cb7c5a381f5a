//! The rules of each resource type (contract §8), and how a template is rewritten by them.

mod lookup;

pub use lookup::{Answer, Answers, Key, Lookup, Role, SecurityGroup, Subnet};

use crate::template::{Findings, Node};
use bifrost::release::{AccountId, BucketName, ConfigName, ProjectName, Region, Sha256};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Tags of a resource: values by key.
pub type Tags = BTreeMap<String, String>;

/// What is known of a release beside its template.
#[derive(Debug, Clone)]
pub struct Facts<'r> {
    /// The project.
    pub project: &'r ProjectName,
    /// The config.
    pub config: &'r ConfigName,
    /// The target account.
    pub account: &'r AccountId,
    /// The target region.
    pub region: &'r Region,
    /// Where the release's files lie.
    pub bucket: &'r BucketName,
    /// What the template may refer to in S3: SHA-256 by URI (`s3://bucket/key`). None while nothing is uploaded: the
    /// template refers to files and folders beside it.
    pub files: Option<&'r BTreeMap<String, Sha256>>,
}

/// What the rules make of a template.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The template for CloudFormation: names generated, tags added, names of resources replaced by their ids. Of worth
    /// only if there is nothing to look up and no finding that refuses it.
    pub template: Value,
    /// What is wrong.
    pub findings: Findings,
    /// What has to be looked up and is not among the answers.
    pub needs: BTreeSet<Lookup>,
}

/// Holds a template against all rules, with what was looked up so far. Without answers it checks all that can be
/// checked without AWS.
#[must_use]
pub fn apply(template: &Node, facts: &Facts<'_>, answers: &Answers) -> Outcome {
    let _ = (facts, answers);
    Outcome { template: template.into(), findings: Findings::default(), needs: BTreeSet::new() }
}
