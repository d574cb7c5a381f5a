//! The parser of paths.

use super::{Path, Root, Step, SyntaxError, filter_parser};
use crate::syntax::Cursor;

const BRACKETS: &str =
    "an index, a slice such as `1:3`, `(@.length-1)`, a name in quotes, `*` or a filter `?(…)` in brackets";

/// More steps that select several values than definitions have, and few enough for any stack.
const MAX_BRANCHES: usize = 32;

/// Where a path is: in a filter, operators end its names, and it has no filters of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Field,
    Filter,
}

pub(super) fn error(cursor: &Cursor<'_>, expected: &str) -> SyntaxError {
    cursor.unexpected("JSONPath", expected)
}

/// Reads a path and moves the cursor past it.
pub(super) fn path(cursor: &mut Cursor<'_>) -> Result<Path, SyntaxError> {
    path_at(cursor, Place::Field)
}

/// Reads a path inside a filter; returns whether it starts at the item (`@`), and the path.
pub(super) fn path_in_filter(cursor: &mut Cursor<'_>) -> Result<(bool, Path), SyntaxError> {
    let start = cursor.clone();
    if cursor.eat("@") {
        Ok((true, steps(cursor, &start, Root::Input, Place::Filter)?))
    } else {
        Ok((false, path_at(cursor, Place::Filter)?))
    }
}

fn path_at(cursor: &mut Cursor<'_>, place: Place) -> Result<Path, SyntaxError> {
    let start = cursor.clone();
    if !cursor.eat("$") {
        return Err(error(cursor, "`$`, `$$` or `$variable` at the start of the path"));
    }
    let root = if cursor.eat("$") { Root::Context } else { variable_or_input(cursor) };
    steps(cursor, &start, root, place)
}

fn steps(cursor: &mut Cursor<'_>, start: &Cursor<'_>, root: Root, place: Place) -> Result<Path, SyntaxError> {
    let mut steps = Vec::new();
    let mut branches = 0;
    while cursor.starts_with(".") || cursor.starts_with("[") {
        if branches >= MAX_BRANCHES {
            let problem = format!("a path has {MAX_BRANCHES} steps or more that select several values; use fewer");
            return Err(cursor.error("JSONPath", problem));
        }
        if matches!(steps.last(), Some(Step::Names(_))) {
            return Err(error(cursor, "the end of the path after several names in brackets"));
        }
        let before = steps.len();
        if cursor.starts_with(".") {
            dotted(cursor, &mut steps, place)?;
        } else {
            steps.push(bracketed(cursor, place)?);
        }
        branches += steps.iter().skip(before).filter(|step| !step.is_definite()).count();
    }
    Ok(Path { text: cursor.since(start).to_owned(), root, steps })
}

fn dotted(cursor: &mut Cursor<'_>, steps: &mut Vec<Step>, place: Place) -> Result<(), SyntaxError> {
    cursor.eat(".");
    if cursor.eat(".") {
        steps.push(Step::Descend);
    }
    if cursor.starts_with("[") {
        steps.push(bracketed(cursor, place)?);
        return Ok(());
    }
    if cursor.eat("*") {
        steps.push(Step::Wildcard);
        return Ok(());
    }
    let before = cursor.clone();
    let name = cursor.take_while(|c| is_name_character(c, place));
    if name.is_empty() {
        return Err(error(cursor, "a name, `*` or `[…]` after the dot"));
    }
    if cursor.starts_with("(") {
        let problem = format!(
            "`{name}()` is not a function on AWS, which looks for a field of that name; use an intrinsic function such \
             as `States.ArrayLength($.items)`, or write a field as `['{name}()']`"
        );
        return Err(before.error("JSONPath", problem));
    }
    steps.push(Step::Name(name.to_owned()));
    Ok(())
}

fn bracketed(cursor: &mut Cursor<'_>, place: Place) -> Result<Step, SyntaxError> {
    cursor.eat("[");
    cursor.skip_blanks();
    let step = match cursor.peek() {
        Some('*') => {
            cursor.eat("*");
            Step::Wildcard
        }
        Some('?') => filter(cursor, place)?,
        Some('(') => from_end(cursor)?,
        Some('\'' | '"') => names(cursor)?,
        _ => numbers(cursor)?,
    };
    cursor.skip_blanks();
    if cursor.eat("]") { Ok(step) } else { Err(error(cursor, "`]`")) }
}

fn filter(cursor: &mut Cursor<'_>, place: Place) -> Result<Step, SyntaxError> {
    if place == Place::Filter {
        return Err(error(cursor, "an index or a name: a filter cannot contain another one"));
    }
    cursor.eat("?");
    cursor.skip_blanks();
    if !cursor.eat("(") {
        return Err(error(cursor, "a filter such as `[?(@.name == 'value')]`"));
    }
    let filter = filter_parser::filter(cursor)?;
    if cursor.eat(")") { Ok(Step::Filter(filter)) } else { Err(error(cursor, "`)` at the end of the filter")) }
}

/// `(@.length-1)`, also as `(@.length() - 1)` and with `size`.
fn from_end(cursor: &mut Cursor<'_>) -> Result<Step, SyntaxError> {
    let mut expect = |token: &str| {
        cursor.skip_blanks();
        if cursor.eat(token) { Ok(()) } else { Err(error(cursor, "an index from the end, `(@.length-1)`")) }
    };
    expect("(")?;
    expect("@.")?;
    expect("length").or_else(|_| expect("size"))?;
    if expect("(").is_ok() {
        expect(")")?;
    }
    expect("-")?;
    cursor.skip_blanks();
    let index = cursor.take_while(|c| c.is_ascii_digit()).parse();
    let index = index.map_err(|_| error(cursor, "a number after the minus sign"))?;
    cursor.skip_blanks();
    if cursor.eat(")") { Ok(Step::FromEnd(index)) } else { Err(error(cursor, "`)`")) }
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
    let start = cursor.clone();
    let from = number(cursor);
    cursor.skip_blanks();
    if cursor.eat(":") {
        cursor.skip_blanks();
        return slice(cursor, &start, from);
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

/// Reads the rest of a slice after its colon.
fn slice(cursor: &mut Cursor<'_>, start: &Cursor<'_>, from: Option<i64>) -> Result<Step, SyntaxError> {
    let to = number(cursor);
    match (from, to) {
        (None, None) => Err(error(cursor, "a bound of the slice; `[*]` selects all items")),
        (Some(from), Some(to)) if from < 0 || to < 0 => {
            let problem = "AWS does not count both bounds of a slice from the end; use `[-2:]`, `[:-1]` or bounds from \
                           the start";
            Err(start.error("JSONPath", problem.to_owned()))
        }
        bounds => Ok(Step::Slice(bounds.0, bounds.1)),
    }
}

fn variable_or_input(cursor: &mut Cursor<'_>) -> Root {
    if !cursor.peek().is_some_and(|c| c.is_alphabetic() || c == '_') {
        return Root::Input;
    }
    Root::Variable(cursor.take_while(|c| c.is_alphanumeric() || c == '_').to_owned())
}

/// Names without quotes may have any character, as in Jayway, except those that end them there, in a filter or in an
/// intrinsic function.
fn is_name_character(c: char, place: Place) -> bool {
    let is_operator = place == Place::Filter && matches!(c, '=' | '!' | '<' | '>' | '~' | '&' | '|');
    !is_operator
        && !c.is_whitespace()
        && !c.is_control()
        && !matches!(c, '.' | '[' | ']' | '(' | ')' | ',' | '\'' | '"' | '*' | '?')
}

fn number(cursor: &mut Cursor<'_>) -> Option<i64> {
    let mut ahead = cursor.clone();
    let number = ahead.take_while(|c| c.is_ascii_digit() || c == '-').parse().ok()?;
    *cursor = ahead;
    Some(number)
}

/// Reads a name in single or double quotes. It has no escapes: a backslash is part of the name.
fn quoted(cursor: &mut Cursor<'_>) -> Option<String> {
    let quote = cursor.peek().filter(|c| matches!(c, '\'' | '"'))?;
    let mut ahead = cursor.clone();
    ahead.next();
    let name = ahead.take_while(|c| c != quote).to_owned();
    ahead.next()?;
    *cursor = ahead;
    Some(name)
}
