//! The port for root locks, on DynamoDB.

use crate::AwsSession;
use crate::error::Incomplete;
use crate::session::CallFailure;
use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use bifrost_core::cloud::{CloudError, LockItem, LockTable, PutLock};
use bifrost_core::release::ObjectKey;
use chrono::{DateTime, SecondsFormat, Utc};
use std::collections::HashMap;

type Item = HashMap<String, AttributeValue>;

/// A lock table in the session's account and region.
#[derive(Debug, Clone)]
pub struct DynamoDbLocks {
    session: AwsSession,
    client: Client,
    table: String,
}

impl DynamoDbLocks {
    /// The table of this name, with the permissions of the session.
    #[must_use]
    pub fn new(session: AwsSession, table: String) -> Self {
        Self { client: Client::new(session.config()), session, table }
    }

    /// DynamoDB does not name the table that does not exist.
    fn with_table(&self, mut error: CloudError) -> CloudError {
        if error.is_not_found() {
            let (account, region) = (self.session.account(), self.session.region());
            error.message = format!("{} (table {} in account {account}, {region})", error.message, self.table);
        }
        error
    }
}

#[async_trait]
impl LockTable for DynamoDbLocks {
    async fn put(&self, item: &LockItem) -> Result<PutLock, CloudError> {
        const OPERATION: &str = "dynamodb:PutItem";
        let put = self.client.put_item().table_name(&self.table).set_item(Some(attributes(item)));
        let put = put
            .condition_expression("attribute_not_exists(#key) OR #id = :id")
            .expression_attribute_names("#key", "key")
            .expression_attribute_names("#id", "id")
            .expression_attribute_values(":id", AttributeValue::S(item.id.clone()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match self.session.try_call(OPERATION, &item.key, put.send()).await {
            Ok(_) => Ok(PutLock::Taken),
            Err(CallFailure { service_error: Some(PutItemError::ConditionalCheckFailedException(failed)), .. }) => {
                let held = failed.item.present(OPERATION, &item.key, "Item")?;
                Ok(PutLock::Held(Box::new(read(OPERATION, &item.key, &held)?)))
            }
            Err(failure) => Err(self.with_table(failure.error)),
        }
    }

    async fn delete(&self, key: &ObjectKey, id: &str) -> Result<bool, CloudError> {
        let delete = self.client.delete_item().table_name(&self.table).key("key", AttributeValue::S(key.to_string()));
        let delete = delete
            .condition_expression("#id = :id")
            .expression_attribute_names("#id", "id")
            .expression_attribute_values(":id", AttributeValue::S(id.to_owned()));
        match self.session.try_call("dynamodb:DeleteItem", key.as_str(), delete.send()).await {
            Ok(_) => Ok(true),
            Err(CallFailure { service_error: Some(DeleteItemError::ConditionalCheckFailedException(_)), .. }) => {
                Ok(false)
            }
            Err(failure) => Err(self.with_table(failure.error)),
        }
    }

    async fn get(&self, key: &ObjectKey) -> Result<Option<LockItem>, CloudError> {
        const OPERATION: &str = "dynamodb:GetItem";
        let get = self.client.get_item().table_name(&self.table).key("key", AttributeValue::S(key.to_string()));
        let answer = self.session.call(OPERATION, key.as_str(), get.consistent_read(true).send()).await;
        let output = answer.map_err(|error| self.with_table(error))?;
        output.item.map(|item| read(OPERATION, key.as_str(), &item)).transpose()
    }
}

fn attributes(item: &LockItem) -> Item {
    let LockItem { key, id, time, execution, release_id, started_by } = item;
    let required = [("key", key.clone()), ("id", id.clone()), ("time", rfc3339(*time))];
    let optional = [("execution", execution), ("release_id", release_id), ("started_by", started_by)];
    let optional = optional.into_iter().filter_map(|(name, value)| Some((name, value.clone()?)));
    required.into_iter().chain(optional).map(|(name, value)| (name.to_owned(), AttributeValue::S(value))).collect()
}

fn rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Reads an item. A Go deployer writes only `key`, `id` and `time`.
fn read(operation: &'static str, key: &str, item: &Item) -> Result<LockItem, CloudError> {
    let text = |name: &str| item.get(name)?.as_s().ok().cloned();
    let time = text("time").and_then(|time| DateTime::parse_from_rfc3339(&time).ok());
    Ok(LockItem {
        key: key.to_owned(),
        id: text("id").present(operation, key, "id")?,
        time: time.present(operation, key, "time")?.to_utc(),
        execution: text("execution"),
        release_id: text("release_id"),
        started_by: text("started_by"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item() -> LockItem {
        LockItem {
            key: "000000000000/web/dev/lock".into(),
            id: "an owner".into(),
            time: DateTime::from_timestamp_millis(1_800_000_000_123).unwrap(),
            execution: Some("arn".into()),
            release_id: None,
            started_by: None,
        }
    }

    #[test]
    fn item_is_read_as_it_was_written() {
        let attributes = attributes(&item());
        assert_eq!(attributes.len(), 4);
        assert_eq!(read("dynamodb:GetItem", &item().key, &attributes), Ok(item()));
    }

    #[test]
    fn invalid_item_is_refused_with_the_attribute() {
        let mut attributes = attributes(&item());
        attributes.insert("time".into(), AttributeValue::S("yesterday".into()));
        let error = read("dynamodb:GetItem", "k", &attributes).unwrap_err();
        assert_eq!((error.resource.as_str(), error.code.as_str()), ("k", "IncompleteAnswer"));
        assert!(error.message.contains("time"), "{error}");
    }
}
