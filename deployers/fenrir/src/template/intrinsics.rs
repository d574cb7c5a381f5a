//! Calls of intrinsic functions, and the one form that they have in a [`Node`].

use super::{Content, Node};
#[cfg(feature = "cli")]
use super::{Entry, Mapping, Span};

/// The functions that have a short form, a tag in YAML.
#[cfg(feature = "cli")]
pub(super) const SHORT_NAMES: [&str; 18] = [
    "And",
    "Base64",
    "Cidr",
    "Condition",
    "Equals",
    "FindInMap",
    "GetAZs",
    "GetAtt",
    "If",
    "ImportValue",
    "Join",
    "Not",
    "Or",
    "Ref",
    "Select",
    "Split",
    "Sub",
    "Transform",
];

/// The long name of the function with that short name, if there is one: `Fn::GetAtt` for `GetAtt`.
#[cfg(feature = "cli")]
pub(super) fn long_name(short: &str) -> Option<String> {
    let long = match short {
        "Ref" | "Condition" => short.to_owned(),
        _ => format!("Fn::{short}"),
    };
    SHORT_NAMES.contains(&short).then_some(long)
}

/// The call of a function by its long name.
#[cfg(feature = "cli")]
pub(super) fn call(name: String, name_span: Option<Span>, argument: Node) -> Content {
    Content::Mapping(Mapping::from([(name, Entry { key_span: name_span, value: argument })]))
}

/// Puts a call of `Fn::GetAtt` into its one form: `a.b` becomes `[a, b]`. Only the first dot counts, as an attribute of a
/// nested stack has one itself (`Outputs.name`). Anything else stays as it is.
pub(super) fn settle(node: &mut Node) {
    let Content::Mapping(mapping) = &mut node.content else { return };
    let is_call = mapping.len() == 1;
    let Some(entry) = mapping.get_mut("Fn::GetAtt").filter(|_| is_call) else { return };
    let span = entry.value.span;
    let part = |text: &str| Node { content: Content::String(text.to_owned()), span };
    if let Some((resource, attribute)) = entry.value.as_str().and_then(|text| text.split_once('.')) {
        entry.value.content = Content::Sequence(vec![part(resource), part(attribute)]);
    }
}
