//! Values that name a resource: only resources of the template, or resources with correct tags.
//!
//! A table gives such a property the shape `Names` with one of `reference_kinds`. The check evaluates the value first, so that it does
//! not matter how a template puts an ARN together. A value that is not known before the stack exists is refused, unless it is a
//! reference to a resource of the template.

use super::evaluate::{Piece, evaluate};
use super::outside;
pub(super) use super::reference_form::Form;
use super::reference_form::{self, ARNS};
use super::rule_context::RuleContext;
use crate::sam::referable;
use crate::template::{Content, FindingCode, Node};
use serde_json::{Value, json};

/// A kind of resource that a property can name.
pub(super) struct Kind {
    /// In words, for messages: `a queue`.
    pub(super) what: &'static str,
    /// References to resources of the template.
    pub(super) local: &'static [Local],
    /// Resources outside of the template. The first one whose form fits decides.
    pub(super) outside: &'static [Outside],
}

/// A reference to a resource of the template.
pub(super) struct Local {
    resource_type: &'static str,
    /// The type of what SAM generates from the resource, if the reference names that; `*` for any type.
    generated: Option<&'static str>,
    form: Form<'static>,
}

impl Local {
    /// A reference of that form to a resource of that type.
    pub(super) const fn of(resource_type: &'static str, form: Form<'static>) -> Self {
        Self { resource_type, generated: None, form }
    }

    /// A reference of any form to what SAM generates from a resource of that type.
    pub(super) const fn generated(resource_type: &'static str, generated: &'static str) -> Self {
        Self { resource_type, generated: Some(generated), form: Form::Ref }
    }
}

/// Resources outside of the template.
pub(super) enum Outside {
    /// The ARN of a resource with correct tags. The prefix precedes the name in the ARN.
    Arn { service: &'static str, prefix: &'static str },
    /// The name of such a resource.
    Name { service: &'static str, prefix: &'static str },
    /// The ARN of a bucket with correct tags.
    BucketArn,
    /// The domain of a bucket with correct tags.
    BucketDomain,
    /// The id, ARN or alias of a key with correct tags, or the alias of a key that AWS manages. Becomes an ARN.
    Key,
    /// A version of a runtime, which belongs to AWS.
    RuntimeVersion,
    /// The ARN of any resource of the target account.
    InAccount,
    /// The id of the target account.
    Account,
    /// One of these words.
    OneOf(&'static [&'static str]),
}

/// Checks a value that names a resource, and returns it for CloudFormation.
pub(super) fn walk(kind: &Kind, context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    let pieces = evaluate(context.facts(), node);
    walk_pieces(kind, context, node, &pieces).unwrap_or_else(|| node.into())
}

/// Checks a value that was evaluated before, or a part of it. Returns the value for CloudFormation if that is another one.
pub(super) fn walk_pieces(
    kind: &Kind,
    context: &mut RuleContext<'_, '_>,
    node: &Node,
    pieces: &[Piece<'_>],
) -> Option<Value> {
    match pieces {
        // `references::check` refuses null.
        _ if node.content == Content::Null => None,
        [Piece::NoValue] => None,
        pieces => {
            match (own(context, pieces), pieces) {
                (Some(own), _) => require_kind(kind, context, node, own),
                (None, [Piece::Text(text)]) => return Some(literal(kind, context, node, text)),
                (None, pieces) if is_in_account(kind, context, pieces) => {}
                (None, _) => refuse(kind, context, node, None),
            }
            None
        }
    }
}

fn literal(kind: &Kind, context: &mut RuleContext<'_, '_>, node: &Node, text: &str) -> Value {
    let found = kind.outside.iter().find_map(|outside| outside::resolve(outside, context, node, text));
    found.unwrap_or_else(|| {
        refuse(kind, context, node, Some(text));
        json!(text)
    })
}

/// Whether a kind takes any resource of the account, and this is the ARN of one.
fn is_in_account(kind: &Kind, context: &RuleContext<'_, '_>, pieces: &[Piece<'_>]) -> bool {
    let [Piece::Text(start), ..] = pieces else { return false };
    let account = start.split(':').nth(4).filter(|_| start.starts_with("arn:") && start.split(':').count() > 5);
    account == Some(context.facts().account.as_str())
        && kind.outside.iter().any(|outside| matches!(outside, Outside::InAccount))
}

/// A resource of the template that a value names.
#[derive(Clone, Copy)]
pub(super) struct Own<'n> {
    pub(super) logical_id: &'n str,
    pub(super) form: Form<'n>,
}

/// The resource of the template that a value names; `None` if it names none, or is put together in an unknown way.
pub(super) fn own<'n, 't: 'n>(context: &RuleContext<'_, 't>, pieces: &[Piece<'n>]) -> Option<Own<'n>> {
    let (start, pieces) = match pieces {
        [Piece::Text(start), rest @ ..] => (start.as_str(), rest),
        pieces => ("", pieces),
    };
    let (logical_id, form, rest) = match pieces {
        [] => return generated_name(context, start),
        [Piece::Ref(id), rest @ ..] => (*id, Form::Ref, rest),
        [Piece::Attribute(id, attribute), rest @ ..] => (*id, Form::Attribute(attribute), rest),
        _ => return None,
    };
    if start.is_empty() && rest.is_empty() {
        return Some(Own { logical_id, form });
    }
    let is_qualified = match rest {
        [] => true,
        [Piece::Text(rest)] => rest.starts_with([':', '/']),
        _ => false,
    };
    let is_arn = match form {
        Form::Attribute("Arn") => start.is_empty(),
        form => starts_arn(context, logical_id, form, start),
    };
    (is_qualified && is_arn).then_some(Own { logical_id, form: Form::Arn })
}

/// Whether `start` and a reference are the ARN of the resource.
fn starts_arn(context: &RuleContext<'_, '_>, logical_id: &str, form: Form<'_>, start: &str) -> bool {
    let resource_type = context.check.type_of(logical_id);
    ARNS.iter().filter(|(of, ..)| Some(*of) == resource_type).any(|(_, service, prefix, attribute)| {
        let named = attribute.map_or(Form::Ref, Form::Attribute);
        form == named && start == super::arns::arn(context.facts(), service, prefix)
    })
}

/// The resource of the template whose generated name is in an ARN.
fn generated_name<'t>(context: &RuleContext<'_, 't>, arn: &str) -> Option<Own<'t>> {
    let found = ARNS.iter().find_map(|(of, service, prefix, _)| {
        let name = arn.strip_prefix(&super::arns::arn(context.facts(), service, prefix))?;
        let name = name.split([':', '/']).next()?;
        context.check.names.get(name).filter(|id| context.check.type_of(id) == Some(of))
    });
    found.map(|logical_id| Own { logical_id, form: Form::Arn })
}

fn require_kind(kind: &Kind, context: &mut RuleContext<'_, '_>, node: &Node, own: Own<'_>) {
    let Own { logical_id, form } = own;
    let Some(found) = context.check.type_of(logical_id) else {
        let accepted = |local: &Local| {
            local.generated.is_some_and(|of| is_generated(context, logical_id, form, local.resource_type, of))
        };
        if !kind.local.iter().any(accepted) {
            refuse(kind, context, node, None);
        }
        return;
    };
    let mut of_type = kind.local.iter().filter(|local| local.resource_type == found).peekable();
    if of_type.peek().is_none() {
        let message = format!("`{logical_id}` has the type {found}, but this should be {}", kind.what);
        let help = format!("refer to {}", forms(kind).unwrap_or_else(|| kind.what.to_owned()));
        return context.refuse(FindingCode::WrongResourceType, node.span, message, help);
    }
    let is_accepted = |local: &Local| match (local.generated, local.form, form) {
        (None, Form::Attribute(one), Form::Attribute(other)) => one == other,
        (None, Form::Ref, Form::Ref) | (None, Form::Attribute("Arn") | Form::Arn, Form::Arn) => true,
        (Some(of), _, Form::Attribute(path)) => {
            let (name, rest) = path.split_once('.').unwrap_or((path, ""));
            let is_named = referable(found).any(|(known, generated)| known == name && generated == of);
            is_named && (rest.is_empty() || is_arn_of_generated(rest))
        }
        _ => false,
    };
    if of_type.clone().any(is_accepted) {
        return;
    }
    match of_type.find(|local| local.generated.is_none()) {
        Some(local) => reference_form::refuse(context, node.span, (found, logical_id), form, local.form),
        None => refuse(kind, context, node, None),
    }
}

/// Whether SAM generates a resource of that logical id and type from a resource of that type.
fn is_generated(
    context: &RuleContext<'_, '_>,
    logical_id: &str,
    form: Form<'_>,
    resource_type: &str,
    generated_type: &str,
) -> bool {
    let is_reference = match form {
        Form::Ref => true,
        Form::Attribute(attribute) => is_arn_of_generated(attribute),
        Form::Arn => false,
    };
    let expanded = context.check.expanded();
    let id = expanded.renames.property(logical_id).unwrap_or(logical_id);
    let source_type = expanded.generated.get(id).and_then(|source| context.check.type_of(source));
    is_reference
        && source_type == Some(resource_type)
        && (generated_type == "*" || expanded.type_of(id) == Some(generated_type))
}

/// Whether an attribute of a generated resource is its ARN.
fn is_arn_of_generated(attribute: &str) -> bool {
    ["AliasArn", "Arn", "FunctionArn"].contains(&attribute)
}

/// The references that a kind takes, for messages.
fn forms(kind: &Kind) -> Option<String> {
    let form = |local: &Local| match local.form {
        _ if local.generated.is_some() => None,
        Form::Ref => Some(format!("`!Ref <{}>`", local.resource_type)),
        Form::Attribute(attribute) => Some(format!("`!GetAtt <{}>.{attribute}`", local.resource_type)),
        Form::Arn => Some(format!("an ARN with `!Ref <{}>`", local.resource_type)),
    };
    let forms: Vec<_> = kind.local.iter().filter_map(form).collect();
    (!forms.is_empty()).then(|| forms.join(" or "))
}

fn refuse(kind: &Kind, context: &mut RuleContext<'_, '_>, node: &Node, text: Option<&str>) {
    let found = text.map_or_else(|| node.kind().to_owned(), |text| format!("`{text}`"));
    let message = format!("should be {}, but is {found}", kind.what);
    let outside = match kind.outside {
        [] => None,
        [Outside::InAccount | Outside::Account, ..] => Some(format!("write {}, without other functions", kind.what)),
        _ => Some(format!("write the name or ARN of {} with correct tags, without other functions", kind.what)),
    };
    let help = match (forms(kind), outside) {
        _ if let Some(meant) = text.and_then(|text| meant(kind, context, text)) => format!("write `{meant}`"),
        (Some(forms), Some(outside)) => format!("write {forms}; or {outside}"),
        (Some(forms), None) => format!("write {forms}: any other could belong to another project"),
        (None, outside) => outside.unwrap_or_else(|| "remove the property".to_owned()),
    };
    context.refuse(FindingCode::NotAReference, node.span, message, help);
}

/// The reference to a resource of the template, of which a value has the logical id.
fn meant(kind: &Kind, context: &RuleContext<'_, '_>, value: &str) -> Option<String> {
    let found = context.check.type_of(value)?;
    let local = kind.local.iter().find(|local| local.resource_type == found && local.generated.is_none())?;
    Some(reference_form::written(found, value, local.form))
}

#[cfg(test)]
#[path = "reference_tests.rs"]
mod tests;
