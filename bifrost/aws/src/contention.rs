//! Waits before a write to S3 or DynamoDB is repeated, because concurrent writes of the same key were in its way.

use std::time::Duration;
use uuid::Uuid;

/// The pauses of one write. The SDK does not repeat it: it repeats requests that AWS did not accept, such as a transaction whose
/// own first attempt is still running (`TransactionInProgressException`).
#[derive(Debug, Default)]
pub(crate) struct Contention {
    pauses: u32,
}

impl Contention {
    /// How often a write is repeated.
    const MAX: u32 = 5;
    /// The longest first pause, in milliseconds. Each next one may be twice as long.
    const FIRST: u64 = 50;

    /// Waits for a random time before the next attempt. Returns `false` if no attempt is left.
    pub(crate) async fn wait(&mut self) -> bool {
        if self.pauses == Self::MAX {
            return false;
        }
        let half = (Self::FIRST << self.pauses) / 2;
        self.pauses += 1;
        // Half of it is random, so that two writers that met do not meet again.
        let (random, _) = Uuid::new_v4().as_u64_pair();
        tokio::time::sleep(Duration::from_millis(half + (random >> 16) % half)).await;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::Contention;
    use tokio::time::Instant;

    #[tokio::test(start_paused = true)]
    async fn contention_ends_after_five_pauses() {
        let (mut contention, since) = (Contention::default(), Instant::now());
        for _ in 0..5 {
            assert!(contention.wait().await);
        }
        assert!(!contention.wait().await);
        let waited = since.elapsed().as_millis();
        assert!((775..1600).contains(&waited), "{waited}");
    }
}
