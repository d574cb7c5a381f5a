//! What a deployer needs in AWS before it can run, as CloudFormation templates, and how they are deployed.
//!
//! | template | where | what |
//! | --- | --- | --- |
//! | [`deployer_template`] | the deployer account | function, state machine, their roles and logs, bucket, lock table, alarm, policies for people |
//! | [`target_template`] | each target account | the one role that the deployer assumes there |
//! | [`project_template`] | the deployer account | the policy for who may upload a project's releases |
//!
//! Templates name no account or region of their own: those are where the stack is. All names are the
//! [`Identity`](bifrost_core::account::Identity)'s.

mod alarm;
mod apply;
#[cfg(test)]
mod apply_tests;
mod code;
mod function;
mod install;
mod machine;
mod names;
mod people;
mod policy;
mod project;
mod reader;
mod store;
mod target;
mod template;

pub use apply::{Applied, ApplyError, Builder};
pub use code::{Code, CodeError};
pub use function::{EXTERNAL_ID_VARIABLE, SESSION_TAGS_VARIABLE};
pub use install::Installation;
pub use names::DeployerName;
pub use project::{project_stack, project_template};
pub use reader::Reader;
pub use target::{TargetOptions, target_template};
pub use template::TEMPLATE_LIMIT_BYTES;

use crate::client::ClientDeployer;
use bifrost_core::machine::Machine;
use names::Names;
use serde_json::Value;
use template::Template;

/// How long logs are kept, in days: as long as Step Functions keeps the history of an execution.
const LOG_DAYS: u32 = 90;

/// What of a deployer is for its team to decide.
#[derive(Debug, Clone, Default)]
pub struct DeployerOptions {
    /// What the deployer says when it assumes the role in a target account.
    pub external_id: Option<String>,
    /// Whether it tags its sessions there.
    pub session_tags: bool,
    /// Who is told of a deploy that ended dirty.
    pub alarm_email: Option<String>,
    /// Whose roles for deploys may read the files of the releases to their accounts.
    pub readers: Vec<Reader>,
}

/// The template of everything in the deployer account. Its parameter `CodeKey` says where in the bucket the function's
/// code is: deployed without, it makes the bucket that the code is uploaded to, and all but function and state machine.
#[must_use]
pub fn deployer_template<D: ClientDeployer>(name: &DeployerName, options: &DeployerOptions) -> Value {
    let names = Names(name);
    let template = Template::new(&format!("{name}: a deployer made with Bifrost"));
    let template = function::add(template, names, D::WRITTEN_FILES, options);
    let template = machine::add(template, names, &D::Machine::definition("${Function.Arn}"));
    let template = store::add(template, names, &options.readers);
    let template = alarm::add(template, names, options.alarm_email.as_deref());
    people::add(template, names, D::WRITES_LOG).into_value()
}
