//! Whether the deploys of a deployer are recorded in an audit log.

use super::{Client, ClientDeployer, DeployOutcome};
use bifrost_core::audit::AuditMode;
use serde::Serialize;

/// The environment variable of the function that says whether an audit log is required. A function without it writes none.
const VARIABLE: &str = "BIFROST_AUDIT";

/// Its value for a deployer without an audit log, as if it were absent.
const OFF: &str = "off";

/// The code of the failure of a deploy that was refused because the log could not be written.
const UNAVAILABLE: &str = "audit/unavailable";

/// Whether the deployer of a deploy writes an audit log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuditTrail {
    /// The deployer writes an audit log. Whether it has this deploy is not known from that: the log says it.
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
    /// Whether the deployer writes an audit log, or could not for a deploy with this outcome.
    pub(super) async fn audit_trail_of(&self, outcome: &DeployOutcome) -> AuditTrail {
        if outcome.failures.iter().any(|failure| failure.code.as_deref() == Some(UNAVAILABLE)) {
            return AuditTrail::NotRecorded;
        }
        self.audit_trail().await
    }

    /// Whether the deployer writes an audit log: in AWS by the settings of its function.
    pub async fn audit_trail(&self) -> AuditTrail {
        if self.account.audit.ports.is_some() && self.account.audit.mode != AuditMode::Off {
            return AuditTrail::Enabled;
        }
        let Some(inventory) = &self.inventory else { return AuditTrail::Off };
        match inventory.function(&self.account.identity.name).await {
            Ok(Some(function)) if function.settings.get(VARIABLE).is_some_and(|mode| mode != OFF) => {
                AuditTrail::Enabled
            }
            Ok(Some(_)) => AuditTrail::Off,
            // Users may deploy without permission to read the function.
            Ok(None) | Err(_) => AuditTrail::Unknown,
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
