//! An account of an emulation that the tests of a program share.

use crate::Moto;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How long [`MotoAccount::wait`] waits for what moto does by itself.
const MOMENT: Duration = Duration::from_millis(50);

/// A new account for one test. All accounts of a process are in one emulated AWS, and tests may run at the same time.
#[derive(Clone)]
pub struct MotoAccount {
    moto: &'static Moto,
    id: String,
}

impl MotoAccount {
    /// A new account; `None`, with a message, on a machine that cannot run [`Moto`].
    #[must_use]
    pub fn new() -> Option<Self> {
        static MOTO: LazyLock<Option<Moto>> = LazyLock::new(Moto::start);
        static NEXT: AtomicU64 = AtomicU64::new(300_000_000_000);
        let id = NEXT.fetch_add(1, Ordering::Relaxed).to_string();
        Some(Self { moto: MOTO.as_ref()?, id })
    }

    /// Its id, of 12 digits.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its region.
    #[must_use]
    pub fn region(&self) -> &'static str {
        crate::moto::REGION
    }

    /// The environment variables with which a program acts in it: see [`Moto::environment`].
    #[must_use]
    pub fn environment(&self) -> BTreeMap<String, String> {
        self.moto.environment(&self.id).into_iter().collect()
    }

    /// Calls an operation, as [`Moto::call`] does.
    ///
    /// # Panics
    ///
    /// If AWS answers with an error.
    #[must_use]
    pub fn call(&self, service: &str, operation: &str, parameters: Value) -> Value {
        let answer = self.moto.call(&self.id, self.region(), service, operation, parameters);
        answer.unwrap_or_else(|error| panic!("{service}:{operation}: {error}"))
    }

    /// Waits a moment for what moto does by itself, such as starting an instance.
    pub fn wait() {
        std::thread::sleep(MOMENT);
    }

    /// Checks at the end of a test that moto implements every call of it: its answer to another one proves nothing.
    ///
    /// # Panics
    ///
    /// If it does not implement one.
    pub fn check_gaps(&self) {
        let gaps = self.moto.gaps();
        assert!(gaps.is_empty(), "moto does not implement: {gaps:#?}");
    }
}
