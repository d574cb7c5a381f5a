//! The limits that AWS sets for values: ranges, lengths, patterns, and the texts that a property takes.
//!
//! The tables of the rules say what Fenrir allows, these say what AWS takes. They are generated from AWS's schemas, so that they keep
//! up with AWS: `limits_tests` says when they are out of date, and writes them. Intrinsic functions are not checked: nobody knows
//! their values yet.

#[rustfmt::skip]
#[allow(clippy::enum_glob_use, clippy::unreadable_literal, clippy::wildcard_imports, reason = "the file is generated")]
mod tables;

use super::combinations;
use super::rule_context::RuleContext;
use crate::template::{Content, Entry, FindingCode, Node, Span, nearest};
use regex_lite::Regex;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
pub(super) use tables::{EVENTS, RESERVED_VARIABLES, TYPES};

/// The limits of a value.
pub(super) type Limits = &'static [Limit];

/// A limit of a value. It concerns only values that it fits: a length only strings, and so on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Limit {
    /// A scalar is this, in words, and not what CloudFormation would convert into it: SAM reads it.
    Strictly(&'static str),
    /// A string is one of these.
    OneOf(&'static [&'static str]),
    /// A string contains a match of this regular expression.
    Pattern(&'static str),
    /// A string has at least and at most as many characters.
    Length(usize, usize),
    /// A number is at least and at most this.
    Between(f64, f64),
    /// A list has at least and at most as many items.
    Items(usize, usize),
    /// A list has no item twice.
    Unique,
    /// The limits of each item of a list, or value of a mapping.
    Each(Limits),
    /// The limits of each key of a mapping.
    Keys(Limits),
    /// A mapping with the first property has none of the others.
    Excludes(&'static str, &'static [&'static str]),
    /// A mapping with the first property has all of the others.
    Needs(&'static str, &'static [&'static str]),
    /// A mapping has one of these properties, and only one.
    ExactlyOne(&'static [&'static str]),
    /// The limits of the properties of a mapping.
    Properties(&'static [(&'static str, Limits)]),
}

use Limit::{
    Between, Each, ExactlyOne, Excludes, Items, Keys, Length, Needs, OneOf, Pattern, Properties, Strictly, Unique,
};

/// The regular expressions that a check needed so far.
#[derive(Default)]
pub(super) struct Patterns(BTreeMap<&'static str, Option<Regex>>);

impl Patterns {
    /// Whether a text contains a match. What the library cannot read is no limit: `limits_tests` lets no such pattern through.
    fn fits(&mut self, pattern: &'static str, text: &str) -> bool {
        let regex = self.0.entry(pattern).or_insert_with(|| Regex::new(pattern).ok());
        regex.as_ref().is_none_or(|regex| regex.is_match(text))
    }
}

/// The limits for a name.
pub(super) fn of(all: &'static [(&'static str, Limits)], name: &str) -> Limits {
    all.iter().find(|(listed, _)| *listed == name).map_or(&[], |(_, limits)| limits)
}

/// Checks a value. One that is refused already gets no second finding.
pub(super) fn check(context: &mut RuleContext<'_, '_>, node: &Node, limits: Limits) {
    if node.intrinsic().is_some() {
        return;
    }
    for limit in limits {
        if context.check.has_refused(node.span) {
            return;
        }
        match limit {
            Each(limits) => check_each(context, node, limits),
            Keys(limits) => check_keys(context, node, limits),
            Properties(properties) => {
                for (name, limits) in *properties {
                    if let Some(value) = node.get(name) {
                        check(&mut context.within(name), value, limits);
                    }
                }
            }
            Unique => check_unique(context, node),
            Excludes(name, others) => others.iter().for_each(|other| combinations::exclude(context, node, name, other)),
            Needs(name, others) => others.iter().for_each(|other| combinations::require(context, node, name, other)),
            ExactlyOne(names) => combinations::require_one(context, node, names),
            OneOf(_) | Strictly(_) | Pattern(_) | Length(..) | Between(..) | Items(..) => {
                check_value(context, node, limit);
            }
        }
    }
}

/// Checks that a number is in a range that depends on other properties.
pub(super) fn check_between(context: &mut RuleContext<'_, '_>, node: &Node, least: f64, most: f64) {
    if let Some(fault) = number(node).and_then(|number| fault_of_number(number, least, most)) {
        refuse(context, node.span, fault);
    }
}

fn check_each(context: &mut RuleContext<'_, '_>, node: &Node, limits: Limits) {
    for (position, item) in node.as_sequence().unwrap_or_default().iter().enumerate() {
        check(&mut context.at(position), item, limits);
    }
    for (name, Entry { value, .. }) in node.as_mapping().into_iter().flatten() {
        check(&mut context.within(name), value, limits);
    }
}

fn check_keys(context: &mut RuleContext<'_, '_>, node: &Node, limits: Limits) {
    for (name, entry) in node.as_mapping().into_iter().flatten() {
        let mut context = context.within(name);
        for limit in limits {
            if let Some(fault) = fault_of_text(&mut context.check.patterns, limit, name) {
                refuse(&mut context, entry.key_span, fault);
            }
        }
    }
}

fn check_unique(context: &mut RuleContext<'_, '_>, node: &Node) {
    let mut seen = BTreeSet::new();
    for (position, item) in node.as_sequence().unwrap_or_default().iter().enumerate() {
        if !seen.insert(Value::from(item).to_string()) && !context.check.has_refused(item.span) {
            let found = item.as_str().map_or("the item".to_owned(), |text| format!("`{text}`"));
            let fault = (format!("{found} is in the list twice"), Some("remove one of them".to_owned()));
            refuse(&mut context.at(position), item.span, fault);
        }
    }
}

fn check_value(context: &mut RuleContext<'_, '_>, node: &Node, limit: &'static Limit) {
    let fault = match limit {
        Items(least, most) => node.as_sequence().and_then(|items| fault_of_count("items", items.len(), *least, *most)),
        Strictly(kind) => fault_of_type(node, kind),
        Between(least, most) => number(node).and_then(|number| fault_of_number(number, *least, *most)),
        limit => text(node).and_then(|text| fault_of_text(&mut context.check.patterns, limit, &text)),
    };
    if let Some(fault) = fault {
        refuse(context, node.span, fault);
    }
}

fn refuse(context: &mut RuleContext<'_, '_>, span: Option<Span>, (message, help): Fault) {
    match help {
        Some(help) => context.refuse(FindingCode::InvalidValue, span, message, help),
        None => context.refuse_value(FindingCode::InvalidValue, span, message),
    }
}

/// A scalar as CloudFormation passes it to a property that takes a string.
fn text(node: &Node) -> Option<Cow<'_, str>> {
    match &node.content {
        Content::String(text) => Some(text.into()),
        Content::Number(number) => Some(number.to_string().into()),
        Content::Boolean(boolean) => Some(boolean.to_string().into()),
        _ => None,
    }
}

/// A number, which may be written as a string.
fn number(node: &Node) -> Option<f64> {
    match &node.content {
        Content::Number(number) => number.as_f64(),
        Content::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// What is wrong with a value, and what to do if that does not say so.
type Fault = (String, Option<String>);

fn fault_of_type(node: &Node, kind: &str) -> Option<Fault> {
    let is_of_kind = match &node.content {
        Content::Number(number) => kind == "an integer" && (number.is_i64() || number.is_u64()),
        Content::Boolean(_) => kind == "a boolean",
        Content::String(_) => kind == "a string",
        _ => true,
    };
    let help = if kind == "a string" { "write it in quotes" } else { "write it without quotes" };
    (!is_of_kind).then(|| (format!("should be {kind}, but is {}", node.kind()), Some(help.to_owned())))
}

fn fault_of_number(number: f64, least: f64, most: f64) -> Option<Fault> {
    let range = match (least, most) {
        (least, f64::INFINITY) => format!("at least {least}"),
        (f64::NEG_INFINITY, most) => format!("at most {most}"),
        (least, most) => format!("{least} to {most}"),
    };
    (number < least || number > most).then(|| (format!("should be {range}, but is {number}"), None))
}

fn fault_of_count(things: &str, count: usize, least: usize, most: usize) -> Option<Fault> {
    let range = match (least, most) {
        (0, most) => format!("at most {most}"),
        (least, usize::MAX) => format!("at least {least}"),
        (least, most) if least == most => format!("exactly {least}"),
        (least, most) => format!("{least} to {most}"),
    };
    (count < least || count > most).then(|| (format!("should have {range} {things}, but has {count}"), None))
}

fn fault_of_text(patterns: &mut Patterns, limit: &Limit, text: &str) -> Option<Fault> {
    match limit {
        OneOf(texts) if !texts.contains(&text) => {
            let help = match nearest(text, texts.iter().copied()) {
                Some(name) => format!("did you mean `{name}`?"),
                None => format!("write one of {}", texts.join(", ")),
            };
            Some((format!("AWS does not take `{text}`"), Some(help)))
        }
        Pattern(pattern) if !patterns.fits(pattern, text) => {
            Some((format!("`{text}` does not match `{pattern}`, which AWS requires"), None))
        }
        Length(least, most) => fault_of_count("characters", text.chars().count(), *least, *most),
        _ => None,
    }
}
