//! What to run, as a person would type it.

use crate::bootstrap::{EXTERNAL_ID_VARIABLE, SESSION_TAGS_VARIABLE};
use bifrost_core::account::Identity;
use bifrost_core::cloud::FunctionConfiguration;
use bifrost_core::release::AccountId;

/// Each option of `bootstrap` that a deployer was made with shows as a variable of its function, and must be given again.
const OPTIONS: [(&str, &str); 2] =
    [(EXTERNAL_ID_VARIABLE, " --external-id ID"), (SESSION_TAGS_VARIABLE, " --session-tags")];

/// Writes command lines for one deployer.
pub(super) struct Advice<'a> {
    /// The deployer's command, with the arguments that say which deployer it is.
    program: &'a str,
    identity: &'a Identity,
    /// What `bootstrap` was run with.
    options: String,
}

impl<'a> Advice<'a> {
    pub(super) fn new(program: &'a str, identity: &'a Identity, function: Option<&FunctionConfiguration>) -> Self {
        let is_set = |name: &str| function.is_some_and(|function| function.variables.iter().any(|set| set == name));
        let options = OPTIONS.into_iter().filter(|(variable, _)| is_set(variable)).map(|(_, option)| option).collect();
        Self { program, identity, options }
    }

    /// Makes what is missing in the deployer account.
    pub(super) fn bootstrap(&self) -> String {
        format!("`{} bootstrap --apply{}`", self.program, self.options)
    }

    /// Makes the role in a target account.
    pub(super) fn target(&self, account: &AccountId) -> String {
        let (program, deployer, options) = (self.program, &self.identity.account, &self.options);
        format!(
            "with credentials of account {account} `{program} bootstrap --target {account} --deployer-account \
             {deployer} --apply{options}`"
        )
    }

    /// Gives the state machine the definition of this client. CloudFormation would not: to it nothing has changed.
    pub(super) fn redefine(&self) -> String {
        let arn = self.identity.state_machine_arn();
        let asl = format!("{} asl", self.program);
        self.aws(&format!("stepfunctions update-state-machine --state-machine-arn {arn} --definition \"$({asl})\""))
    }

    /// A command of AWS's own tool, in the deployer's region.
    pub(super) fn aws(&self, words: &str) -> String {
        format!("`aws --region {} {words}`", self.identity.region)
    }

    /// Check again.
    pub(super) fn again(&self) -> String {
        format!("`{} doctor` once more, in a minute", self.program)
    }

    /// Where the deployer is.
    pub(super) fn options(&self) -> String {
        format!("{} of account {}", self.identity.region, self.identity.account)
    }

    pub(super) fn identity(&self) -> &Identity {
        self.identity
    }
}
