//! Tables of properties, and the walk of a mapping along one.
//!
//! A walk returns the value for CloudFormation: the value of the template, except where a rule replaces it. It continues
//! after a finding, so that all findings are reported at once.

use super::reference;
use super::rule_context::RuleContext;
use crate::template::{Content, FindingCode, Mapping, Node, nearest};
use serde_json::{Map, Value};

/// The properties of a mapping, each with its shape.
pub(super) type Table = &'static [(&'static str, Shape)];

/// A rule: adds findings, and returns the value for CloudFormation.
pub(super) type Rule = fn(&mut RuleContext<'_, '_>, &Node) -> Value;

/// The shape of a value. An intrinsic function may stand for a string, a number, a boolean, or a list of those.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    /// A string. As in CloudFormation, a number or a boolean is accepted, too.
    Text,
    /// An integer, or a string that is one.
    Integer,
    /// A number, or a string that is one.
    Number,
    /// A boolean, or the string `true` or `false`.
    Boolean,
    /// One of these strings.
    OneOf(&'static [&'static str]),
    /// Any value.
    Any,
    /// A list of items of this shape.
    List(&'static Shape),
    /// A mapping with any keys, and values of this shape.
    Map(&'static Shape),
    /// A mapping with the properties of a table.
    Object(Table),
    /// One of two shapes.
    Either(&'static Shape, &'static Shape),
    /// This shape, without intrinsic functions: the value is compared or looked up before the stack exists.
    Plain(&'static Shape),
    /// This shape; the property is required.
    Required(&'static Shape),
    /// A string that names a resource.
    Names(&'static reference::Kind),
    /// A value that a rule checks.
    Rule(Rule),
    /// SAM or CloudFormation knows the property, but Fenrir does not allow it: the reason, and what to do.
    Refused(&'static str),
}

use Shape::{Any, Boolean, Either, Integer, List, Names, Number, Object, OneOf, Plain, Refused, Required, Text};

impl Shape {
    /// Checks a value, and returns it for CloudFormation.
    pub(super) fn walk(&self, context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
        match self {
            Object(table) => Value::Object(walk(table, context, node)),
            List(item) if node.as_sequence().is_some() => walk_list(item, context, node),
            Self::Map(item) if node.intrinsic().is_none() && node.as_mapping().is_some() => {
                walk_map(item, context, node)
            }
            Either(one, other) => (if one.fits(node) { one } else { other }).walk(context, node),
            Required(shape) => shape.walk(context, node),
            Plain(shape) => walk_plain(shape, context, node),
            Names(kind) if self.fits(node) => reference::walk(kind, context, node),
            Self::Rule(rule) => rule(context, node),
            Refused(reason) => {
                let message = format!("`{}` is not allowed", context.name());
                context.refuse(FindingCode::NotAllowed, node.span, message, *reason);
                Value::Null
            }
            _ => {
                check(self, context, node);
                node.into()
            }
        }
    }

    /// Whether a value has this shape. Does not check what it contains.
    fn fits(&self, node: &Node) -> bool {
        if node.intrinsic().is_some() {
            return matches!(self, Names(_)) || self.may_be_intrinsic();
        }
        match (self, &node.content) {
            (Any, _)
            | (Text, Content::String(_) | Content::Number(_) | Content::Boolean(_))
            | (Names(_), Content::String(_) | Content::Number(_))
            | (Number, Content::Number(_))
            | (Boolean, Content::Boolean(_))
            | (List(_), Content::Sequence(_))
            | (Self::Map(_) | Object(_), Content::Mapping(_)) => true,
            (Integer, Content::Number(number)) => number.is_i64() || number.is_u64(),
            (Integer, Content::String(text)) => text.parse::<i64>().is_ok(),
            (Number, Content::String(text)) => text.parse::<f64>().is_ok(),
            (Boolean, Content::String(text)) => text == "true" || text == "false",
            (OneOf(texts), Content::String(text)) => texts.contains(&text.as_str()),
            (Either(one, other), _) => one.fits(node) || other.fits(node),
            (Plain(shape) | Required(shape), _) => shape.fits(node),
            _ => false,
        }
    }

    /// Also of a list of this shape. A list of names is not one: each name is checked.
    fn may_be_intrinsic(&self) -> bool {
        match self {
            Text | Integer | Number | Boolean | OneOf(_) | Any => true,
            List(item) => item.may_be_intrinsic(),
            Either(one, other) => one.may_be_intrinsic() || other.may_be_intrinsic(),
            Required(shape) => shape.may_be_intrinsic(),
            _ => false,
        }
    }

    /// The shape in words, for messages.
    fn words(&self) -> String {
        match self {
            Text | Self::Rule(_) | Refused(_) => "a string".to_owned(),
            Integer => "an integer".to_owned(),
            Number => "a number".to_owned(),
            Boolean => "a boolean".to_owned(),
            OneOf(texts) => texts.iter().map(|text| format!("`{text}`")).collect::<Vec<_>>().join(" or "),
            Any => "any value".to_owned(),
            Names(kind) => kind.what.to_owned(),
            List(_) => "a list".to_owned(),
            Self::Map(_) | Object(_) => "a mapping".to_owned(),
            Either(one, other) => format!("{} or {}", one.words(), other.words()),
            Plain(shape) | Required(shape) => shape.words(),
        }
    }
}

/// Checks a mapping along a table, and returns it for CloudFormation.
pub(super) fn walk(table: Table, context: &mut RuleContext<'_, '_>, node: &Node) -> Map<String, Value> {
    let Some(mapping) = node.as_mapping().filter(|_| node.intrinsic().is_none()) else {
        refuse_kind(&Object(table), context, node);
        return Map::new();
    };
    for (name, shape) in table.iter().filter(|(name, _)| !mapping.contains_key(*name)) {
        if let Required(shape) = shape
            && !is_misspelt(table, mapping, name)
        {
            let help = match shape {
                Shape::Rule(_) => format!("add `{name}`"),
                shape => format!("add `{name}`: it should be {}", shape.words()),
            };
            context.refuse(FindingCode::MissingProperty, node.span, format!("`{name}` is missing"), help);
        }
    }
    let known = mapping.iter().filter_map(|(name, entry)| {
        let mut context = context.within(name);
        let Some((_, shape)) = table.iter().find(|(known, _)| known == name) else {
            let message = format!("unknown property `{name}`");
            context.refuse(FindingCode::UnknownProperty, entry.key_span, message, proposal(table, name));
            return None;
        };
        Some((name.clone(), shape.walk(&mut context, &entry.value)))
    });
    known.collect()
}

/// Whether the finding about an unknown property proposes this one, which then is not missing, too.
pub(super) fn is_misspelt(table: Table, mapping: &Mapping, name: &str) -> bool {
    let is_unknown = |written: &&String| !table.iter().any(|(known, _)| known == *written);
    mapping.keys().filter(is_unknown).any(|written| nearest(written, proposed(table)) == Some(name))
}

/// The remedy for a property that is not in the table.
fn proposal(table: Table, written: &str) -> String {
    match nearest(written, proposed(table)) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("known properties: {}", proposed(table).collect::<Vec<_>>().join(", ")),
    }
}

/// The properties that a finding can propose.
fn proposed(table: Table) -> impl Iterator<Item = &'static str> {
    table.iter().filter(|(_, shape)| !matches!(shape, Refused(_))).map(|(name, _)| *name)
}

fn walk_list(item: &Shape, context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    let items = node.as_sequence().unwrap_or_default().iter().enumerate();
    items.map(|(position, node)| item.walk(&mut context.at(position), node)).collect()
}

fn walk_map(item: &Shape, context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    let entries = node.as_mapping().into_iter().flatten();
    let walked = entries.map(|(name, entry)| (name.clone(), item.walk(&mut context.within(name), &entry.value)));
    Value::Object(walked.collect())
}

fn walk_plain(shape: &Shape, context: &mut RuleContext<'_, '_>, node: &Node) -> Value {
    if node.intrinsic().is_none() {
        return shape.walk(context, node);
    }
    refuse_non_literal(context, node, &shape.words());
    node.into()
}

/// Refuses what is not the literal that `words` describe.
pub(super) fn refuse_non_literal(context: &mut RuleContext<'_, '_>, node: &Node, words: &str) {
    if node.intrinsic().is_some() {
        let message = format!("should be {words}, without an intrinsic function");
        let help = "write the value itself: Fenrir checks it before a stack exists that could compute it";
        return context.refuse(FindingCode::NotALiteral, node.span, message, help);
    }
    let found = if node.as_str() == Some("") { "empty" } else { node.kind() };
    context.refuse_value(FindingCode::WrongType, node.span, format!("should be {words}, but is {found}"));
}

fn check(shape: &Shape, context: &mut RuleContext<'_, '_>, node: &Node) {
    // `references::check` searches the whole template for null.
    if node.content != Content::Null && !shape.fits(node) {
        refuse_kind(shape, context, node);
    }
}

fn refuse_kind(shape: &Shape, context: &mut RuleContext<'_, '_>, node: &Node) {
    if node.intrinsic().is_some() {
        return refuse_non_literal(context, node, &shape.words());
    }
    let found = match (&node.content, shape) {
        (Content::String(text), OneOf(_) | Integer | Number | Boolean) => format!("`{text}`"),
        _ => node.kind().to_owned(),
    };
    let message = format!("should be {}, but is {found}", shape.words());
    match (node.as_str(), shape) {
        (Some(text), OneOf(texts)) => match nearest(text, texts.iter().copied()) {
            Some(name) => {
                context.refuse(FindingCode::InvalidValue, node.span, message, format!("did you mean `{name}`?"));
            }
            None => context.refuse_value(FindingCode::InvalidValue, node.span, message),
        },
        _ => context.refuse_value(FindingCode::WrongType, node.span, message),
    }
}
