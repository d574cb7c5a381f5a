//! Properties that have to refer to a resource of the same template.

use super::evaluate::evaluate;
use super::reference::{self, Form, Own};
use super::reference_form;
use super::references;
use super::rule_context::RuleContext;
use crate::template::{FindingCode, Node};

/// The logical id of a `!Ref` to a resource of one of the types. Refuses any other value.
pub(super) fn by_ref<'n>(context: &mut RuleContext<'_, '_>, node: &'n Node, types: &[&str]) -> Option<&'n str> {
    require(context, node, ref_of(node), types, Form::Ref)
}

/// The logical id of a `!GetAtt` of an attribute of a resource of one of the types. Refuses any other value.
pub(super) fn by_attribute<'n>(
    context: &mut RuleContext<'_, '_>,
    node: &'n Node,
    types: &[&str],
    attribute: &'static str,
) -> Option<&'n str> {
    let logical_id = attribute_of(node).filter(|(_, name)| *name == attribute).map(|(logical_id, _)| logical_id);
    require(context, node, logical_id, types, Form::Attribute(attribute))
}

fn require<'n>(
    context: &mut RuleContext<'_, '_>,
    node: &Node,
    logical_id: Option<&'n str>,
    types: &[&str],
    wanted: Form<'static>,
) -> Option<&'n str> {
    let Some((logical_id, found)) =
        logical_id.and_then(|logical_id| Some((logical_id, context.check.type_of(logical_id)?)))
    else {
        refuse(context, node, types, wanted);
        return None;
    };
    is_one_of(context, node, (logical_id, found), types, wanted).then_some(logical_id)
}

/// The resources of the template of those types.
pub(super) fn resources_of<'t>(context: &RuleContext<'_, 't>, types: &[&str]) -> Vec<&'t str> {
    let is_of_type = |logical_id: &&str| context.check.type_of(logical_id).is_some_and(|found| types.contains(&found));
    context.check.resources.keys().map(String::as_str).filter(is_of_type).collect()
}

/// Whether it is a `!Ref` or `!GetAtt` of a resource.
pub(super) fn is_reference(node: &Node) -> bool {
    ref_of(node).is_some_and(|name| !name.starts_with("AWS::")) || attribute_of(node).is_some()
}

/// The logical id or pseudo parameter of a `!Ref`.
fn ref_of(node: &Node) -> Option<&str> {
    node.intrinsic().filter(|call| call.name == "Ref")?.argument.as_str()
}

/// The logical id and attribute of a `!GetAtt`.
pub(super) fn attribute_of(node: &Node) -> Option<(&str, &str)> {
    let call = node.intrinsic().filter(|call| call.name == "Fn::GetAtt")?;
    references::attribute(call.argument)
}

/// Refuses a value in another form than the property takes. Proposes the reference to the resource that the value names, or else to
/// the resources of the types.
fn refuse(context: &mut RuleContext<'_, '_>, node: &Node, types: &[&str], wanted: Form<'static>) {
    let pieces = evaluate(context.facts(), node);
    if let Some(Own { logical_id, form }) = reference::own(context, &pieces)
        && let Some(found) = context.check.type_of(logical_id)
    {
        if is_one_of(context, node, (logical_id, found), types, wanted) {
            reference_form::refuse(context, node.span, (found, logical_id), form, wanted);
        }
        return;
    }
    let of_types = types.join(" or ");
    let text = node.as_str();
    let found = text.map_or_else(|| node.kind().to_owned(), |text| format!("`{text}`"));
    let message =
        format!("should be `{}`, but is {found}", reference_form::written("", &format!("<{of_types}>"), wanted));
    let help = proposal(context, types, text, wanted);
    context.refuse(FindingCode::NotAReference, node.span, message, help);
}

/// What to write in place of a value. If that is a logical id, only the reference is missing.
fn proposal(context: &RuleContext<'_, '_>, types: &[&str], value: Option<&str>, wanted: Form<'static>) -> String {
    /// A template may have hundreds of functions.
    const MAX_PROPOSED: usize = 3;
    let known = resources_of(context, types);
    let written = |logical_id: &str| format!("`{}`", reference_form::written("", logical_id, wanted));
    if let Some(meant) = value.filter(|value| known.contains(value)) {
        return format!("write {}", written(meant));
    }
    if known.is_empty() {
        return format!("add a resource of the type {} to the template, and refer to it", types.join(" or "));
    }
    let proposed: Vec<_> = known.into_iter().take(MAX_PROPOSED).map(written).collect();
    format!("refer to a resource of the template, such as {}", proposed.join(", "))
}

fn is_one_of(
    context: &mut RuleContext<'_, '_>,
    node: &Node,
    (logical_id, found): (&str, &str),
    types: &[&str],
    wanted: Form<'static>,
) -> bool {
    let is_accepted = types.contains(&found);
    if !is_accepted {
        let message = format!("`{logical_id}` has the type {found}, but should have {}", types.join(" or "));
        let help = proposal(context, types, None, wanted);
        context.refuse(FindingCode::WrongResourceType, node.span, message, help);
    }
    is_accepted
}
