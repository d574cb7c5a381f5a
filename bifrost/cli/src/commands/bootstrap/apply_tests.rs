//! `bootstrap --apply` and Step, which upgrades what `bootstrap` created.

use super::{BootstrapRequest, StackKind, apply_deployer};
use crate::bootstrap::fake_aws::{FUNCTION_ARN, FakeAws};
use crate::bootstrap::{Applied, AuditSettings, Builder, Code, DeployerOptions, deployer_template};
use crate::client::test_deployer::Idler;
use crate::commands::error::CliError;
use bifrost_core::account::Identity;
use bifrost_core::architecture::Architecture;
use bifrost_core::cloud::NewStack;
use bifrost_core::deployer::{BootstrapTarget, definition};
use bifrost_core::error_code::Coded;
use bifrost_core::machine::set_function_version;
use bifrost_core::release::StepOptIn;
use serde_json::Value;
use std::sync::Arc;

const NAME: &str = "coinbase-idler";

/// An account in which `bootstrap` and Step deploy.
struct Account {
    aws: Arc<FakeAws>,
    target: BootstrapTarget,
    identity: Identity,
}

impl Account {
    fn new() -> Self {
        let aws = Arc::new(FakeAws::default());
        let target = BootstrapTarget {
            account: "000000000000".parse().unwrap(),
            region: "eu-west-1".parse().unwrap(),
            stacks: aws.clone(),
            objects: aws.clone(),
            inventory: aws.clone(),
        };
        let identity = Identity { name: NAME.into(), account: target.account.clone(), region: target.region.clone() };
        Self { aws, target, identity }
    }

    /// An account with a deployer that opted in, with the code `one`.
    async fn opted_in() -> Self {
        let account = Self::new();
        account.bootstrap(&opted_in("production"), Some(b"one")).await.unwrap();
        account
    }

    async fn bootstrap(
        &self,
        options: &DeployerOptions,
        code: Option<&[u8]>,
    ) -> Result<(Applied, Option<StepOptIn>), CliError> {
        let code = code.map(|zip| Code { zip: zip.to_vec(), architecture: Architecture::Arm64 });
        apply_deployer(&request(options), &self.target, &self.identity, code).await
    }

    /// Deploys as Step does with `publish_version`.
    fn step_deploys(&self, code: &[u8], version: &str) -> Value {
        let mut definition = definition::<Idler>(FUNCTION_ARN);
        set_function_version(&mut definition, FUNCTION_ARN, Some(version));
        self.aws.deploy(code, &definition);
        definition
    }
}

fn request(options: &DeployerOptions) -> BootstrapRequest {
    BootstrapRequest {
        stack: NAME.into(),
        template: deployer_template::<Idler>(&NAME.parse().unwrap(), options),
        kind: StackKind::Deployer {
            audit: AuditSettings::default(),
            target_arguments: String::new(),
            step: options.step.clone(),
        },
        account: None,
    }
}

fn opted_in(config: &str) -> DeployerOptions {
    DeployerOptions { step: Some(opt_in(config)), ..DeployerOptions::default() }
}

fn opt_in(config: &str) -> StepOptIn {
    StepOptIn { project: "acme/idler".parse().unwrap(), config: config.parse().unwrap() }
}

/// An option that does not change the state machine.
fn with_alarm_email() -> DeployerOptions {
    DeployerOptions { alarm_email: Some("ops@example.com".into()), ..DeployerOptions::default() }
}

#[tokio::test(start_paused = true)]
async fn bootstrap_upgrades_what_step_has_not_deployed() {
    let account = Account::new();
    let options = opted_in("production");
    assert_eq!(account.bootstrap(&options, Some(b"one")).await.unwrap(), (Applied::Created, None));
    assert!(account.aws.runs(b"one"));
    assert_eq!(StepOptIn::from_tags(&account.aws.tags()), options.step);
    assert_eq!(account.bootstrap(&options, Some(b"two")).await.unwrap(), (Applied::Updated, None));
    assert!(account.aws.runs(b"two"));
    assert_eq!(account.bootstrap(&options, Some(b"two")).await.unwrap(), (Applied::Unchanged, None));
}

#[tokio::test(start_paused = true)]
async fn what_step_deployed_is_left() {
    let account = Account::opted_in().await;
    let (code_key, deployed) = (account.aws.code_key(), account.step_deploys(b"two", "12"));
    account.aws.take_calls();
    let left = Some(opt_in("production"));
    // Without the options that opt in.
    assert_eq!(account.bootstrap(&with_alarm_email(), None).await.unwrap(), (Applied::Updated, left.clone()));
    assert!(account.aws.runs(b"two"));
    assert_eq!(account.aws.definition(), deployed);
    assert_eq!(StepOptIn::from_tags(&account.aws.tags()), left);
    assert_eq!(account.aws.code_key(), code_key);
    assert!(account.aws.deployed_template().to_string().contains("ops@example.com"));
    assert_eq!(account.bootstrap(&with_alarm_email(), None).await.unwrap(), (Applied::Unchanged, left));
    assert!(!account.aws.take_calls().iter().any(|call| call.starts_with("upload")));
}

/// CloudFormation sends the definition with every change of a state machine.
#[tokio::test(start_paused = true)]
async fn definition_is_left_when_the_state_machine_changes() {
    let account = Account::opted_in().await;
    let deployed = account.step_deploys(b"two", "12");
    let options = opted_in("development");
    for applied in [Applied::Updated, Applied::Unchanged] {
        assert_eq!(account.bootstrap(&options, None).await.unwrap(), (applied, options.step.clone()));
        assert_eq!(account.aws.definition(), deployed);
        assert_eq!(StepOptIn::from_tags(&account.aws.tags()), options.step);
    }
    let deployed = account.step_deploys(b"three", "13");
    assert_eq!(account.bootstrap(&options, None).await.unwrap().0, Applied::Unchanged);
    assert_eq!(account.aws.definition(), deployed);
}

/// CloudFormation restores the definition of its stack when it rolls back a change of the state machine.
#[tokio::test(start_paused = true)]
async fn definition_is_left_when_the_update_fails() {
    let account = Account::opted_in().await;
    let deployed = account.step_deploys(b"two", "12");
    account.aws.fail("not allowed");
    let error = account.bootstrap(&with_alarm_email(), None).await.unwrap_err();
    assert_eq!(error.code(), "bootstrap/stack-failed");
    assert_eq!(account.aws.definition(), deployed);
}

/// Step published a version of the code that `bootstrap` had uploaded.
#[tokio::test(start_paused = true)]
async fn version_of_the_first_code_is_left() {
    let account = Account::opted_in().await;
    let deployed = account.step_deploys(b"one", "1");
    let (applied, left) = account.bootstrap(&with_alarm_email(), None).await.unwrap();
    assert_eq!((applied, left), (Applied::Updated, Some(opt_in("production"))));
    assert_eq!(account.aws.definition(), deployed);
}

#[tokio::test(start_paused = true)]
async fn code_for_what_step_deployed_is_refused() {
    let account = Account::opted_in().await;
    account.step_deploys(b"two", "12");
    account.aws.take_calls();
    let error = account.bootstrap(&opted_in("production"), Some(b"three")).await.unwrap_err();
    assert_eq!(error.code(), "bootstrap/deployed-by-step");
    assert!(account.aws.take_calls().is_empty());
}

#[tokio::test(start_paused = true)]
async fn code_that_was_replaced_by_hand_is_upgraded() {
    let account = Account::new();
    account.bootstrap(&DeployerOptions::default(), Some(b"one")).await.unwrap();
    account.step_deploys(b"by hand", "1");
    let upgraded = account.bootstrap(&DeployerOptions::default(), Some(b"two")).await.unwrap();
    assert_eq!(upgraded, (Applied::Updated, None));
    assert!(account.aws.runs(b"two"));
}

#[tokio::test(start_paused = true)]
async fn interrupted_bootstrap_is_completed() {
    let account = Account::new();
    let parameters = [("CodeKey".to_owned(), String::new())].into();
    let stack = NewStack { name: NAME.into(), template: "{}".into(), parameters };
    Builder::new(account.aws.as_ref(), &account.target.region, &mut |_| Ok(())).apply(&stack).await.unwrap();
    let completed = account.bootstrap(&opted_in("production"), Some(b"one")).await.unwrap();
    assert_eq!(completed, (Applied::Updated, None));
    assert!(account.aws.runs(b"one"));
}
