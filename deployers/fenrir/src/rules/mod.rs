//! The rules of each resource type (contract §8), which check a template and rewrite it for CloudFormation.
//!
//! Each type has a file that begins with a table of its properties: the shape of each, or its rule. `table` walks a resource
//! along the table. `rule_context::RuleContext` has what is known about the template, and collects the findings.

mod action;
mod alarm;
mod api;
mod api_auth;
mod api_definition;
mod api_role;
mod arns;
mod code;
mod collisions;
mod combinations;
mod cycles;
mod definition_file;
mod distribution;
mod environment;
mod evaluate;
mod execution_role;
mod expanded;
#[cfg(test)]
mod fixture;
mod function;
mod function_combinations;
mod function_events;
mod function_package;
mod function_policies;
mod globals;
mod header;
mod hosts;
mod http_api;
mod implicit_api;
mod layer_version;
mod limits;
#[cfg(test)]
mod limits_tests;
mod listener;
mod listener_rule;
mod load_balancer;
mod local;
mod lookup;
mod missing_resource;
mod names;
#[cfg(test)]
mod naming_reasons;
#[cfg(test)]
mod naming_tests;
mod network;
mod origins;
mod outside;
mod permission;
mod queue;
mod queue_event;
mod reference;
mod reference_form;
mod reference_kinds;
mod references;
mod resource;
mod routes;
mod rule_context;
mod runtimes;
#[cfg(test)]
mod schema_tests;
mod simple_table;
mod table;
mod tags;
mod target_group;
mod targets;
mod top;
mod unsupported_type;

use crate::template::{Findings, Node};
use bifrost::release::{AccountId, BucketName, ConfigName, ProjectName, Region, Sha256};
use chrono::NaiveDate;
pub use code::{CodeReference, code_references};
pub use definition_file::{check_definition_file, definition_files};
pub use expanded::{EXPANDED_TYPES, check_expanded};
pub use header::{Header, HeaderParts, header, header_parts};
pub use lookup::{Answer, Answers, Key, Lookup, Role, SecurityGroup, Subnet};
pub use names::stack_name_of;
use rule_context::Check;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Tags of a resource: values by key.
pub type Tags = BTreeMap<String, String>;

/// What the rules know about a release, apart from its template.
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
    /// The bucket of the release's files.
    pub bucket: &'r BucketName,
    /// The uploaded files that the template may refer to: SHA-256 by URI (`s3://bucket/key`). None before the upload, when the
    /// template refers to files and folders beside it.
    pub files: Option<&'r BTreeMap<String, Sha256>>,
    /// The day of the release, for what AWS supports until a date.
    pub today: NaiveDate,
}

/// The result of [`apply`].
#[derive(Debug, Clone, PartialEq)]
pub struct CheckedTemplate {
    /// The template for CloudFormation, with generated names, added tags and ids in place of names. Valid only if `needs` is
    /// empty and no finding refuses the template.
    pub template: Value,
    /// The findings.
    pub findings: Findings,
    /// The look-ups that have no answer yet.
    pub needs: BTreeSet<Lookup>,
    /// The ARNs and URLs of resources outside of the template that the rules let it use.
    pub allowed: BTreeSet<String>,
}

/// Applies all rules to a template, with the answers of the look-ups so far. Without answers it checks everything that needs no
/// AWS.
#[must_use]
pub fn apply(template: &Node, facts: &Facts<'_>, answers: &Answers) -> CheckedTemplate {
    let resources = globals::merged(template);
    let mut check = Check::new(facts, template, &resources, answers);
    let emitted = top::walk_template(&mut check, template);
    collisions::check(&mut check);
    cycles::check(&mut check);
    let (findings, needs, allowed) = check.into_parts();
    CheckedTemplate { template: emitted, findings, needs, allowed }
}
