//! A table of DynamoDB whose partition key is `key`: consistent reads and transactions.

mod transaction;

pub(crate) use transaction::{Condition, Refused, Write};

use crate::AwsSession;
use crate::contention::Contention;
use crate::session::CallFailure;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use bifrost_core::cloud::CloudError;
use std::collections::HashMap;
use transaction::{Cancelled, not_built};

/// The attributes of an item.
pub(crate) type Attributes = HashMap<String, AttributeValue>;

pub(crate) const TRANSACT: &str = "dynamodb:TransactWriteItems";
pub(crate) const GET_ITEM: &str = "dynamodb:GetItem";

/// A table in the session's account and region, with the permissions of the session.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    session: AwsSession,
    client: Client,
    name: String,
}

impl Table {
    pub(crate) fn new(session: AwsSession, name: String) -> Self {
        Self { client: Client::new(session.config()), session, name }
    }

    pub(crate) fn session(&self) -> &AwsSession {
        &self.session
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// DynamoDB does not name the table that does not exist.
    pub(crate) fn explain(&self, mut error: CloudError) -> CloudError {
        if error.is_not_found() {
            let (account, region) = (self.session.account(), self.session.region());
            error.message = format!("{} (table {} in account {account}, {region})", error.message, self.name);
        }
        error
    }

    /// Makes all writes, or none of them, and waits for writes of others. Returns the conditions that failed.
    pub(crate) async fn transact(&self, key: &str, writes: Vec<Write>) -> Result<Option<Refused>, CloudError> {
        let writes = self.build(key, writes)?;
        let mut contention = Contention::default();
        loop {
            match self.try_transact(key, writes.clone()).await? {
                Transacted::Done => return Ok(None),
                Transacted::Refused(refused) => return Ok(Some(refused)),
                Transacted::Busy(_) if contention.wait().await => {}
                Transacted::Busy(error) => return Err(error),
            }
        }
    }

    pub(crate) fn build(&self, key: &str, writes: Vec<Write>) -> Result<Vec<TransactWriteItem>, CloudError> {
        let writes: Result<_, _> = writes.into_iter().map(|write| write.build(&self.name)).collect();
        writes.map_err(|error| not_built(TRANSACT, key, &error))
    }

    /// Makes all writes, or none of them. If the answer to a request is lost, the SDK repeats it with the same
    /// `ClientRequestToken`, and DynamoDB answers that the transaction was made.
    pub(crate) async fn try_transact(
        &self,
        key: &str,
        writes: Vec<TransactWriteItem>,
    ) -> Result<Transacted, CloudError> {
        let transaction = self.client.transact_write_items().set_transact_items(Some(writes));
        let Err(failure) = self.session.try_call(TRANSACT, key, transaction.send()).await else {
            return Ok(Transacted::Done);
        };
        let CallFailure {
            service_error: Some(TransactWriteItemsError::TransactionCanceledException(cancelled)), ..
        } = failure
        else {
            return Err(self.explain(failure.error));
        };
        match Cancelled::read(cancelled) {
            Cancelled::Refused(refused) => Ok(Transacted::Refused(refused)),
            Cancelled::Busy(reason) => Ok(Transacted::Busy(self.explain(reason.explain(failure.error)))),
            Cancelled::Failed(reason) => Err(self.explain(reason.explain(failure.error))),
        }
    }

    /// Reads an item, consistently.
    pub(crate) async fn item(&self, key: &str) -> Result<Option<Attributes>, CloudError> {
        let get = self.client.get_item().table_name(&self.name).key("key", AttributeValue::S(key.to_owned()));
        let answer = self.session.call(GET_ITEM, key, get.consistent_read(true).send()).await;
        Ok(answer.map_err(|error| self.explain(error))?.item)
    }
}

/// The outcome of one request for a transaction.
pub(crate) enum Transacted {
    Done,
    /// Conditions failed, and nothing was written.
    Refused(Refused),
    /// Another write was in the way, or the table lacks capacity. Nothing was written, and a repetition may succeed.
    Busy(CloudError),
}

/// The condition of an item that is written once.
pub(crate) fn absent() -> Condition {
    Condition::new("attribute_not_exists(#key)")
}
