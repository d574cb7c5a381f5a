//! The port for root locks, on DynamoDB.

mod items;

use crate::AwsSession;
use crate::contention::Contention;
use crate::dynamodb::{Attributes, Condition, GET_ITEM, TRANSACT, Table, Write, absent};
use crate::error::Incomplete;
use crate::pages::pages;
use crate::session::CallFailure;
use async_trait::async_trait;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use bifrost_core::cloud::{
    CloudError, DeployedItem, EndedItem, GiveBack, GivenBack, LockItem, LockTable, LockTaken, TakeLock, oldest_replaced,
};
use bifrost_core::release::{ObjectKey, RootDir};
use items::{Reader, of_deployed, of_ended, of_lock};
use uuid::Uuid;

const PUT: &str = "dynamodb:PutItem";
const SCAN: &str = "dynamodb:Scan";

// The positions of the writes in the transactions.
const LOCK: usize = 0;
const ENDED: usize = 1;
const DEPLOYED: usize = 2;

/// A lock table in the session's account and region.
#[derive(Debug, Clone)]
pub struct DynamoDbLocks {
    table: Table,
}

impl DynamoDbLocks {
    /// The table of this name, with the permissions of the session.
    #[must_use]
    pub fn new(session: AwsSession, table: String) -> Self {
        Self { table: Table::new(session, table) }
    }

    /// Puts the item alone. That it is there already is no error.
    async fn put_ended(&self, ended: &EndedItem) -> Result<(), CloudError> {
        let mut contention = Contention::default();
        loop {
            let put = self.table.client().put_item().table_name(self.table.name()).set_item(Some(of_ended(ended)));
            let Condition { expression, names, values } = absent();
            let put = put
                .condition_expression(expression)
                .set_expression_attribute_names(Some(names))
                .set_expression_attribute_values(values);
            match self.table.session().try_call(PUT, &ended.key, put.send()).await {
                Ok(_)
                | Err(CallFailure { service_error: Some(PutItemError::ConditionalCheckFailedException(_)), .. }) => {
                    return Ok(());
                }
                Err(CallFailure { service_error: Some(PutItemError::TransactionConflictException(_)), .. })
                    if contention.wait().await => {}
                Err(failure) => return Err(self.table.explain(failure.error)),
            }
        }
    }

    /// A page of the items `deployed/…`, which starts after the item of that key, and the key of the last item that was read.
    async fn deployed_page(&self, after: Option<String>) -> Result<(Vec<Attributes>, Option<String>), CloudError> {
        let scan = self.table.client().scan().table_name(self.table.name()).consistent_read(true);
        let scan = scan
            .filter_expression("begins_with(#key, :prefix)")
            .expression_attribute_names("#key", "key")
            .expression_attribute_values(":prefix", AttributeValue::S(DeployedItem::PREFIX.into()))
            .set_exclusive_start_key(after.map(|key| [("key".into(), AttributeValue::S(key))].into()));
        let answer = self.table.session().call(SCAN, self.table.name(), scan.send()).await;
        let output = answer.map_err(|error| self.table.explain(error))?;
        let last =
            output.last_evaluated_key.map(|key| Reader::new(SCAN, self.table.name(), &key).text("key")).transpose()?;
        Ok((output.items.unwrap_or_default(), last))
    }
}

#[async_trait]
impl LockTable for DynamoDbLocks {
    async fn take(&self, lock: &TakeLock) -> Result<LockTaken, CloudError> {
        let TakeLock { item, dir, created_at } = lock;
        let (ended, deployed) = (EndedItem::key(&item.id), DeployedItem::key(dir));
        let limit = AttributeValue::N(oldest_replaced(*created_at).to_string());
        let older = Condition::new("attribute_not_exists(#key) OR created_at_ms <= :limit").with(":limit", limit);
        let writes = vec![
            Write::Put(of_lock(item), Some(free_or_of(&item.id))),
            Write::Check(ended.clone(), absent()),
            Write::Check(deployed.clone(), older),
        ];
        let Some(mut refused) = self.table.transact(&item.key, writes).await? else { return Ok(LockTaken::Taken) };
        if let Some(seen) = refused.remove(&ENDED) {
            let seen = seen.present(TRANSACT, &ended, "Item")?;
            return Reader::new(TRANSACT, &ended, &seen).ended().map(LockTaken::Ended);
        }
        if let Some(seen) = refused.remove(&LOCK) {
            let seen = seen.present(TRANSACT, &item.key, "Item")?;
            return Ok(LockTaken::Held(Box::new(Reader::new(TRANSACT, &item.key, &seen).lock()?)));
        }
        let seen = refused.remove(&DEPLOYED).flatten().present(TRANSACT, &deployed, "Item")?;
        Ok(LockTaken::Newer(Box::new(Reader::new(TRANSACT, &deployed, &seen).deployed()?)))
    }

    async fn give_back(&self, lock: &GiveBack) -> Result<GivenBack, CloudError> {
        let key = lock.key.as_str();
        let put_ended = Write::Put(of_ended(&lock.ended), Some(absent()));
        let writes = [delete(lock), put_ended].into_iter().chain(put_deployed(lock));
        let Some(mut refused) = self.table.transact(key, writes.collect()).await? else { return Ok(GivenBack::Done) };
        if refused.contains_key(&LOCK) {
            self.put_ended(&lock.ended).await?;
        } else {
            // An `ended` is there and stays. The lock, if it is still there, has to go all the same.
            let writes = [delete(lock)].into_iter().chain(put_deployed(lock));
            let Some(left) = self.table.transact(key, writes.collect()).await? else { return Ok(GivenBack::Done) };
            refused = left;
        }
        let holder = refused.remove(&LOCK).flatten();
        let holder = holder.map(|seen| Reader::new(TRANSACT, key, &seen).lock()).transpose()?;
        Ok(GivenBack::NotHeld(holder.map(Box::new)))
    }

    async fn get(&self, key: &ObjectKey) -> Result<Option<LockItem>, CloudError> {
        let item = self.table.item(key.as_str()).await?;
        item.map(|item| Reader::new(GET_ITEM, key.as_str(), &item).lock()).transpose()
    }

    async fn ended(&self, owner: Uuid) -> Result<Option<EndedItem>, CloudError> {
        let key = EndedItem::key(&owner.to_string());
        let item = self.table.item(&key).await?;
        item.map(|item| Reader::new(GET_ITEM, &key, &item).ended()).transpose()
    }

    async fn deployed(&self, dir: &RootDir) -> Result<Option<DeployedItem>, CloudError> {
        let key = DeployedItem::key(dir);
        let item = self.table.item(&key).await?;
        item.map(|item| Reader::new(GET_ITEM, &key, &item).deployed()).transpose()
    }

    async fn all_deployed(&self) -> Result<Vec<Result<DeployedItem, CloudError>>, CloudError> {
        let items = pages(|after| self.deployed_page(after)).await?;
        Ok(read_deployed(self.table.name(), &items))
    }
}

/// Reads the items `deployed/…`, sorted by key. One that cannot be read is an error with its key.
fn read_deployed(table: &str, items: &[Attributes]) -> Vec<Result<DeployedItem, CloudError>> {
    let mut deployed: Vec<_> = items
        .iter()
        .map(|item| {
            let key = Reader::new(SCAN, table, item).text("key")?;
            Reader::new(SCAN, &key, item).deployed()
        })
        .collect();
    let key = |item: &Result<DeployedItem, CloudError>| match item {
        Ok(item) => item.key.clone(),
        Err(error) => error.resource.clone(),
    };
    deployed.sort_by_cached_key(key);
    deployed
}

fn free_or_of(owner: &str) -> Condition {
    Condition::new("attribute_not_exists(#key) OR #id = :id").with(":id", AttributeValue::S(owner.to_owned()))
}

/// Deletes the lock. Only its holder may write what is deployed.
fn delete(lock: &GiveBack) -> Write {
    let condition = match lock.deployed {
        None => free_or_of(&lock.owner),
        Some(_) => Condition::new("#id = :id").with(":id", AttributeValue::S(lock.owner.clone())),
    };
    Write::Delete(lock.key.to_string(), condition)
}

fn put_deployed(lock: &GiveBack) -> Option<Write> {
    lock.deployed.as_ref().map(|item| Write::Put(of_deployed(item), None))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    fn item(project: &str) -> DeployedItem {
        DeployedItem {
            key: format!("deployed/000000000000/{project}/dev"),
            release_id: "release-1-one".parse().unwrap(),
            created_at_ms: 0,
            execution: None,
            time: DateTime::UNIX_EPOCH,
            deployer: "coinbase-odin".into(),
            started_by: None,
        }
    }

    #[test]
    fn unreadable_item_hides_no_other() {
        let mut attributes = ["c", "b", "a"].map(|project| of_deployed(&item(project)));
        attributes[1].remove("time");
        let read = read_deployed("locks", &attributes);
        assert_eq!((&read[0], &read[2]), (&Ok(item("a")), &Ok(item("c"))));
        assert_eq!(read[1].as_ref().unwrap_err().resource, item("b").key);
    }
}
