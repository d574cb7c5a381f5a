//! Whether the deploys of a deployer are recorded in an audit log.

use super::{Client, ClientDeployer, DeployOutcome};
use crate::audit_location::{AUDIT_VARIABLE, audit_store};
use bifrost_audit::find::find_end;
use bifrost_audit::source::StoreSource;
use bifrost_core::audit::AuditMode;
use bifrost_core::cloud::AuditStore;
use chrono::TimeDelta;
use serde::Serialize;
use std::sync::Arc;

/// Its value for a deployer without an audit log, as if it were absent.
const OFF: &str = "off";

/// The code of the failure of a deploy that was refused because the log could not be written.
const UNAVAILABLE: &str = "audit/unavailable";

/// Whether the deployer of a deploy writes an audit log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuditTrail {
    /// The deployer writes an audit log. Whether that has this deploy, [`DeployOutcome::audit_entry`] says.
    Enabled,
    /// The deployer writes one, but could not write it, and so refused the release.
    NotRecorded,
    /// The deployer was set up without one.
    Off,
    /// The user may not read how the deployer is set up.
    #[default]
    Unknown,
}

impl AuditTrail {
    /// Whether it is not known.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        *self == Self::Unknown
    }
}

impl<D: ClientDeployer> Client<D> {
    /// Finds out whether the deployer writes an audit log, or could not for this deploy, and whether the log has its end.
    pub(super) async fn find_audit_trail(&self, outcome: &mut DeployOutcome) {
        if outcome.failures.iter().any(|failure| failure.code.as_deref() == Some(UNAVAILABLE)) {
            outcome.audit = AuditTrail::NotRecorded;
            return;
        }
        let (trail, store) = self.audit_log().await;
        outcome.audit = trail;
        let Some(store) = store else { return };
        let execution = self.account.identity.execution_arn(&outcome.execution);
        let since = outcome.time - TimeDelta::seconds(outcome.seconds);
        // Users may deploy without permission to read the log.
        let found = find_end(&StoreSource::new(store), &execution, since).await.ok().flatten();
        outcome.audit_entry = found.map(|(entry, _)| entry);
    }

    /// Whether the deployer writes an audit log: in AWS by the settings of its function.
    pub async fn audit_trail(&self) -> AuditTrail {
        self.audit_log().await.0
    }

    async fn audit_log(&self) -> (AuditTrail, Option<Arc<dyn AuditStore>>) {
        if let Some(ports) = self.account.audit.ports.as_ref().filter(|_| self.account.audit.mode != AuditMode::Off) {
            return (AuditTrail::Enabled, Some(Arc::clone(&ports.store)));
        }
        let Some(inventory) = &self.inventory else { return (AuditTrail::Off, None) };
        match inventory.function(&self.account.identity.name).await {
            Ok(Some(function)) if function.settings.get(AUDIT_VARIABLE).is_some_and(|mode| mode != OFF) => {
                (AuditTrail::Enabled, audit_store(inventory.as_ref(), &function, &self.account.identity))
            }
            Ok(Some(_)) => (AuditTrail::Off, None),
            // Users may deploy without permission to read the function.
            Ok(None) | Err(_) => (AuditTrail::Unknown, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_the_names_of_options() {
        let names = [AuditTrail::Enabled, AuditTrail::NotRecorded, AuditTrail::Off]
            .map(|trail| serde_json::to_value(trail).unwrap());
        assert_eq!(names, ["enabled", "not-recorded", "off"]);
        assert!(AuditTrail::default().is_unknown());
    }
}
