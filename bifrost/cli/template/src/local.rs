//! The local half of the port: what DynamoDB does, as functions of a region's state, with AWS's
//! error codes.

use crate::machine::Cache;
use crate::tables::{LocalTables, Status, Tables};
use bifrost::chrono::{DateTime, TimeDelta, Utc};
use bifrost::local::{ByRegion, LocalDeployer, LocalSession, RegionState, ServiceError};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How long the creation of a table takes.
const CREATION: TimeDelta = TimeDelta::seconds(12);

/// A table in the local cloud.
#[bifrost::field_type]
pub(crate) struct StoredTable {
    key: String,
    created_at: DateTime<Utc>,
}

impl StoredTable {
    fn status(&self, now: DateTime<Utc>) -> Status {
        if now >= self.created_at + CREATION {
            Status::Active
        } else {
            Status::Other
        }
    }
}

impl LocalTables for ByRegion<BTreeMap<String, StoredTable>> {
    fn list(region: &RegionState<'_, Self>) -> Result<Vec<String>, ServiceError> {
        Ok(region.here().keys().cloned().collect())
    }

    fn status(region: &RegionState<'_, Self>, name: &str) -> Result<Option<Status>, ServiceError> {
        Ok(region
            .here()
            .get(name)
            .map(|table| table.status(region.now)))
    }

    fn create(
        region: &mut RegionState<'_, Self>,
        name: &str,
        key: &str,
    ) -> Result<(), ServiceError> {
        if region.here().contains_key(name) {
            return Err(in_use(format!("Table already exists: {name}")));
        }
        let table = StoredTable {
            key: key.to_owned(),
            created_at: region.now,
        };
        region.here_mut().insert(name.to_owned(), table);
        Ok(())
    }

    fn delete(region: &mut RegionState<'_, Self>, name: &str) -> Result<(), ServiceError> {
        match Self::status(region, name)? {
            Some(Status::Active) => region.here_mut().remove(name),
            Some(Status::Other) => return Err(in_use(format!("Table is being created: {name}"))),
            None => {
                return Err(ServiceError::new(
                    "ResourceNotFoundException",
                    format!("Table not found: {name}"),
                ));
            }
        };
        Ok(())
    }
}

/// The framework knows the code, and what it means: a conflict, so the error is
/// `TaskFailure::Transient`.
fn in_use(message: String) -> ServiceError {
    ServiceError::new("ResourceInUseException", message)
}

impl LocalDeployer for Cache {
    type Resources = ByRegion<BTreeMap<String, StoredTable>>;

    fn local_ports(session: LocalSession<Self::Resources>) -> Arc<dyn Tables> {
        Arc::new(session)
    }
}
