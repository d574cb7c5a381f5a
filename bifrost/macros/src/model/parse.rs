//! Parses tokens into the model.

use super::chunks::{chunks, unreadable};
use super::{Assignment, Catch, Comment, Kind, Machine, Mark, Marks, On, Retry, RetryField, Rule, State, Task, Wait};
use crate::library;
use proc_macro2::Span;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{
    Attribute, Error, Expr, ExprLit, Ident, Lit, LitStr, Meta, Path, Result, Token, Type, braced, parenthesized, token,
};

mod kw {
    syn::custom_keyword!(machine);
    syn::custom_keyword!(starts);
    syn::custom_keyword!(at);
    syn::custom_keyword!(changes);
    syn::custom_keyword!(from);
    syn::custom_keyword!(task);
    syn::custom_keyword!(wait);
    syn::custom_keyword!(choice);
    syn::custom_keyword!(pass);
    syn::custom_keyword!(succeed);
    syn::custom_keyword!(fail);
    syn::custom_keyword!(because);
    syn::custom_keyword!(next);
    syn::custom_keyword!(retry);
    syn::custom_keyword!(catch);
    syn::custom_keyword!(seconds);
    syn::custom_keyword!(until);
}

/// The first line of a chart.
const HEADER: &str = "a chart begins with `machine Name(Release<Fields>, Ports) starts at State, changes from State;`";

impl Parse for Machine {
    fn parse(input: ParseStream) -> Result<Self> {
        let library = library::parse(input)?;
        let comment = input.parse()?;
        let visibility = input.parse()?;
        if !input.peek(kw::machine) {
            return Err(input.error(HEADER));
        }
        let keyword = input.parse::<kw::machine>()?.span;
        let name: Ident = input.parse()?;
        if !(input.peek(token::Paren)) {
            return Err(input.error(HEADER));
        }
        let (data, ports) = types(input)?;
        if !input.peek(kw::starts) {
            return Err(input.error(HEADER));
        }
        input.parse::<kw::starts>()?;
        input.parse::<kw::at>()?;
        let start: Ident = input.parse()?;
        let (mut states, mut errors) = (Vec::new(), Vec::new());
        let changes_from = changes_from(input)?.unwrap_or_else(|error| {
            errors.push(error);
            start.clone()
        });
        if !input.peek(Token![;]) {
            return Err(input.error(HEADER));
        }
        input.parse::<Token![;]>()?;
        for chunk in chunks(input.parse()?) {
            match syn::parse2(chunk.clone()) {
                Ok(state) => states.push(state),
                Err(error) => {
                    states.extend(unreadable(chunk));
                    errors.push(error);
                }
            }
        }
        states.extend(missing_ends(&states, name.span()));
        Ok(Self { library, comment, visibility, keyword, name, data, ports, start, changes_from, states, errors })
    }
}

/// The end states that the chart leaves out: every deploy ends in these.
fn missing_ends(states: &[State], span: Span) -> Vec<State> {
    let fail = |name: &str| (name.to_owned(), Kind::Fail { error: LitStr::new(name, span), cause: None });
    let ends = [("Success".to_owned(), Kind::Succeed), fail("FailureClean"), fail("FailureDirty")];
    let is_missing = |name: &str| !states.iter().any(|state| state.name == name);
    let missing = ends.into_iter().filter(|(name, _)| is_missing(name));
    let state = |(name, kind): (String, Kind)| State {
        comment: Comment::default(),
        keyword: span,
        name: Ident::new(&name, span),
        rename: None,
        kind,
    };
    missing.map(state).collect()
}

/// `(Data, Ports)`, or `(Data)` if the handlers have no ports.
fn types(input: ParseStream) -> Result<(Type, Option<Type>)> {
    let types;
    parenthesized!(types in input);
    let data = types.parse()?;
    types.parse::<Option<Token![,]>>()?;
    let ports = if types.is_empty() { None } else { Some(types.parse()?) };
    types.parse::<Option<Token![,]>>()?;
    expect_end(&types, "a machine has its data and its ports: `machine Name(Release<Fields>, Ports)`")?;
    Ok((data, ports))
}

/// `, changes from State`. `Ok(Err(…))` if it is missing: the rest of the chart can still be read.
fn changes_from(input: ParseStream) -> Result<Result<Ident>> {
    if input.peek(Token![;]) {
        let message = "expected `, changes from State`: the first task that may change the target account";
        return Ok(Err(input.error(message)));
    }
    if !input.peek(Token![,]) {
        return Err(input.error(HEADER));
    }
    input.parse::<Token![,]>()?;
    input.parse::<kw::changes>()?;
    input.parse::<kw::from>()?;
    input.parse().map(Ok)
}

impl Parse for State {
    fn parse(input: ParseStream) -> Result<Self> {
        let comment = input.parse()?;
        let look = input.lookahead1();
        let parse_kind = if look.peek(kw::task) {
            task
        } else if look.peek(kw::wait) {
            wait
        } else if look.peek(kw::choice) {
            choice
        } else if look.peek(kw::pass) {
            pass
        } else if look.peek(kw::succeed) {
            succeed
        } else if look.peek(kw::fail) {
            fail
        } else {
            return Err(look.error());
        };
        let keyword = input.parse::<Ident>()?.span();
        let name = input.parse()?;
        let rename = match input.parse::<Option<Token![as]>>()? {
            Some(_) => Some(input.parse()?),
            None => None,
        };
        let kind = parse_kind(input)?;
        Ok(Self { comment, keyword, name, rename, kind })
    }
}

fn task(input: ParseStream) -> Result<Kind> {
    input.parse::<Token![=]>()?;
    let handler = input.call(Path::parse_mod_style)?;
    if !input.peek(token::Brace) {
        return Err(input
            .error("expected `{ next State; catch _ => State; }` after the name of the handler, an async function"));
    }
    let body;
    let braces = braced!(body in input);
    let mut next = None;
    let (mut marks, mut retries, mut catches) = (Marks::default(), Vec::new(), Vec::new());
    while !body.is_empty() {
        let comment = body.parse()?;
        let look = body.lookahead1();
        if look.peek(kw::next) {
            let keyword = body.fork().parse::<Ident>()?;
            if next.replace(parse_next(&body)?).is_some() {
                return Err(Error::new_spanned(keyword, "a task has only one `next`; use a `choice` to branch"));
            }
        } else if look.peek(kw::retry) {
            retries.push(retry(comment, &body)?);
        } else if look.peek(kw::catch) {
            catches.push(catch(comment, &body)?);
        } else if let Some(mark) = Mark::peek(&look) {
            marks.parse(mark, &body)?;
        } else if body.peek(Token![;]) {
            return Err(body.error("remove this `;`: `retry … { … }` has none"));
        } else {
            return Err(look.error());
        }
    }
    let next = next.ok_or_else(|| Error::new(braces.span.join(), "a task needs `next State;`"))?;
    Ok(Kind::Task(Task { handler, marks, next, retries, catches }))
}

fn retry(comment: Comment, input: ParseStream) -> Result<Retry> {
    input.parse::<kw::retry>()?;
    let on = input.parse()?;
    if !input.peek(token::Brace) {
        return Err(input.error("expected `{ max_attempts: 3 }`, or `{}` for the defaults of Step Functions"));
    }
    let body;
    braced!(body in input);
    let fields = Punctuated::<RetryField, Token![,]>::parse_terminated(&body)?;
    Ok(Retry { comment, on, fields: fields.into_iter().collect() })
}

impl Parse for RetryField {
    fn parse(input: ParseStream) -> Result<Self> {
        let name = input.parse()?;
        if !input.peek(Token![:]) {
            return Err(input.error("expected `:`, as in `max_attempts: 3`"));
        }
        input.parse::<Token![:]>()?;
        if !input.peek(Lit) && !input.peek(Token![-]) {
            return Err(input.error("expected a number: a chart cannot name constants"));
        }
        Ok(Self { name, value: input.parse()? })
    }
}

fn catch(comment: Comment, input: ParseStream) -> Result<Catch> {
    input.parse::<kw::catch>()?;
    let on = input.parse()?;
    arrow(
        input,
        "one `catch` matches one variant without its fields, or all errors: `catch DeployFailure::Lost => State;`",
    )?;
    let next = target(input)?;
    Ok(Catch { comment, on, next })
}

impl Parse for On {
    fn parse(input: ParseStream) -> Result<Self> {
        match input.parse::<Option<Token![_]>>()? {
            Some(all) => Ok(Self::All(all.span)),
            None if input.peek(Lit) => {
                Err(input.error("expected the variant of an error, such as `LockFailure::LockExists`, or `_`: names on the wire derive from it"))
            }
            None => input.call(Path::parse_mod_style).map(Self::Error),
        }
    }
}

fn wait(input: ParseStream) -> Result<Kind> {
    let look = input.lookahead1();
    let wait = if look.peek(Token![for]) {
        input.parse::<Token![for]>()?;
        let wait =
            if input.peek(Token![$]) { Wait::SecondsPath(input.parse()?) } else { Wait::Seconds(input.parse()?) };
        if !input.peek(kw::seconds) {
            return Err(input.error("expected `seconds`: `wait Name for 90 seconds { next State; }`"));
        }
        input.parse::<kw::seconds>()?;
        wait
    } else if look.peek(kw::until) {
        input.parse::<kw::until>()?;
        if input.peek(Token![$]) { Wait::TimestampPath(input.parse()?) } else { Wait::Timestamp(input.parse()?) }
    } else {
        return Err(look.error());
    };
    let body;
    braced!(body in input);
    let next = parse_next(&body)?;
    expect_end(&body, "a wait has only `next State;`")?;
    Ok(Kind::Wait { wait, next })
}

fn choice(input: ParseStream) -> Result<Kind> {
    let body;
    braced!(body in input);
    let mut rules = Vec::new();
    let mut default = None;
    while !body.is_empty() {
        let comment = body.parse()?;
        if body.peek(Token![_]) {
            body.parse::<Token![_]>()?;
            arrow(&body, "expected `=>`, as in `_ => State;`")?;
            default = Some(target(&body)?);
            expect_end(&body, "`_` matches everything, so it must come last")?;
        } else {
            let condition = body.parse()?;
            arrow(&body, "expected `&&`, `||` or `=>`, as in `$.field == true => State;`")?;
            let next = target(&body)?;
            rules.push(Rule { comment, condition, next });
        }
    }
    Ok(Kind::Choice { rules, default })
}

fn pass(input: ParseStream) -> Result<Kind> {
    let body;
    braced!(body in input);
    let set = if body.peek(Token![$]) {
        let variable = body.parse()?;
        body.parse::<Token![=]>()?;
        let literal = body.parse()?;
        body.parse::<Token![;]>()?;
        Some(Assignment { variable, literal })
    } else {
        None
    };
    let next = parse_next(&body)?;
    expect_end(&body, "a pass has at most one assignment, then `next State;`")?;
    Ok(Kind::Pass { set, next })
}

fn succeed(input: ParseStream) -> Result<Kind> {
    input.parse::<Token![;]>()?;
    Ok(Kind::Succeed)
}

fn fail(input: ParseStream) -> Result<Kind> {
    if !input.peek(Token![=]) {
        return Err(input.error("expected `= \"Error\"`, the name of the error with which the execution ends"));
    }
    input.parse::<Token![=]>()?;
    let error = input.parse()?;
    let cause = match input.parse::<Option<kw::because>>()? {
        Some(_) => Some(input.parse()?),
        None => None,
    };
    input.parse::<Token![;]>()?;
    Ok(Kind::Fail { error, cause })
}

/// `next State;`
fn parse_next(input: ParseStream) -> Result<Ident> {
    input.parse::<kw::next>()?;
    target(input)
}

/// `State;`, after `next` or `=>`.
fn target(input: ParseStream) -> Result<Ident> {
    if !input.peek(Ident) {
        return Err(input.error("expected the name of a state"));
    }
    let name: Ident = input.parse()?;
    if input.peek(Token![;]) {
        input.parse::<Token![;]>()?;
        return Ok(name);
    }
    let message =
        if name == "next" { "write the state alone: `=> State;`" } else { "expected `;` after the name of the state" };
    Err(if name == "next" { Error::new(name.span(), message) } else { input.error(message) })
}

fn arrow(input: ParseStream, expected: &str) -> Result<()> {
    if !input.peek(Token![=>]) {
        return Err(input.error(expected));
    }
    input.parse::<Token![=>]>().map(drop)
}

fn expect_end(body: ParseStream, message: &str) -> Result<()> {
    if body.is_empty() { Ok(()) } else { Err(body.error(message)) }
}

impl Parse for Comment {
    fn parse(input: ParseStream) -> Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let lines = attributes.iter().map(doc_line).collect::<Result<Vec<_>>>()?;
        let text = (!lines.is_empty()).then(|| lines.join(" ").trim().to_owned());
        Ok(Self { attributes, text })
    }
}

fn doc_line(attribute: &Attribute) -> Result<String> {
    if let Meta::NameValue(meta) = &attribute.meta
        && meta.path.is_ident("doc")
        && let Expr::Lit(ExprLit { lit: Lit::Str(line), .. }) = &meta.value
    {
        return Ok(line.value().trim().to_owned());
    }
    Err(Error::new_spanned(attribute, "a chart allows only `///` comments: it is the same in every build"))
}
