//! Conditions of a choice: `$.healthy == true && !($.status in ["A", "B"])`.

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Error, Ident, Lit, LitBool, LitStr, Result, Token, bracketed, parenthesized, token};

mod kw {
    syn::custom_keyword!(present);
}

/// `$.field`, or `$.field.of.a.field`, by the serialized names.
pub(crate) struct Variable {
    pub(crate) dollar: Span,
    pub(crate) fields: Vec<Ident>,
}

pub(crate) enum Condition {
    Test(Test),
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
}

pub(crate) struct Test {
    pub(crate) variable: Variable,
    pub(crate) comparison: Comparison,
}

pub(crate) enum Comparison {
    Equals(Literal),
    Differs(Literal),
    Orders(Ordering, Literal),
    In(Vec<Literal>),
    Present,
}

#[derive(Clone, Copy)]
pub(crate) enum Ordering {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

pub(crate) enum Literal {
    Text(LitStr),
    Boolean(LitBool),
    Number { minus: Option<Token![-]>, digits: Lit },
}

impl Parse for Condition {
    fn parse(input: ParseStream) -> Result<Self> {
        let mut any = vec![conjunction(input)?];
        while input.parse::<Option<Token![||]>>()?.is_some() {
            any.push(conjunction(input)?);
        }
        Ok(joined(any, Self::Any))
    }
}

fn conjunction(input: ParseStream) -> Result<Condition> {
    let mut all = vec![term(input)?];
    while input.parse::<Option<Token![&&]>>()?.is_some() {
        all.push(term(input)?);
    }
    Ok(joined(all, Condition::All))
}

fn joined(mut conditions: Vec<Condition>, join: fn(Vec<Condition>) -> Condition) -> Condition {
    match conditions.pop() {
        Some(only) if conditions.is_empty() => only,
        last => {
            conditions.extend(last);
            join(conditions)
        }
    }
}

fn term(input: ParseStream) -> Result<Condition> {
    if input.parse::<Option<Token![!]>>()?.is_some() {
        return Ok(Condition::Not(Box::new(term(input)?)));
    }
    if input.peek(token::Paren) {
        let inner;
        parenthesized!(inner in input);
        let condition = inner.parse()?;
        return if inner.is_empty() { Ok(condition) } else { Err(inner.error("expected `&&`, `||` or `)`")) };
    }
    input.parse().map(Condition::Test)
}

impl Parse for Test {
    fn parse(input: ParseStream) -> Result<Self> {
        let variable = input.parse()?;
        let comparison = input.parse()?;
        Ok(Self { variable, comparison })
    }
}

impl Parse for Comparison {
    fn parse(input: ParseStream) -> Result<Self> {
        let look = input.lookahead1();
        if look.peek(Token![==]) {
            input.parse::<Token![==]>()?;
            input.parse().map(Self::Equals)
        } else if look.peek(Token![!=]) {
            input.parse::<Token![!=]>()?;
            input.parse().map(Self::Differs)
        } else if look.peek(Token![<=]) {
            input.parse::<Token![<=]>()?;
            Ok(Self::Orders(Ordering::LessOrEqual, input.parse()?))
        } else if look.peek(Token![<]) {
            input.parse::<Token![<]>()?;
            Ok(Self::Orders(Ordering::Less, input.parse()?))
        } else if look.peek(Token![>=]) {
            input.parse::<Token![>=]>()?;
            Ok(Self::Orders(Ordering::GreaterOrEqual, input.parse()?))
        } else if look.peek(Token![>]) {
            input.parse::<Token![>]>()?;
            Ok(Self::Orders(Ordering::Greater, input.parse()?))
        } else if look.peek(Token![in]) {
            input.parse::<Token![in]>()?;
            list(input).map(Self::In)
        } else if look.peek(kw::present) {
            input.parse::<kw::present>()?;
            Ok(Self::Present)
        } else if input.peek(token::Bracket) {
            Err(input
                .error("a chart cannot look into lists and maps: set a field of its own in a task, and compare that"))
        } else {
            let message = "expected a comparison: `==`, `!=`, `<`, `<=`, `>`, `>=`, `in […]` or `present`, as in `$.field == true`";
            Err(input.error(message))
        }
    }
}

fn list(input: ParseStream) -> Result<Vec<Literal>> {
    let body;
    let brackets = bracketed!(body in input);
    let literals = Punctuated::<Literal, Token![,]>::parse_terminated(&body)?;
    if literals.is_empty() {
        return Err(Error::new(brackets.span.join(), "the list is empty, so this rule would never match"));
    }
    Ok(literals.into_iter().collect())
}

impl Parse for Literal {
    fn parse(input: ParseStream) -> Result<Self> {
        let minus = input.parse::<Option<Token![-]>>()?;
        if !input.peek(Lit) {
            let message = "expected a string, a number, `true` or `false`: a field is compared with a constant as serde writes it, and \
                           whether it is there is `$.field present`";
            return Err(input.error(message));
        }
        match input.parse()? {
            digits @ (Lit::Int(_) | Lit::Float(_)) => Ok(Self::Number { minus, digits }),
            Lit::Str(text) if minus.is_none() => Ok(Self::Text(text)),
            Lit::Bool(boolean) if minus.is_none() => Ok(Self::Boolean(boolean)),
            other => Err(Error::new(other.span(), "expected a string, a number, `true` or `false`")),
        }
    }
}

impl Parse for Variable {
    fn parse(input: ParseStream) -> Result<Self> {
        if !input.peek(Token![$]) {
            return Err(
                input.error("expected a field of the release, such as `$.field`, or `_ => State;`, which is last")
            );
        }
        let dollar = input.parse::<Token![$]>()?.span();
        input.parse::<Token![.]>()?;
        let mut fields = vec![input.call(Ident::parse_any)?];
        while input.parse::<Option<Token![.]>>()?.is_some() {
            fields.push(input.call(Ident::parse_any)?);
        }
        Ok(Self { dollar, fields })
    }
}

impl Variable {
    /// The path as the definition writes it.
    pub(crate) fn json_path(&self) -> String {
        self.fields.iter().fold(String::from("$"), |path, field| format!("{path}.{}", field.unraw()))
    }
}
