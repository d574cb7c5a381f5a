//! An operator precedence parser: operands. It builds no tree: for each term it keeps what the rules of Step Functions need.

use super::Reference;
use super::lexer::{Expected, KIND, Lexer, Token};
use crate::syntax::{Cursor, SyntaxError};

/// The deepest nesting of an expression: deeper nesting could exhaust the stack.
pub(super) const MAX_DEPTH: usize = 256;

/// A term: any part of an expression with a value.
pub(super) struct Term<'t> {
    pub(super) shape: Shape<'t>,
    /// The names that are looked up in the context of this term.
    pub(super) input: Vec<Reference>,
}

/// What a term is, where that decides what may follow.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape<'t> {
    Name(&'t str),
    Variable(&'t str),
    Text(&'t str),
    Literal,
    /// A step with an object constructor, `a{…}`: no predicate and no second one may follow.
    Grouped,
    Other,
}

pub(super) struct Parser<'t> {
    lexer: Lexer<'t>,
    pub(super) token: Token<'t>,
    /// Where the token begins.
    pub(super) at: Cursor<'t>,
    depth: usize,
    /// The references that mean the same in every context.
    pub(super) found: Vec<Reference>,
}

pub(super) type Parsed<T> = Result<T, SyntaxError>;

/// Parses a string `{% … %}`.
pub(super) fn parse(text: &str) -> Parsed<Vec<Reference>> {
    let mut cursor = Cursor::new(text.strip_suffix("%}").unwrap_or(text));
    cursor.eat("{%");
    let lexer = Lexer::new(cursor.clone());
    let parser = Parser { lexer, token: Token::End, at: cursor, depth: 0, found: Vec::new() };
    // The parser does not see the closing delimiter, but an error shows the whole string.
    parser.whole().map_err(|error| SyntaxError { text: text.to_owned(), ..error })
}

impl Token<'_> {
    /// How strongly the token, as an operator, binds the term on its left. 0: it ends the term.
    pub(super) fn binding_power(self) -> u8 {
        let Self::Operator(operator) = self else { return 0 };
        match operator {
            "[" | "(" | "@" | "#" => 80,
            "." => 75,
            "{" => 70,
            "*" | "/" | "%" => 60,
            "+" | "-" | "&" => 50,
            "=" | "<" | ">" | "!=" | "<=" | ">=" | "^" | "~>" | "in" => 40,
            "and" => 30,
            "or" => 25,
            "?" => 20,
            ":=" => 10,
            _ => 0,
        }
    }
}

impl<'t> Parser<'t> {
    /// The whole expression, and what it refers to.
    fn whole(mut self) -> Parsed<Vec<Reference>> {
        self.advance(Expected::Operand)?;
        let input = self.inner(0)?;
        if self.token != Token::End {
            return Err(self.unexpected("an operator"));
        }
        Ok(self.found.into_iter().chain(input).collect())
    }

    pub(super) fn advance(&mut self, expected: Expected) -> Parsed<()> {
        (self.token, self.at) = self.lexer.next(expected)?;
        Ok(())
    }

    pub(super) fn is(&self, operator: &str) -> bool {
        matches!(self.token, Token::Operator(token) if token == operator)
    }

    pub(super) fn eat(&mut self, operator: &str, next: Expected) -> Parsed<bool> {
        let found = self.is(operator);
        if found {
            self.advance(next)?;
        }
        Ok(found)
    }

    pub(super) fn expect(&mut self, operator: &str, next: Expected) -> Parsed<()> {
        if self.eat(operator, next)? { Ok(()) } else { Err(self.unexpected(&format!("`{operator}`"))) }
    }

    /// An error at the token.
    pub(super) fn error(&self, problem: impl Into<String>) -> SyntaxError {
        self.at.error(KIND, problem.into())
    }

    pub(super) fn unexpected(&self, expected: &str) -> SyntaxError {
        let found = match self.token {
            Token::End => "the end".to_owned(),
            Token::Name(text) => format!("`{text}`"),
            Token::Variable(name) => format!("`${name}`"),
            Token::Operator(operator) => format!("`{operator}`"),
            Token::Text(_) => "a string".to_owned(),
            Token::Literal => "a value".to_owned(),
            Token::Regex => "a regular expression".to_owned(),
        };
        self.error(format!("expected {expected}, found {found}"))
    }

    pub(super) fn expression(&mut self, power: u8) -> Parsed<Term<'t>> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error(format!("it has more than {MAX_DEPTH} levels of nesting")));
        }
        let mut term = self.operand()?;
        while power < self.token.binding_power() {
            term = self.operation(term)?;
        }
        self.depth -= 1;
        Ok(term)
    }

    /// The names of an expression, whatever it is.
    pub(super) fn inner(&mut self, power: u8) -> Parsed<Vec<Reference>> {
        Ok(self.expression(power)?.input)
    }

    fn operand(&mut self) -> Parsed<Term<'t>> {
        let shape = match self.token {
            // Keywords are names where no operator can be.
            Token::Name(name) | Token::Operator(name @ ("and" | "or" | "in")) => Shape::Name(name),
            Token::Variable(name) => Shape::Variable(name),
            Token::Text(text) => Shape::Text(text),
            Token::Literal => Shape::Literal,
            // Wildcards and the parent operator.
            Token::Regex | Token::Operator("*" | "**" | "%") => Shape::Other,
            Token::Operator("-") => {
                self.advance(Expected::Operand)?;
                return Ok(Term { shape: Shape::Other, input: self.inner(70)? });
            }
            Token::Operator("(") => return self.block(),
            Token::Operator("[") => return self.array(),
            Token::Operator("{") => return Ok(Term { shape: Shape::Other, input: self.object()? }),
            Token::Operator("|") => return self.transform(),
            Token::End | Token::Operator(_) => return Err(self.unexpected("a value")),
        };
        self.advance(Expected::Operator)?;
        let input = match shape {
            Shape::Name(name) => vec![Reference::Input(name.to_owned())],
            Shape::Variable("") => vec![Reference::Input("$".to_owned())],
            _ => Vec::new(),
        };
        if shape == Shape::Variable("$") {
            self.found.push(Reference::Root);
        }
        Ok(Term { shape, input })
    }

    /// `(a; b)`
    fn block(&mut self) -> Parsed<Term<'t>> {
        self.advance(Expected::Operand)?;
        let mut input = Vec::new();
        while !self.is(")") {
            input.extend(self.inner(0)?);
            if !self.eat(";", Expected::Operand)? {
                break;
            }
        }
        self.expect(")", Expected::Operator)?;
        Ok(Term { shape: Shape::Other, input })
    }

    /// `[a, b..c]`
    fn array(&mut self) -> Parsed<Term<'t>> {
        self.advance(Expected::Operand)?;
        let mut input = Vec::new();
        if !self.is("]") {
            loop {
                input.extend(self.inner(0)?);
                if self.eat("..", Expected::Operand)? {
                    input.extend(self.inner(0)?);
                }
                if !self.eat(",", Expected::Operand)? {
                    break;
                }
            }
        }
        self.expect("]", Expected::Operator)?;
        Ok(Term { shape: Shape::Other, input })
    }

    /// `{a: b, c: d}`
    pub(super) fn object(&mut self) -> Parsed<Vec<Reference>> {
        self.advance(Expected::Operand)?;
        let mut input = Vec::new();
        if !self.is("}") {
            loop {
                input.extend(self.inner(0)?);
                self.expect(":", Expected::Operand)?;
                input.extend(self.inner(0)?);
                if !self.eat(",", Expected::Operand)? {
                    break;
                }
            }
        }
        self.expect("}", Expected::Operator)?;
        Ok(input)
    }

    /// `|location|update, delete|`: all three are looked up in the value that is transformed.
    fn transform(&mut self) -> Parsed<Term<'t>> {
        self.advance(Expected::Operand)?;
        self.inner(0)?;
        self.expect("|", Expected::Operand)?;
        self.inner(0)?;
        if self.eat(",", Expected::Operand)? {
            self.inner(0)?;
        }
        self.expect("|", Expected::Operator)?;
        Ok(Term { shape: Shape::Other, input: Vec::new() })
    }
}
