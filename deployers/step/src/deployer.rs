//! Step as a deployer of the framework, and the permissions of its role in a target account.

use crate::machine::Step;
use crate::release::StepFields;
use bifrost::release::{ExecutionNames, StepOptIn};
use bifrost::{Deployer, Permission, PolicyCondition};

/// The tag of a function or state machine that opts in.
const OPTED_IN: &[PolicyCondition] = &[("StringEquals", "aws:ResourceTag/DeployWith", &[StepOptIn::DEPLOY_WITH])];

const FUNCTIONS: &[&str] = &["arn:${AWS::Partition}:lambda:*:${AWS::AccountId}:function:*"];
const STATE_MACHINES: &[&str] = &["arn:${AWS::Partition}:states:*:${AWS::AccountId}:stateMachine:*"];

impl Deployer for Step {
    type Fields = StepFields;
    type Machine = Self;

    const NAME: &'static str = "step-deployer";
    const TIMEOUT_SECONDS: u32 = 600;
    /// As Go step names them (contract §10).
    const EXECUTION_NAMES: ExecutionNames = ExecutionNames::ReleaseId;
    /// It holds a zip file of up to 50 MiB three times: as it is, in base64, and as a request.
    const MEMORY_MIB: u32 = 1024;
    const PERMISSIONS: &'static [Permission] = &[
        Permission::new(
            "ReadFunctions",
            "read what a release would replace, and whether it opted in",
            &["lambda:GetFunctionConfiguration", "lambda:ListTags", "lambda:ListVersionsByFunction"],
            FUNCTIONS,
        ),
        Permission {
            sid: "UpdateFunctions",
            why: "replace the code of functions that opted in, publish versions of it, and delete those that nothing runs",
            actions: &["lambda:DeleteFunction", "lambda:PublishVersion", "lambda:UpdateFunctionCode"],
            resources: FUNCTIONS,
            conditions: OPTED_IN,
        },
        Permission::new(
            "UpdateStateMachines",
            "read and replace definitions; no condition on tags, because the path of its role opts a state machine in, too",
            &["states:DescribeStateMachine", "states:ListTagsForResource", "states:UpdateStateMachine"],
            STATE_MACHINES,
        ),
        Permission::new(
            "ValidateDefinitions",
            "let Step Functions check a definition before it is used; AWS cannot limit this to some resources",
            &["states:ValidateStateMachineDefinition"],
            &["*"],
        ),
    ];
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::{Functions, StateMachines};
    use std::collections::BTreeSet;

    #[test]
    fn permissions_are_the_operations_of_the_ports() {
        let operations = [<dyn Functions>::OPERATIONS, <dyn StateMachines>::OPERATIONS].concat();
        let allowed = Step::PERMISSIONS.iter().flat_map(|permission| permission.actions).copied();
        assert_eq!(allowed.collect::<BTreeSet<_>>(), operations.into_iter().collect());
    }

    #[cfg(feature = "cli")]
    #[test]
    fn target_template_is_pinned() {
        use bifrost::bootstrap::{TargetOptions, target_template};
        let deployer_account = "000000000000".parse().unwrap();
        let options = TargetOptions { deployer_account, external_id: None, session_tags: false };
        let name = "coinbase-step-deployer".parse().unwrap();
        let template = target_template(&name, Step::PERMISSIONS, None, &options);
        insta::assert_snapshot!(serde_json::to_string_pretty(&template).unwrap());
    }
}
