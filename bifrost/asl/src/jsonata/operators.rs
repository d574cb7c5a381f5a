//! The operators that follow a term, and calls of functions.

use super::Reference;
use super::lexer::{Expected, KIND, Token};
use super::parser::{Parsed, Parser, Shape, Term};

impl<'t> Parser<'t> {
    /// The operator that follows a term, with its other operands.
    pub(super) fn operation(&mut self, left: Term<'t>) -> Parsed<Term<'t>> {
        let operator = self.token;
        let power = operator.binding_power();
        let Token::Operator(name) = operator else { return Err(self.unexpected("an operator")) };
        match name {
            "." => self.step(left),
            "[" => self.predicate(left),
            "{" => self.group(left),
            "(" => self.call(left),
            "^" => self.sort(left),
            "@" | "#" => self.bind_step(left, power),
            ":=" => self.bind(left.shape, power),
            "?" => self.condition(left),
            _ => {
                self.advance(Expected::Operand)?;
                let mut input = left.input;
                input.extend(self.inner(power)?);
                Ok(Term { shape: Shape::Other, input })
            }
        }
    }

    /// `a.b`: `b` is looked up in `a`.
    fn step(&mut self, left: Term<'t>) -> Parsed<Term<'t>> {
        let start = self.at.clone();
        self.advance(Expected::Operand)?;
        let right = self.expression(75)?;
        if left.shape == Shape::Literal || right.shape == Shape::Literal {
            return Err(start.error(KIND, "a number, true, false or null is not a step of a path".to_owned()));
        }
        if let (Shape::Variable("states"), Shape::Name(field) | Shape::Text(field)) = (left.shape, right.shape) {
            self.found.push(Reference::States(field.to_owned()));
        }
        let mut input = left.input;
        // As a step, a string is a name.
        if let Shape::Text(name) = left.shape {
            input.push(Reference::Input(name.to_owned()));
        }
        Ok(Term { shape: Shape::Other, input })
    }

    /// `a[b]`, where `b` is looked up in `a`, or `a[]`.
    fn predicate(&mut self, left: Term<'t>) -> Parsed<Term<'t>> {
        if left.shape == Shape::Grouped {
            return Err(self.error("a predicate cannot follow a grouping expression"));
        }
        self.advance(Expected::Operand)?;
        if !self.is("]") {
            self.inner(0)?;
        }
        self.expect("]", Expected::Operator)?;
        // An item of a variable is not a variable that could be assigned.
        let shape = if let Shape::Variable(_) = left.shape { Shape::Other } else { left.shape };
        Ok(Term { shape, ..left })
    }

    /// `a{b: c}`: both are looked up in `a`.
    fn group(&mut self, left: Term<'t>) -> Parsed<Term<'t>> {
        if left.shape == Shape::Grouped {
            return Err(self.error("a step can have only one grouping expression"));
        }
        self.object()?;
        Ok(Term { shape: Shape::Grouped, input: left.input })
    }

    /// `a^(<b, >c)`: both are looked up in `a`.
    fn sort(&mut self, left: Term<'t>) -> Parsed<Term<'t>> {
        self.advance(Expected::Operand)?;
        self.expect("(", Expected::Operand)?;
        loop {
            let _ = self.eat("<", Expected::Operand)? || self.eat(">", Expected::Operand)?;
            self.inner(0)?;
            if !self.eat(",", Expected::Operand)? {
                break;
            }
        }
        self.expect(")", Expected::Operator)?;
        Ok(Term { shape: Shape::Other, input: left.input })
    }

    /// `a@$b` or `a#$b`
    fn bind_step(&mut self, left: Term<'t>, power: u8) -> Parsed<Term<'t>> {
        self.advance(Expected::Operand)?;
        let start = self.at.clone();
        match self.expression(power)?.shape {
            Shape::Variable(_) => Ok(Term { shape: Shape::Other, input: left.input }),
            _ => Err(start.error(KIND, "expected a variable such as `$name`".to_owned())),
        }
    }

    /// `$a := b`
    fn bind(&mut self, left: Shape<'t>, power: u8) -> Parsed<Term<'t>> {
        if !matches!(left, Shape::Variable(_)) {
            return Err(self.error("only a variable such as `$name` can be assigned"));
        }
        self.advance(Expected::Operand)?;
        // Right associative: `$a := $b := 1` assigns both.
        Ok(Term { shape: Shape::Other, input: self.inner(power - 1)? })
    }

    /// `a ? b : c`
    fn condition(&mut self, left: Term<'t>) -> Parsed<Term<'t>> {
        self.advance(Expected::Operand)?;
        let mut input = left.input;
        input.extend(self.inner(0)?);
        if self.eat(":", Expected::Operand)? {
            input.extend(self.inner(0)?);
        }
        Ok(Term { shape: Shape::Other, input })
    }

    /// `f(a, ?)`, or the function `function($a){ b }`.
    fn call(&mut self, left: Term<'t>) -> Parsed<Term<'t>> {
        let start = self.at.clone();
        self.advance(Expected::Operand)?;
        let mut are_variables = true;
        let mut arguments = Vec::new();
        if !self.is(")") {
            loop {
                // A placeholder of a partial application.
                if self.eat("?", Expected::Operator)? {
                    are_variables = false;
                } else {
                    let argument = self.expression(0)?;
                    are_variables &= matches!(argument.shape, Shape::Variable(_));
                    arguments.push(argument.input);
                }
                if !self.eat(",", Expected::Operand)? {
                    break;
                }
            }
        }
        self.expect(")", Expected::Operator)?;
        let mut input = left.input;
        match left.shape {
            Shape::Name("function" | "λ") if are_variables => return self.function(),
            Shape::Name("function" | "λ") => {
                return Err(
                    start.error(KIND, "the parameters of a function must be variables such as `$name`".to_owned())
                );
            }
            Shape::Variable("eval") => self.found.push(Reference::Eval),
            _ => {}
        }
        input.extend(arguments.into_iter().flatten());
        Ok(Term { shape: Shape::Other, input })
    }

    /// The signature and the body of a function. The body keeps the context in which the function is defined.
    fn function(&mut self) -> Parsed<Term<'t>> {
        if self.is("<") {
            self.signature()?;
        }
        self.expect("{", Expected::Operand)?;
        let input = self.inner(0)?;
        self.expect("}", Expected::Operator)?;
        Ok(Term { shape: Shape::Other, input })
    }

    /// `<a<n>-:s>`
    fn signature(&mut self) -> Parsed<()> {
        let mut depth = 0_usize;
        loop {
            match self.token {
                Token::Operator("<") => depth += 1,
                Token::Operator(">") => depth = depth.saturating_sub(1),
                Token::End | Token::Operator("{") => return Err(self.unexpected("`>` at the end of the signature")),
                _ => {}
            }
            self.advance(Expected::Operator)?;
            if depth == 0 {
                return Ok(());
            }
        }
    }
}
