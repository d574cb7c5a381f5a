//! Warns about values that are not what they look like.

mod changed;
mod substitution;

use super::finding::ReadPath;
use super::{Content, Findings, Node, Severity, Source, TemplateFinding};

/// The warnings about the values of a template: numbers that YAML 1.1 changes, and `${…}` that nothing replaces.
#[must_use]
pub fn warnings(source: &Source, template: &Node) -> Findings {
    let mut findings = Findings::default();
    let resources = template.get("Resources").and_then(Node::as_mapping);
    let is_resource = |name: &str| resources.is_some_and(|resources| resources.contains_key(name));
    walk(template, &ReadPath::Top, &mut |node, path| {
        let warning = match &node.content {
            Content::Number(number) => changed::number(source, node, number),
            Content::Boolean(boolean) if path.is_environment_variable() => changed::boolean(source, node, *boolean),
            Content::String(text) => substitution::missing(text, &is_resource),
            _ => None,
        };
        if let Some(Warning { code, message, help }) = warning {
            let (severity, path) = (Severity::Warning, path.to_string());
            findings.push(TemplateFinding { severity, code, path, span: node.span, message, help: Some(help) });
        }
    });
    findings
}

/// A warning about a value.
struct Warning {
    code: super::FindingCode,
    message: String,
    help: String,
}

/// Visits a value and all values in it, except texts in which `Fn::Sub` replaces `${…}`.
fn walk(node: &Node, path: &ReadPath<'_>, visit: &mut impl FnMut(&Node, &ReadPath<'_>)) {
    visit(node, path);
    let is_substitution = node.intrinsic().is_some_and(|call| call.name == "Fn::Sub");
    match &node.content {
        Content::Sequence(nodes) => walk_items(nodes, 0, path, visit),
        Content::Mapping(mapping) => {
            for (name, entry) in mapping {
                let path = ReadPath::Named(path, name);
                match &entry.value.content {
                    Content::String(_) if is_substitution => {}
                    Content::Sequence(nodes) if is_substitution => walk_items(nodes, 1, &path, visit),
                    _ => walk(&entry.value, &path, visit),
                }
            }
        }
        _ => {}
    }
}

fn walk_items(nodes: &[Node], first: usize, path: &ReadPath<'_>, visit: &mut impl FnMut(&Node, &ReadPath<'_>)) {
    for (at, node) in nodes.iter().enumerate().skip(first) {
        walk(node, &ReadPath::At(path, at), visit);
    }
}

#[cfg(test)]
#[path = "warnings_tests.rs"]
mod tests;
