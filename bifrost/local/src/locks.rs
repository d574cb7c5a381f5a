//! The port for root locks on the local cloud.

use super::error::ServiceError;
use super::lock_table::LockItems;
use super::session::LocalSession;
use super::state::{LocalState, Resources, no_account};
use async_trait::async_trait;
use bifrost_core::cloud::{
    CloudError, DeployedItem, EndedItem, GiveBack, GivenBack, LockItem, LockTable, LockTaken, TakeLock,
};
use bifrost_core::release::{ObjectKey, RootDir};
use chrono::{DateTime, Utc};
use uuid::Uuid;

const TRANSACT: &str = "dynamodb:TransactWriteItems";
const GET: &str = "dynamodb:GetItem";

/// The lock table of the local cloud.
pub(super) struct LocalLocks<R> {
    pub(super) session: LocalSession<R>,
    pub(super) table: String,
}

impl<R: Resources> LocalLocks<R> {
    fn items<'w>(&self, state: &'w LocalState<R>) -> Result<&'w LockItems, ServiceError> {
        let account = &self.session.account;
        let tables = &state.accounts.get(account).ok_or_else(|| no_account(account))?.lock_tables;
        tables.get(&self.name()).ok_or_else(|| self.no_table())
    }

    fn items_mut<'w>(&self, state: &'w mut LocalState<R>) -> Result<&'w mut LockItems, ServiceError> {
        let tables = &mut state.account(&self.session.account)?.lock_tables;
        tables.get_mut(&self.name()).ok_or_else(|| self.no_table())
    }

    fn name(&self) -> String {
        format!("{}/{}", self.session.region, self.table)
    }

    fn no_table(&self) -> ServiceError {
        let LocalSession { account, region, .. } = &self.session;
        let message = format!("table {} does not exist in {region} of account {account}", self.table);
        ServiceError::new("ResourceNotFoundException", message)
    }

    async fn put_ended(&self, ended: &EndedItem) -> Result<(), CloudError> {
        let put = self.session.invoke("dynamodb:PutItem", &ended.key, |state| {
            let now = state.clock;
            put_ended(self.items_mut(state)?, ended, now);
            Ok(())
        });
        put.await
    }
}

#[async_trait]
impl<R: Resources> LockTable for LocalLocks<R> {
    async fn take(&self, lock: &TakeLock) -> Result<LockTaken, CloudError> {
        self.session.invoke(TRANSACT, &lock.item.key, |state| Ok(take(self.items_mut(state)?, lock))).await
    }

    async fn give_back(&self, lock: &GiveBack) -> Result<GivenBack, CloudError> {
        let transaction = self.session.invoke(TRANSACT, lock.key.as_str(), |state| {
            let now = state.clock;
            Ok(give_back(self.items_mut(state)?, lock, now))
        });
        let given_back = transaction.await?;
        if let GivenBack::NotHeld(_) = given_back {
            self.put_ended(&lock.ended).await?;
        }
        Ok(given_back)
    }

    async fn get(&self, key: &ObjectKey) -> Result<Option<LockItem>, CloudError> {
        let key = key.as_str();
        self.session.invoke_read(GET, key, |state| Ok(self.items(state)?.locks.get(key).cloned())).await
    }

    async fn ended(&self, owner: Uuid) -> Result<Option<EndedItem>, CloudError> {
        let key = EndedItem::key(&owner.to_string());
        self.session.invoke_read(GET, &key, |state| Ok(self.items(state)?.ended.get(&key).cloned())).await
    }

    async fn deployed(&self, dir: &RootDir) -> Result<Option<DeployedItem>, CloudError> {
        let key = DeployedItem::key(dir);
        self.session.invoke_read(GET, &key, |state| Ok(self.items(state)?.deployed.get(&key).cloned())).await
    }

    async fn all_deployed(&self) -> Result<Vec<Result<DeployedItem, CloudError>>, CloudError> {
        let scan = self.session.invoke_read("dynamodb:Scan", &self.table, |state| {
            Ok(self.items(state)?.deployed.values().cloned().map(Ok).collect())
        });
        scan.await
    }
}

fn take(items: &mut LockItems, lock: &TakeLock) -> LockTaken {
    let TakeLock { item, dir, created_at } = lock;
    if let Some(ended) = items.ended.get(&EndedItem::key(&item.id)) {
        return LockTaken::Ended(ended.clone());
    }
    if let Some(other) = items.locks.get(&item.key).filter(|other| other.id != item.id) {
        return LockTaken::Held(Box::new(other.clone()));
    }
    if let Some(newer) = items.deployed.get(&DeployedItem::key(dir)).filter(|other| other.refuses(*created_at)) {
        return LockTaken::Newer(Box::new(newer.clone()));
    }
    items.locks.insert(item.key.clone(), item.clone());
    LockTaken::Taken
}

fn give_back(items: &mut LockItems, lock: &GiveBack, now: DateTime<Utc>) -> GivenBack {
    let GiveBack { key, owner, ended, deployed } = lock;
    match items.locks.get(key.as_str()) {
        Some(other) if other.id != *owner => return GivenBack::NotHeld(Some(Box::new(other.clone()))),
        None if deployed.is_some() => return GivenBack::NotHeld(None),
        _ => {}
    }
    items.locks.remove(key.as_str());
    put_ended(items, ended, now);
    items.deployed.extend(deployed.iter().map(|item| (item.key.clone(), item.clone())));
    GivenBack::Done
}

/// Puts the item, unless it is there already. Deletes expired items, as the table's TTL does.
fn put_ended(items: &mut LockItems, ended: &EndedItem, now: DateTime<Utc>) {
    items.ended.retain(|_, item| item.expires_at > now.timestamp());
    items.ended.entry(ended.key.clone()).or_insert_with(|| ended.clone());
}

#[cfg(test)]
mod tests {
    use super::*;
    use bifrost_core::cloud::EndedBy;

    #[test]
    fn expired_items_are_deleted() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let mut items = LockItems::default();
        for (owner, time) in [("old", now - bifrost_core::cloud::ENDED_TTL), ("new", now)] {
            put_ended(&mut items, &EndedItem::new(owner, EndedBy::Execution, true, time), now);
        }
        put_ended(&mut items, &EndedItem::new("other", EndedBy::Unlock, false, now), now);
        assert_eq!(items.ended.keys().collect::<Vec<_>>(), ["ended/new", "ended/other"]);
    }
}
