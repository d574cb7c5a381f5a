//! CloudFormation templates of the resources that a deployer needs in AWS, and their deployment.
//!
//! | template | account | resources |
//! | --- | --- | --- |
//! | [`deployer_template`] | deployer account | function, state machine, bucket, lock table, alarm, roles, policies |
//! | [`target_template`] | each target account | the role that the deployer assumes there |
//! | [`project_template`] | deployer account | the policy for uploading the releases of a project |
//! | [`audit_template`] | deployer account, or one of its own | the audit log of all deployers with a prefix |
//!
//! Templates contain no account or region: these are where the stack is deployed. Resources are named by
//! [`Identity`](bifrost_core::account::Identity).

mod alarm;
mod apply;
#[cfg(test)]
mod apply_tests;
mod audit;
mod code;
#[cfg(test)]
#[path = "tests/fake_aws.rs"]
pub(crate) mod fake_aws;
mod function;
mod install;
mod machine;
mod names;
mod operators;
mod policy;
mod project;
mod reader;
mod split;
mod step;
mod store;
mod target;
mod template;

pub use crate::audit_location::{
    AUDIT_ACCOUNT_VARIABLE, AUDIT_BUCKET_VARIABLE, AUDIT_KEY_VARIABLE, AUDIT_TABLE_VARIABLE, AUDIT_VARIABLE,
};
pub use apply::{Applied, ApplyError, Builder};
pub use audit::{AuditLogOptions, AuditSettings, LockMode, Retention, audit_stack, audit_template};
pub use code::{Code, CodeError};
pub use function::{BUCKETS_VARIABLE, EXTERNAL_ID_VARIABLE, SESSION_TAGS_VARIABLE};
pub(crate) use function::{TIMEOUT_MARGIN_SECONDS, shortest_task_seconds, timeout_seconds};
pub use install::Installation;
pub use names::DeployerName;
pub(crate) use names::alarm_topic;
pub use project::{project_stack, project_template};
pub use reader::Reader;
pub use step::StepDeployed;
pub(crate) use store::EXPIRY_ATTRIBUTE;
pub use target::{TargetOptions, target_template};
pub use template::TEMPLATE_LIMIT_BYTES;

use crate::client::ClientDeployer;
use bifrost_core::audit::AuditMode;
use bifrost_core::deployer::definition;
use bifrost_core::error_code::{Coded, ErrorCode};
use bifrost_core::release::{BucketName, StepOptIn};
use names::Names;
use serde_json::Value;
use std::collections::BTreeSet;
use template::Template;

/// The codes of the errors of this module.
#[doc(hidden)]
pub const ERROR_CODES: &[&[ErrorCode]] = &[ApplyError::CODES, CodeError::CODES];

/// How long logs are kept, in days: as long as Step Functions keeps the history of an execution.
const LOG_DAYS: u32 = 90;

/// The settings of a deployer that its team chooses.
#[derive(Debug, Clone)]
pub struct DeployerOptions {
    /// The external id that the deployer sends when it assumes the role in a target account.
    pub external_id: Option<String>,
    /// Whether the deployer tags its sessions in target accounts.
    pub session_tags: bool,
    /// The address that gets an email when a deploy ends and may not have cleaned up.
    pub alarm_email: Option<String>,
    /// The accounts whose roles for deploys may read the files of the releases to them.
    pub readers: Vec<Reader>,
    /// Other buckets of the deployer account from which the deployer accepts releases.
    pub also_buckets: BTreeSet<BucketName>,
    /// How it uses the audit log.
    pub audit: AuditSettings,
    /// The project and config whose releases may upgrade the deployer by Step.
    pub step: Option<StepOptIn>,
}

impl Default for DeployerOptions {
    fn default() -> Self {
        Self {
            external_id: None,
            session_tags: true,
            alarm_email: None,
            readers: Vec::new(),
            also_buckets: BTreeSet::new(),
            audit: AuditSettings::default(),
            step: None,
        }
    }
}

/// The template of all resources in the deployer account. Its parameter `CodeKey` is the key of the function's code in
/// the bucket. Deployed without it, the stack has no function and no state machine yet, but the bucket for the code.
#[must_use]
pub fn deployer_template<D: ClientDeployer>(name: &DeployerName, options: &DeployerOptions) -> Value {
    let names = Names(name);
    let template = Template::new(&format!("{name}: a deployer built with Bifrost"));
    let definition = definition::<D>("${Function.Arn}");
    let written: Vec<_> = D::WRITES_LOG.then_some("log").into_iter().chain(D::WRITTEN_FILES.iter().copied()).collect();
    let template = function::add(template, names, &written, D::MEMORY_MIB, &definition, options);
    let template = machine::add(template, names, &definition);
    let template = store::add(template, names, &options.readers);
    let template = alarm::add(template, names, options.alarm_email.as_deref());
    let log = (options.audit.mode != AuditMode::Off).then(|| function::audit_log(names, options));
    let buckets = function::buckets(names, options);
    let template = match &log {
        Some(log) => audit::add_function(template, names, log, &buckets, function::variables(names, options)),
        None => template,
    };
    let mut template = operators::add(template, names, &buckets, D::WRITES_LOG, log.as_ref()).into_value();
    if let Some(opt_in) = &options.step {
        step::add_tags(&mut template, opt_in);
    }
    template
}
