//! Numbers and booleans that YAML 1.1 reads as another value than the text suggests, such as `010` and `12:30:45`.

use super::Warning;
use crate::template::{FindingCode, Node, Source};
use serde_json::Number;

/// The warning about a number, if its text is not how CloudFormation writes it.
pub(super) fn number(source: &Source, node: &Node, number: &Number) -> Option<Warning> {
    let written = source.text_of(node.span?)?;
    let digits = written.trim_start_matches(['-', '+']);
    if !digits.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return None;
    }
    let has_other_base = digits.strip_prefix('0').is_some_and(|rest| !rest.is_empty() && !rest.starts_with('.'));
    let is_other = has_other_base || written.starts_with('+') || digits.contains([':', '_']);
    let shown = without_zeros(number.as_str());
    (is_other || loses_zeros(digits)).then(|| changed(written, shown))
}

/// The warning about a boolean where a string is expected, if its text is neither `true` nor `false`.
pub(super) fn boolean(source: &Source, node: &Node, boolean: bool) -> Option<Warning> {
    let written = source.text_of(node.span?)?;
    let is_word = ["yes", "no", "on", "off"].contains(&written.to_ascii_lowercase().as_str());
    is_word.then(|| changed(written, &boolean.to_string()))
}

fn changed(written: &str, read: &str) -> Warning {
    Warning {
        code: FindingCode::ChangedValue,
        message: format!("CloudFormation reads `{written}` as {read}"),
        help: format!("if it is a string, quote it: \"{written}\"; otherwise write {read}"),
    }
}

/// Whether a fraction ends in a zero that is not its only digit: `1.10`, but not `1.0`.
fn loses_zeros(digits: &str) -> bool {
    digits.split_once('.').is_some_and(|(_, fraction)| fraction.len() > 1 && fraction.ends_with('0'))
        && !digits.contains(['e', 'E'])
}

fn without_zeros(number: &str) -> &str {
    match number.split_once('.') {
        Some((whole, fraction)) if !fraction.contains(['e', 'E']) => {
            let kept = fraction.trim_end_matches('0').len().max(1);
            number.get(..whole.len() + 1 + kept).unwrap_or(number)
        }
        _ => number,
    }
}
