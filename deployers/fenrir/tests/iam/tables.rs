//! The tables, which `tables.py` derives from pinned packages. `UPDATE_TABLES=1 cargo test -p fenrir --test iam` renews them.

use bifrost::client::ClientDeployer;
use bifrost::{Deployer, Permission};
use fenrir::Fenrir;
use fenrir::rules::EXPANDED_TYPES;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::process::Stdio;
use std::sync::LazyLock;

/// The tables.
#[derive(Deserialize)]
pub(crate) struct Tables {
    /// The actions that CloudFormation needs for a resource, by type.
    pub(crate) handlers: BTreeMap<String, Vec<String>>,
    actions: BTreeMap<String, Action>,
    /// The condition keys of the resource types.
    resources: BTreeMap<String, Vec<String>>,
}

/// What IAM knows about an action.
#[derive(Deserialize)]
pub(crate) struct Action {
    /// The resource types to which a statement can limit it. Empty if it can limit it to no type.
    pub(crate) resources: Vec<String>,
    keys: Vec<String>,
}

/// The committed tables.
pub(crate) static TABLES: LazyLock<Tables> =
    LazyLock::new(|| serde_json::from_str(include_str!("tables.json")).unwrap());

impl Tables {
    /// The action of a name in any case. None if the reference does not have it.
    pub(crate) fn action(&self, name: &str) -> Option<&Action> {
        self.actions.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, action)| action)
    }

    /// The names of the actions that a pattern of a policy matches.
    pub(crate) fn matching<'t>(&'t self, pattern: &'t str) -> impl Iterator<Item = &'t str> {
        self.actions.keys().map(String::as_str).filter(|name| crate::evaluation::glob(pattern, name))
    }

    /// Whether requests for an action have a condition key, by the reference.
    pub(crate) fn has_key(&self, action: &Action, key: &str) -> bool {
        let name = key.split('/').next().unwrap();
        let of_resources = action.resources.iter().flat_map(|kind| &self.resources[kind]);
        of_resources.chain(&action.keys).any(|known| known == name)
    }
}

/// The statements of the role and of the boundary.
pub(crate) fn statements() -> impl Iterator<Item = &'static Permission> {
    Fenrir::PERMISSIONS.iter().chain(Fenrir::BOUNDARY.unwrap().permissions)
}

/// The tables of the packages. None, with a message, without Python.
fn derived() -> Option<Value> {
    let mut python = bifrost_moto::program("python")?;
    let actions: BTreeSet<_> = statements().flat_map(|permission| permission.actions).collect();
    python.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/iam/tables.py"));
    let mut python = python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    python
        .stdin
        .take()
        .unwrap()
        .write_all(json!({"types": EXPANDED_TYPES, "actions": actions}).to_string().as_bytes())
        .unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success());
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// The tables with a line for each entry, so that a reviewer sees what changes.
fn text(tables: &Value) -> String {
    let sections = tables.as_object().unwrap().iter().map(|(section, entries)| {
        let entries = entries.as_object().unwrap().iter().map(|(name, entry)| format!("    {}: {entry}", json!(name)));
        format!("  {}: {{\n{}\n  }}", json!(section), entries.collect::<Vec<_>>().join(",\n"))
    });
    format!("{{\n{}\n}}\n", sections.collect::<Vec<_>>().join(",\n"))
}

#[test]
fn tables_are_up_to_date() {
    let Some(derived) = derived() else { return };
    let derived = text(&derived);
    if std::env::var_os("UPDATE_TABLES").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/iam/tables.json"), &derived).unwrap();
    } else {
        assert!(derived == include_str!("tables.json"), "run UPDATE_TABLES=1 cargo test -p fenrir --test iam");
    }
}
