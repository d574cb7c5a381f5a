//! The permissions of Fenrir in a target account: for the calls of its ports, and for what CloudFormation does on its behalf.
//!
//! CloudFormation creates resources with the permissions of the caller that executes the change set. Therefore Fenrir may
//! create them only through CloudFormation (`aws:CalledVia`), and only in stacks with its name prefix. Resources of stacks are
//! limited by name wherever IAM allows it. Roles can only be created under the boundary of `boundary.rs`.
//!
//! `tests/iam` compares the statements with the actions that CloudFormation's handlers need for each type, and with the resource
//! types and condition keys that IAM knows for each action.

mod apis;
mod data;
mod existing;
mod functions;
mod releases;
mod roles;
mod traffic;

use bifrost::release::service_principal;
use bifrost::{Permission, PolicyCondition};

/// The statements of the policy.
pub(crate) const PERMISSIONS: &[Permission] = &[
    releases::STACKS,
    releases::TRANSFORM,
    releases::READ_RELEASES,
    releases::LOOK,
    releases::LOOK_AT_ONE,
    existing::LOOK_FOR_STACKS,
    existing::USE_EXISTING,
    existing::USE_KEYS,
    functions::FUNCTIONS,
    functions::LAYERS,
    functions::EVENT_SOURCES,
    functions::TAG_EVENT_SOURCES,
    functions::DEPLOYMENTS,
    functions::STOP_DEPLOYMENTS,
    roles::MAKE,
    roles::ATTACH_POLICIES,
    roles::MAKE_FOR_DEPLOYMENTS,
    roles::ATTACH_DEPLOYMENT_POLICIES,
    roles::KEEP,
    roles::PASS,
    roles::PASS_FOR_DEPLOYMENTS,
    roles::MAKE_FOR_SERVICES,
    apis::APIS,
    data::TABLES,
    data::QUEUES,
    data::TOPICS,
    data::SUBSCRIBE,
    data::SUBSCRIPTIONS,
    data::RULES,
    data::LOG_FILTERS,
    traffic::ALARMS,
    traffic::MAKE_DISTRIBUTIONS,
    traffic::TAG_DISTRIBUTIONS,
    traffic::CHANGE_DISTRIBUTIONS,
    traffic::BALANCERS,
];

/// Only through CloudFormation, when it creates, updates or deletes a stack.
const BY_STACKS: PolicyCondition = ("ForAnyValue:StringEquals", "aws:CalledVia", &[service_principal::CLOUD_FORMATION]);

#[cfg(feature = "cli")]
#[cfg(test)]
mod tests;
