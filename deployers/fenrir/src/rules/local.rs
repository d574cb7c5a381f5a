//! Properties that have to refer to a resource of the same template.

use super::references;
use super::rule_context::RuleContext;
use crate::template::{FindingCode, Node};

/// The logical id of a `!Ref` to a resource of one of the types. Refuses any other value, except a reference to a resource that
/// does not exist, which `references` refuses.
pub(super) fn by_ref<'n>(context: &mut RuleContext<'_, '_>, node: &'n Node, types: &[&str]) -> Option<&'n str> {
    let call = node.intrinsic().filter(|call| call.name == "Ref");
    let logical_id = call.and_then(|call| call.argument.as_str());
    if logical_id.is_none() {
        refuse(context, node, &format!("!Ref <{}>", types.join(" or ")));
    }
    logical_id.filter(|logical_id| is_one_of(context, node, logical_id, types))
}

/// The logical id of a `!GetAtt` of an attribute of a resource of one of the types. Refuses any other value, as [`by_ref`] does.
pub(super) fn by_attribute<'n>(
    context: &mut RuleContext<'_, '_>,
    node: &'n Node,
    types: &[&str],
    attribute: &str,
) -> Option<&'n str> {
    let logical_id = attribute_of(node).filter(|(_, name)| *name == attribute).map(|(logical_id, _)| logical_id);
    if logical_id.is_none() {
        refuse(context, node, &format!("!GetAtt <{}>.{attribute}", types.join(" or ")));
    }
    logical_id.filter(|logical_id| is_one_of(context, node, logical_id, types))
}

/// The logical id and attribute of a `!GetAtt`.
pub(super) fn attribute_of(node: &Node) -> Option<(&str, &str)> {
    let call = node.intrinsic().filter(|call| call.name == "Fn::GetAtt")?;
    references::attribute(call.argument)
}

fn refuse(context: &mut RuleContext<'_, '_>, node: &Node, form: &str) {
    let found = node.as_str().map_or_else(|| node.kind().to_owned(), |text| format!("`{text}`"));
    let message = format!("should be `{form}`, but is {found}");
    context.refuse(FindingCode::NotAReference, node.span, message, "refer to a resource of this template");
}

fn is_one_of(context: &mut RuleContext<'_, '_>, node: &Node, logical_id: &str, types: &[&str]) -> bool {
    match context.check.type_of(logical_id) {
        Some(found) if !types.contains(&found) => {
            let expected = types.join(" or ");
            let message = format!("`{logical_id}` has the type {found}, but should have {expected}");
            let help = format!("refer to a resource of the type {expected}");
            context.refuse(FindingCode::WrongResourceType, node.span, message, help);
            false
        }
        found => found.is_some(),
    }
}
