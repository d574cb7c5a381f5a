//! Time and chance, as the system gives them.

use bifrost::task::Surroundings;
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// The system's clock, and uuids of its random numbers.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemSurroundings;

impl Surroundings for SystemSurroundings {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    fn new_uuid(&self) -> Uuid {
        Uuid::new_v4()
    }
}
