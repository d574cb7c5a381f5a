//! The commands that fix what `doctor` finds, complete with the arguments for this deployer.

use crate::bootstrap::{BUCKETS_VARIABLE, EXTERNAL_ID_VARIABLE, SESSION_TAGS_VARIABLE};
use bifrost_core::account::Identity;
use bifrost_core::cloud::FunctionConfiguration;
use bifrost_core::release::AccountId;

/// Writes commands for one deployer.
pub(super) struct Remediation<'a> {
    /// The deployer's command, with the arguments that select the deployer.
    program: &'a str,
    identity: &'a Identity,
    /// The variables of the function that options of `bootstrap` set. Their values may be secrets, and are not known here.
    variables: Vec<&'static str>,
    /// The options of `bootstrap` that cannot be seen in the deployer account: a function that is missing or cannot be
    /// read shows none.
    unknown_options: &'static str,
    /// Whether any resource of the deployer exists: `bootstrap` ran before, perhaps with more options.
    exists: bool,
}

impl<'a> Remediation<'a> {
    pub(super) fn new(
        program: &'a str,
        identity: &'a Identity,
        function: Option<&FunctionConfiguration>,
        exists: bool,
    ) -> Self {
        let is_set = |name: &&str| function.is_some_and(|function| function.variables.iter().any(|set| set == name));
        let variables = [EXTERNAL_ID_VARIABLE, SESSION_TAGS_VARIABLE, BUCKETS_VARIABLE].into_iter().filter(is_set);
        let variables = variables.collect();
        let unknown_options = match function {
            Some(_) => "--alarm-email and --reader",
            None => "--external-id, --session-tags, --also-bucket, --alarm-email and --reader",
        };
        Self { program, identity, variables, unknown_options, exists }
    }

    fn sets(&self, variable: &str) -> bool {
        self.variables.contains(&variable)
    }

    /// Brings the deployer account up to date. An option that is left out is reset by `bootstrap`, so those that cannot
    /// be seen from here are named.
    pub(super) fn bootstrap(&self) -> String {
        let external_id = if self.sets(EXTERNAL_ID_VARIABLE) {
            format!(" --external-id \"$({})\"", self.read_variable(EXTERNAL_ID_VARIABLE))
        } else {
            String::new()
        };
        let also_buckets = if self.sets(BUCKETS_VARIABLE) {
            format!(" --also-bucket \"$({})\"", self.read_variable(BUCKETS_VARIABLE))
        } else {
            String::new()
        };
        let command = format!("`{} bootstrap --apply{external_id}{}{also_buckets}`", self.program, self.session_tags());
        if self.exists {
            format!("{command} with its earlier options {}, if any", self.unknown_options)
        } else {
            command
        }
    }

    /// Restores a resource that is missing or not as `bootstrap` created it. CloudFormation does not notice what was
    /// deleted or changed by hand, unless a change set asks it to revert drift.
    pub(super) fn restore(&self) -> String {
        if !self.exists {
            return self.bootstrap();
        }
        let stack = &self.identity.name;
        let change_set = format!("--stack-name {stack} --change-set-name restore");
        let create = self.aws(&format!(
            "cloudformation create-change-set {change_set} --use-previous-template --deployment-mode REVERT_DRIFT \
             --capabilities CAPABILITY_NAMED_IAM --parameters ParameterKey=CodeKey,UsePreviousValue=true \
             ParameterKey=Architecture,UsePreviousValue=true"
        ));
        let execute = self.aws(&format!("cloudformation execute-change-set {change_set}"));
        format!(
            "while no deploy runs, {}; if the fault remains, the resource was deleted or changed by hand: revert that \
             with {create} and, after a review, {execute}",
            self.bootstrap()
        )
    }

    /// Creates or updates the role in a target account.
    pub(super) fn bootstrap_target(&self, account: &AccountId) -> String {
        let (program, deployer) = (self.program, &self.identity.account);
        let (external_id, source) = if self.sets(EXTERNAL_ID_VARIABLE) {
            let source = format!(
                ", where ID is what `{}` prints with credentials for account {deployer}",
                self.read_variable(EXTERNAL_ID_VARIABLE)
            );
            (" --external-id ID", source)
        } else {
            ("", String::new())
        };
        format!(
            "with credentials for account {account}: `{program} bootstrap --target {account} --deployer-account \
             {deployer} --apply{external_id}{}`{source}",
            self.session_tags()
        )
    }

    /// Gives the state machine the definition of this client. `bootstrap` would not: CloudFormation sees no change.
    pub(super) fn update_definition(&self) -> String {
        let Identity { account, region, .. } = self.identity;
        let arn = self.identity.state_machine_arn();
        let asl = format!("{} asl --account {account} --region {region}", self.program);
        self.aws(&format!("stepfunctions update-state-machine --state-machine-arn {arn} --definition \"$({asl})\""))
    }

    /// Sets up the deployer under another name.
    pub(super) fn rename(&self) -> String {
        // Keeps the region; a second `--deployer` would be refused.
        let words: Vec<_> = self.program.split(' ').collect();
        let is_name = |index: usize| {
            let is = |at: Option<usize>| at.and_then(|at| words.get(at)).is_some_and(|word| *word == "--deployer");
            is(Some(index)) || is(index.checked_sub(1))
        };
        let kept = words.iter().enumerate().filter(|(index, _)| !is_name(*index)).map(|(_, word)| *word);
        let program = kept.collect::<Vec<_>>().join(" ");
        format!("`{program} --deployer NAME bootstrap --apply`, where NAME is another name")
    }

    /// A command of the AWS CLI in the deployer's region.
    pub(super) fn aws(&self, words: &str) -> String {
        format!("`{}`", self.unquoted_aws(words))
    }

    pub(super) fn check_again(&self) -> String {
        format!("wait a minute, then run `{} doctor` again", self.program)
    }

    /// Where the deployer is.
    pub(super) fn location(&self) -> String {
        format!("account {}, {}", self.identity.account, self.identity.region)
    }

    pub(super) fn identity(&self) -> &Identity {
        self.identity
    }

    fn session_tags(&self) -> &'static str {
        if self.sets(SESSION_TAGS_VARIABLE) { " --session-tags" } else { "" }
    }

    fn read_variable(&self, variable: &str) -> String {
        self.unquoted_aws(&format!(
            "lambda get-function-configuration --function-name {} --query Environment.Variables.{variable} \
             --output text",
            self.identity.name
        ))
    }

    fn unquoted_aws(&self, words: &str) -> String {
        format!("aws --region {} {words}", self.identity.region)
    }
}

/// Quotes a text for a shell.
pub(super) fn shell_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
