//! The boundary between projects, once more: over the template after SAM's expansion.
//!
//! The tables check each property that is known to name a resource. This check knows no properties. It walks the whole expanded
//! template and takes no ARN, queue URL or bucket that is not of the stack itself, or one that the rules let the template use.
//! So a property that a table forgets, or that SAM begins to expand in another way, reaches nobody else.

mod arn;
mod places;

use super::Facts;
use super::evaluate::{Piece, evaluate};
use crate::template::{Content, Entry, FindingCode, Findings, Mapping, Node, Severity, TemplateFinding};
use arn::Judge;
pub use places::EXPANDED_TYPES;
use places::{is_free_text, is_outside_of_extensions, names_a_resource};
use serde_json::Value;
use std::collections::BTreeSet;

/// Checks a template after SAM's expansion. `allowed` are the ARNs and URLs that the rules let the template use
/// ([`CheckedTemplate::allowed`](super::CheckedTemplate::allowed)).
#[must_use]
pub fn check_expanded(expanded: &Value, allowed: &BTreeSet<String>, facts: &Facts<'_>) -> Findings {
    let none = Mapping::new();
    let template = Node::from(expanded);
    let resources = template.get("Resources").and_then(Node::as_mapping).unwrap_or(&none);
    let judge = Judge { facts, resources, allowed };
    let mut check = ExpandedCheck { judge, findings: Findings::default() };
    if template.get("Transform").is_some() {
        let help = "deploy again; if it is refused again, report a bug of Fenrir";
        check.refuse(FindingCode::NotAllowed, "Transform", "the template is not expanded".to_owned(), help);
    }
    if resources.is_empty() {
        let help = "deploy again; if it is refused again, report a bug of Fenrir";
        check.refuse(
            FindingCode::MissingSection,
            "Resources",
            "the expanded template has no resources".to_owned(),
            help,
        );
    }
    for (logical_id, entry) in resources {
        check.resource(logical_id, entry);
    }
    check.findings
}

struct ExpandedCheck<'t> {
    judge: Judge<'t>,
    findings: Findings,
}

impl<'t> ExpandedCheck<'t> {
    fn resource(&mut self, logical_id: &str, entry: &'t Entry) {
        let path = format!("Resources.{logical_id}");
        let kind = entry.value.get("Type").and_then(Node::as_str).unwrap_or_default();
        if !EXPANDED_TYPES.contains(&kind) {
            let message =
                format!("SAM expands the template to a resource of the type `{kind}`, which Fenrir does not allow");
            self.refuse(FindingCode::UnknownType, &path, message, "remove the property that makes SAM create it");
        }
        for name in ["Properties", "UpdatePolicy", "CreationPolicy"] {
            if let Some(value) = entry.value.get(name) {
                self.value(kind, &format!("{path}.{name}"), &[], value);
            }
        }
    }

    /// Checks a value. `names` are the keys to it below the properties.
    fn value(&mut self, kind: &str, path: &str, names: &[&str], node: &'t Node) {
        if is_free_text(kind, names) {
            return;
        }
        // The condition of a policy statement is no function.
        match (&node.content, node.intrinsic().filter(|call| call.name != "Condition")) {
            (Content::String(_), _) | (_, Some(_)) => self.text(kind, path, names, node),
            (Content::Mapping(entries), None) => {
                for (name, entry) in entries {
                    let names: Vec<&str> = names.iter().copied().chain([name.as_str()]).collect();
                    self.value(kind, &format!("{path}.{name}"), &names, &entry.value);
                }
            }
            (Content::Sequence(nodes), None) => {
                for (position, node) in nodes.iter().enumerate() {
                    self.value(kind, &format!("{path}.{position}"), names, node);
                }
            }
            _ => {}
        }
    }

    fn text(&mut self, kind: &str, path: &str, names: &[&str], node: &'t Node) {
        let pieces = evaluate(self.judge.facts, node);
        let is_unknown = pieces.iter().any(|piece| matches!(piece, Piece::Unknown | Piece::TooLong));
        let is_foreign = !is_outside_of_extensions(names) && self.judge.is_foreign(kind, names, &pieces);
        if is_foreign || is_unknown && names_a_resource(names) && !is_outside_of_extensions(names) {
            let found = match pieces.as_slice() {
                [Piece::Text(text)] => format!("`{text}`"),
                _ => Value::from(node).to_string(),
            };
            let message = format!(
                "after SAM's expansion, {found} names a resource that neither belongs to the stack nor was checked"
            );
            let help =
                "refer to a resource of this template, or name one with correct tags in a property that Fenrir checks";
            self.refuse(FindingCode::NotAReference, path, message, help);
        }
        // The arguments of other functions are part of the string.
        if let Some(call) = node.intrinsic().filter(|_| is_unknown) {
            self.value(kind, &format!("{path}.{}", call.name), names, call.argument);
        }
    }

    fn refuse(&mut self, code: FindingCode, path: &str, message: String, help: &str) {
        let (severity, path, help) = (Severity::Error, path.to_owned(), Some(help.to_owned()));
        self.findings.push(TemplateFinding { severity, code, path, span: None, message, help });
    }
}

#[cfg(test)]
mod tests;
