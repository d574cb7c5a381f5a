//! Evaluates strings as far as they are known before the stack exists.
//!
//! `Fn::Join`, `Fn::Sub` and similar functions can put an ARN together from harmless parts. Therefore a rule does not look at the
//! text of a template, but at the string that CloudFormation makes of it.

use super::references::attribute;
use super::{Facts, stack_name_of};
use crate::template::{Content, Intrinsic, Node};
use std::collections::BTreeMap;

/// A part of a string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece<'n> {
    /// A known text.
    Text(String),
    /// `!Ref` of a resource.
    Ref(&'n str),
    /// `!GetAtt` of an attribute of a resource.
    Attribute(&'n str, &'n str),
    /// `!Ref AWS::NoValue`, which removes the property.
    NoValue,
    /// A value that only AWS knows, such as an import, or that is not a string.
    Unknown,
    /// The string has more parts, or more text, than this module evaluates.
    TooLong,
}

use Piece::{NoValue, Ref, Text, TooLong, Unknown};

/// The maximum length of an evaluated string. Nested functions that repeat their variables could make it grow without limit.
const MAX_TEXT: usize = 1 << 18;

/// The maximum number of parts.
const MAX_PIECES: usize = 1_000;

/// The parts of a value: one for a plain string, none for an empty one. Texts beside each other are one part.
pub(super) fn evaluate<'n>(facts: &Facts<'_>, node: &'n Node) -> Vec<Piece<'n>> {
    match (&node.content, node.intrinsic()) {
        (_, Some(call)) => call_pieces(facts, call),
        (Content::String(text), None) => of_text(text),
        (Content::Number(number), None) => vec![Text(number.to_string())],
        (Content::Boolean(boolean), None) => vec![Text(boolean.to_string())],
        _ => vec![Unknown],
    }
}

fn of_text<'n>(text: &str) -> Vec<Piece<'n>> {
    if text.is_empty() { Vec::new() } else { vec![Text(text.to_owned())] }
}

/// The text of a value, if it is known.
pub(super) fn text(facts: &Facts<'_>, node: &Node) -> Option<String> {
    match evaluate(facts, node).as_slice() {
        [] => Some(String::new()),
        [Text(text)] => Some(text.clone()),
        _ => None,
    }
}

fn call_pieces<'n>(facts: &Facts<'_>, call: Intrinsic<'n>) -> Vec<Piece<'n>> {
    let pieces = match (call.name, call.argument.as_sequence()) {
        ("Ref", _) => call.argument.as_str().map(|name| vec![reference(facts, name)]),
        ("Fn::GetAtt", _) => attribute(call.argument).map(|(name, attribute)| vec![Piece::Attribute(name, attribute)]),
        ("Fn::Sub", None) => call.argument.as_str().map(|text| substitute(facts, text, &BTreeMap::new())),
        ("Fn::Sub", Some([text, variables])) => substitute_with(facts, text, variables),
        ("Fn::Join", Some([delimiter, items])) => join(facts, delimiter, items),
        ("Fn::Select", Some([index, items])) => select(facts, index, items),
        _ => None,
    };
    pieces.unwrap_or_else(|| vec![Unknown])
}

/// The value of a pseudo parameter, or a reference to a resource.
fn reference<'n>(facts: &Facts<'_>, name: &'n str) -> Piece<'n> {
    match name {
        "AWS::AccountId" => Text(facts.account.to_string()),
        "AWS::Region" => Text(facts.region.to_string()),
        "AWS::Partition" => Text(facts.region.partition().name().to_owned()),
        "AWS::URLSuffix" => Text(facts.region.partition().url_suffix().to_owned()),
        "AWS::StackName" => Text(stack_name_of(facts.project, facts.config)),
        "AWS::NoValue" => NoValue,
        _ if name.starts_with("AWS::") => Unknown,
        _ => Ref(name),
    }
}

type Variables<'n> = BTreeMap<&'n str, Vec<Piece<'n>>>;

fn substitute_with<'n>(facts: &Facts<'_>, text: &'n Node, variables: &'n Node) -> Option<Vec<Piece<'n>>> {
    let variables = variables.as_mapping()?.iter();
    let variables: Variables<'n> =
        variables.map(|(name, entry)| (name.as_str(), evaluate(facts, &entry.value))).collect();
    Some(substitute(facts, text.as_str()?, &variables))
}

fn substitute<'n>(facts: &Facts<'_>, template: &'n str, variables: &Variables<'n>) -> Vec<Piece<'n>> {
    let mut built = Builder::default();
    let mut rest = template;
    while let Some((before, (name, after))) =
        rest.split_once("${").and_then(|(before, after)| Some((before, after.split_once('}')?)))
    {
        built.text(before);
        let name = name.trim();
        match (variables.get(name), name.strip_prefix('!'), name.split_once('.')) {
            (Some(value), ..) => built.extend(value),
            (_, Some(literal), _) => built.text(&format!("${{{literal}}}")),
            (_, _, Some((resource, attribute))) => built.push(Piece::Attribute(resource, attribute)),
            (_, _, None) => built.push(reference(facts, name)),
        }
        rest = after;
    }
    built.text(rest);
    built.into_pieces()
}

fn join<'n>(facts: &Facts<'_>, delimiter: &'n Node, items: &'n Node) -> Option<Vec<Piece<'n>>> {
    let delimiter = delimiter.as_str()?;
    let mut built = Builder::default();
    let items = list(facts, items)?.into_iter().filter(|item| *item != [NoValue]);
    for (position, item) in items.enumerate() {
        if position > 0 {
            built.text(delimiter);
        }
        built.extend(&item);
    }
    Some(built.into_pieces())
}

fn select<'n>(facts: &Facts<'_>, index: &Node, items: &'n Node) -> Option<Vec<Piece<'n>>> {
    let index = text(facts, index)?.parse().ok()?;
    list(facts, items)?.into_iter().nth(index)
}

/// The items of a list, or of a text that `Fn::Split` splits.
fn list<'n>(facts: &Facts<'_>, node: &'n Node) -> Option<Vec<Vec<Piece<'n>>>> {
    if let Some(items) = node.as_sequence() {
        return Some(items.iter().map(|item| evaluate(facts, item)).collect());
    }
    let call = node.intrinsic().filter(|call| call.name == "Fn::Split")?;
    let [delimiter, source] = call.argument.as_sequence()? else { return None };
    let (delimiter, source) = (delimiter.as_str().filter(|delimiter| !delimiter.is_empty())?, text(facts, source)?);
    Some(source.split(delimiter).map(of_text).collect())
}

/// A string that is put together from parts. Merges texts beside each other, and stops once it is too long.
#[derive(Default)]
struct Builder<'n> {
    pieces: Vec<Piece<'n>>,
    length: usize,
}

impl<'n> Builder<'n> {
    fn text(&mut self, text: &str) {
        if text.is_empty() || self.is_too_long() {
            return;
        }
        self.length = self.length.saturating_add(text.len());
        match self.pieces.last_mut() {
            Some(Text(before)) => before.push_str(text),
            _ => self.pieces.push(Text(text.to_owned())),
        }
    }

    fn push(&mut self, piece: Piece<'n>) {
        match piece {
            Text(text) => self.text(&text),
            TooLong => self.length = usize::MAX,
            piece if !self.is_too_long() => self.pieces.push(piece),
            _ => {}
        }
    }

    fn extend(&mut self, pieces: &[Piece<'n>]) {
        for piece in pieces {
            self.push(piece.clone());
        }
    }

    fn is_too_long(&self) -> bool {
        self.length > MAX_TEXT || self.pieces.len() > MAX_PIECES
    }

    fn into_pieces(self) -> Vec<Piece<'n>> {
        if self.is_too_long() { vec![TooLong] } else { self.pieces }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::fixture::facts_of;
    use serde_json::{Value, json};

    fn evaluated(value: &Value) -> String {
        let node = Node::from(value);
        facts_of("org/shop", |facts| {
            let shown = |piece: &Piece<'_>| match piece {
                Text(text) => text.clone(),
                Ref(name) => format!("<{name}>"),
                Piece::Attribute(name, attribute) => format!("<{name}.{attribute}>"),
                NoValue => "<no value>".to_owned(),
                Unknown => "<?>".to_owned(),
                TooLong => "<...>".to_owned(),
            };
            evaluate(facts, &node).iter().map(shown).collect()
        })
    }

    #[test]
    fn known_values_become_text() {
        for (value, expected) in [
            (json!("a"), "a"),
            (json!(12), "12"),
            (json!({"Ref": "AWS::AccountId"}), "000000000000"),
            (
                json!({"Fn::Sub": "${AWS::Partition}:${ AWS::Region }:${AWS::StackName}.${AWS::URLSuffix}"}),
                "aws:us-east-1:sam-org-shop-development.amazonaws.com",
            ),
            (json!({"Fn::Sub": ["${a}${b}${!c}$", {"a": "x", "b": {"Fn::Sub": "${AWS::Region}"}}]}), "xus-east-1${c}$"),
            (json!({"Fn::Join": [":", ["arn", "", {"Ref": "AWS::Partition"}]]}), "arn::aws"),
            (json!({"Fn::Join": ["", {"Fn::Split": ["-", "a-b-c"]}]}), "abc"),
            (json!({"Fn::Select": ["1", ["a", {"Fn::Sub": "b"}]]}), "b"),
            (json!({"Fn::Select": [1, {"Fn::Split": ["/", "a/b"]}]}), "b"),
            (json!({"Fn::Join": [",", [{"Ref": "AWS::NoValue"}, "a"]]}), "a"),
        ] {
            assert_eq!(evaluated(&value), expected, "{value}");
        }
    }

    #[test]
    fn references_are_kept() {
        for (value, expected) in [
            (json!({"Ref": "jobs"}), "<jobs>"),
            (json!({"Fn::Sub": "${jobs}"}), "<jobs>"),
            (json!({"Fn::Sub": "x${jobs.Arn}y"}), "x<jobs.Arn>y"),
            (json!({"Fn::GetAtt": ["jobs", "Arn"]}), "<jobs.Arn>"),
            (json!({"Fn::Join": ["", [{"Ref": "jobs"}]]}), "<jobs>"),
            (json!({"Fn::Select": [0, [{"Ref": "jobs"}]]}), "<jobs>"),
            (json!({"Ref": "AWS::NoValue"}), "<no value>"),
        ] {
            assert_eq!(evaluated(&value), expected, "{value}");
        }
    }

    #[test]
    fn other_values_are_unknown() {
        for value in [
            json!({"Ref": "AWS::StackId"}),
            json!({"Fn::ImportValue": "x"}),
            json!({"Fn::Base64": "x"}),
            json!({"Fn::Select": [3, ["a"]]}),
            json!({"Fn::Select": [0, {"Fn::GetAZs": ""}]}),
            json!({"Fn::Select": [0, {"Fn::Split": ["-", {"Ref": "jobs"}]}]}),
            json!(["a"]),
            json!({"a": "b"}),
        ] {
            assert_eq!(evaluated(&value), "<?>", "{value}");
        }
    }

    #[test]
    fn repeated_variables_are_limited() {
        let double = |inner: Value| json!({"Fn::Sub": ["${a}${a}", {"a": inner}]});
        let large = (0..40).fold(json!("0123456789"), |inner, _| double(inner));
        assert_eq!(evaluated(&large), "<...>");
        let many = (0..40).fold(json!({"Ref": "jobs"}), |inner, _| double(inner));
        assert_eq!(evaluated(&many), "<...>");
    }
}
