//! The parser of filters.

use regex_lite::RegexBuilder;
use serde_json::Value;

use super::SyntaxError;
use super::filter::{Comparison, Filter, ItemPath, Operand, Pattern};
use super::parser::{error, path_in_filter};
use crate::syntax::Cursor;

/// More nested parentheses than definitions have, and few enough for any stack.
const MAX_DEPTH: usize = 32;

/// Longest first, so that `<=` is not read as `<`.
const COMPARISONS: [(&str, Comparison); 6] = [
    ("==", Comparison::Equal),
    ("!=", Comparison::NotEqual),
    ("<=", Comparison::LessOrEqual),
    (">=", Comparison::GreaterOrEqual),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
];

const OPERATORS: &str = "`==`, `!=`, `<`, `<=`, `>`, `>=`, `=~`, `&&`, `||` or the end of the filter (AWS has no \
                         operators that are words)";
const LITERAL: &str = "a path, a number, a string in quotes, `true`, `false` or `null`";

/// Reads a filter up to its closing parenthesis.
pub(super) fn filter(cursor: &mut Cursor<'_>) -> Result<Filter, SyntaxError> {
    any(cursor, 1)
}

fn any(cursor: &mut Cursor<'_>, depth: usize) -> Result<Filter, SyntaxError> {
    if depth > MAX_DEPTH {
        return Err(cursor.error("JSONPath", format!("a filter has more than {MAX_DEPTH} levels; use fewer levels")));
    }
    let mut parts = vec![all(cursor, depth)?];
    while cursor.eat("||") {
        parts.push(all(cursor, depth)?);
    }
    Ok(one_or(parts, Filter::Or))
}

fn all(cursor: &mut Cursor<'_>, depth: usize) -> Result<Filter, SyntaxError> {
    let mut starts = Vec::new();
    let mut parts = Vec::new();
    loop {
        cursor.skip_blanks();
        starts.push(cursor.clone());
        parts.push(term(cursor, depth)?);
        if !cursor.eat("&&") {
            break;
        }
    }
    let group = starts.iter().zip(&parts).find(|(_, part)| matches!(part, Filter::Or(_)));
    match group.filter(|_| parts.len() > 1) {
        Some((start, _)) => {
            let problem = "AWS ignores parentheses, so that `&&` binds before this `||`; write the alternatives in full, \
                           such as `a && c || b && c`";
            Err(start.error("JSONPath", problem.to_owned()))
        }
        None => Ok(one_or(parts, Filter::And)),
    }
}

fn one_or(mut parts: Vec<Filter>, many: impl Fn(Vec<Filter>) -> Filter) -> Filter {
    if parts.len() == 1 { parts.pop().unwrap_or_else(|| many(Vec::new())) } else { many(parts) }
}

/// Reads one condition, and the blanks after it.
fn term(cursor: &mut Cursor<'_>, depth: usize) -> Result<Filter, SyntaxError> {
    let condition = if cursor.eat("(") {
        let inner = any(cursor, depth + 1)?;
        if !cursor.eat(")") {
            return Err(error(cursor, "`)`"));
        }
        inner
    } else if cursor.eat("!") {
        cursor.skip_blanks();
        Filter::Exists { path: item_path(cursor, "`@` and a name after `!`, as in `!@.name`")?, expected: false }
    } else {
        condition(cursor)?
    };
    cursor.skip_blanks();
    let is_complete = ["&&", "||", ")"].iter().any(|end| cursor.starts_with(end));
    if is_complete { Ok(condition) } else { Err(error(cursor, OPERATORS)) }
}

fn condition(cursor: &mut Cursor<'_>) -> Result<Filter, SyntaxError> {
    let left = item_path(cursor, "`@` and a name, as in `@.name == 'value'`: the path is on the left")?;
    cursor.skip_blanks();
    if cursor.eat("=~") {
        cursor.skip_blanks();
        return Ok(Filter::Matches(left, pattern(cursor)?));
    }
    match COMPARISONS.iter().find(|(sign, _)| cursor.eat(sign)) {
        Some((_, comparison)) => Ok(Filter::Compare(left, *comparison, operand(cursor)?)),
        None => Ok(Filter::Exists { path: left, expected: true }),
    }
}

/// Reads a path that selects one value.
fn item_path(cursor: &mut Cursor<'_>, expected: &str) -> Result<ItemPath, SyntaxError> {
    let start = cursor.clone();
    if !cursor.starts_with("@") && !cursor.starts_with("$") {
        return Err(error(cursor, expected));
    }
    let (at_item, path) = path_in_filter(cursor)?;
    if at_item && path.steps.is_empty() {
        let problem = "`@` alone matches nothing on AWS, which filters objects only; compare a field, such as `@.name`";
        return Err(start.error("JSONPath", problem.to_owned()));
    }
    if !path.is_definite() {
        let problem =
            format!("`{path}` can select several values; compare one value, such as `@.name` or `@.items[0]`");
        return Err(start.error("JSONPath", problem));
    }
    Ok(ItemPath { path, at_item })
}

fn operand(cursor: &mut Cursor<'_>) -> Result<Operand, SyntaxError> {
    cursor.skip_blanks();
    match cursor.peek() {
        Some('@' | '$') => item_path(cursor, "a path").map(Operand::Path),
        Some(quote @ ('\'' | '"')) => quoted(cursor, quote).map(|text| Operand::Text(Value::String(text))),
        // A regular expression needs `=~`.
        Some('/') => Err(error(cursor, LITERAL)),
        _ => {
            // A word without quotes is text: existing definitions rely on it.
            let word = cursor.take_while(is_word_character).trim_end();
            if word.is_empty() { Err(error(cursor, LITERAL)) } else { Ok(Operand::Text(word.into())) }
        }
    }
}

fn is_word_character(c: char) -> bool {
    !c.is_control() && !matches!(c, '\'' | '"' | '(' | ')' | '[' | ']' | '{' | '}' | '<' | '>' | '=' | '!' | '&' | '|')
}

/// A string in quotes, in which a backslash escapes only the quote.
fn quoted(cursor: &mut Cursor<'_>, quote: char) -> Result<String, SyntaxError> {
    let start = cursor.clone();
    cursor.next();
    let mut text = String::new();
    loop {
        match cursor.next() {
            Some(c) if c == quote => return Ok(text),
            Some('\\') if cursor.peek() == Some(quote) => text.extend(cursor.next()),
            Some(c) => text.push(c),
            None => return Err(start.error("JSONPath", "the string that begins here has no closing quote".to_owned())),
        }
    }
}

fn pattern(cursor: &mut Cursor<'_>) -> Result<Pattern, SyntaxError> {
    let before = cursor.clone();
    let wrong = || error(&before, "a regular expression `/…/` or `/…/i`");
    if !cursor.eat("/") {
        return Err(wrong());
    }
    let mut pattern = String::new();
    loop {
        match cursor.next().ok_or_else(wrong)? {
            '/' => break,
            '\\' if cursor.eat("/") => pattern.push('/'),
            '\\' => {
                pattern.push('\\');
                pattern.push(cursor.next().ok_or_else(wrong)?);
            }
            c => pattern.push(c),
        }
    }
    // As in Jayway, the whole string must match.
    RegexBuilder::new(&format!("^(?:{pattern})$"))
        .case_insensitive(cursor.eat("i"))
        .build()
        .map(Pattern)
        .map_err(|_| wrong())
}
