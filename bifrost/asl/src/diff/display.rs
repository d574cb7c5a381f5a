//! One line for each change.

use std::fmt;

use serde_json::Value;

use super::{DefinitionChange, DefinitionEdge, EdgeReason};

/// The longest text of a value, in characters.
const MAX_VALUE: usize = 80;

/// The number of fields that a line lists.
const MAX_FIELDS: usize = 6;

impl fmt::Display for DefinitionChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = match self {
            Self::Field { field, old, new } => {
                let name = if field.is_empty() { "definition" } else { field };
                match (old.as_ref().map(brief), new.as_ref().map(brief)) {
                    (Some(old), Some(new)) => format!("{name} changed: {old} → {new}"),
                    (Some(old), None) => format!("{name} removed: {old}"),
                    (None, Some(new)) => format!("{name} added: {new}"),
                    (None, None) => format!("{name} changed"),
                }
            }
            Self::StateAdded { state, kind } => format!("state {state} added{}", in_brackets(kind.as_ref())),
            Self::StateRemoved { state, kind } => format!("state {state} removed{}", in_brackets(kind.as_ref())),
            Self::StateChanged { state, fields } => format!("state {state} changed: {}", list(fields)),
            Self::EdgeAdded(edge) => format!("transition {edge} added"),
            Self::EdgeRemoved(edge) => format!("transition {edge} removed"),
        };
        one_line(&line, f)
    }
}

impl fmt::Display for DefinitionEdge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} → {} ({})", self.from, self.to, self.reason)
    }
}

impl fmt::Display for EdgeReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Next => f.write_str("Next"),
            Self::Default => f.write_str("Default"),
            Self::Choice(index) => write!(f, "Choices[{index}]"),
            Self::Catch(errors) => write!(f, "Catch {}", errors.join(", ")),
        }
    }
}

/// Names are any text: a line break in one would make a second line.
fn one_line(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    use fmt::Write as _;
    for character in text.chars() {
        if character.is_control() || matches!(character, '\u{2028}' | '\u{2029}') {
            write!(f, "{}", character.escape_default())?;
        } else {
            f.write_char(character)?;
        }
    }
    Ok(())
}

fn in_brackets(kind: Option<&String>) -> String {
    kind.map(|kind| format!(" ({kind})")).unwrap_or_default()
}

fn list(fields: &[String]) -> String {
    // A state that is not an object has no fields.
    let names = fields.iter().take(MAX_FIELDS).map(|field| if field.is_empty() { "its value" } else { field });
    let names: Vec<&str> = names.collect();
    match fields.len().saturating_sub(MAX_FIELDS) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}

fn brief(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(MAX_VALUE) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}
