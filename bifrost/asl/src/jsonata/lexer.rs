//! The tokens of an expression.

use crate::syntax::{Cursor, SyntaxError};

pub(super) const KIND: &str = "JSONata expression";

/// Blanks, as JSONata counts them.
const BLANKS: [char; 5] = [' ', '\t', '\n', '\r', '\u{b}'];

/// The longer of two operators with the same beginning comes first.
const OPERATORS: [&str; 33] = [
    "..", ":=", "!=", ">=", "<=", "**", "~>", ".", "[", "]", "{", "}", "(", ")", ",", "@", "#", ";", ":", "?", "+",
    "-", "*", "/", "%", "|", "=", "<", ">", "^", "&", "!", "~",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'t> {
    End,
    /// A field name, plain or between backticks.
    Name(&'t str),
    /// A variable without its `$`. `$` itself has no name, and the name of `$$` is `$`.
    Variable(&'t str),
    /// The text between quotes, with its escapes.
    Text(&'t str),
    /// A number, `true`, `false` or `null`.
    Literal,
    Regex,
    Operator(&'static str),
}

/// What the parser expects next: a `/` is a division after an operand, and begins a regular expression elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    Operand,
    Operator,
}

#[derive(Debug)]
pub(super) struct Lexer<'t>(Cursor<'t>);

impl<'t> Lexer<'t> {
    pub(super) fn new(cursor: Cursor<'t>) -> Self {
        Self(cursor)
    }

    /// The next token and where it begins.
    pub(super) fn next(&mut self, expected: Expected) -> Result<(Token<'t>, Cursor<'t>), SyntaxError> {
        self.skip_blanks_and_comments()?;
        let start = self.0.clone();
        Ok((self.token(expected)?, start))
    }

    fn skip_blanks_and_comments(&mut self) -> Result<(), SyntaxError> {
        loop {
            self.0.take_while(|c| BLANKS.contains(&c));
            let start = self.0.clone();
            if !self.0.eat("/*") {
                return Ok(());
            }
            while !self.0.eat("*/") {
                if self.0.next().is_none() {
                    return Err(start.error(KIND, "the comment has no `*/`".to_owned()));
                }
            }
        }
    }

    fn token(&mut self, expected: Expected) -> Result<Token<'t>, SyntaxError> {
        match self.0.peek() {
            None => Ok(Token::End),
            Some('/') if expected == Expected::Operand => self.regex(),
            Some(quote @ ('"' | '\'')) => self.text(quote),
            Some('`') => self.quoted_name(),
            Some('0'..='9') => self.number(),
            Some(_) => Ok(match OPERATORS.iter().find(|operator| self.0.eat(operator)) {
                Some(operator) => Token::Operator(operator),
                None => self.name(),
            }),
        }
    }

    fn name(&mut self) -> Token<'t> {
        let ends =
            |c: char| BLANKS.contains(&c) || c == '~' || OPERATORS.iter().any(|operator| operator.starts_with(c));
        match self.0.take_while(|c| !ends(c)) {
            "and" => Token::Operator("and"),
            "or" => Token::Operator("or"),
            "in" => Token::Operator("in"),
            "true" | "false" | "null" => Token::Literal,
            name => name.strip_prefix('$').map_or(Token::Name(name), Token::Variable),
        }
    }

    fn quoted_name(&mut self) -> Result<Token<'t>, SyntaxError> {
        let start = self.0.clone();
        self.0.next();
        let name = self.0.take_while(|c| c != '`');
        if self.0.eat("`") {
            Ok(Token::Name(name))
        } else {
            Err(start.error(KIND, "the name has no closing '`'".to_owned()))
        }
    }

    fn text(&mut self, quote: char) -> Result<Token<'t>, SyntaxError> {
        let start = self.0.clone();
        self.0.next();
        let content = self.0.clone();
        loop {
            let before = self.0.clone();
            match self.0.next() {
                None => return Err(start.error(KIND, format!("the string has no closing {quote:?}"))),
                Some('\\') => self.escape(&before)?,
                Some(c) if c == quote => return Ok(Token::Text(before.since(&content))),
                Some(_) => {}
            }
        }
    }

    fn escape(&mut self, start: &Cursor<'t>) -> Result<(), SyntaxError> {
        match self.0.next() {
            Some('"' | '\'' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't') => Ok(()),
            Some('u') => {
                let is_hex = (0..4).all(|_| self.0.next().is_some_and(|c| c.is_ascii_hexdigit()));
                if is_hex { Ok(()) } else { Err(start.error(KIND, "`\\u` needs four hexadecimal digits".to_owned())) }
            }
            _ => Err(start.error(KIND, "not an escape sequence; write `\\\\` for a backslash".to_owned())),
        }
    }

    fn number(&mut self) -> Result<Token<'t>, SyntaxError> {
        let start = self.0.clone();
        if !self.0.eat("0") {
            self.digits();
        }
        let whole = self.0.clone();
        if !(self.0.eat(".") && self.digits()) {
            // A dot without digits is an operator.
            self.0 = whole;
        }
        let mantissa = self.0.clone();
        let has_exponent = (self.0.eat("e") || self.0.eat("E")) && {
            let _ = self.0.eat("-") || self.0.eat("+");
            self.digits()
        };
        if !has_exponent {
            self.0 = mantissa;
        }
        match self.0.since(&start).parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Token::Literal),
            _ => Err(start.error(KIND, "the number is out of range".to_owned())),
        }
    }

    fn digits(&mut self) -> bool {
        !self.0.take_while(|c| c.is_ascii_digit()).is_empty()
    }

    /// A regular expression up to its `/` and flags. A `/` in brackets does not end it.
    fn regex(&mut self) -> Result<Token<'t>, SyntaxError> {
        let start = self.0.clone();
        self.0.next();
        let content = self.0.clone();
        let mut depth = 0_i32;
        loop {
            let is_empty = self.0.since(&content).is_empty();
            match self.0.next() {
                None => return Err(start.error(KIND, "the regular expression has no closing '/'".to_owned())),
                Some('/') if is_empty => return Err(start.error(KIND, "the regular expression is empty".to_owned())),
                Some('/') if depth == 0 => break,
                Some('\\') => drop(self.0.next()),
                Some('(' | '[' | '{') => depth += 1,
                Some(')' | ']' | '}') => depth -= 1,
                Some(_) => {}
            }
        }
        self.0.take_while(|c| matches!(c, 'i' | 'm'));
        Ok(Token::Regex)
    }
}
