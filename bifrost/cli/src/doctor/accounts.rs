//! The target accounts whose roles are checked.

use crate::client::ClientDeployer;
use crate::client::{Address, Client};
use bifrost_core::cloud::{CloudError, ExecutionFilter};
use bifrost_core::release::AccountId;
use std::collections::BTreeSet;

/// How many executions are looked at. Each costs a call, and Step Functions allows some fifteen a second.
const MAX_EXECUTIONS: usize = 50;

/// Those that are asked for; else those that were deployed to of late; else the deployer's own.
pub(super) async fn targets<D: ClientDeployer>(
    client: &Client<D>,
    asked: &[AccountId],
) -> Result<BTreeSet<AccountId>, CloudError> {
    if !asked.is_empty() {
        return Ok(asked.iter().cloned().collect());
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
