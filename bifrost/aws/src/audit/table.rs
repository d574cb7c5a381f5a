//! The order of the entries of an audit log, in a DynamoDB table.
//!
//! | key | other attributes |
//! | --- | --- |
//! | `head` | `size`, and `subtrees`: hashes, as text |
//! | `entry/<index, 20 digits>` | `entry`: its bytes |
//! | `hash/<SHA-256 of an entry>` | `index` |

use crate::AwsSession;
use crate::contention::Contention;
use crate::dynamodb::{Attributes, Condition, GET_ITEM, TRANSACT, Table, Transacted, Write, absent};
use crate::error::Incomplete;
use crate::request::each;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use bifrost_core::cloud::{CloudError, ErrorKind, LogHead, NewEntry, Sequenced};
use bifrost_core::release::Sha256;
use std::collections::BTreeMap;

const HEAD_KEY: &str = "head";
const BATCH_GET: &str = "dynamodb:BatchGetItem";

/// The most items that DynamoDB returns for one request.
const MAX_BATCH: u64 = 100;

// The positions of the writes in the transaction.
const HEAD: usize = 0;
const HASH: usize = 2;

/// The table of an audit log.
#[derive(Debug, Clone)]
pub(super) struct AuditTable(Table);

impl AuditTable {
    pub(super) fn new(session: AwsSession, name: String) -> Self {
        Self(Table::new(session, name))
    }

    pub(super) async fn head(&self) -> Result<LogHead, CloudError> {
        let item = self.0.item(HEAD_KEY).await?;
        item.map_or_else(|| Ok(LogHead::default()), |item| read_head(&item))
    }

    pub(super) async fn sequence(&self, entry: &NewEntry) -> Result<Sequenced, CloudError> {
        let hash_key = format!("hash/{}", entry.sha256);
        let writes = [
            Write::Put(head_item(&entry.next), Some(head_is(&entry.head))),
            Write::Put(entry_item(entry.head.size, &entry.entry), Some(absent())),
            Write::Put(hash_item(&hash_key, entry.head.size), Some(absent())),
        ];
        let writes = self.0.build(HEAD_KEY, writes.into())?;
        let mut contention = Contention::default();
        let mut refused = loop {
            match self.0.try_transact(HEAD_KEY, writes.clone()).await? {
                Transacted::Done => return Ok(Sequenced::Added),
                Transacted::Refused(refused) => break refused,
                // Another writer moves the head at this moment, so the condition would fail.
                Transacted::Busy(error) if error.kind == ErrorKind::Conflict => return Ok(Sequenced::HeadMoved),
                Transacted::Busy(_) if contention.wait().await => {}
                Transacted::Busy(error) => return Err(error),
            }
        };
        if let Some(seen) = refused.remove(&HASH) {
            let seen = seen.present(TRANSACT, &hash_key, "Item")?;
            return Ok(match number(TRANSACT, &hash_key, &seen, "index")? {
                // The answer to an earlier attempt was lost.
                index if index == entry.head.size => Sequenced::Added,
                index => Sequenced::Found(index),
            });
        }
        if refused.contains_key(&HEAD) {
            return Ok(Sequenced::HeadMoved);
        }
        Err(damaged(TRANSACT, &entry_key(entry.head.size), "the table has an entry after the head of the log"))
    }

    pub(super) async fn entries(&self, from: u64, to: u64) -> Result<Vec<Vec<u8>>, CloudError> {
        let batches = (from..to).step_by(usize::try_from(MAX_BATCH).unwrap_or(usize::MAX));
        let batches = batches.map(|first| (first, to.min(first.saturating_add(MAX_BATCH))));
        Ok(each(batches, |(from, to)| self.batch(from, to)).await?.into_iter().flatten().collect())
    }

    /// The entries of at most [`MAX_BATCH`] indexes.
    async fn batch(&self, from: u64, to: u64) -> Result<Vec<Vec<u8>>, CloudError> {
        let mut entries = BTreeMap::new();
        let mut contention = Contention::default();
        loop {
            let missing: Vec<_> = (from..to).map(entry_key).filter(|key| !entries.contains_key(key)).collect();
            let Some(first) = missing.first().cloned() else { return Ok(entries.into_values().collect()) };
            let (found, is_complete) = self.get(&first, missing).await?;
            let count = entries.len();
            for item in found {
                let key = text(BATCH_GET, &first, &item, "key")?;
                let entry = item.get("entry").and_then(|entry| entry.as_b().ok());
                let entry = entry.ok_or_else(|| damaged(BATCH_GET, &key, "the item has no entry"))?;
                entries.insert(key, entry.as_ref().to_vec());
            }
            if is_complete && let Some(missing) = (from..to).map(entry_key).find(|key| !entries.contains_key(key)) {
                return Err(damaged(BATCH_GET, &missing, "the table does not have this entry of the log"));
            }
            // DynamoDB returns a part of the items if the table lacks capacity.
            if entries.len() == count && !contention.wait().await {
                return Err(throttled(&first));
            }
        }
    }

    /// The items of the keys, and whether these are all that exist.
    async fn get(&self, first: &str, keys: Vec<String>) -> Result<(Vec<Attributes>, bool), CloudError> {
        let keys = keys.into_iter().map(|key| Attributes::from([("key".into(), AttributeValue::S(key))])).collect();
        let keys = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build();
        let keys = keys.map_err(|error| damaged(BATCH_GET, first, &error.to_string()))?;
        let request = self.0.client().batch_get_item().request_items(self.0.name(), keys);
        let answer = self.0.session().call(BATCH_GET, first, request.send()).await;
        let output = answer.map_err(|error| self.0.explain(error))?;
        let is_complete = output.unprocessed_keys.is_none_or(|unprocessed| unprocessed.is_empty());
        Ok((output.responses.unwrap_or_default().into_values().flatten().collect(), is_complete))
    }
}

fn entry_key(index: u64) -> String {
    format!("entry/{index:020}")
}

fn head_item(head: &LogHead) -> Attributes {
    Attributes::from([
        ("key".into(), AttributeValue::S(HEAD_KEY.into())),
        ("size".into(), AttributeValue::N(head.size.to_string())),
        ("subtrees".into(), subtrees(head)),
    ])
}

fn subtrees(head: &LogHead) -> AttributeValue {
    AttributeValue::L(head.subtrees.iter().map(|hash| AttributeValue::S(hash.to_string())).collect())
}

/// The head is still this one.
fn head_is(head: &LogHead) -> Condition {
    if head.size == 0 {
        return absent();
    }
    Condition::new("#size = :size AND subtrees = :subtrees")
        .with(":size", AttributeValue::N(head.size.to_string()))
        .with(":subtrees", subtrees(head))
}

fn read_head(item: &Attributes) -> Result<LogHead, CloudError> {
    let size = number(GET_ITEM, HEAD_KEY, item, "size")?;
    let hash = |value: &AttributeValue| value.as_s().ok()?.parse::<Sha256>().ok();
    let subtrees = item.get("subtrees").and_then(|list| list.as_l().ok()?.iter().map(hash).collect::<Option<Vec<_>>>());
    let subtrees = subtrees.filter(|subtrees| subtrees.len() == size.count_ones() as usize);
    let subtrees = subtrees.ok_or_else(|| damaged(GET_ITEM, HEAD_KEY, "`subtrees` does not fit to `size`"))?;
    Ok(LogHead { size, subtrees })
}

fn entry_item(index: u64, entry: &[u8]) -> Attributes {
    Attributes::from([
        ("key".into(), AttributeValue::S(entry_key(index))),
        ("entry".into(), AttributeValue::B(Blob::new(entry))),
    ])
}

fn hash_item(key: &str, index: u64) -> Attributes {
    Attributes::from([
        ("key".into(), AttributeValue::S(key.to_owned())),
        ("index".into(), AttributeValue::N(index.to_string())),
    ])
}

fn text(operation: &'static str, key: &str, item: &Attributes, name: &str) -> Result<String, CloudError> {
    let text = item.get(name).and_then(|value| value.as_s().ok().cloned());
    text.ok_or_else(|| damaged(operation, key, &format!("the item has no valid `{name}`")))
}

fn number(operation: &'static str, key: &str, item: &Attributes, name: &str) -> Result<u64, CloudError> {
    let number = item.get(name).and_then(|value| value.as_n().ok()?.parse().ok());
    number.ok_or_else(|| damaged(operation, key, &format!("the item has no valid `{name}`")))
}

fn damaged(operation: &'static str, key: &str, problem: &str) -> CloudError {
    error(operation, key, ErrorKind::Invalid, "AuditLogDamaged", format!("{problem}; find out who wrote the table"))
}

fn throttled(key: &str) -> CloudError {
    let message = "the table of the audit log lacks capacity: DynamoDB returned no items".to_owned();
    error(BATCH_GET, key, ErrorKind::Throttled, "UnprocessedKeys", message)
}

fn error(operation: &'static str, key: &str, kind: ErrorKind, code: &str, message: String) -> CloudError {
    CloudError { operation, resource: key.to_owned(), kind, code: code.into(), message, request_id: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(size: u64) -> LogHead {
        LogHead { size, subtrees: (0..size.count_ones()).map(|n| Sha256::of(&n.to_be_bytes())).collect() }
    }

    #[test]
    fn head_is_read_as_it_was_written() {
        for size in [1, 2, 7, 1 << 40] {
            assert_eq!(read_head(&head_item(&head(size))), Ok(head(size)));
        }
    }

    #[test]
    fn head_that_contradicts_itself_is_damaged() {
        let valid = || head_item(&head(3));
        let with = |name: &str, value| {
            let mut item = valid();
            item.insert(name.into(), value);
            item
        };
        let foreign = AttributeValue::L(vec![AttributeValue::S("no hash".into()); 2]);
        let mut without = valid();
        without.remove("size");
        for item in [
            with("size", AttributeValue::N("4".into())),
            with("size", AttributeValue::N("-3".into())),
            with("size", AttributeValue::S("3".into())),
            with("subtrees", AttributeValue::L(Vec::new())),
            with("subtrees", foreign),
            without,
        ] {
            let error = read_head(&item).unwrap_err();
            assert_eq!((error.code.as_str(), error.resource.as_str()), ("AuditLogDamaged", HEAD_KEY), "{error}");
        }
    }

    #[test]
    fn keys_of_entries_sort_by_index() {
        assert_eq!(entry_key(7), "entry/00000000000000000007");
        assert!(entry_key(u64::MAX).len() == entry_key(0).len() && entry_key(99) < entry_key(100));
    }
}
