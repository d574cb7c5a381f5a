//! Parses JSON text from outside.
//!
//! `serde_json` silently keeps the last of two members with the same key, and reads the object
//! `{"$serde_json::private::Number": "1"}` as the number 1. Anyone who may start an execution could use either to have one
//! release checked and another one deployed, so text from outside is parsed here.

mod error;
mod scan;
#[cfg(test)]
mod tests;

use serde_json::map::Entry;
use serde_json::{Map, Value};

use super::path::Step;
use error::Fault;
pub use error::{ParseError, ParseProblem};
use scan::Scanner;

/// How deeply arrays and objects may be nested.
const MAX_DEPTH: usize = 128;

/// Parses JSON text (RFC 8259) strictly.
///
/// Numbers keep their digits, and members their order.
///
/// # Errors
/// A [`ParseError`] with line and column for text that is not JSON or not UTF-8, for an object with the same key twice, and for
/// arrays and objects that are nested deeper than 128 levels.
pub fn parse(text: &[u8]) -> Result<Value, ParseError> {
    match std::str::from_utf8(text) {
        Ok(text) => document(Scanner::new(text)).map_err(|fault| fault.locate(text)),
        Err(error) => {
            let valid = text.get(..error.valid_up_to()).unwrap_or_default();
            Err(Fault::new(valid.len(), ParseProblem::NotUtf8).locate(&String::from_utf8_lossy(valid)))
        }
    }
}

fn document(mut text: Scanner<'_>) -> Result<Value, Fault> {
    text.skip_space();
    let value = value(&mut text, 0)?;
    text.skip_space();
    if text.peek().is_some() { Err(text.unexpected("the end of the text")) } else { Ok(value) }
}

fn value(text: &mut Scanner<'_>, depth: usize) -> Result<Value, Fault> {
    match text.peek() {
        Some(b'{') => object(text, depth),
        Some(b'[') => array(text, depth),
        Some(b'"') => text.string().map(Value::String),
        Some(b'-' | b'0'..=b'9') => text.number().map(Value::Number),
        _ => literal(text),
    }
}

fn object(text: &mut Scanner<'_>, depth: usize) -> Result<Value, Fault> {
    open(text, depth)?;
    let mut members = Map::new();
    if text.eat(b'}') {
        return Ok(Value::Object(members));
    }
    loop {
        text.skip_space();
        let start = text.at;
        if text.peek() != Some(b'"') {
            return Err(text.unexpected("a key in double quotes"));
        }
        let key = text.string()?;
        text.skip_space();
        if !text.eat(b':') {
            return Err(text.unexpected("`:`"));
        }
        text.skip_space();
        let value = value(text, depth + 1).map_err(|fault| fault.within(Step::Key(key.clone())))?;
        match members.entry(key) {
            Entry::Vacant(place) => place.insert(value),
            Entry::Occupied(first) => {
                let duplicate = Fault::new(start, ParseProblem::DuplicateKey);
                return Err(duplicate.within(Step::Key(first.key().clone())));
            }
        };
        text.skip_space();
        if text.eat(b'}') {
            return Ok(Value::Object(members));
        }
        if !text.eat(b',') {
            return Err(text.unexpected("`,` or `}`"));
        }
    }
}

fn array(text: &mut Scanner<'_>, depth: usize) -> Result<Value, Fault> {
    open(text, depth)?;
    let mut elements = Vec::new();
    if text.eat(b']') {
        return Ok(Value::Array(elements));
    }
    loop {
        text.skip_space();
        let index = elements.len();
        elements.push(value(text, depth + 1).map_err(|fault| fault.within(Step::Index(index)))?);
        text.skip_space();
        if text.eat(b']') {
            return Ok(Value::Array(elements));
        }
        if !text.eat(b',') {
            return Err(text.unexpected("`,` or `]`"));
        }
    }
}

/// Skips the opening bracket and the space after it.
fn open(text: &mut Scanner<'_>, depth: usize) -> Result<(), Fault> {
    if depth >= MAX_DEPTH {
        return Err(Fault::new(text.at, ParseProblem::TooDeep));
    }
    text.at += 1;
    text.skip_space();
    Ok(())
}

fn literal(text: &mut Scanner<'_>) -> Result<Value, Fault> {
    let words = [("true", Value::Bool(true)), ("false", Value::Bool(false)), ("null", Value::Null)];
    let found = words.into_iter().find_map(|(word, value)| text.eat_word(word).then_some(value));
    found.ok_or_else(|| text.unexpected("a value"))
}
