//! The values of plain YAML scalars, which have no quotes.
//!
//! CloudFormation reads YAML 1.1, and so does this module: `yes`, `on` and `YES` are true
//! ([an experiment](https://github.com/ASFHyP3/hyp3/pull/2061)), and `012345670123` is octal, that is 1402433619
//! ([an issue](https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/745)). Two things differ from
//! YAML 1.1: a date stays a string, because CloudFormation has no dates (`AWSTemplateFormatVersion: 2010-09-09`); and `.inf`
//! and `.nan` stay strings, because JSON cannot represent them.

use super::Content;
use serde_json::Number;

/// Resolves a plain scalar by the types of YAML 1.1 (<https://yaml.org/type/>).
pub(super) fn resolve(text: &str) -> Content {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Content::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Content::Boolean(true),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Content::Boolean(false),
        _ => number(text).map_or_else(|| Content::String(text.to_owned()), Content::Number),
    }
}

/// Parses a number. A decimal fraction keeps its digits.
fn number(text: &str) -> Option<Number> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    // Rules out most strings at once. A fraction without a whole part has no sign.
    let is_fraction = text.starts_with('.');
    if !is_fraction && !digits.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let without_marks = digits.replace('_', "");
    let number = integer(&without_marks).or_else(|| sexagesimal(digits)).or_else(|| decimal(&without_marks))?;
    format!("{sign}{number}").parse().ok().filter(|_| !text.starts_with("._"))
}

fn integer(digits: &str) -> Option<String> {
    if let Some(digits) = digits.strip_prefix("0x") {
        in_base(digits, 16)
    } else if let Some(digits) = digits.strip_prefix("0b") {
        in_base(digits, 2)
    } else if let Some(octal) = digits.strip_prefix('0').filter(|octal| are_digits(octal)) {
        in_base(octal, 8)
    } else {
        are_digits(digits).then(|| digits.to_owned())
    }
}

fn in_base(digits: &str, base: u32) -> Option<String> {
    let are_digits = digits.chars().all(|digit| digit.is_digit(base));
    let number = are_digits.then(|| u128::from_str_radix(digits, base).ok()).flatten()?;
    Some(number.to_string())
}

fn are_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `1:30` is 90, and `1:30.5` is 90.5.
fn sexagesimal(digits: &str) -> Option<String> {
    let (first, rest) = digits.split_once(':').filter(|(first, _)| first.starts_with(|c: char| c.is_ascii_digit()))?;
    let (rest, fraction) = rest.split_once('.').map_or((rest, None), |(rest, fraction)| (rest, Some(fraction)));
    if fraction.is_none() && first.starts_with('0') {
        return None;
    }
    let whole = first.replace('_', "").parse::<u128>().ok()?;
    let sum = rest.split(':').try_fold(whole, |sum, part| {
        let part = Some(part).filter(|part| are_digits(part) && part.len() <= 2)?;
        let part = part.parse::<u8>().ok().filter(|part| *part < 60)?;
        sum.checked_mul(60)?.checked_add(part.into())
    })?;
    let Some(fraction) = fraction.map(|fraction| fraction.replace('_', "")) else { return Some(sum.to_string()) };
    let is_fraction = fraction.is_empty() || are_digits(&fraction);
    decimal(&format!("{sum}.{fraction}")).filter(|_| is_fraction)
}

/// A decimal fraction in the form of JSON. Its exponent has a sign: `1.5e3` is a string.
fn decimal(digits: &str) -> Option<String> {
    let (mantissa, exponent) = digits.find(['e', 'E']).map_or((digits, ""), |at| digits.split_at(at));
    let (whole, fraction) = mantissa.split_once('.')?;
    let exponent_digits = exponent.trim_start_matches(['e', 'E']).strip_prefix(['-', '+']);
    let is_exponent = exponent.is_empty() || exponent_digits.is_some_and(are_digits);
    if !are_digits(&[whole, fraction].concat()) || !is_exponent {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let fraction = if fraction.is_empty() { "0" } else { fraction };
    Some(format!("{whole}.{fraction}{exponent}"))
}
