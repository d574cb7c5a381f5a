//! How long a writer waits before it tries again, because another writer was faster.

use bifrost_core::cloud::AuditStore;
use bifrost_core::release::Sha256;
use std::time::Duration;

/// The longest first wait, in milliseconds: about as long as a transaction takes.
const FIRST_MS: u64 = 25;

/// The longest wait, in milliseconds.
const MAX_MS: u64 = 1_000;

/// Waits that grow exponentially, each a random part of its maximum, so that writers that met do not meet again.
pub(super) struct Backoff {
    seed: Sha256,
    attempt: u32,
}

impl Backoff {
    /// Waits that derive from `seed`, which should differ between writers.
    pub(super) fn new(seed: Sha256) -> Self {
        Self { seed, attempt: 0 }
    }

    /// Waits, as the store does: time is virtual in tests.
    pub(super) async fn wait(&mut self, store: &dyn AuditStore) {
        store.wait(self.next_delay()).await;
    }

    fn next_delay(&mut self) -> Duration {
        let longest = FIRST_MS.checked_shl(self.attempt).map_or(MAX_MS, |longest| longest.min(MAX_MS));
        self.seed = Sha256::of(self.seed.as_bytes());
        // Not beyond 20: a shift by more would lose all bits and start again with short waits.
        self.attempt = (self.attempt + 1).min(20);
        let random = self.seed.as_bytes().iter().fold(0_u64, |random, byte| random.rotate_left(8) ^ u64::from(*byte));
        Duration::from_micros(random % (longest * 1_000 + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_second_and_differ() {
        let waits = |seed: &[u8]| {
            let mut backoff = Backoff::new(Sha256::of(seed));
            (0..200).map(|_| backoff.next_delay()).collect::<Vec<_>>()
        };
        let (one, other) = (waits(b"one"), waits(b"other"));
        assert!(one.first().unwrap().as_millis() <= u128::from(FIRST_MS));
        assert!(one.iter().chain(&other).all(|wait| wait.as_millis() <= u128::from(MAX_MS)));
        assert!(one.iter().skip(10).any(|wait| wait.as_millis() > 500));
        assert_ne!(one, other);
    }
}
