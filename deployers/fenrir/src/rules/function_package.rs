//! How the code of a function is packaged: as a zip file, whose hash the release lists.
//!
//! A function in a container image is one finding, not one for each property that only images have or do not have.

use super::rule_context::RuleContext;
use super::table::Shape::{self, OneOf, Plain, Rule};
use super::table::{Table, is_misspelt};
use crate::template::{FindingCode, Node};
use serde_json::Value;

/// The shape of `PackageType`, except of a function in an image.
const PACKAGE_TYPE: Shape = Plain(&OneOf(&["Zip"]));

/// The shape of properties that only a function in an image has, which [`check`] refuses.
pub(super) const OF_IMAGE: Shape = Rule(|_, _| Value::Null);

/// The properties that a function needs unless it is in an image.
const REQUIRED: [&str; 3] = ["CodeUri", "Handler", "Runtime"];

/// The rule of `PackageType`. [`check`] refuses images.
pub(super) fn package_type(context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    if is_image(node) { Value::Null } else { PACKAGE_TYPE.walk(context, node) }
}

fn is_image(package_type: &Node) -> bool {
    package_type.as_str() == Some("Image")
}

/// Refuses a function in a container image, and one without the properties that a zip file needs.
pub(super) fn check(context: &mut RuleContext<'_, '_>, table: Table, node: &Node) {
    let found: Vec<_> = ["PackageType", "ImageUri", "ImageConfig"]
        .into_iter()
        .filter_map(|name| Some((name, node.get(name)?)))
        .filter(|(name, value)| *name != "PackageType" || is_image(value))
        .collect();
    match found.as_slice() {
        [] => require(context, table, node),
        [(name, value), ..] => {
            let names: Vec<_> = found.iter().map(|(name, _)| *name).collect();
            refuse_image(&mut context.within(name), node, value, &names);
        }
    }
}

fn refuse_image(context: &mut RuleContext<'_, '_>, properties: &Node, value: &Node, names: &[&str]) {
    let missing = REQUIRED.into_iter().filter(|name| properties.get(name).is_none());
    let missing = missing.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let removed = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let added = if missing.is_empty() { String::new() } else { format!(", and add {missing}") };
    let message = "the function is a container image, and Fenrir deploys only zip files, whose hashes it checks";
    let help = format!("remove {removed}{added}; `Metadata.BuildMethod` builds the zip file");
    context.refuse(FindingCode::NotAllowed, value.span, message, help);
}

fn require(context: &mut RuleContext<'_, '_>, table: Table, node: &Node) {
    // The finding about `InlineCode` proposes `CodeUri`.
    let has = |name: &str| node.get(name).is_some() || name == "CodeUri" && node.get("InlineCode").is_some();
    let is_misspelt = |name: &str| node.as_mapping().is_some_and(|mapping| is_misspelt(table, mapping, name));
    for (name, help) in [
        ("CodeUri", "add `CodeUri`: the folder of the code, from the template's folder"),
        ("Handler", "add `Handler`, such as `app.handler`; `bootstrap` for a custom runtime"),
        ("Runtime", "add `Runtime`, such as `python3.14`; `provided.al2023` for an executable"),
    ] {
        if !has(name) && !is_misspelt(name) {
            context.refuse(FindingCode::MissingProperty, node.span, format!("`{name}` is missing"), help);
        }
    }
}
