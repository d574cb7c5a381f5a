//! `States.Format`.

use serde_json::Value;

use super::java;

/// A part of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    Placeholder,
}

/// Reads a template: `{}` is a placeholder, `\{` a brace. `None` when a brace stands alone.
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

/// The template with its placeholders filled; `None` when there are more or fewer values.
pub(super) fn filled(pieces: &[Piece], values: &[&Value]) -> Option<Value> {
    let mut text = String::new();
    let mut values = values.iter();
    for piece in pieces {
        match piece {
            Piece::Text(part) => text.push_str(part),
            Piece::Placeholder => java::print(values.next()?, &mut text),
        }
    }
    values.next().is_none().then_some(Value::String(text))
}
