//! The items of a DynamoDB table of root locks.

use super::changes::Changes;
use bifrost_core::cloud::{DeployedItem, EndedItem, LockItem};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;

/// A lock table. In JSON it is one object, as the table is one list of items: each item by its key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LockItems {
    /// The root locks that are held, by key: `<root dir>/lock`.
    pub locks: BTreeMap<String, LockItem>,
    /// The executions that have given their lock back, by key: `ended/<uuid>`.
    pub ended: BTreeMap<String, EndedItem>,
    /// The deployed releases, by key: `deployed/<root dir>`.
    pub deployed: BTreeMap<String, DeployedItem>,
}

impl LockItems {
    /// Copies what changed to `saved`, and reports each changed item to `changes`.
    pub(super) fn save(changes: &mut Changes, items: &Self, saved: &mut Self) {
        let Self { locks, ended, deployed } = items;
        changes.own_entries(locks, &mut saved.locks);
        changes.own_entries(ended, &mut saved.ended);
        changes.own_entries(deployed, &mut saved.deployed);
    }
}

impl Serialize for LockItems {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(untagged)]
        enum Item<'a> {
            Lock(&'a LockItem),
            Ended(&'a EndedItem),
            Deployed(&'a DeployedItem),
        }
        let locks = self.locks.iter().map(|(key, item)| (key, Item::Lock(item)));
        let ended = self.ended.iter().map(|(key, item)| (key, Item::Ended(item)));
        let deployed = self.deployed.iter().map(|(key, item)| (key, Item::Deployed(item)));
        serializer.collect_map(locks.chain(ended).chain(deployed))
    }
}

impl<'de> Deserialize<'de> for LockItems {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ItemsByKey)
    }
}

/// Reads each item as the kind that its key says, so that an error names the field of the item.
struct ItemsByKey;

impl<'de> Visitor<'de> for ItemsByKey {
    type Value = LockItems;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the items of a lock table by key")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<LockItems, A::Error> {
        let mut items = LockItems::default();
        while let Some(key) = map.next_key::<String>()? {
            if key.starts_with(EndedItem::PREFIX) {
                items.ended.insert(key, map.next_value()?);
            } else if key.starts_with(DeployedItem::PREFIX) {
                items.deployed.insert(key, map.next_value()?);
            } else {
                items.locks.insert(key, map.next_value()?);
            }
        }
        Ok(items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bifrost_core::json;
    use serde_json::{Value, json};

    fn table() -> Value {
        json!({
            "1/web/dev/lock": {"key": "1/web/dev/lock", "id": "a", "time": "2026-11-25T12:00:00Z"},
            "ended/b": {
                "key": "ended/b", "by": "unlock", "success": false, "time": "2026-11-25T12:00:00Z", "expires_at": 1,
            },
            "deployed/1/web/dev": {
                "key": "deployed/1/web/dev", "release_id": "release-1-b", "created_at_ms": 1, "deployer": "coinbase-odin",
                "time": "2026-11-25T12:00:00Z",
            },
        })
    }

    #[test]
    fn kind_of_an_item_follows_from_its_key() {
        let items: LockItems = json::read(&table()).unwrap();
        assert_eq!((items.locks.len(), items.ended.len(), items.deployed.len()), (1, 1, 1));
        assert_eq!(serde_json::to_value(&items).unwrap(), table());
    }

    #[test]
    fn invalid_item_is_named_with_its_field() {
        let mut table = table();
        table["ended/b"]["by"] = json!("nobody");
        let error = json::read::<LockItems>(&table).unwrap_err().to_string();
        assert!(error.contains("ended/b") && error.contains("by"), "{error}");
    }

    #[test]
    fn one_changed_item_is_one_part() {
        let (mut items, mut changes) = (json::read::<LockItems>(&table()).unwrap(), Changes::default());
        let mut saved = items.clone();
        items.locks.clear();
        LockItems::save(&mut changes, &items, &mut saved);
        let saved_parts = changes.finish().unwrap();
        let parts: Vec<_> = saved_parts.iter().map(|part| (part.pointer.as_str(), part.json.is_some())).collect();
        assert_eq!(parts, [("/1~1web~1dev~1lock", false)]);
        assert_eq!(saved, items);
    }
}
