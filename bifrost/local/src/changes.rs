//! The parts of the state that a call changed, so that the file is written in small rows.

use super::state::Resources;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt::Display;

/// The parts of a value that changed since it was last saved. A part is named by its JSON pointer.
#[derive(Default)]
pub struct Changes {
    pointer: String,
    changed: Vec<Changed>,
    error: Option<serde_json::Error>,
}

/// A part that changed.
pub(super) struct Changed {
    pub(super) pointer: String,
    /// Its JSON; `None` if it was deleted, with all parts below it.
    pub(super) json: Option<String>,
}

impl Changes {
    /// Saves a field as one part.
    pub fn value<T: Clone + PartialEq + Serialize>(&mut self, field: &str, new: &T, saved: &mut T) {
        self.within(field, |changes| changes.whole(new, saved));
    }

    /// Saves a field that is a map, with a part for each entry.
    pub fn entries<K, V>(&mut self, field: &str, new: &BTreeMap<K, V>, saved: &mut BTreeMap<K, V>)
    where
        K: Clone + Display + Ord,
        V: Clone + PartialEq + Serialize,
    {
        self.within(field, |changes| changes.own_entries(new, saved));
    }

    /// Saves one entry of a field that is a map, as [`entries`](Self::entries) does. The entry exists or never did.
    pub(super) fn entry<K, V>(&mut self, field: &str, key: &K, new: &BTreeMap<K, V>, saved: &mut BTreeMap<K, V>)
    where
        K: Clone + Display + Ord,
        V: Clone + PartialEq + Serialize,
    {
        let Some(new) = new.get(key).filter(|new| saved.get(key) != Some(new)) else { return };
        self.within(field, |changes| changes.within(&key.to_string(), |changes| changes.write(new)));
        saved.insert(key.clone(), new.clone());
    }

    /// Saves a map whose entries are fields of the value itself, with a part for each entry.
    pub(super) fn own_entries<K, V>(&mut self, new: &BTreeMap<K, V>, saved: &mut BTreeMap<K, V>)
    where
        K: Clone + Display + Ord,
        V: Clone + PartialEq + Serialize,
    {
        // A call changes few maps: comparing them in order is much cheaper than searching for each key.
        if new == saved {
            return;
        }
        self.delete(new, saved);
        for (key, new) in new {
            if saved.get(key) != Some(new) {
                self.within(&key.to_string(), |changes| changes.write(new));
                saved.insert(key.clone(), new.clone());
            }
        }
    }

    /// Saves a field with parts of its own, such as a [`ByRegion`](crate::ByRegion).
    pub fn resources<R: Resources>(&mut self, field: &str, new: &R, saved: &mut R) {
        self.within(field, |changes| new.save(saved, changes));
    }

    /// Saves a field that is a map of values with parts of their own, each by `save`: new value, saved value.
    pub(super) fn nested<K, V>(
        &mut self,
        field: &str,
        new: &BTreeMap<K, V>,
        saved: &mut BTreeMap<K, V>,
        save: impl Fn(&mut Self, &V, &mut V),
    ) where
        K: Clone + Display + Ord,
        V: Default,
    {
        self.within(field, |changes| changes.own_nested(new, saved, save));
    }

    /// As [`nested`](Self::nested), for a map whose entries are fields of the value itself.
    pub(super) fn own_nested<K, V>(
        &mut self,
        new: &BTreeMap<K, V>,
        saved: &mut BTreeMap<K, V>,
        save: impl Fn(&mut Self, &V, &mut V),
    ) where
        K: Clone + Display + Ord,
        V: Default,
    {
        self.delete(new, saved);
        for (key, new) in new {
            self.within(&key.to_string(), |changes| {
                let saved = saved.entry(key.clone()).or_insert_with(|| {
                    changes.write(&Map::new());
                    V::default()
                });
                save(changes, new, saved);
            });
        }
    }

    /// Saves a value as one part.
    pub(super) fn whole<T: Clone + PartialEq + Serialize>(&mut self, new: &T, saved: &mut T) {
        if new != saved {
            self.write(new);
            saved.clone_from(new);
        }
    }

    /// Descends into a field or entry.
    pub(super) fn within(&mut self, key: &str, save: impl FnOnce(&mut Self)) {
        let parent = self.pointer.len();
        self.pointer.push('/');
        self.pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
        save(self);
        self.pointer.truncate(parent);
    }

    /// Deletes the entries that are saved but no longer exist.
    fn delete<K: Display + Ord, V>(&mut self, new: &BTreeMap<K, V>, saved: &mut BTreeMap<K, V>) {
        saved.retain(|key, _| {
            let exists = new.contains_key(key);
            if !exists {
                self.within(&key.to_string(), |changes| changes.push(None));
            }
            exists
        });
    }

    /// Writes the part at this pointer.
    pub(super) fn write(&mut self, part: &impl Serialize) {
        match serde_json::to_string(part) {
            Ok(json) => self.push(Some(json)),
            Err(error) => self.error = Some(error),
        }
    }

    fn push(&mut self, json: Option<String>) {
        self.changed.push(Changed { pointer: self.pointer.clone(), json });
    }

    /// The changed parts. Each comes after the parts that contain it.
    pub(super) fn finish(self) -> serde_json::Result<Vec<Changed>> {
        self.error.map_or(Ok(self.changed), Err)
    }
}

/// Inserts a part into the JSON of the whole state. The parts that contain it must be inserted before.
pub(super) fn insert(whole: &mut Value, pointer: &str, part: Value) {
    let mut node = whole;
    for key in pointer.split('/').skip(1) {
        if !node.is_object() {
            *node = Value::Object(Map::new());
        }
        let Value::Object(fields) = node else { return };
        node = fields.entry(key.replace("~1", "/").replace("~0", "~")).or_insert(Value::Null);
    }
    *node = part;
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    type Map = BTreeMap<String, BTreeMap<String, u32>>;

    fn map(value: Value) -> Map {
        serde_json::from_value(value).unwrap()
    }

    /// The changes from one map to another.
    fn changes(old: Value, new: Value) -> Vec<(String, Option<String>)> {
        let (mut saved, new) = (map(old), map(new));
        let mut changes = Changes::default();
        changes.nested("maps", &new, &mut saved, |changes, new, saved| changes.entries("in", new, saved));
        assert_eq!(saved, new);
        changes.finish().unwrap().into_iter().map(|changed| (changed.pointer, changed.json)).collect()
    }

    #[test]
    fn only_changed_parts_are_reported() {
        let old = json!({"a": {"x": 1, "y": 2}, "b": {"z": 3}, "c": {}});
        assert_eq!(changes(old.clone(), old.clone()), []);
        let reported = changes(old, json!({"a": {"x": 1, "y": 3, "v/w~": 4}, "c": {}, "d": {}}));
        let expected =
            [("/maps/b", None), ("/maps/a/in/v~1w~0", Some("4")), ("/maps/a/in/y", Some("3")), ("/maps/d", Some("{}"))];
        assert_eq!(reported, expected.map(|(pointer, json)| (pointer.to_owned(), json.map(str::to_owned))));
    }

    #[test]
    fn parts_are_joined() {
        let mut whole = json!({});
        for (pointer, part) in [("/a", json!({})), ("/a/b/v~1w~0", json!(1)), ("/c/d", json!([2]))] {
            insert(&mut whole, pointer, part);
        }
        assert_eq!(whole, json!({"a": {"b": {"v/w~": 1}}, "c": {"d": [2]}}));
    }
}
