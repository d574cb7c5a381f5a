//! `States.Format`, which formats values as Java does: AWS's service is written in it.

use std::fmt::Write as _;

use serde_json::{Number, Value};

/// A part of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    Placeholder,
}

/// Parses a template: `{}` is a placeholder, `\{` a brace. `None` if a brace is neither.
pub(super) fn pieces(template: &str) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut characters = template.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\\' => {
                let escaped = characters.next_if(|c| matches!(c, '\'' | '{' | '}' | '\\'));
                text.push(escaped.unwrap_or('\\'));
            }
            '{' if characters.next_if_eq(&'}').is_some() => {
                pieces.push(Piece::Text(std::mem::take(&mut text)));
                pieces.push(Piece::Placeholder);
            }
            '{' | '}' => return None,
            c => text.push(c),
        }
    }
    pieces.push(Piece::Text(text));
    Some(pieces)
}

pub(super) fn placeholders(pieces: &[Piece]) -> usize {
    pieces.iter().filter(|piece| **piece == Piece::Placeholder).count()
}

pub(super) fn format(template: &str, values: &[&Value]) -> Option<Value> {
    filled(&pieces(template)?, values)
}

/// The template with values for its placeholders; `None` if there are more or fewer values.
pub(super) fn filled(pieces: &[Piece], values: &[&Value]) -> Option<Value> {
    let mut text = String::new();
    let mut values = values.iter();
    for piece in pieces {
        match piece {
            Piece::Text(part) => text.push_str(part),
            Piece::Placeholder => print(values.next()?, &mut text),
        }
    }
    values.next().is_none().then_some(Value::String(text))
}

/// A map prints as `{Id=arn:…, Tags=[a, b]}`.
fn print(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => print_number(number, out),
        Value::String(text) => out.push_str(text),
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { ", " });
                print(item, out);
            }
            out.push(']');
        }
        Value::Object(fields) => {
            out.push('{');
            for (at, (name, field)) in fields.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { ", " });
                out.push_str(name);
                out.push('=');
                print(field, out);
            }
            out.push('}');
        }
    }
}

/// `Double.toString` for numbers that are not integers: `1.0E10` from 10⁷ and below 10⁻³.
fn print_number(number: &Number, out: &mut String) {
    let text = number.as_str();
    let double = match text.parse::<f64>() {
        Ok(double) if text.contains(['.', 'e', 'E']) => double,
        _ => return out.push_str(text),
    };
    let _ = if double == 0.0 || (1e-3..1e7).contains(&double.abs()) {
        write!(out, "{double:?}")
    } else if double.is_infinite() {
        write!(out, "{}Infinity", if double < 0.0 { "-" } else { "" })
    } else {
        let text = format!("{double:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        write!(out, "{digits}{}E{exponent}", if digits.contains('.') { "" } else { ".0" })
    };
}
