//! Choice states, and the lookup of `$.field` by the compiler.

use super::Chart;
use crate::model::{Comparison, Condition, Literal, Ordering, Rule, State, Test, Variable};
use crate::timestamp::is_timestamp;
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{Ident, Lit, LitFloat, LitInt, LitStr};

pub(super) fn definition(chart: &Chart, state: &State, rules: &[Rule], default: Option<&Ident>) -> TokenStream {
    let comment = super::comment(&state.comment);
    let rules = rules.iter().map(|Rule { comment, condition, next }| {
        let condition = self::condition(chart, state, condition);
        let (comment, next) = (super::comment(comment), chart.asl_name_of(next));
        quote!(__bifrost::rule(#comment, #condition, #next))
    });
    let default = default.map(|default| chart.asl_name_of(default)).unwrap_or_default();
    quote!(__bifrost::choice(#comment, ::std::vec![#(#rules),*], #default))
}

fn condition(chart: &Chart, state: &State, condition: &Condition) -> TokenStream {
    let inner = |conditions: &[Condition]| -> Vec<_> {
        conditions.iter().map(|condition| self::condition(chart, state, condition)).collect()
    };
    match condition {
        Condition::Test(test) => self::test(chart, state, test),
        Condition::All(conditions) => {
            let conditions = inner(conditions);
            quote!(__bifrost::all(::std::vec![#(#conditions),*]))
        }
        Condition::Any(conditions) => {
            let conditions = inner(conditions);
            quote!(__bifrost::any(::std::vec![#(#conditions),*]))
        }
        Condition::Not(condition) => {
            let condition = self::condition(chart, state, condition);
            quote!(__bifrost::not(#condition))
        }
    }
}

fn test(chart: &Chart, state: &State, Test { variable, comparison }: &Test) -> TokenStream {
    let (path, read) = (variable.json_path(), read(chart, variable));
    let guarded = chart.unread.contains(&state.name);
    let equals = |literal: &Literal| {
        let literal = self::literal(literal);
        quote_spanned!(variable.dollar=> __bifrost::equals(#path, #guarded, #read, #literal))
    };
    let checks = checks(chart, state, variable, comparison);
    let test = match comparison {
        Comparison::Equals(literal) => equals(literal),
        Comparison::Differs(literal) => {
            let equals = equals(literal);
            quote!(__bifrost::not(#equals))
        }
        Comparison::Orders(ordering, literal) => {
            let (operator, literal) = (operator(*ordering), self::literal(literal));
            quote_spanned!(variable.dollar=> __bifrost::orders(#path, #guarded, #read, #operator, #literal))
        }
        Comparison::In(literals) => {
            let literals = literals.iter().map(self::literal);
            quote_spanned!(variable.dollar=> __bifrost::is_in(#path, #guarded, #read, [#(#literals),*]))
        }
        Comparison::Present => quote_spanned!(variable.dollar=> __bifrost::is_present(#path, #read)),
    };
    quote!({ #checks #test })
}

/// Checks by the compiler that the comparison may have either result.
fn checks(chart: &Chart, state: &State, variable: &Variable, comparison: &Comparison) -> TokenStream {
    let literals = match comparison {
        Comparison::Equals(literal) | Comparison::Differs(literal) | Comparison::Orders(_, literal) => {
            std::slice::from_ref(literal)
        }
        Comparison::In(literals) => literals,
        Comparison::Present => return check_present(chart, state, variable),
    };
    let checks = literals.iter().map(|literal| match (comparison, literal) {
        // It may be between the texts that serde writes.
        (Comparison::Orders(..), Literal::Text(text)) => check_time(chart, variable, text),
        _ => check_value(chart, variable, literal),
    });
    quote!(#(#checks)*)
}

/// A check by the compiler that the field ever has this value.
pub(super) fn check_value(chart: &Chart, variable: &Variable, literal: &Literal) -> TokenStream {
    let (path, read) = (variable.json_path(), read(chart, variable));
    match literal {
        Literal::Text(text) => {
            let time = check_time(chart, variable, text);
            let text = quote_spanned! {text.span()=>
                const _: () = __bifrost::check_text(#path, __bifrost::values_of(#read), #text);
            };
            quote!(#text #time)
        }
        Literal::Number { minus, digits } => {
            let number = if let Lit::Int(digits) = digits {
                let digits = LitInt::new(&format!("{}_i128", digits.base10_digits()), digits.span());
                quote!(::core::option::Option::Some(#minus #digits))
            } else {
                quote!(::core::option::Option::None)
            };
            quote_spanned!(digits.span()=> const _: () = __bifrost::check_number(#path, __bifrost::values_of(#read), #number);)
        }
        Literal::Boolean(_) => TokenStream::new(),
    }
}

/// A check by the compiler that the text is a point in time if the field is one.
fn check_time(chart: &Chart, variable: &Variable, text: &LitStr) -> TokenStream {
    let (path, read, is_time) = (variable.json_path(), read(chart, variable), is_timestamp(&text.value()));
    quote_spanned!(text.span()=> const _: () = __bifrost::check_time(#path, __bifrost::values_of(#read), #is_time);)
}

/// A check by the compiler that the field may be absent.
fn check_present(chart: &Chart, state: &State, variable: &Variable) -> TokenStream {
    let (path, read, unread) = (variable.json_path(), read(chart, variable), chart.unread.contains(&state.name));
    let span = variable.fields.last().map_or(variable.dollar, Ident::span);
    quote_spanned!(span=> const _: () = __bifrost::check_present(#path, __bifrost::values_of(#read), #unread);)
}

/// A function that reads the field from the machine's shape. It is never called, but the compiler looks the field up.
pub(super) fn read(chart: &Chart, Variable { dollar, fields }: &Variable) -> TokenStream {
    let machine = &chart.machine.name;
    let fields = fields.iter().map(as_field);
    quote_spanned!(*dollar=> |shape: &__bifrost::ShapeOf<#machine>| &shape #(.#fields)*)
}

/// The field in the shape: its serialized name may be a Rust keyword.
fn as_field(field: &Ident) -> Ident {
    let text = field.unraw().to_string();
    if syn::parse_str::<Ident>(&text).is_ok() { field.clone() } else { Ident::new_raw(&text, field.span()) }
}

pub(super) fn literal(literal: &Literal) -> TokenStream {
    match literal {
        Literal::Text(text) => quote_spanned!(text.span()=> __bifrost::TextLiteral(#text)),
        Literal::Boolean(boolean) => quote_spanned!(boolean.span=> __bifrost::BooleanLiteral(#boolean)),
        Literal::Number { minus, digits } => {
            let typed = typed(minus.is_some(), digits);
            quote_spanned!(digits.span()=> __bifrost::NumberLiteral(__bifrost::serde_json::Value::from(#minus #typed)))
        }
    }
}

/// The digits with a type that can hold them. rustc reports numbers that are out of range.
fn typed(negative: bool, digits: &Lit) -> Lit {
    match digits {
        Lit::Int(digits) => {
            let suffix = if negative { "i64" } else { "u64" };
            Lit::Int(LitInt::new(&format!("{}_{suffix}", digits.base10_digits()), digits.span()))
        }
        Lit::Float(digits) => Lit::Float(LitFloat::new(&format!("{}_f64", digits.base10_digits()), digits.span())),
        other => other.clone(),
    }
}

fn operator(ordering: Ordering) -> &'static str {
    match ordering {
        Ordering::Less => "LessThan",
        Ordering::LessOrEqual => "LessThanEquals",
        Ordering::Greater => "GreaterThan",
        Ordering::GreaterOrEqual => "GreaterThanEquals",
    }
}
