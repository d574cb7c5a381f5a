//! The parser of filters.

use regex_lite::RegexBuilder;
use serde_json::{Number, Value};

use super::SyntaxError;
use super::filter::{Comparison, Filter, Operand, Pattern};
use super::parser::{error, path_in_filter, quoted};
use crate::syntax::Cursor;

/// More nested filters and parentheses than definitions have, and few enough for any stack.
const MAX_DEPTH: usize = 32;
const TOO_DEEP: &str = "a filter has more than 32 levels; use fewer levels";

/// Longest first, so that `<=` is not read as `<`.
const COMPARISONS: [(&str, Comparison); 8] = [
    ("==", Comparison::Equal),
    ("!=", Comparison::NotEqual),
    ("<=", Comparison::LessOrEqual),
    (">=", Comparison::GreaterOrEqual),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
    ("nin ", Comparison::NotIn),
    ("in ", Comparison::In),
];

/// Reads a filter up to its closing parenthesis.
pub(super) fn filter(cursor: &mut Cursor<'_>, depth: usize) -> Result<Filter, SyntaxError> {
    if depth > MAX_DEPTH {
        return Err(cursor.error("JSONPath", TOO_DEEP.to_owned()));
    }
    Reader { depth }.any(cursor)
}

struct Reader {
    depth: usize,
}

impl Reader {
    fn any(&self, cursor: &mut Cursor<'_>) -> Result<Filter, SyntaxError> {
        self.joined(cursor, "||", Self::all).map(|parts| one_or(parts, Filter::Or))
    }

    fn all(&self, cursor: &mut Cursor<'_>) -> Result<Filter, SyntaxError> {
        self.joined(cursor, "&&", Self::term).map(|parts| one_or(parts, Filter::And))
    }

    fn joined(
        &self,
        cursor: &mut Cursor<'_>,
        joint: &str,
        part: impl Fn(&Self, &mut Cursor<'_>) -> Result<Filter, SyntaxError>,
    ) -> Result<Vec<Filter>, SyntaxError> {
        let mut parts = vec![part(self, cursor)?];
        cursor.skip_blanks();
        while cursor.eat(joint) {
            parts.push(part(self, cursor)?);
            cursor.skip_blanks();
        }
        Ok(parts)
    }

    fn term(&self, cursor: &mut Cursor<'_>) -> Result<Filter, SyntaxError> {
        cursor.skip_blanks();
        if cursor.starts_with("(") || cursor.starts_with("!") {
            return self.nested(cursor);
        }
        let left = self.operand(cursor)?;
        cursor.skip_blanks();
        if cursor.eat("=~") {
            return Ok(Filter::Matches(left, pattern(cursor)?));
        }
        let contains = [("contains ", Comparison::Contains)];
        match COMPARISONS.iter().chain(&contains).find(|(sign, _)| cursor.eat(sign)) {
            Some((_, comparison)) => Ok(Filter::Compare(left, *comparison, self.operand(cursor)?)),
            None => Ok(Filter::Exists(left)),
        }
    }

    fn nested(&self, cursor: &mut Cursor<'_>) -> Result<Filter, SyntaxError> {
        if cursor.eat("!") {
            let inner = Self { depth: self.depth + 1 };
            if inner.depth > MAX_DEPTH {
                return Err(cursor.error("JSONPath", TOO_DEEP.to_owned()));
            }
            return inner.term(cursor).map(|term| Filter::Not(Box::new(term)));
        }
        cursor.eat("(");
        let filter = filter(cursor, self.depth + 1)?;
        cursor.skip_blanks();
        if cursor.eat(")") { Ok(filter) } else { Err(error(cursor, "`)`")) }
    }

    fn operand(&self, cursor: &mut Cursor<'_>) -> Result<Operand, SyntaxError> {
        cursor.skip_blanks();
        if cursor.starts_with("@") || cursor.starts_with("$") {
            let (at_item, path) = path_in_filter(cursor, self.depth)?;
            return Ok(Operand::Path { path, at_item });
        }
        literal(cursor).map(Operand::Literal)
    }
}

fn literal(cursor: &mut Cursor<'_>) -> Result<Value, SyntaxError> {
    if let Some(text) = quoted(cursor) {
        return Ok(Value::String(text));
    }
    if cursor.eat("[") {
        return list(cursor);
    }
    let word = cursor.take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '+' | '.'));
    match word {
        "" => Err(error(cursor, "a path, a number, a string in quotes, `true`, `false` or `null`")),
        "true" => Ok(Value::Bool(true)),
        "false" => Ok(Value::Bool(false)),
        "null" => Ok(Value::Null),
        // A word without quotes is a string: existing definitions rely on it.
        _ => Ok(word.parse::<Number>().map_or_else(|_| word.into(), Value::Number)),
    }
}

fn list(cursor: &mut Cursor<'_>) -> Result<Value, SyntaxError> {
    let mut items = Vec::new();
    loop {
        cursor.skip_blanks();
        if cursor.eat("]") {
            return Ok(Value::Array(items));
        }
        if cursor.starts_with("[") {
            return Err(error(cursor, "a list without lists in it"));
        }
        items.push(literal(cursor)?);
        cursor.skip_blanks();
        if !cursor.eat(",") && !cursor.starts_with("]") {
            return Err(error(cursor, "`,` or `]`"));
        }
    }
}

fn pattern(cursor: &mut Cursor<'_>) -> Result<Pattern, SyntaxError> {
    cursor.skip_blanks();
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
    let flags = cursor.take_while(|c| c.is_ascii_lowercase());
    // As in Jayway, the whole string must match.
    RegexBuilder::new(&format!("^(?:{pattern})$"))
        .case_insensitive(flags.contains('i'))
        .multi_line(flags.contains('m'))
        .dot_matches_new_line(flags.contains('s'))
        .build()
        .map(Pattern)
        .map_err(|_| wrong())
}

fn one_or(mut parts: Vec<Filter>, many: impl Fn(Vec<Filter>) -> Filter) -> Filter {
    if parts.len() == 1 { parts.pop().unwrap_or_else(|| many(Vec::new())) } else { many(parts) }
}
