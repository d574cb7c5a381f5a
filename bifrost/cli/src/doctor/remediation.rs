//! The commands that fix what `doctor` finds, complete with the arguments for this deployer.

use crate::audit_location::{AuditLocation, AuditState};
use crate::bootstrap::{BUCKETS_VARIABLE, EXTERNAL_ID_VARIABLE, SESSION_TAGS_VARIABLE};
use bifrost_core::account::Identity;
use bifrost_core::cloud::{CloudError, FunctionConfiguration};
use bifrost_core::release::{AccountId, StepOptIn};

/// Writes commands for one deployer.
pub(super) struct Remediation<'a> {
    /// The deployer's command, with the arguments that select the deployer.
    program: &'a str,
    identity: &'a Identity,
    /// The variables of the function that options of `bootstrap` set. Their values may be secrets, and are not known here.
    variables: Vec<&'static str>,
    /// The options of `bootstrap` that set variables whose values are known, with a space before each.
    settings: String,
    /// The options of `bootstrap` that cannot be seen in the deployer account: a function that is missing or cannot be
    /// read shows none.
    unknown_options: &'static str,
    /// The releases of Step that may upgrade the deployer.
    step: Option<StepOptIn>,
    /// Whether any resource of the deployer exists: `bootstrap` ran before, perhaps with more options.
    exists: bool,
}

impl<'a> Remediation<'a> {
    /// `step` is an error if the tags of the function cannot be read.
    pub(super) fn new(
        program: &'a str,
        identity: &'a Identity,
        function: Option<&FunctionConfiguration>,
        step: Result<Option<StepOptIn>, &CloudError>,
        exists: bool,
    ) -> Self {
        let is_set = |name: &&str| function.is_some_and(|function| function.variables.iter().any(|set| set == name));
        let variables = [EXTERNAL_ID_VARIABLE, BUCKETS_VARIABLE].into_iter().filter(is_set).collect();
        let settings = function.map(|function| settings(function, identity)).unwrap_or_default();
        let unknown_options = match (function, &step) {
            (Some(_), Ok(_)) => "--alarm-email and --reader",
            (Some(_), Err(_)) => "--step-project, --step-config, --alarm-email and --reader",
            (None, _) => {
                "--external-id, --no-session-tags, --also-bucket, --audit-log, --audit-account, --step-project, --step-config, \
                 --alarm-email and --reader"
            }
        };
        let step = step.ok().flatten();
        Self { program, identity, variables, settings, unknown_options, step, exists }
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
        let step = self.step.as_ref().map_or_else(String::new, |StepOptIn { project, config }| {
            format!(" --step-project {project} --step-config {config}")
        });
        let command = format!("`{} bootstrap --apply{external_id}{also_buckets}{}{step}`", self.program, self.settings);
        if self.exists {
            format!("{command} with its earlier options {}, if any", self.unknown_options)
        } else {
            command
        }
    }

    /// Gives function and state machine the code and the definition of this client. `bootstrap` would leave them as they are if Step
    /// deployed them.
    pub(super) fn upgrade(&self) -> String {
        self.step_deploy().unwrap_or_else(|| self.bootstrap())
    }

    /// Deploys code and definition with Step; `None` if the deployer did not opt in to that.
    pub(super) fn step_deploy(&self) -> Option<String> {
        let StepOptIn { project, config } = self.step.as_ref()?;
        Some(format!("`step-deployer deploy FILE`, where FILE is a release file of project {project}, config {config}"))
    }

    /// Restores a resource that is missing or not as `bootstrap` created it. CloudFormation does not notice what was
    /// deleted or changed by hand, unless a change set asks it to revert drift.
    pub(super) fn restore(&self) -> String {
        if !self.exists {
            return self.bootstrap();
        }
        let parameters = " --parameters ParameterKey=CodeKey,UsePreviousValue=true \
                          ParameterKey=Architecture,UsePreviousValue=true";
        let revert = self.revert(&self.identity.name, parameters);
        // To CloudFormation, what Step deployed was changed by hand.
        let again = self
            .step_deploy()
            .map(|deploy| format!("; that reverts what Step deployed, so deploy it again with {deploy}"));
        format!(
            "while no deploy runs, {}; if the fault remains, the resource was deleted or changed by hand: revert that \
             with {revert}{}",
            self.bootstrap(),
            again.unwrap_or_default()
        )
    }

    /// Creates the audit log. How long it is kept is for its owner to decide.
    pub(super) fn create_log(&self, owner: &AccountId) -> String {
        let (program, account) = (self.program, &self.identity.account);
        let apart = if owner == account {
            String::new()
        } else {
            format!(" --audit-account {owner} --deployer-account {account}")
        };
        format!(
            "{}`{program} bootstrap --audit --audit-retention TIME{apart} --apply`, where TIME is how long the log is kept, \
             such as 7y",
            self.as_owner(owner)
        )
    }

    /// Restores a part of the audit log that was deleted or changed by hand.
    pub(super) fn restore_log(&self, log: &AuditLocation) -> String {
        let stack = log.stack(self.identity);
        format!(
            "find out who changed it, for example in CloudTrail; then, {}{}",
            self.as_owner(&log.owner),
            self.revert(&stack, "")
        )
    }

    fn as_owner(&self, owner: &AccountId) -> String {
        if *owner == self.identity.account { String::new() } else { format!("with credentials for account {owner}: ") }
    }

    /// Lets CloudFormation undo what was deleted or changed by hand.
    fn revert(&self, stack: &str, parameters: &str) -> String {
        let change_set = format!("--stack-name {stack} --change-set-name restore");
        let create = self.aws(&format!(
            "cloudformation create-change-set {change_set} --use-previous-template --deployment-mode REVERT_DRIFT \
             --capabilities CAPABILITY_NAMED_IAM{parameters}"
        ));
        let execute = self.aws(&format!("cloudformation execute-change-set {change_set}"));
        format!("{create} and, after a review, {execute}")
    }

    /// Finds out whether somebody altered the log.
    pub(super) fn verify_log(&self) -> String {
        let Identity { account, region, .. } = self.identity;
        let prefix = self.identity.prefix();
        format!("`bifrost audit verify --prefix={prefix} --deployer-account {account} --deployer-region {region}`")
    }

    /// Adds to the log what is missing in it.
    pub(super) fn reconcile(&self) -> String {
        format!("`{} reconcile`", self.program)
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
            self.no_session_tags()
        )
    }

    /// Gives the state machine the definition of this client. `bootstrap` would not: CloudFormation sees no change.
    pub(super) fn update_definition(&self) -> String {
        if let Some(deploy) = self.step_deploy() {
            return deploy;
        }
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

    fn no_session_tags(&self) -> &'static str {
        if self.settings.contains(NO_SESSION_TAGS) { NO_SESSION_TAGS } else { "" }
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

const NO_SESSION_TAGS: &str = " --no-session-tags";

/// The options of `bootstrap` that give a function its settings, with a space before each.
fn settings(function: &FunctionConfiguration, identity: &Identity) -> String {
    let tags = function.settings.get(SESSION_TAGS_VARIABLE).filter(|tags| *tags == "false").map(|_| NO_SESSION_TAGS);
    let audit = match AuditState::of(Some(function), identity) {
        // A deployer of an earlier version has no log. The next `bootstrap` gives it one, or refuses with the command for that.
        AuditState::Off | AuditState::Unknown | AuditState::Invalid(_) => String::new(),
        AuditState::Log(log) => log.options(identity),
    };
    format!("{}{audit}", tags.unwrap_or_default())
}

/// Quotes a text for a shell.
pub(super) fn shell_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
