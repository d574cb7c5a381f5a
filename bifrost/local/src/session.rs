//! The gate of the embedded world: every call of every port passes [`LocalSession::invoke`].

use super::error::{ServiceError, StoreError};
use super::fault::{FaultKind, inject, injected};
use super::state::{Bucket, LocalState, Resources, later, no_account};
use super::store::{Effect, Store};
use bifrost_core::cloud::{Attempt, Call, CallCounter, CallName, CloudError, ErrorKind, Principal};
use bifrost_core::release::{AccountId, BucketName, Region};
use chrono::{DateTime, Utc};
use std::cell::LazyCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::Notify;

/// One account and region, as the effect of a call sees it.
pub struct RegionState<'w, R> {
    /// The deployer's own part of the account, of all regions.
    pub resources: &'w mut R,
    /// The account.
    pub account: &'w AccountId,
    /// The region that the call is made in.
    pub region: &'w Region,
    /// The world's time.
    pub now: DateTime<Utc>,
    ids: &'w mut u64,
    /// Those of every account: services read what a bucket's owner lets them, wherever it lies.
    buckets: Vec<&'w BTreeMap<BucketName, Bucket>>,
}

impl<'w, R: Resources> RegionState<'w, R> {
    fn new(
        local_state: &'w mut LocalState<R>,
        account: &'w AccountId,
        region: &'w Region,
        ids: &'w mut u64,
    ) -> Result<Self, ServiceError> {
        let now = local_state.clock;
        let (mut buckets, mut resources) = (Vec::with_capacity(local_state.accounts.len()), None);
        for (id, held) in &mut local_state.accounts {
            buckets.push(&held.buckets);
            resources = if id == account { Some(&mut held.resources) } else { resources };
        }
        let resources = resources.ok_or_else(|| no_account(account))?;
        Ok(Self { resources, account, region, now, ids, buckets })
    }
}

impl<R> RegionState<'_, R> {
    /// The bytes of an object in S3, whichever account owns the bucket: what a service reads by itself.
    #[must_use]
    pub fn object(&self, bucket: &str, key: &str) -> Option<&[u8]> {
        let bucket = bucket.parse::<BucketName>().ok()?;
        self.buckets
            .iter()
            .find_map(|buckets| buckets.get(&bucket))?
            .objects
            .get(key)
            .map(|object| object.body.as_slice())
    }

    /// A new id as EC2 makes them: the prefix and 17 hexadecimal digits.
    pub fn new_id(&mut self, prefix: &str) -> String {
        *self.ids = self.ids.saturating_add(1);
        format!("{prefix}-{:017x}", self.ids)
    }
}

/// What one attempt of a task shares between all its sessions.
#[derive(Debug, Default)]
pub(super) struct AttemptScope {
    attempt: Attempt,
    calls: CallCounter,
    /// Told when a fault lets the attempt die; its calls never return then.
    death: Arc<Notify>,
}

impl AttemptScope {
    pub(super) fn of(attempt: Attempt, death: Arc<Notify>) -> Arc<Self> {
        Arc::new(Self { attempt, death, calls: CallCounter::default() })
    }
}

/// What somebody may do in one account and region of the embedded world.
pub struct LocalSession<R> {
    pub(super) store: Arc<Store<R>>,
    pub(super) scope: Arc<AttemptScope>,
    pub(super) principal: Principal,
    pub(super) account: AccountId,
    pub(super) region: Region,
}

impl<R> Clone for LocalSession<R> {
    fn clone(&self) -> Self {
        Self {
            store: Arc::clone(&self.store),
            scope: Arc::clone(&self.scope),
            principal: self.principal.clone(),
            account: self.account.clone(),
            region: self.region.clone(),
        }
    }
}

/// What the gate decided in the transaction of a call.
enum Verdict<T> {
    Answered(Result<T, ServiceError>),
    Delayed(u32),
    Died,
    Panicked,
}

impl<R: Resources> LocalSession<R> {
    /// The deployer's own session in an account and region, outside of any task: for a client, or a test of ports.
    #[must_use]
    pub fn new(store: Arc<Store<R>>, account: AccountId, region: Region) -> Self {
        let scope = AttemptScope::of(Attempt::default(), Arc::default());
        Self { store, scope, principal: Principal::Deployer, account, region }
    }

    /// The world's time.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.store.now()
    }

    /// Whether a task has it. Who else looks on must not wait on the world's clock: that would stop the process which may
    /// have to move it.
    #[must_use]
    pub fn is_of_a_task(&self) -> bool {
        !self.scope.attempt.state.is_empty()
    }

    /// Makes a call to a service of this account and region: `effect` is what the service does, in one transaction.
    ///
    /// # Errors
    /// What the effect answers, or what a scenario injects.
    pub async fn call<T: Send>(
        &self,
        operation: &'static str,
        resource: &str,
        effect: impl FnOnce(&mut RegionState<'_, R>) -> Result<T, ServiceError> + Send,
    ) -> Result<T, CloudError> {
        let (account, region) = (&self.account, &self.region);
        self.invoke(operation, resource, move |local_state| {
            let mut ids = local_state.ids;
            let answer = effect(&mut RegionState::new(local_state, account, region, &mut ids)?);
            local_state.ids = ids;
            answer
        })
        .await
    }

    /// The gate: names the call, lets a fault strike it, records what became of it.
    pub(super) async fn invoke<T: Send>(
        &self,
        operation: &'static str,
        resource: &str,
        effect: impl FnOnce(&mut LocalState<R>) -> Result<T, ServiceError> + Send,
    ) -> Result<T, CloudError> {
        let occurrence = self.count(operation, resource);
        self.settle(operation, resource, occurrence, effect).await
    }

    /// Logs and counts a call; gives its number among those of this operation on this resource.
    fn count(&self, operation: &'static str, resource: &str) -> u32 {
        let state = self.scope.attempt.state.as_str();
        tracing::debug!(operation, resource, account = %self.account, state, "call");
        self.scope.calls.next(operation, resource)
    }

    async fn settle<T: Send>(
        &self,
        operation: &'static str,
        resource: &str,
        occurrence: u32,
        effect: impl FnOnce(&mut LocalState<R>) -> Result<T, ServiceError> + Send,
    ) -> Result<T, CloudError> {
        // Most worlds have neither faults nor watchers: nobody asks for the name of a call.
        let call = LazyCell::new(|| self.name(operation, resource, occurrence));
        let mut effect = Some(effect);
        // Scenarios are about tasks: a person who looks on must not use a fault up, nor be delayed by one.
        let mut verdict = self.decide(&call, &mut effect, self.is_of_a_task());
        if let Ok(Verdict::Delayed(seconds)) = verdict {
            self.store.timeline().sleep_until(later(self.now(), seconds)).await;
            verdict = self.decide(&call, &mut effect, false);
        }
        match verdict {
            Ok(Verdict::Answered(answer)) => answer.map_err(|error| error.at(operation, resource)),
            Ok(Verdict::Delayed(_) | Verdict::Died) => {
                self.scope.death.notify_one();
                std::future::pending().await
            }
            #[allow(clippy::panic, reason = "a scenario asks for a handler that panics")]
            Ok(Verdict::Panicked) => panic!("{operation} on {resource}: the scenario asks for a panic"),
            Err(error) => Err(error.into_service_error().at(operation, resource)),
        }
    }

    /// [`invoke`](Self::pass) for a call that changes nothing: while neither a fault nor a watcher may take notice of it, the
    /// world is only read.
    pub(super) async fn invoke_read<T: Send>(
        &self,
        operation: &'static str,
        resource: &str,
        look: impl Fn(&LocalState<R>) -> Result<T, ServiceError> + Send + Sync,
    ) -> Result<T, CloudError> {
        let occurrence = self.count(operation, resource);
        if !self.store.is_watched() {
            let may_inject = |local_state: &LocalState<R>| self.is_of_a_task() && !local_state.faults.is_empty();
            let answer = self.store.read(|local_state| (!may_inject(local_state)).then(|| look(local_state)));
            if let Some(answer) = answer.map_err(|error| error.into_service_error().at(operation, resource))? {
                return answer.map_err(|error| error.at(operation, resource));
            }
        }
        self.settle(operation, resource, occurrence, |local_state| look(local_state)).await
    }

    fn name(&self, operation: &'static str, resource: &str, occurrence: u32) -> Call {
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

    fn decide<T>(
        &self,
        call: &LazyCell<Call, impl FnOnce() -> Call>,
        effect: &mut Option<impl FnOnce(&mut LocalState<R>) -> Result<T, ServiceError>>,
        may_inject: bool,
    ) -> Result<Verdict<T>, StoreError> {
        let change = |local_state: &mut LocalState<R>| {
            let may_inject = may_inject && !local_state.faults.is_empty();
            let fault = if may_inject { inject(&mut local_state.faults, call) } else { None };
            apply(fault, local_state, effect)
        };
        self.store.transact_watched(change, || Call::clone(call))
    }
}

/// Lets the call have its effect, or what the fault makes of it; and says what to record, if it is done with.
fn apply<R: Resources, T>(
    fault: Option<FaultKind>,
    local_state: &mut LocalState<R>,
    effect: &mut Option<impl FnOnce(&mut LocalState<R>) -> Result<T, ServiceError>>,
) -> (Verdict<T>, Option<Effect>) {
    let refuse = |error: ServiceError| {
        let code = error.code.clone();
        (Verdict::Answered(Err(error)), Some(Effect::Refused(code)))
    };
    if let Some(FaultKind::DelaySeconds(seconds)) = fault {
        return (Verdict::Delayed(seconds), None);
    }
    if let Some(FaultKind::ClockJumpSeconds(seconds)) = fault {
        local_state.advance(later(local_state.clock, seconds));
    }
    match fault {
        Some(FaultKind::Error(code)) => return refuse(injected(&code)),
        Some(FaultKind::Throttle) => return refuse(injected("Throttling")),
        Some(FaultKind::Die) => return (Verdict::Died, Some(Effect::Refused("Died".into()))),
        Some(FaultKind::Panic) => return (Verdict::Panicked, Some(Effect::Refused("Panicked".into()))),
        _ => {}
    }
    let answer = match effect.take() {
        Some(effect) => effect(local_state),
        None => Err(ServiceError::new(ErrorKind::Invalid, "AlreadyAnswered", "the call had its effect before")),
    };
    match (answer, fault) {
        (Err(error), _) => refuse(error),
        (Ok(_), Some(FaultKind::ErrorAfter(code))) => {
            (Verdict::Answered(Err(injected(&code))), Some(Effect::DoneUnseen))
        }
        (Ok(_), Some(FaultKind::DieAfter)) => (Verdict::Died, Some(Effect::DoneUnseen)),
        (Ok(answer), _) => (Verdict::Answered(Ok(answer)), Some(Effect::Done)),
    }
}
