//! Call middleware of the local cloud: every call of every port goes through [`LocalSession::invoke`].

use super::attempt::AttemptScope;
use super::error::{ServiceError, StoreError};
use super::fault::{FaultKind, Lost, inject};
use super::injected_error::InjectedError;
use super::region_state::RegionState;
use super::state::{LocalState, Resources, later};
use super::store::{Effect, Store};
use bifrost_core::cloud::{Attempt, Call, CallName, CloudError, ErrorKinds, Principal};
use bifrost_core::lifecycle::Proof;
use bifrost_core::release::{AccountId, Region};
use chrono::{DateTime, Utc};
use std::cell::LazyCell;
use std::sync::Arc;

/// Access to one account and region of the local cloud.
pub struct LocalSession<R> {
    pub(super) store: Arc<Store<R>>,
    pub(super) scope: Arc<AttemptScope>,
    pub(super) principal: Principal,
    pub(super) account: AccountId,
    pub(super) region: Region,
    pub(super) kinds: ErrorKinds,
}

impl<R> Clone for LocalSession<R> {
    fn clone(&self) -> Self {
        Self {
            store: Arc::clone(&self.store),
            scope: Arc::clone(&self.scope),
            principal: self.principal.clone(),
            account: self.account.clone(),
            region: self.region.clone(),
            kinds: self.kinds,
        }
    }
}

/// The result of the transaction of a call.
enum CallResult<T> {
    Returned(Result<T, ServiceError>),
    Delayed { seconds: u32, is_zombie: bool },
    Lost(Lost),
    Panicked,
}

impl<R: Resources> LocalSession<R> {
    /// The deployer's own session in an account and region, outside of any task: for a client, or a test of ports.
    #[must_use]
    pub fn new(store: Arc<Store<R>>, account: AccountId, region: Region) -> Self {
        let scope = AttemptScope::new(Attempt::default(), Arc::default());
        Self { store, scope, principal: Principal::Deployer, account, region, kinds: ErrorKinds::default() }
    }

    /// Classifies errors with the table of a deployer, as the sessions of its tasks do:
    /// [`Deployer::ERROR_KINDS`](bifrost_core::deployer::Deployer::ERROR_KINDS).
    #[must_use]
    pub fn with_error_kinds(self, kinds: ErrorKinds) -> Self {
        Self { kinds, ..self }
    }

    /// The time of the local cloud.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.store.now()
    }

    /// Whether a task uses this session. A client must not wait for the clock of the local cloud: its process may be
    /// the one that has to move the clock.
    #[must_use]
    pub fn belongs_to_task(&self) -> bool {
        !self.scope.attempt.state.is_empty()
    }

    /// Calls a service of this account and region, without changing anything: `effect` is what the service does, in one
    /// transaction.
    ///
    /// # Errors
    /// The error that `effect` returns, or that a fault injects. `ChangeWithoutProof` for an operation that changes something.
    pub async fn call<T: Send>(
        &self,
        operation: &'static str,
        resource: &str,
        effect: impl FnOnce(&mut RegionState<'_, R>) -> Result<T, ServiceError> + Send,
    ) -> Result<T, CloudError> {
        self.principal.check_unproved(operation, resource)?;
        self.invoke(operation, resource, self.of_region(effect)).await
    }

    /// As [`call`](Self::call), for an operation that changes something: `proof` shows that the attempt may change it now. What
    /// is due at once happens before it returns ([`Resources::advance`]).
    ///
    /// # Errors
    /// The error that `effect` returns, or that a fault injects.
    pub async fn change<T: Send>(
        &self,
        proof: &Proof,
        operation: &'static str,
        resource: &str,
        effect: impl FnOnce(&mut RegionState<'_, R>) -> Result<T, ServiceError> + Send,
    ) -> Result<T, CloudError> {
        let effect = |region: &mut RegionState<'_, R>| {
            let result = effect(region);
            region.resources.advance(region.now);
            result
        };
        self.change_state(proof, operation, resource, self.of_region(effect)).await
    }

    /// As [`change`](Self::change), for an effect on the whole state.
    pub(super) async fn change_state<T: Send>(
        &self,
        _proof: &Proof,
        operation: &'static str,
        resource: &str,
        effect: impl FnOnce(&mut LocalState<R>) -> Result<T, ServiceError> + Send,
    ) -> Result<T, CloudError> {
        let AttemptScope { attempt, changes, .. } = self.scope.as_ref();
        let pending = changes.begin(attempt, (operation, resource), (&self.account, &self.region));
        let answer = self.invoke(operation, resource, effect).await;
        pending.answered(answer.as_ref().map(|_| None));
        answer
    }

    /// The effect of a service of this account and region.
    fn of_region<T>(
        &self,
        effect: impl FnOnce(&mut RegionState<'_, R>) -> Result<T, ServiceError> + Send,
    ) -> impl FnOnce(&mut LocalState<R>) -> Result<T, ServiceError> + Send {
        move |local_state| {
            let mut ids = local_state.ids;
            let result = effect(&mut RegionState::new(local_state, &self.account, &self.region, &mut ids)?);
            local_state.ids = ids;
            result
        }
    }

    /// The call middleware: names the call, injects faults, and shows the call to watchers.
    pub(super) async fn invoke<T: Send>(
        &self,
        operation: &'static str,
        resource: &str,
        effect: impl FnOnce(&mut LocalState<R>) -> Result<T, ServiceError> + Send,
    ) -> Result<T, CloudError> {
        let occurrence = self.log_and_count(operation, resource);
        self.run_call(operation, resource, occurrence, effect)
            .await
            .inspect_err(|error| self.scope.changes.failed(error))
    }

    /// Logs a call, and returns its number among the calls of this operation on this resource.
    fn log_and_count(&self, operation: &'static str, resource: &str) -> u32 {
        let state = self.scope.attempt.state.as_str();
        tracing::debug!(operation, resource, account = %self.account, state, "call");
        self.scope.calls.next(operation, resource)
    }

    async fn run_call<T: Send>(
        &self,
        operation: &'static str,
        resource: &str,
        occurrence: u32,
        effect: impl FnOnce(&mut LocalState<R>) -> Result<T, ServiceError> + Send,
    ) -> Result<T, CloudError> {
        // Lazy: without faults and watchers, nothing uses the name of the call.
        let call = LazyCell::new(|| self.describe(operation, resource, occurrence));
        let mut effect = Some(effect);
        // Faults are for tasks: a client that reads must not use up a fault, nor be delayed by one.
        let mut result = self.transact_call(&call, &mut effect, self.belongs_to_task());
        if let Ok(CallResult::Delayed { seconds, is_zombie }) = result {
            if is_zombie {
                self.scope.signal.become_zombie();
            }
            self.store.timeline().sleep_until(later(self.now(), seconds)).await;
            result = self.transact_call(&call, &mut effect, false);
        }
        match result {
            Ok(CallResult::Returned(result)) => {
                result.map_err(|error| error.classified(self.kinds, operation, resource))
            }
            Ok(CallResult::Lost(lost)) => {
                self.scope.signal.lose(lost);
                std::future::pending().await
            }
            // The second time, no fault is injected. If one were, the attempt would be lost: it must not hang.
            Ok(CallResult::Delayed { .. }) => {
                self.scope.signal.lose(Lost::LambdaUnknown);
                std::future::pending().await
            }
            #[allow(clippy::panic, reason = "a fault makes the handler panic")]
            Ok(CallResult::Panicked) => panic!("{operation} on {resource}: the scenario injects a panic"),
            Err(error) => Err(error.into_service_error().at(operation, resource)),
        }
    }

    /// [`invoke`](Self::invoke) for a call that changes nothing. Without faults and watchers, it only reads the state.
    pub(super) async fn invoke_read<T: Send>(
        &self,
        operation: &'static str,
        resource: &str,
        read: impl Fn(&LocalState<R>) -> Result<T, ServiceError> + Send + Sync,
    ) -> Result<T, CloudError> {
        let occurrence = self.log_and_count(operation, resource);
        let result = match self.read_at_once(&read) {
            Some(result) => result.map_err(|error| error.classified(self.kinds, operation, resource)),
            None => self.run_call(operation, resource, occurrence, |local_state| read(local_state)).await,
        };
        result.inspect_err(|error| self.scope.changes.failed(error))
    }

    /// Reads the state if there are no watchers and no faults.
    fn read_at_once<T>(
        &self,
        read: impl Fn(&LocalState<R>) -> Result<T, ServiceError>,
    ) -> Option<Result<T, ServiceError>> {
        if self.store.is_watched() {
            return None;
        }
        let may_inject = |local_state: &LocalState<R>| self.belongs_to_task() && !local_state.faults.is_empty();
        let result = self.store.read(|local_state| (!may_inject(local_state)).then(|| read(local_state)));
        result.unwrap_or_else(|error| Some(Err(error.into_service_error())))
    }

    fn describe(&self, operation: &'static str, resource: &str, occurrence: u32) -> Call {
        Call {
            name: CallName {
                attempt: self.scope.attempt.clone(),
                operation,
                resource: resource.to_owned(),
                occurrence,
            },
            principal: self.principal.clone(),
            account: self.account.clone(),
            region: self.region.clone(),
        }
    }

    fn transact_call<T>(
        &self,
        call: &LazyCell<Call, impl FnOnce() -> Call>,
        effect: &mut Option<impl FnOnce(&mut LocalState<R>) -> Result<T, ServiceError>>,
        may_inject: bool,
    ) -> Result<CallResult<T>, StoreError> {
        let change = |local_state: &mut LocalState<R>| {
            let may_inject = may_inject && !local_state.faults.is_empty();
            let fault = if may_inject { inject(&mut local_state.faults, call) } else { None };
            apply(fault, local_state, effect)
        };
        self.store.transact_watched(change, || Call::clone(call))
    }
}

/// Runs the call with the fault, if there is one. Returns the effect that watchers see, or `None` if the call is
/// delayed.
fn apply<R: Resources, T>(
    fault: Option<FaultKind>,
    local_state: &mut LocalState<R>,
    effect: &mut Option<impl FnOnce(&mut LocalState<R>) -> Result<T, ServiceError>>,
) -> (CallResult<T>, Option<Effect>) {
    let refuse = |error: ServiceError| {
        let code = error.code.clone();
        (CallResult::Returned(Err(error)), Some(Effect::Refused(code)))
    };
    if let Some(FaultKind::DelaySeconds(seconds) | FaultKind::ZombieSeconds(seconds)) = fault {
        let is_zombie = matches!(fault, Some(FaultKind::ZombieSeconds(_)));
        return (CallResult::Delayed { seconds, is_zombie }, None);
    }
    if let Some(FaultKind::ClockJumpSeconds(seconds)) = fault {
        local_state.advance(later(local_state.clock, seconds));
    }
    match fault {
        Some(FaultKind::Error(error)) => return refuse(error.into()),
        Some(FaultKind::Throttle) => return refuse(InjectedError::from("Throttling").into()),
        Some(FaultKind::Die) => return (CallResult::Lost(Lost::LambdaUnknown), Some(Effect::Refused("Died".into()))),
        Some(FaultKind::Lost(lost)) => return (CallResult::Lost(lost), Some(Effect::Refused(lost.error().into()))),
        Some(FaultKind::Panic) => return (CallResult::Panicked, Some(Effect::Refused("Panicked".into()))),
        _ => {}
    }
    let result = match effect.take() {
        Some(effect) => effect(local_state),
        None => Err(ServiceError::new("AlreadyCalled", "the call took effect before")),
    };
    match (result, fault) {
        (Err(error), _) => refuse(error),
        (Ok(_), Some(FaultKind::ErrorAfter(error))) => {
            (CallResult::Returned(Err(error.into())), Some(Effect::DoneUnreported))
        }
        (Ok(_), Some(FaultKind::DieAfter)) => (CallResult::Lost(Lost::LambdaUnknown), Some(Effect::DoneUnreported)),
        (Ok(_), Some(FaultKind::LostAfter(lost))) => (CallResult::Lost(lost), Some(Effect::DoneUnreported)),
        (Ok(value), _) => (CallResult::Returned(Ok(value)), Some(Effect::Done)),
    }
}
