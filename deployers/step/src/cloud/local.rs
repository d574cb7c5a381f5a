//! Step's part of the local cloud: functions and state machines, each with what Step reads of it.

use super::{
    CodeUpdate, Diagnostic, Function, FunctionVersion, LocalFunctions, LocalStateMachines, NewVersion, StateMachine,
    StepPorts, Tags,
};
use crate::machine::Step;
use bifrost::asl::{self, MachineType};
use bifrost::json;
use bifrost::local::{ByRegion, Changes, LocalDeployer, LocalSession, RegionState, Resources, ServiceError};
use bifrost::release::Sha256;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

impl LocalDeployer for Step {
    type Resources = ByRegion<StepRegion>;

    const SEED: &'static str = include_str!("../../../../examples/clouds/step.json");

    fn local_ports(session: LocalSession<Self::Resources>) -> StepPorts {
        let session = Arc::new(session);
        StepPorts { functions: Arc::clone(&session) as Arc<_>, state_machines: session }
    }
}

/// The functions and state machines of a region, by name.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StepRegion {
    /// Lambda functions.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub functions: BTreeMap<String, StoredFunction>,
    /// State machines.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub state_machines: BTreeMap<String, StoredMachine>,
}

impl Resources for StepRegion {
    fn save(&self, saved: &mut Self, changes: &mut Changes) {
        changes.entries("functions", &self.functions, &mut saved.functions);
        changes.entries("state_machines", &self.state_machines, &mut saved.state_machines);
    }
}

/// A Lambda function.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoredFunction {
    /// Its tags.
    pub tags: Tags,
    /// Such as `provided.al2023`.
    pub runtime: String,
    /// Such as `app.handler`.
    pub handler: String,
    /// `x86_64` or `arm64`.
    pub architecture: String,
    /// Its code.
    pub code: StoredCode,
    /// When the last update started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated: Option<DateTime<Utc>>,
    /// How long an update takes.
    pub update_seconds: u32,
    /// Why updates fail; without it they succeed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update_fails: Option<String>,
    /// Number of updates.
    pub revision: u64,
    /// Published versions by their number.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub versions: BTreeMap<u64, StoredVersion>,
    /// Number of versions that were published; a number is never used again.
    pub published: u64,
}

impl Default for StoredFunction {
    fn default() -> Self {
        Self {
            tags: Tags::new(),
            runtime: "provided.al2023".into(),
            handler: "bootstrap".into(),
            architecture: "x86_64".into(),
            code: StoredCode { sha256: Sha256::of(b""), size_bytes: 0 },
            updated: None,
            update_seconds: 3,
            update_fails: None,
            revision: 0,
            versions: BTreeMap::new(),
            published: 0,
        }
    }
}

/// The code of a function. Its bytes are not kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredCode {
    /// SHA-256 of the zip file.
    pub sha256: Sha256,
    /// The size of the zip file.
    #[serde(default)]
    pub size_bytes: u64,
}

/// A published version of a function.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredVersion {
    /// The code that it keeps.
    pub code: StoredCode,
    /// The release that published it.
    pub description: String,
    /// When it was published.
    pub published: DateTime<Utc>,
}

/// A state machine.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoredMachine {
    /// Its tags.
    pub tags: Tags,
    /// ARN of its role.
    pub role_arn: String,
    /// Whether it is an express state machine.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_express: bool,
    /// Its definition, as text.
    pub definition: String,
}

impl StoredFunction {
    fn is_busy(&self, now: DateTime<Utc>) -> bool {
        self.updated.is_some_and(|updated| now < updated + TimeDelta::seconds(self.update_seconds.into()))
    }

    fn describe(&self, now: DateTime<Utc>) -> Function {
        let failed = self.update_fails.clone().filter(|_| self.updated.is_some());
        let (status, reason) = match failed {
            _ if self.is_busy(now) => ("InProgress", None),
            Some(reason) => ("Failed", Some(reason)),
            None => ("Successful", None),
        };
        Function {
            runtime: Some(self.runtime.clone()),
            handler: Some(self.handler.clone()),
            architecture: self.architecture.clone(),
            package_type: "Zip".into(),
            layers: 0,
            code_sha256: Some(self.code.sha256),
            code_size_bytes: self.code.size_bytes,
            state: "Active".into(),
            last_update_status: status.into(),
            last_update_reason: reason,
            revision_id: self.revision.to_string(),
        }
    }

    /// Lambda refuses changes while an update is in progress.
    fn check_idle(&self, now: DateTime<Utc>) -> Result<(), ServiceError> {
        if !self.is_busy(now) {
            return Ok(());
        }
        Err(ServiceError::new(
            "ResourceConflictException",
            "The operation cannot be performed at this time. An update is in progress.",
        ))
    }

    fn publish(&mut self, version: &NewVersion, now: DateTime<Utc>) -> Result<String, ServiceError> {
        self.check_idle(now)?;
        if self.code.sha256 != version.code_sha256 {
            return Err(ServiceError::new(
                "InvalidParameterValueException",
                "CodeSHA256 is different from the current CodeSHA256",
            ));
        }
        if let Some((number, last)) = self.versions.last_key_value()
            && last.code == self.code
        {
            return Ok(number.to_string());
        }
        self.published = self.published.saturating_add(1);
        let description = version.release_id.to_string();
        self.versions.insert(self.published, StoredVersion { code: self.code.clone(), description, published: now });
        Ok(self.published.to_string())
    }
}

impl LocalFunctions for ByRegion<StepRegion> {
    fn function(
        region: &RegionState<'_, Self>,
        name: &str,
        version: Option<&str>,
    ) -> Result<Option<Function>, ServiceError> {
        let Some(stored) = region.here().functions.get(name) else { return Ok(None) };
        let Some(version) = version else { return Ok(Some(stored.describe(region.now))) };
        let found = version.parse().ok().and_then(|number: u64| stored.versions.get(&number));
        let describe = |version: &StoredVersion| Function {
            code_sha256: Some(version.code.sha256),
            code_size_bytes: version.code.size_bytes,
            last_update_status: "Successful".into(),
            last_update_reason: None,
            ..stored.describe(region.now)
        };
        Ok(found.map(describe))
    }

    fn tags(region: &RegionState<'_, Self>, name: &str) -> Result<Tags, ServiceError> {
        let function = region.here().functions.get(name).ok_or_else(|| no_function(name))?;
        Ok(function.tags.clone())
    }

    fn versions(region: &RegionState<'_, Self>, name: &str) -> Result<Vec<FunctionVersion>, ServiceError> {
        let function = region.here().functions.get(name).ok_or_else(|| no_function(name))?;
        let version = |(number, stored): (&u64, &StoredVersion)| FunctionVersion {
            version: number.to_string(),
            description: stored.description.clone(),
            published: stored.published,
        };
        Ok(function.versions.iter().map(version).collect())
    }

    fn update_code(region: &mut RegionState<'_, Self>, update: &CodeUpdate) -> Result<(), ServiceError> {
        let now = region.now;
        let function = function_mut(region, &update.function)?;
        function.check_idle(now)?;
        if function.revision.to_string() != update.revision_id {
            return Err(ServiceError::new(
                "PreconditionFailedException",
                "The Revision Id provided does not match the latest Revision Id.",
            ));
        }
        // A function whose update fails keeps its code.
        if function.update_fails.is_none() {
            let size_bytes = u64::try_from(update.zip.len()).unwrap_or(u64::MAX);
            function.code = StoredCode { sha256: Sha256::of(&update.zip), size_bytes };
        }
        function.updated = Some(now);
        function.revision = function.revision.saturating_add(1);
        Ok(())
    }

    fn publish_version(region: &mut RegionState<'_, Self>, version: &NewVersion) -> Result<String, ServiceError> {
        let now = region.now;
        function_mut(region, &version.function)?.publish(version, now)
    }

    fn delete_version(region: &mut RegionState<'_, Self>, name: &str, version: &str) -> Result<(), ServiceError> {
        let function = function_mut(region, name)?;
        if let Ok(number) = version.parse::<u64>() {
            function.versions.remove(&number);
        }
        Ok(())
    }
}

impl LocalStateMachines for ByRegion<StepRegion> {
    fn state_machine(region: &RegionState<'_, Self>, name: &str) -> Result<Option<StateMachine>, ServiceError> {
        let describe = |stored: &StoredMachine| StateMachine {
            definition: stored.definition.clone(),
            role_arn: stored.role_arn.clone(),
            machine_type: if stored.is_express { MachineType::Express } else { MachineType::Standard },
            status: "ACTIVE".into(),
        };
        Ok(region.here().state_machines.get(name).map(describe))
    }

    fn tags(region: &RegionState<'_, Self>, name: &str) -> Result<Tags, ServiceError> {
        let machine = region.here().state_machines.get(name).ok_or_else(|| no_machine(name))?;
        Ok(machine.tags.clone())
    }

    fn validate(
        _: &RegionState<'_, Self>,
        definition: &str,
        machine_type: MachineType,
    ) -> Result<Vec<Diagnostic>, ServiceError> {
        Ok(diagnostics(definition, machine_type))
    }

    fn update(region: &mut RegionState<'_, Self>, name: &str, definition: &str) -> Result<(), ServiceError> {
        let machine = region.here_mut().state_machines.get_mut(name).ok_or_else(|| no_machine(name))?;
        let machine_type = if machine.is_express { MachineType::Express } else { MachineType::Standard };
        if let Some(problem) = diagnostics(definition, machine_type).into_iter().next() {
            return Err(ServiceError::new("InvalidDefinition", format!("{}: {}", problem.code, problem.message)));
        }
        definition.clone_into(&mut machine.definition);
        Ok(())
    }
}

/// Here Step Functions says what our own validation says.
fn diagnostics(definition: &str, machine_type: MachineType) -> Vec<Diagnostic> {
    let error = |code: &str, message: String, location: String| Diagnostic {
        is_error: true,
        code: code.into(),
        message,
        location,
    };
    let parsed = match json::parse(definition.as_bytes()) {
        Ok(parsed) => parsed,
        Err(invalid) => return vec![error("INVALID_JSON_DESCRIPTION", invalid.to_string(), String::new())],
    };
    let problems = asl::validate(&parsed, machine_type).err().map(|invalid| invalid.problems).unwrap_or_default();
    let diagnostic = |problem: asl::Problem| {
        error("SCHEMA_VALIDATION_FAILED", problem.message, format!("/{}", problem.location.replace('.', "/")))
    };
    problems.into_iter().map(diagnostic).collect()
}

fn function_mut<'r>(
    region: &'r mut RegionState<'_, ByRegion<StepRegion>>,
    name: &str,
) -> Result<&'r mut StoredFunction, ServiceError> {
    region.here_mut().functions.get_mut(name).ok_or_else(|| no_function(name))
}

fn no_function(name: &str) -> ServiceError {
    ServiceError::new("ResourceNotFoundException", format!("Function not found: {name}"))
}

fn no_machine(name: &str) -> ServiceError {
    ServiceError::new("StateMachineDoesNotExist", format!("State Machine Does Not Exist: {name}"))
}
