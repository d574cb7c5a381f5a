//! Items of the lock table as DynamoDB stores them.

use crate::dynamodb::Attributes;
use crate::error::Incomplete;
use aws_sdk_dynamodb::types::AttributeValue;
use bifrost_core::cloud::{CloudError, DeployedItem, EndedBy, EndedItem, LockItem};
use chrono::{DateTime, SecondsFormat, Utc};

pub(super) fn of_lock(item: &LockItem) -> Attributes {
    let LockItem { key, id, time, execution, release_id, started_by } = item;
    let required = [("key", text(key)), ("id", text(id)), ("time", rfc3339(*time))];
    let optional = [("execution", execution), ("release_id", release_id), ("started_by", started_by)];
    attributes(required, optional)
}

pub(super) fn of_ended(item: &EndedItem) -> Attributes {
    let EndedItem { key, by, success, time, expires_at } = item;
    let required = [
        ("key", text(key)),
        ("by", text(name_of(*by))),
        ("success", AttributeValue::Bool(*success)),
        ("time", rfc3339(*time)),
        ("expires_at", AttributeValue::N(expires_at.to_string())),
    ];
    attributes(required, [])
}

pub(super) fn of_deployed(item: &DeployedItem) -> Attributes {
    let DeployedItem { key, release_id, created_at_ms, execution, time, deployer, started_by } = item;
    let required = [
        ("key", text(key)),
        ("release_id", text(release_id.as_str())),
        ("created_at_ms", AttributeValue::N(created_at_ms.to_string())),
        ("time", rfc3339(*time)),
        ("deployer", text(deployer)),
    ];
    attributes(required, [("execution", execution), ("started_by", started_by)])
}

/// The attribute `by`.
fn name_of(by: EndedBy) -> &'static str {
    match by {
        EndedBy::Execution => "execution",
        EndedBy::Unlock => "unlock",
    }
}

fn attributes<const N: usize, const M: usize>(
    required: [(&str, AttributeValue); N],
    optional: [(&str, &Option<String>); M],
) -> Attributes {
    let optional = optional.into_iter().filter_map(|(name, value)| Some((name, text(value.as_ref()?))));
    required.into_iter().chain(optional).map(|(name, value)| (name.to_owned(), value)).collect()
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn rfc3339(time: DateTime<Utc>) -> AttributeValue {
    AttributeValue::S(time.to_rfc3339_opts(SecondsFormat::Millis, true))
}

/// Reads an item. Errors name the operation, the key and the attribute. Attributes that this version does not know are
/// ignored, so that it reads the items of a later one.
pub(super) struct Reader<'a> {
    operation: &'static str,
    key: &'a str,
    item: &'a Attributes,
}

impl<'a> Reader<'a> {
    pub(super) fn new(operation: &'static str, key: &'a str, item: &'a Attributes) -> Self {
        Self { operation, key, item }
    }

    /// A Go deployer writes only `key`, `id` and `time`.
    pub(super) fn lock(&self) -> Result<LockItem, CloudError> {
        Ok(LockItem {
            key: self.key.to_owned(),
            id: self.text("id")?,
            time: self.time()?,
            execution: self.optional_text("execution"),
            release_id: self.optional_text("release_id"),
            started_by: self.optional_text("started_by"),
        })
    }

    pub(super) fn ended(&self) -> Result<EndedItem, CloudError> {
        let by = self.optional_text("by");
        let by = [EndedBy::Execution, EndedBy::Unlock].into_iter().find(|kind| by.as_deref() == Some(name_of(*kind)));
        let success = self.item.get("success").and_then(|value| value.as_bool().ok().copied());
        Ok(EndedItem {
            key: self.key.to_owned(),
            by: self.valid("by", by)?,
            success: self.valid("success", success)?,
            time: self.time()?,
            expires_at: self.number("expires_at")?,
        })
    }

    pub(super) fn deployed(&self) -> Result<DeployedItem, CloudError> {
        let release_id = self.optional_text("release_id").and_then(|id| id.parse().ok());
        Ok(DeployedItem {
            key: self.key.to_owned(),
            release_id: self.valid("release_id", release_id)?,
            created_at_ms: self.number("created_at_ms")?,
            execution: self.optional_text("execution"),
            time: self.time()?,
            deployer: self.text("deployer")?,
            started_by: self.optional_text("started_by"),
        })
    }

    pub(super) fn text(&self, name: &str) -> Result<String, CloudError> {
        self.valid(name, self.optional_text(name))
    }

    fn optional_text(&self, name: &str) -> Option<String> {
        self.item.get(name)?.as_s().ok().cloned()
    }

    fn time(&self) -> Result<DateTime<Utc>, CloudError> {
        let time = self.optional_text("time").and_then(|time| DateTime::parse_from_rfc3339(&time).ok());
        Ok(self.valid("time", time)?.to_utc())
    }

    fn number(&self, name: &str) -> Result<i64, CloudError> {
        let number = self.item.get(name).and_then(|value| value.as_n().ok()?.parse().ok());
        self.valid(name, number)
    }

    fn valid<T>(&self, name: &str, value: Option<T>) -> Result<T, CloudError> {
        value.present(self.operation, self.key, name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: i64 = 1_800_000_000_123;

    fn time() -> DateTime<Utc> {
        DateTime::from_timestamp_millis(TIME).unwrap()
    }

    fn lock() -> LockItem {
        LockItem {
            key: "000000000000/web/dev/lock".into(),
            id: "an owner".into(),
            time: time(),
            execution: Some("arn".into()),
            release_id: None,
            started_by: None,
        }
    }

    fn deployed() -> DeployedItem {
        DeployedItem {
            key: "deployed/000000000000/web/dev".into(),
            release_id: "release-1-one".parse().unwrap(),
            created_at_ms: TIME,
            execution: None,
            time: time(),
            deployer: "coinbase-odin".into(),
            started_by: Some("ada".into()),
        }
    }

    #[test]
    fn lock_is_read_as_it_was_written() {
        let attributes = of_lock(&lock());
        assert_eq!(attributes.len(), 4);
        assert_eq!(Reader::new("dynamodb:GetItem", &lock().key, &attributes).lock(), Ok(lock()));
    }

    #[test]
    fn ended_is_read_as_it_was_written() {
        for (by, success) in [(EndedBy::Execution, true), (EndedBy::Unlock, false)] {
            let item = EndedItem::new("an owner", by, success, time());
            let attributes = of_ended(&item);
            assert_eq!(attributes["expires_at"], AttributeValue::N(item.expires_at.to_string()));
            assert_eq!(Reader::new("dynamodb:GetItem", &item.key, &attributes).ended(), Ok(item));
        }
    }

    #[test]
    fn deployed_is_read_as_it_was_written() {
        let attributes = of_deployed(&deployed());
        assert_eq!(attributes["created_at_ms"], AttributeValue::N(TIME.to_string()));
        assert_eq!(Reader::new("dynamodb:Scan", &deployed().key, &attributes).deployed(), Ok(deployed()));
    }

    #[test]
    fn invalid_item_is_refused_with_the_attribute() {
        for (name, value) in [("time", "yesterday"), ("release_id", "../lock"), ("created_at_ms", "1")] {
            let mut attributes = of_deployed(&deployed());
            attributes.insert(name.into(), AttributeValue::S(value.into()));
            let error = Reader::new("dynamodb:Scan", "k", &attributes).deployed().unwrap_err();
            assert_eq!((error.resource.as_str(), error.code.as_str()), ("k", "IncompleteAnswer"));
            assert!(error.message.contains(name), "{error}");
        }
    }
}
