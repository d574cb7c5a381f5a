//! Asks for everything, and checks it.

use super::remediation::Advice;
use super::{DoctorFinding, accounts, answer, bucket, definition, function, machine, roles, table};
use crate::client::{Client, ClientDeployer};
use bifrost_core::account::Identity;
use bifrost_core::cloud::{BucketSettings, CloudError, FunctionConfiguration, Invocation, MachineConfiguration, Table};
use bifrost_core::deployer::Connection;
use bifrost_core::machine::Machine;
use bifrost_core::release::{AccountId, BucketName};
use bifrost_core::self_check::SelfCheck;
use serde_json::Value;
use std::collections::BTreeSet;

/// What AWS told.
pub(super) struct Observed {
    pub(super) caller: Result<String, CloudError>,
    pub(super) function: Result<Option<FunctionConfiguration>, CloudError>,
    pub(super) machine: Result<Option<MachineConfiguration>, CloudError>,
    pub(super) table: Result<Option<Table>, CloudError>,
    pub(super) bucket: Result<Option<BucketSettings>, CloudError>,
    /// Which target accounts there are.
    pub(super) accounts: Result<BTreeSet<AccountId>, CloudError>,
    /// What the function said when it was asked; nobody asks one that is not there.
    pub(super) answer: Option<Result<Invocation, CloudError>>,
}

/// Who is examined.
pub(super) struct CheckTarget<'a> {
    pub(super) identity: &'a Identity,
    pub(super) bucket: &'a BucketName,
    /// The definition that this client would give the state machine.
    pub(super) definition: Value,
}

/// Checks the deployer: itself, and its role in the accounts that are `asked` about, else in those that it deployed to of
/// late. `program` is how a person calls its command, with the arguments that say which deployer it is.
pub async fn examine<D: ClientDeployer>(
    connection: &Connection<D>,
    asked: &[AccountId],
    program: &str,
) -> Vec<DoctorFinding> {
    let identity = connection.account.identity.as_ref();
    let definition = D::Machine::definition(&identity.function_arn());
    let target = CheckTarget { identity, bucket: &connection.account.defaults.bucket, definition };
    look(connection, asked, &target).await.findings(&target, program)
}

/// All calls at once, save the function's answer, which waits for the accounts that it is about.
async fn look<D: ClientDeployer>(
    connection: &Connection<D>,
    asked: &[AccountId],
    target: &CheckTarget<'_>,
) -> Observed {
    let CheckTarget { identity, bucket, .. } = target;
    let (client, inventory) = (Client::from(connection), connection.inventory.as_ref());
    let (machine_arn, lock_table) = (identity.state_machine_arn(), identity.lock_table());
    let (caller, function, machine, table, bucket, accounts) = tokio::join!(
        inventory.caller(),
        inventory.function(&identity.name),
        inventory.state_machine(&machine_arn),
        inventory.table(&lock_table),
        inventory.bucket(bucket),
        accounts::targets(&client, asked),
    );
    let self_check = SelfCheck { accounts: accounts.iter().flatten().cloned().collect() };
    let answer = match &function {
        Ok(None) => None,
        _ => Some(inventory.invoke(&identity.name, &self_check.payload()).await),
    };
    Observed { caller, function, machine, table, bucket, accounts, answer }
}

impl Observed {
    /// Every check, in the order in which a person would mend things.
    pub(super) fn findings(&self, target: &CheckTarget<'_>, program: &str) -> Vec<DoctorFinding> {
        let CheckTarget { identity, bucket, definition } = target;
        let known = self.function.as_ref().ok().and_then(Option::as_ref);
        let advice = Advice::new(program, identity, known);
        let report = self.answer.as_ref().map(|answer| answer::read(answer, &advice));
        let (answered, report) = report.map_or((None, None), |(finding, report)| (Some(finding), report));
        let machine = self.machine.as_ref().ok().and_then(Option::as_ref).map(|machine| &machine.definition);
        let mut findings = vec![access(&self.caller, &advice), function::check(&self.function, &advice)];
        findings.extend(answered);
        findings.push(machine::check(&self.machine, &advice));
        findings.extend(definition::check(definition, machine, report.as_ref(), &advice));
        findings.push(table::check(&self.table, &advice));
        findings.extend(bucket::check(&self.bucket, bucket, &advice));
        findings.extend(roles::check(&self.accounts, report.as_ref(), &advice));
        findings
    }
}

/// That the credentials are good and of the deployer account is known already: without it there is no connection.
fn access(caller: &Result<String, CloudError>, advice: &Advice<'_>) -> DoctorFinding {
    match caller {
        Ok(arn) => DoctorFinding::good("access", format!("{arn}, in {}", advice.options())),
        Err(error) => DoctorFinding::unchecked("access", error),
    }
}
