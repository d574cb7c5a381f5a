//! References to resources of the same template, where a rule demands one.

use super::references;
use super::rule_context::RuleContext;
use crate::template::Node;

/// The logical id of the resource that `!Ref` names, if a value is one and the resource is of one of the types. Says so
/// if it is not; that there is no such resource at all is said where all references are checked.
pub(super) fn by_ref<'n>(context: &mut RuleContext<'_, '_>, node: &'n Node, types: &[&str]) -> Option<&'n str> {
    let call = node.intrinsic().filter(|call| call.name == "Ref");
    let logical_id = call.and_then(|call| call.argument.as_str());
    if logical_id.is_none() {
        refuse(context, node, &format!("!Ref <{}>", types.join(" or ")));
    }
    logical_id.filter(|logical_id| is_one_of(context, node, logical_id, types))
}

/// The logical id of the resource whose attribute `!GetAtt` names, if a value is one and the resource is of one of the
/// types. Says so if it is not.
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

/// What a value names, if it is a `!GetAtt`.
pub(super) fn attribute_of(node: &Node) -> Option<(&str, &str)> {
    let call = node.intrinsic().filter(|call| call.name == "Fn::GetAtt")?;
    references::attribute(call.argument)
}

fn refuse(context: &mut RuleContext<'_, '_>, node: &Node, form: &str) {
    let is = node.as_str().map_or_else(|| node.kind().to_owned(), |text| format!("`{text}`"));
    let help = "it has to be a resource of this template";
    context.refuse_with(node.span, format!("should be `{form}`, but is {is}"), help);
}

fn is_one_of(context: &mut RuleContext<'_, '_>, node: &Node, logical_id: &str, types: &[&str]) -> bool {
    match context.check.type_of(logical_id) {
        Some(found) if !types.contains(&found) => {
            let message = format!("`{logical_id}` is of the type {found}, but should be of {}", types.join(" or "));
            context.refuse_with(node.span, message, "refer to a resource of that type");
            false
        }
        found => found.is_some(),
    }
}
