//! Reads the deployer's resources and checks them.

use super::audit_log::ObservedLog;
use super::remediation::Remediation;
use super::{
    DoctorFinding, accounts, alarm, answer, audit_log, audit_trail, bucket, definition, function, machine, roles, table,
};
use crate::audit_location::AuditState;
use crate::bootstrap::{alarm_topic, shortest_task_seconds};
use crate::client::{Client, ClientDeployer};
use bifrost_core::account::Identity;
use bifrost_core::cloud::{
    BucketSettings, CloudError, FunctionConfiguration, Invocation, MachineConfiguration, Table, TopicSubscriptions,
};
use bifrost_core::deployer::{self, Connection};
use bifrost_core::release::{AccountId, BucketName, StepOptIn};
use bifrost_core::self_check::SelfCheck;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The answers of AWS.
pub(super) struct Observed {
    pub(super) caller: Result<String, CloudError>,
    pub(super) function: Result<Option<FunctionConfiguration>, CloudError>,
    pub(super) function_tags: Result<BTreeMap<String, String>, CloudError>,
    pub(super) machine: Result<Option<MachineConfiguration>, CloudError>,
    pub(super) table: Result<Option<Table>, CloudError>,
    pub(super) bucket: Result<Option<BucketSettings>, CloudError>,
    /// The topic that gets every deploy which failed and may not have cleaned up.
    pub(super) alarm: Result<Option<TopicSubscriptions>, CloudError>,
    /// The target accounts.
    pub(super) accounts: Result<BTreeSet<AccountId>, CloudError>,
    /// The function's answer to the self-check; `None` if the function does not exist.
    pub(super) answer: Option<Result<Invocation, CloudError>>,
    /// The audit log, if the function writes one.
    pub(super) audit_log: Option<ObservedLog>,
}

/// The deployer to check.
pub(super) struct CheckTarget<'a> {
    pub(super) identity: &'a Identity,
    pub(super) bucket: &'a BucketName,
    /// The definition of the state machine by this client.
    pub(super) definition: Value,
}

/// Checks the deployer and its role in the `requested` accounts; without any, in the accounts of recent deploys.
/// `program` is the deployer's command as a user types it, with the arguments that select the deployer.
pub async fn examine<D: ClientDeployer>(
    connection: &Connection<D>,
    requested: &[AccountId],
    program: &str,
) -> Vec<DoctorFinding> {
    let identity = connection.account.identity.as_ref();
    let definition = deployer::definition::<D>(&identity.function_arn());
    let target = CheckTarget { identity, bucket: &connection.account.defaults.bucket, definition };
    observe(connection, requested, &target).await.findings(&target, program)
}

/// Makes all calls at once, except the self-check, which needs the target accounts, and those for the audit log, whose place is a
/// setting of the function.
async fn observe<D: ClientDeployer>(
    connection: &Connection<D>,
    requested: &[AccountId],
    target: &CheckTarget<'_>,
) -> Observed {
    let CheckTarget { identity, bucket, .. } = target;
    let (client, inventory) = (Client::from(connection), connection.inventory.as_ref());
    let (machine_arn, lock_table) = (identity.state_machine_arn(), identity.lock_table());
    let alarm_topic = target.alarm_topic();
    let (caller, function, function_tags, machine, table, bucket, alarm, accounts) = tokio::join!(
        inventory.caller(),
        inventory.function(&identity.name),
        inventory.function_tags(&identity.name),
        inventory.state_machine(&machine_arn),
        inventory.table(&lock_table),
        inventory.bucket(bucket, &identity.account),
        inventory.subscriptions(&alarm_topic),
        accounts::targets(&client, requested),
    );
    let self_check = SelfCheck { accounts: accounts.iter().flatten().cloned().collect() };
    let answer = async {
        match &function {
            Ok(None) => None,
            _ => Some(inventory.invoke(&identity.name, &self_check.payload()).await),
        }
    };
    let state = audit_state(&function, identity);
    let audit_log = async {
        let log = state.log()?;
        let trail = audit_trail::observe(inventory, log, identity, connection.account.now());
        Some(audit_log::observe(inventory, log, trail).await)
    };
    let (answer, audit_log) = tokio::join!(answer, audit_log);
    Observed { caller, function, function_tags, machine, table, bucket, alarm, accounts, answer, audit_log }
}

fn audit_state(function: &Result<Option<FunctionConfiguration>, CloudError>, identity: &Identity) -> AuditState {
    AuditState::of(function.as_ref().ok().and_then(Option::as_ref), identity)
}

impl CheckTarget<'_> {
    fn alarm_topic(&self) -> String {
        let Identity { name, account, region } = self.identity;
        region.arn("sns", account, &alarm_topic(name))
    }
}

impl Observed {
    /// Whether the deployer may have been set up before: any of its resources exists, or cannot be read.
    fn may_exist(&self) -> bool {
        !matches!(self, Self { function: Ok(None), machine: Ok(None), table: Ok(None), bucket: Ok(None), .. })
    }

    /// All checks, in the order in which faults should be fixed.
    pub(super) fn findings(&self, target: &CheckTarget<'_>, program: &str) -> Vec<DoctorFinding> {
        let CheckTarget { identity, bucket, definition } = target;
        let function = self.function.as_ref().ok().and_then(Option::as_ref);
        let opt_in = self.function_tags.as_ref().map(StepOptIn::from_tags);
        let remediation = Remediation::new(program, identity, function, opt_in, self.may_exist());
        let report = self.answer.as_ref().map(|answer| answer::read(answer, &remediation));
        let (answered, report) = report.map_or((None, None), |(finding, report)| (Some(finding), report));
        let machine = self.machine.as_ref().ok().and_then(Option::as_ref).map(|machine| &machine.definition);
        // Definitions of earlier versions have no timeouts.
        let run = machine.filter(|machine| shortest_task_seconds(machine).is_some()).unwrap_or(definition);
        let mut findings = vec![access(&self.caller, &remediation), function::check(&self.function, run, &remediation)];
        findings.extend(answered);
        findings.push(machine::check(&self.machine, &remediation));
        findings.extend(definition::check(definition, machine, report.as_ref(), &remediation));
        findings.extend(table::check(&self.table, &remediation));
        findings.extend(bucket::check(&self.bucket, bucket, &remediation));
        let state = audit_state(&self.function, identity);
        findings.extend(audit_log::check(&state, self.audit_log.as_ref(), &remediation));
        findings.push(alarm::check(&self.alarm, &target.alarm_topic(), &remediation));
        findings.extend(roles::check(&self.accounts, report.as_ref(), &remediation));
        findings
    }
}

/// The credentials are valid and for the deployer account, or there would be no connection.
fn access(caller: &Result<String, CloudError>, remediation: &Remediation<'_>) -> DoctorFinding {
    match caller {
        Ok(arn) => DoctorFinding::good("access", format!("{arn} in {}", remediation.location())),
        Err(error) => DoctorFinding::unchecked("access", error),
    }
}
