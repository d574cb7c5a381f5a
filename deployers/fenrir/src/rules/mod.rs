//! The rules of each resource type (contract §8), and how a template is rewritten by them.
//!
//! Each type is one file that opens with a table of its properties: what shape each has, or which rule. `table` walks a
//! resource along it. What is known of the template around it and said of it goes by a `rule_context::RuleContext`.

mod action;
mod alarm;
mod api;
mod arns;
mod code;
mod distribution;
#[cfg(test)]
mod fixture;
mod function;
mod function_events;
mod function_policies;
mod globals;
mod header;
mod http_api;
mod layer_version;
mod listener;
mod listener_rule;
mod load_balancer;
mod local;
mod lookup;
mod names;
mod network;
mod permission;
mod queue;
mod references;
mod resource;
mod rule_context;
mod runtimes;
#[cfg(test)]
mod schema_tests;
mod simple_table;
mod table;
mod tags;
mod target_group;
mod top;

use crate::template::{Findings, Node};
use bifrost::release::{AccountId, BucketName, ConfigName, ProjectName, Region, Sha256};
pub use code::{CodeReference, code_references};
pub use header::{Header, header};
pub use lookup::{Answer, Answers, Key, Lookup, Role, SecurityGroup, Subnet};
use rule_context::Check;
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
pub struct CheckedTemplate {
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
pub fn apply(template: &Node, facts: &Facts<'_>, answers: &Answers) -> CheckedTemplate {
    let resources = globals::merged(template);
    let mut check = Check::new(facts, &resources, answers);
    let emitted = top::walk_template(&mut check, template);
    let (findings, needs) = check.into_parts();
    CheckedTemplate { template: emitted, findings, needs }
}
