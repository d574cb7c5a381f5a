//! Tables of what a mapping may hold, and the walk along one.
//!
//! A walk gives the value for CloudFormation: what was written, save where a rule puts something else in its place. It
//! goes on after a finding, so that all of them are said at once.

use super::rule_context::RuleContext;
use crate::template::{Content, Node, nearest};
use serde_json::{Map, Value};

/// What a mapping may hold: a row for each name.
pub(super) type Table = &'static [(&'static str, Shape)];

/// A rule: says what is wrong, and gives what is handed on to CloudFormation.
pub(super) type Rule = fn(&mut RuleContext<'_, '_>, &Node) -> Value;

/// What a value has to be. An intrinsic function may stand for whatever one can give: for a text, a number, true or
/// false, and a list of those.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    /// A text. A number is taken for its digits, as CloudFormation does.
    Text,
    /// A whole number, or a text that is one.
    Integer,
    /// A number, or a text that is one.
    Number,
    /// True or false, or a text that says so.
    Boolean,
    /// A text, a number, true or false.
    Scalar,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// Whatever it is.
    Any,
    /// A list of these.
    List(&'static Shape),
    /// These, by names that the author chose.
    Map(&'static Shape),
    /// What a table says.
    Object(Table),
    /// The one or the other.
    Either(&'static Shape, &'static Shape),
    /// This, and no intrinsic function in its place: it is compared or looked up before there is a stack.
    Plain(&'static Shape),
    /// This, and it has to be there.
    Required(&'static Shape),
    /// What a rule says.
    Rule(Rule),
    /// SAM or CloudFormation knows it, Fenrir does not take it: why, and what to do.
    Refused(&'static str),
}

use Shape::{Any, Boolean, Either, Integer, List, Number, Object, OneOf, Plain, Refused, Required, Scalar, Text};

impl Shape {
    /// Holds a value against the shape, and gives what is handed on.
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
            Self::Rule(rule) => rule(context, node),
            Refused(why) => {
                context.refuse_with(node.span, format!("`{}` is not supported", context.name()), *why);
                Value::Null
            }
            _ => {
                check(self, context, node);
                node.into()
            }
        }
    }

    /// Whether a value is of this shape, without a look at what is in it.
    fn fits(&self, node: &Node) -> bool {
        if node.intrinsic().is_some() {
            return self.may_be_intrinsic();
        }
        match (self, &node.content) {
            (Any, _)
            | (Text | Scalar, Content::String(_) | Content::Number(_))
            | (Number, Content::Number(_))
            | (Boolean | Scalar, Content::Boolean(_))
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

    fn may_be_intrinsic(&self) -> bool {
        match self {
            Text | Integer | Number | Boolean | Scalar | OneOf(_) | Any => true,
            List(item) => item.may_be_intrinsic(),
            Either(one, other) => one.may_be_intrinsic() || other.may_be_intrinsic(),
            Required(shape) => shape.may_be_intrinsic(),
            _ => false,
        }
    }

    /// What it should be, in words.
    fn words(&self) -> String {
        match self {
            Text | Self::Rule(_) | Refused(_) => "a text".to_owned(),
            Integer => "a whole number".to_owned(),
            Number => "a number".to_owned(),
            Boolean => "true or false".to_owned(),
            Scalar => "a text, a number, true or false".to_owned(),
            OneOf(texts) => texts.iter().map(|text| format!("`{text}`")).collect::<Vec<_>>().join(" or "),
            Any => "anything".to_owned(),
            List(_) => "a list".to_owned(),
            Self::Map(_) | Object(_) => "a mapping".to_owned(),
            Either(one, other) => format!("{} or {}", one.words(), other.words()),
            Plain(shape) | Required(shape) => shape.words(),
        }
    }
}

/// Holds a mapping against a table, and gives what is handed on.
pub(super) fn walk(table: Table, context: &mut RuleContext<'_, '_>, node: &Node) -> Map<String, Value> {
    let Some(mapping) = node.as_mapping().filter(|_| node.intrinsic().is_none()) else {
        refuse_kind(&Object(table), context, node);
        return Map::new();
    };
    for (name, shape) in table.iter().filter(|(name, _)| !mapping.contains_key(*name)) {
        match shape {
            Required(Shape::Rule(_)) => context.refuse(node.span, format!("`{name}` is missing")),
            Required(shape) => {
                context.refuse_with(
                    node.span,
                    format!("`{name}` is missing"),
                    format!("it should be {}", shape.words()),
                );
            }
            _ => {}
        }
    }
    let known = mapping.iter().filter_map(|(name, entry)| {
        let mut context = context.within(name);
        let Some((_, shape)) = table.iter().find(|(known, _)| known == name) else {
            context.refuse_with(entry.key_span, format!("there is no `{name}` here"), names(table, name));
            return None;
        };
        Some((name.clone(), shape.walk(&mut context, &entry.value)))
    });
    known.collect()
}

/// What may have been meant by a name that is not in the table.
fn names(table: Table, written: &str) -> String {
    let names = table.iter().filter(|(_, shape)| !matches!(shape, Refused(_))).map(|(name, _)| *name);
    match nearest(written, names.clone()) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("these are known: {}", names.collect::<Vec<_>>().join(", ")),
    }
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
    refuse_intrinsic(context, node, &shape.words());
    node.into()
}

/// Says that no intrinsic function may stand here.
pub(super) fn refuse_intrinsic(context: &mut RuleContext<'_, '_>, node: &Node, words: &str) {
    let message = format!("should be {words}, without an intrinsic function");
    context.refuse_with(
        node.span,
        message,
        "it is checked before there is a stack that could compute it: write it out",
    );
}

fn check(shape: &Shape, context: &mut RuleContext<'_, '_>, node: &Node) {
    // Of `null` the whole template is searched.
    if node.content != Content::Null && !shape.fits(node) {
        refuse_kind(shape, context, node);
    }
}

fn refuse_kind(shape: &Shape, context: &mut RuleContext<'_, '_>, node: &Node) {
    if node.intrinsic().is_some() {
        return refuse_intrinsic(context, node, &shape.words());
    }
    let is = match (&node.content, shape) {
        (Content::String(text), OneOf(_) | Integer | Number | Boolean) => format!("`{text}`"),
        _ => node.kind().to_owned(),
    };
    let message = format!("should be {}, but is {is}", shape.words());
    match (node.as_str(), shape) {
        (Some(text), OneOf(texts)) => match nearest(text, texts.iter().copied()) {
            Some(meant) => context.refuse_with(node.span, message, format!("did you mean `{meant}`?")),
            None => context.refuse(node.span, message),
        },
        _ => context.refuse(node.span, message),
    }
}
