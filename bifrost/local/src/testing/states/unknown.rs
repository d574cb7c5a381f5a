//! Fields that a deployer does not know, in each object of a state that has fields.

use crate::LocalDeployer;
use crate::testing::{HarnessError, TestHarness};
use bifrost_core::release::Release;
use serde_json::{Value, json};

/// A name that no version of a deployer gives a field.
pub(super) const UNKNOWN: &str = "field_of_another_version";

impl<D: LocalDeployer> TestHarness<D> {
    /// The state of a deploy, the input of one of its tasks, with a field that the deployer does not know in each object, at every
    /// depth: as a version with more fields would write it. Maps, whose members have the names that a release gives them, get none.
    ///
    /// # Errors
    /// [`HarnessError::Release`] if the deployer cannot read the state.
    pub fn with_unknown_fields(&self, state: &Value) -> Result<Value, HarnessError> {
        let defaults = self.cloud().defaults();
        let mut whole = state.clone();
        for pointer in objects(state) {
            let mut with_one = state.clone();
            add(&mut with_one, &pointer);
            // A map takes the field as one of its members, or refuses its type.
            let unknown = Release::<D::Fields>::unknown_fields(&with_one, defaults).unwrap_or_default();
            if unknown.iter().any(|path| path == UNKNOWN || path.ends_with(&format!(".{UNKNOWN}"))) {
                add(&mut whole, &pointer);
            }
        }
        Release::<D::Fields>::read_state(&whole, defaults)?;
        Ok(whole)
    }
}

fn add(state: &mut Value, pointer: &str) {
    if let Some(Value::Object(members)) = state.pointer_mut(pointer) {
        members.insert(UNKNOWN.into(), json!({"of": ["another", "version"]}));
    }
}

/// The JSON pointers of all objects.
fn objects(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut left = vec![(String::new(), value)];
    while let Some((pointer, value)) = left.pop() {
        match value {
            Value::Object(members) => {
                let below = |key: &str| format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"));
                left.extend(members.iter().map(|(key, member)| (below(key), member)));
                found.push(pointer);
            }
            Value::Array(elements) => {
                left.extend(
                    elements.iter().enumerate().map(|(index, element)| (format!("{pointer}/{index}"), element)),
                );
            }
            _ => (),
        }
    }
    found
}
