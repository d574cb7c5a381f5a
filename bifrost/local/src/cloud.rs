//! The local cloud as deployers and clients see it: sessions for clients, contexts for tasks.

use super::adapters::LocalExecutions;
use super::attempt::{AttemptScope, AttemptSignal};
use super::audit::{LocalAuditStore, SessionAudit};
use super::error::ServiceError;
use super::locks::LocalLocks;
use super::session::LocalSession;
use super::state::Resources;
use super::store::Store;
use async_trait::async_trait;
use bifrost_audit::log::TiledLog;
use bifrost_core::account::{DeployerAccount, Env, Identity};
use bifrost_core::audit::{Audit, AuditMode, AuditPorts, DeployerVersion, FailStates, close_execution};
use bifrost_core::cloud::{
    Attempt, CloudError, ErrorKinds, ExecutionSummary, Executions, Principal, TargetRole, Targets,
};
use bifrost_core::deployer::{self, Deployer, Ports};
use bifrost_core::lifecycle::Context;
use bifrost_core::release::{AccountId, Defaults};
use bifrost_core::task::RawInput;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use tokio::task::coop::unconstrained;
use uuid::Uuid;

/// A deployer that runs in the local cloud.
pub trait LocalDeployer: Deployer {
    /// Its own resources in an account.
    type Resources: Resources;

    /// The built-in seed, as JSON: the local cloud that `--local` creates without `--cloud FILE`. By default it has one account, for
    /// the deployer and as target, without resources of the deployer.
    const SEED: &'static str = EMPTY_SEED;

    /// Opens the deployer's ports in the account and region of the session: once for each attempt of a task, and for
    /// clients that read.
    fn local_ports(session: LocalSession<Self::Resources>) -> Ports<Self>;
}

const EMPTY_SEED: &str = r#"{
    "clock": "2026-11-21T12:00:00Z",
    "deployer_account": "000000000000",
    "deployer_region": "us-east-1",
    "accounts": {"000000000000": {}}
}"#;

/// The local cloud, as deployer `D` and its clients see it.
pub struct LocalCloud<D: LocalDeployer> {
    store: Arc<Store<D::Resources>>,
    identity: Arc<Identity>,
    defaults: Arc<Defaults>,
    /// Arguments with which commands reach this local cloud.
    arguments: Arc<str>,
    /// Roles that this process has assumed: account and role.
    assumed: Arc<Mutex<BTreeSet<(AccountId, String)>>>,
    /// What the audit log says about the deployer, without ports.
    audit: Arc<OnceLock<(Audit, FailStates)>>,
}

impl<D: LocalDeployer> Clone for LocalCloud<D> {
    fn clone(&self) -> Self {
        Self {
            store: Arc::clone(&self.store),
            identity: Arc::clone(&self.identity),
            defaults: Arc::clone(&self.defaults),
            arguments: Arc::clone(&self.arguments),
            assumed: Arc::clone(&self.assumed),
            audit: Arc::clone(&self.audit),
        }
    }
}

impl<D: LocalDeployer> LocalCloud<D> {
    /// The local cloud in `store`, for the deployer with that identity.
    #[must_use]
    pub fn new(store: Arc<Store<D::Resources>>, identity: Identity, defaults: Defaults) -> Self {
        let (identity, defaults) = (Arc::new(identity), Arc::new(defaults));
        Self { store, identity, defaults, arguments: " --local".into(), assumed: Arc::default(), audit: Arc::default() }
    }

    /// Sets the arguments with which commands reach this local cloud (default ` --local`). Messages append them to the
    /// commands that they name.
    #[must_use]
    pub fn reached_with(self, arguments: &str) -> Self {
        Self { arguments: arguments.into(), ..self }
    }

    /// The store that holds the state.
    #[must_use]
    pub fn store(&self) -> &Arc<Store<D::Resources>> {
        &self.store
    }

    /// Name, account and region of the deployer.
    #[must_use]
    pub fn identity(&self) -> &Arc<Identity> {
        &self.identity
    }

    /// Values for fields that a release omits.
    #[must_use]
    pub fn defaults(&self) -> &Defaults {
        &self.defaults
    }

    /// The deployer account, for a client.
    #[must_use]
    pub fn account(&self) -> DeployerAccount {
        self.account_for(self.session(AttemptScope::default().into()))
    }

    /// The executions of the deployer's state machine, for a client.
    #[must_use]
    pub fn executions(&self) -> Arc<dyn Executions> {
        let session = self.session(AttemptScope::default().into());
        Arc::new(LocalExecutions { session, cloud: self.clone() })
    }

    /// Access to target accounts, for a client that reads what is deployed.
    #[must_use]
    pub fn targets(&self) -> Arc<dyn Targets<Ports<D>>> {
        Arc::new(self.targets_for(AttemptScope::default().into()))
    }

    /// The context of one attempt of a task. `signal` receives what faults do to the attempt as a whole.
    pub(crate) fn context(&self, attempt: Attempt, sent: RawInput, signal: Arc<AttemptSignal>) -> Context<Ports<D>> {
        let scope = AttemptScope::new(attempt.clone(), signal);
        let account = self.account_for(self.session(Arc::clone(&scope)));
        let changes = Arc::clone(&scope.changes);
        Context::new(account, attempt, sent, Arc::new(self.targets_for(scope)), changes)
    }

    fn account_for(&self, session: LocalSession<D::Resources>) -> DeployerAccount {
        DeployerAccount {
            identity: Arc::clone(&self.identity),
            defaults: Arc::clone(&self.defaults),
            locks: Arc::new(LocalLocks { session: session.clone(), table: self.identity.lock_table() }),
            objects: Arc::new(session.clone()),
            audit: self.audit_for(session.clone()),
            env: Arc::new(session),
            cloud_arguments: Arc::clone(&self.arguments),
        }
    }

    fn audit_for(&self, session: LocalSession<D::Resources>) -> Audit {
        let origin = self.identity.audit_origin();
        let mode = self.store.read(|state| state.audit.get(&origin).map(|audit| audit.mode));
        // A log that cannot be read cannot be written either.
        let mode = mode.ok().flatten().unwrap_or_default();
        if mode == AuditMode::Off {
            return Audit::off(DeployerVersion { name: self.identity.name.clone(), ..DeployerVersion::default() });
        }
        let store = Arc::new(LocalAuditStore(SessionAudit { session, origin: origin.as_str().into() }));
        let log = Arc::new(TiledLog::new(Arc::clone(&store) as _, Arc::clone(&store) as _, origin));
        let ports = AuditPorts { store, log };
        let (audit, _) = self.audit(&ports);
        Audit { mode, ports: Some(ports), ..audit.clone() }
    }

    fn audit(&self, ports: &AuditPorts) -> &(Audit, FailStates) {
        self.audit.get_or_init(|| {
            let audit = deployer::audit::<D>(&self.identity, None, AuditMode::default(), ports.clone());
            (Audit { ports: None, ..audit }, deployer::fail_states::<D>())
        })
    }

    /// Makes sure that the audit log has the end of an execution, as `EventBridge` has the deployer's function do.
    pub(super) async fn close(&self, ended: &ExecutionSummary) {
        // Not a task, so no fault is injected; watchers see for which execution it is.
        let attempt = Attempt { execution: Some(ended.arn.clone()), ..Attempt::default() };
        let account = self.account_for(self.session(AttemptScope::new(attempt, Arc::default())));
        let Some(ports) = &account.audit.ports else { return };
        let (_, states) = self.audit(ports);
        let closing = close_execution(&account.audit, &self.identity, states, ended, account.now());
        // Without tokio's budget, as an invocation: the engine must not take a wait for the next poll for one forever.
        if let Err(error) = unconstrained(closing).await {
            tracing::warn!(%error, execution = ended.name, "the audit log does not have the end of the execution");
        }
    }

    fn session(&self, scope: Arc<AttemptScope>) -> LocalSession<D::Resources> {
        LocalSession {
            store: Arc::clone(&self.store),
            scope,
            principal: Principal::Deployer,
            account: self.identity.account.clone(),
            region: self.identity.region.clone(),
            kinds: ErrorKinds::new(D::ERROR_KINDS),
        }
    }

    fn targets_for(&self, scope: Arc<AttemptScope>) -> LocalTargets<D> {
        LocalTargets { cloud: self.clone(), scope }
    }
}

#[async_trait]
impl<R: Resources> Env for LocalSession<R> {
    fn now(&self) -> DateTime<Utc> {
        LocalSession::now(self)
    }

    fn new_uuid(&self) -> Uuid {
        Uuid::new_v4()
    }

    async fn sleep(&self, time: Duration) {
        if self.belongs_to_task() {
            let until = self.now() + TimeDelta::from_std(time).unwrap_or_default();
            self.store.timeline().sleep_until(until).await;
        }
    }
}

/// Target accounts of the local cloud.
struct LocalTargets<D: LocalDeployer> {
    cloud: LocalCloud<D>,
    scope: Arc<AttemptScope>,
}

#[async_trait]
impl<D: LocalDeployer> Targets<Ports<D>> for LocalTargets<D> {
    async fn assume(&self, target: &TargetRole) -> Result<Ports<D>, CloudError> {
        let key = (target.account.clone(), target.role.clone());
        if !self.lock().contains(&key) {
            self.assume_role(target).await?;
            self.lock().insert(key);
        }
        Ok(D::local_ports(LocalSession {
            store: Arc::clone(&self.cloud.store),
            scope: Arc::clone(&self.scope),
            principal: Principal::AssumedRole(target.role.clone()),
            account: target.account.clone(),
            region: target.region.clone(),
            kinds: ErrorKinds::new(D::ERROR_KINDS),
        }))
    }
}

impl<D: LocalDeployer> LocalTargets<D> {
    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeSet<(AccountId, String)>> {
        self.cloud.assumed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn assume_role(&self, target: &TargetRole) -> Result<(), CloudError> {
        let deployer = self.cloud.identity.account.clone();
        let (arn, TargetRole { account, role, session, .. }) = (target.arn(), target);
        let denied = |reason: String| {
            let message =
                format!("{reason}; cannot open session {session}: create the role, with trust in account {deployer}");
            ServiceError::new("AccessDenied", message)
        };
        let sts = self.cloud.session(Arc::clone(&self.scope));
        sts.invoke_read("sts:AssumeRole", &arn, |state| {
            let found = state.accounts.get(account).map(|account| account.roles.get(role.as_str()));
            match found {
                None => Err(denied(format!("the local cloud has no account {account}"))),
                Some(None) => Err(denied(format!("account {account} has no role {role}"))),
                Some(Some(found)) if found.trusts.contains(&deployer) => Ok(()),
                Some(Some(_)) => Err(denied(format!("{arn} does not trust account {deployer}"))),
            }
        })
        .await
    }
}
