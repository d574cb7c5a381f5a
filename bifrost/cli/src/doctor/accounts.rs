//! The target accounts whose roles are checked.

use crate::client::ClientDeployer;
use crate::client::{Address, Client};
use bifrost_core::cloud::{CloudError, ExecutionFilter};
use bifrost_core::release::AccountId;
use std::collections::BTreeSet;

/// How many recent executions are read. Each costs a call, and Step Functions allows about fifteen per second.
const MAX_EXECUTIONS: usize = 50;

/// The requested accounts; without any, those of recent deploys; without those, the deployer account.
pub(super) async fn targets<D: ClientDeployer>(
    client: &Client<D>,
    requested: &[AccountId],
) -> Result<BTreeSet<AccountId>, CloudError> {
    if !requested.is_empty() {
        return Ok(requested.iter().cloned().collect());
    }
    let recent = match client.executions.list(&ExecutionFilter::default(), MAX_EXECUTIONS).await {
        Ok(recent) => recent,
        Err(error) if error.is_not_found() => Vec::new(),
        Err(error) => return Err(error),
    };
    let addresses =
        recent.iter().filter_map(|execution| Address::read(&execution.input, &client.account.defaults).ok());
    let accounts: BTreeSet<_> = addresses.map(|address| address.account).collect();
    Ok(if accounts.is_empty() { [client.account.identity.account.clone()].into() } else { accounts })
}
