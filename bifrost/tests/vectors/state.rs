//! Single states.

use serde_json::Value;

use super::Verdict;

pub(crate) fn grade(_vector: &Value) -> (Verdict, Option<String>) {
    (Verdict::Reached(0), Some("not yet".to_owned()))
}
