//! The contract of a deployer's ports: the same tests on the local cloud and on an emulated AWS.

use crate::{LocalDeployer, LocalSession, LocalState, Resources, Store, later};
use bifrost_core::cloud::ErrorKinds;
use bifrost_core::deployer::Ports;
use bifrost_core::json::{self, ReadError};
use bifrost_core::lifecycle::Proof;
use bifrost_core::release::{AccountId, InvalidName, Region};
use chrono::DateTime;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How often a test polls before it fails.
const MAX_POLLS: usize = 100;
/// Seconds between two polls.
const POLL_SECONDS: u32 = 5;

/// What a contract test gets: the ports in one account and region of one cloud, and what was created there for it.
///
/// [`port_contract!`](https://docs.rs/bifrost/latest/bifrost/macro.port_contract.html) makes it.
pub struct PortContract<P, S> {
    /// The ports.
    pub ports: P,
    /// The account.
    pub account: AccountId,
    /// The region.
    pub region: Region,
    /// What the function that created the resources returned, such as their ids.
    pub seeded: S,
    wait: Box<dyn Fn(u32)>,
}

impl<P, S> PortContract<P, S> {
    #[doc(hidden)]
    pub fn new(ports: P, (account, region): (AccountId, Region), seeded: S, wait: impl Fn(u32) + 'static) -> Self {
        Self { ports, account, region, seeded, wait: Box::new(wait) }
    }

    /// A proof for changes: no execution runs in a contract test, so nothing else gives one.
    #[must_use]
    pub fn proof(&self) -> Proof {
        Proof::unchecked_for_tests()
    }

    /// Lets time pass: so many seconds of the local cloud, or a moment in the emulated AWS.
    pub fn wait(&self, seconds: u32) {
        (self.wait)(seconds);
    }

    /// Polls until there is a result, and lets time pass in between.
    ///
    /// # Panics
    /// If there is still none after 100 polls: `condition` says what was waited for.
    #[allow(clippy::panic, reason = "a test fails by panicking")]
    pub async fn until<T>(&self, condition: &str, poll: impl AsyncFn(&P) -> Option<T>) -> T {
        for _ in 0..MAX_POLLS {
            if let Some(found) = poll(&self.ports).await {
                return found;
            }
            self.wait(POLL_SECONDS);
        }
        panic!("still false after {MAX_POLLS} polls: {condition}");
    }
}

/// A local cloud in memory for one contract test of deployer `D`, with one account.
pub struct LocalContract<D: LocalDeployer> {
    store: Arc<Store<D::Resources>>,
    account: AccountId,
    region: Region,
}

impl<D: LocalDeployer> LocalContract<D> {
    /// A local cloud whose account has nothing yet.
    ///
    /// # Errors
    /// Never: account and region are valid.
    pub fn new() -> Result<Self, InvalidName> {
        let (account, region): (AccountId, Region) = ("222222222222".parse()?, "us-east-1".parse()?);
        let state = LocalState {
            clock: DateTime::UNIX_EPOCH,
            deployer_account: account.clone(),
            deployer_region: region.clone(),
            accounts: BTreeMap::from([(account.clone(), crate::Account::default().into())]),
            audit: BTreeMap::new(),
            faults: Vec::new(),
            ids: 0,
        };
        Ok(Self { store: Store::in_memory(state), account, region })
    }

    /// The store, to create more than resources, such as a bucket.
    #[must_use]
    pub fn store(&self) -> &Arc<Store<D::Resources>> {
        &self.store
    }

    /// The account.
    #[must_use]
    pub fn account(&self) -> &AccountId {
        &self.account
    }

    /// The region.
    #[must_use]
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// Reads the deployer's resources of the account from JSON, as a seed has them.
    ///
    /// # Errors
    /// [`ReadError`] with the path of what is wrong.
    pub fn seed(&self, resources: &Value) -> Result<(), ReadError> {
        let resources: D::Resources = json::read(resources)?;
        self.change(|state| {
            if let Ok(account) = state.account(&self.account) {
                account.resources = resources;
            }
        });
        Ok(())
    }

    #[doc(hidden)]
    pub fn contract<S>(self, seeded: S) -> PortContract<Ports<D>, S> {
        let session = LocalSession::new(Arc::clone(&self.store), self.account.clone(), self.region.clone());
        let ports = D::local_ports(session.with_error_kinds(ErrorKinds::new(D::ERROR_KINDS)));
        let place = (self.account.clone(), self.region.clone());
        PortContract::new(ports, place, seeded, move |seconds| self.change(|state| advance(state, seconds)))
    }

    /// Changes the state. A store in memory does not fail.
    fn change(&self, change: impl FnOnce(&mut LocalState<D::Resources>)) {
        let _ = self.store.transact(change);
    }
}

fn advance<R: Resources>(state: &mut LocalState<R>, seconds: u32) {
    state.advance(later(state.clock, seconds));
}
