//! Compares the reader of templates with PyYAML over generated templates: it accepts the same ones, and reads the same values.
//!
//! The templates follow from a seed. A longer run has another number of templates, and another seed:
//!
//! ```sh
//! YAML_TEMPLATES=1000000 YAML_SEED=7 cargo test -p fenrir --test yaml
//! ```

#![allow(clippy::print_stderr, clippy::unwrap_used, reason = "a test fails by panicking, and prints the differences")]

use fenrir::template::{Source, read};
use serde::Deserialize;
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

const TEMPLATES: u32 = 5000;
const SEED: u32 = 1;
/// The maximum number of differences that are shown.
const MAX_SHOWN: usize = 20;

/// A template, and how PyYAML reads it.
#[derive(Deserialize)]
struct Expected {
    text: String,
    value: Option<Value>,
    #[serde(default)]
    refusal: String,
}

/// A setting of a longer run.
fn setting(name: &str, default: u32) -> String {
    std::env::var(name).unwrap_or_else(|_| default.to_string())
}

/// How the reader differs from PyYAML. None if it does not.
fn difference(expected: &Expected) -> Option<String> {
    let Expected { text, value, refusal } = expected;
    let found = read(&Source::new("template.yml", text.as_str()));
    match (value, found) {
        (None, Err(_)) => None,
        (Some(value), Ok(node)) if is_same(value, &Value::from(&node)) => None,
        (Some(value), Ok(node)) => Some(format!("{text:?}\n  PyYAML: {value}\n  Fenrir: {}", Value::from(&node))),
        (Some(value), Err(findings)) => Some(format!("{text:?}\n  PyYAML: {value}\n  Fenrir: {findings}")),
        (None, Ok(node)) => Some(format!("{text:?}\n  PyYAML: {refusal}\n  Fenrir: {}", Value::from(&node))),
    }
}

/// Whether two values are equal. Numbers are equal if they have the same value: the reader keeps their digits.
fn is_same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.0 == b.0 && is_same(a.1, b.1))
        }
        _ => a == b,
    }
}

#[test]
fn reader_agrees_with_pyyaml() {
    let Some(mut python) = bifrost_moto::program("python") else { return };
    python.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/yaml/oracle.py"));
    python.args([setting("YAML_TEMPLATES", TEMPLATES), setting("YAML_SEED", SEED)]);
    let mut python = python.stdout(Stdio::piped()).spawn().unwrap();
    let (mut accepted, mut refused, mut differences) = (0, 0, Vec::new());
    for line in BufReader::new(python.stdout.take().unwrap()).lines() {
        let expected: Expected = serde_json::from_str(&line.unwrap()).unwrap();
        *(if expected.value.is_some() { &mut accepted } else { &mut refused }) += 1;
        differences.extend(difference(&expected));
    }
    assert!(python.wait().unwrap().success());
    differences.sort_by_key(String::len);
    for difference in differences.iter().take(MAX_SHOWN) {
        eprintln!("{difference}\n");
    }
    eprintln!("{accepted} templates accepted and {refused} refused by PyYAML, {} read differently", differences.len());
    assert!(differences.is_empty() && accepted > 0 && refused > 0);
}
