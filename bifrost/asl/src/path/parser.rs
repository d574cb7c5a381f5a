//! The parser of paths.

use super::aggregate::Aggregate;
use super::{Path, Root, Step, SyntaxError, filter_parser};
use crate::syntax::Cursor;

const FUNCTIONS: &str = "`length()`, `min()`, `max()`, `sum()`, `avg()`, `stddev()`, `keys()`, `first()` or `last()`, \
                         without arguments";
const BRACKETS: &str = "an index, a slice such as `1:3`, a name in quotes, `*` or a filter `?(…)` in brackets";

pub(super) fn error(cursor: &Cursor<'_>, expected: &str) -> SyntaxError {
    cursor.unexpected("JSONPath", expected)
}

/// Reads a path and moves the cursor past it. `depth` counts the filters around it.
pub(super) fn path(cursor: &mut Cursor<'_>, depth: usize) -> Result<Path, SyntaxError> {
    let start = cursor.clone();
    if !cursor.eat("$") {
        return Err(error(cursor, "`$`, `$$` or `$variable` at the start of the path"));
    }
    let root = if cursor.eat("$") { Root::Context } else { variable_or_input(cursor) };
    steps(cursor, &start, root, depth)
}

/// Reads a path inside a filter; returns whether it starts at the item (`@`), and the path.
pub(super) fn path_in_filter(cursor: &mut Cursor<'_>, depth: usize) -> Result<(bool, Path), SyntaxError> {
    let start = cursor.clone();
    if cursor.eat("@") {
        Ok((true, steps(cursor, &start, Root::Input, depth)?))
    } else {
        Ok((false, path(cursor, depth)?))
    }
}

fn steps(cursor: &mut Cursor<'_>, start: &Cursor<'_>, root: Root, depth: usize) -> Result<Path, SyntaxError> {
    let mut steps = Vec::new();
    let mut aggregate = None;
    while aggregate.is_none() {
        if cursor.starts_with(".") {
            aggregate = dotted(cursor, &mut steps, depth)?;
        } else if cursor.starts_with("[") {
            steps.push(bracketed(cursor, depth)?);
        } else {
            break;
        }
    }
    Ok(Path { text: cursor.since(start).to_owned(), root, steps, aggregate })
}

fn dotted(cursor: &mut Cursor<'_>, steps: &mut Vec<Step>, depth: usize) -> Result<Option<Aggregate>, SyntaxError> {
    cursor.eat(".");
    if cursor.eat(".") {
        steps.push(Step::Descend);
    }
    if cursor.starts_with("[") {
        steps.push(bracketed(cursor, depth)?);
        return Ok(None);
    }
    if cursor.eat("*") {
        steps.push(Step::Wildcard);
        return Ok(None);
    }
    let before = cursor.clone();
    let name = cursor.take_while(is_name_character);
    if name.is_empty() {
        return Err(error(cursor, "a name, `*` or `[…]` after the dot"));
    }
    if cursor.eat("(") {
        let aggregate = Aggregate::named(name).filter(|_| cursor.eat(")"));
        return aggregate.map(Some).ok_or_else(|| error(&before, FUNCTIONS));
    }
    steps.push(Step::Name(name.to_owned()));
    Ok(None)
}

fn bracketed(cursor: &mut Cursor<'_>, depth: usize) -> Result<Step, SyntaxError> {
    cursor.eat("[");
    cursor.skip_blanks();
    let step = match cursor.peek() {
        Some('*') => {
            cursor.eat("*");
            Step::Wildcard
        }
        Some('?') => filter(cursor, depth)?,
        Some('\'' | '"') => names(cursor)?,
        _ => numbers(cursor)?,
    };
    cursor.skip_blanks();
    if cursor.eat("]") { Ok(step) } else { Err(error(cursor, "`]`")) }
}

fn filter(cursor: &mut Cursor<'_>, depth: usize) -> Result<Step, SyntaxError> {
    cursor.eat("?");
    cursor.skip_blanks();
    if !cursor.eat("(") {
        return Err(error(cursor, "a filter such as `[?(@.name == 'value')]`"));
    }
    let filter = filter_parser::filter(cursor, depth + 1)?;
    cursor.skip_blanks();
    if cursor.eat(")") { Ok(Step::Filter(filter)) } else { Err(error(cursor, "`)` at the end of the filter")) }
}

fn names(cursor: &mut Cursor<'_>) -> Result<Step, SyntaxError> {
    let mut names = Vec::new();
    loop {
        cursor.skip_blanks();
        let name = quoted(cursor);
        names.push(name.ok_or_else(|| error(cursor, "a name in quotes, with its closing quote"))?);
        cursor.skip_blanks();
        if !cursor.eat(",") {
            break;
        }
    }
    Ok(if names.len() == 1 { names.pop().map_or(Step::Wildcard, Step::Name) } else { Step::Names(names) })
}

fn numbers(cursor: &mut Cursor<'_>) -> Result<Step, SyntaxError> {
    let from = number(cursor);
    cursor.skip_blanks();
    if cursor.eat(":") {
        cursor.skip_blanks();
        return Ok(Step::Slice(from, number(cursor)));
    }
    let first = from.ok_or_else(|| error(cursor, BRACKETS))?;
    let mut indices = vec![first];
    while cursor.eat(",") {
        cursor.skip_blanks();
        indices.push(number(cursor).ok_or_else(|| error(cursor, "an index after the comma"))?);
        cursor.skip_blanks();
    }
    Ok(if indices.len() == 1 { Step::Index(first) } else { Step::Indices(indices) })
}

fn variable_or_input(cursor: &mut Cursor<'_>) -> Root {
    if !cursor.peek().is_some_and(|c| c.is_alphabetic() || c == '_') {
        return Root::Input;
    }
    Root::Variable(cursor.take_while(|c| c.is_alphanumeric() || c == '_').to_owned())
}

/// Names without quotes may have any character, as in Jayway, except those that end them there or in an intrinsic
/// function.
fn is_name_character(c: char) -> bool {
    !c.is_whitespace() && !c.is_control() && !matches!(c, '.' | '[' | ']' | '(' | ')' | ',' | '\'' | '"' | '*' | '?')
}

fn number(cursor: &mut Cursor<'_>) -> Option<i64> {
    let mut ahead = cursor.clone();
    let number = ahead.take_while(|c| c.is_ascii_digit() || c == '-').parse().ok()?;
    *cursor = ahead;
    Some(number)
}

/// Reads a string in single or double quotes; a backslash escapes the next character.
pub(super) fn quoted(cursor: &mut Cursor<'_>) -> Option<String> {
    let quote = cursor.peek().filter(|c| matches!(c, '\'' | '"'))?;
    let mut ahead = cursor.clone();
    ahead.next();
    let mut text = String::new();
    loop {
        match ahead.next()? {
            c if c == quote => break,
            '\\' => text.push(ahead.next()?),
            c => text.push(c),
        }
    }
    *cursor = ahead;
    Some(text)
}
