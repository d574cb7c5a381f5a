//! A task state: the one place where its handler is named, and what the rest says of it.

use super::{Chart, option, task_function};
use crate::model::{Catch, Kind, Machine, On, Retry, State, Task};
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Lit, Path};

/// A function that gives the handler without its type. The handler is called plainly, so that rustc speaks of a
/// mismatched type as it would anywhere else.
pub(super) fn handler(chart: &Chart, state: &State) -> Option<TokenStream> {
    let Kind::Task(task) = &state.kind else { return None };
    let Machine { name: machine, .. } = chart.machine;
    let function = task_function(&state.name);
    let handler = &task.handler;
    let is_data = chart.is_data();
    let retried = task.retries.iter().map(|Retry { keyword, on, .. }| (keyword, on));
    let caught = task.catches.iter().map(|Catch { keyword, on, .. }| (keyword, on));
    let raised = retried.chain(caught).filter_map(|(keyword, on)| match on {
        On::All(_) => None,
        On::Error(path) => {
            let span = keyword.resolved_at(Span::mixed_site());
            let any = quote_spanned!(variant_span(path)=> { .. });
            Some(quote_spanned!(span=> let _ = ::core::matches!(error, #path #any);))
        }
    });
    // A handler called `data` is not the variable of that name.
    let span = state.keyword.resolved_at(Span::mixed_site());
    Some(quote_spanned! {span=>
        #[allow(non_snake_case, unreachable_patterns, unused_variables, trivial_bounds, reason = "named and matched after the chart")]
        fn #function() -> impl __bifrost::Handler<#machine> where #is_data {
            __bifrost::handler::<#machine, _, _>(
                async |ctx: &::bifrost::task::Context<::bifrost::machine::Ports<#machine>>,
                       data: <#machine as ::bifrost::machine::Machine>::Data|
                       -> ::core::result::Result<<#machine as ::bifrost::machine::Machine>::Data, _> {
                    let outcome: ::core::result::Result<<#machine as ::bifrost::machine::Machine>::Data, _> =
                        #handler(ctx, data).await;
                    if let ::core::result::Result::Err(error) = &outcome {
                        #(#raised)*
                    }
                    outcome
                },
            )
        }
    })
}

pub(super) fn arm(state: &State) -> Option<TokenStream> {
    let Kind::Task(_) = &state.kind else { return None };
    let (name, function) = (state.asl_name(), task_function(&state.name));
    Some(quote!(#name => __bifrost::Handler::<Self>::call(&#function(), ctx, input).await))
}

/// A `catch` writes `$.error`: the data must have that field.
pub(super) fn caught_errors_have_a_place(chart: &Chart) -> Option<TokenStream> {
    let Machine { name, states, .. } = chart.machine;
    let first = states.iter().find_map(|state| match &state.kind {
        Kind::Task(task) => task.catches.first(),
        _ => None,
    })?;
    Some(quote_spanned! {first.keyword=>
        __bifrost::holds_caught_error(|shape: &__bifrost::ShapeOf<#name>| &shape.error);
    })
}

pub(super) fn definition(chart: &Chart, state: &State, task: &Task) -> TokenStream {
    let function = task_function(&state.name);
    let (comment, name, next) = (option(&state.comment), state.asl_name(), chart.asl_name_of(&task.next));
    let retries = task.retries.iter().map(retry);
    let catches = task.catches.iter().map(|Catch { comment, on, next, .. }| {
        let (comment, error, next) = (option(comment), wire_name(on), chart.asl_name_of(next));
        quote!(__bifrost::catch(#comment, #error, #next))
    });
    quote! {{
        #[allow(unused_variables, reason = "a task need not name an error")]
        let handler = #function();
        __bifrost::task(#comment, #name, resource, ::std::vec![#(#retries),*], ::std::vec![#(#catches),*], #next)
    }}
}

fn retry(retry: &Retry) -> TokenStream {
    let (comment, error) = (option(&retry.comment), wire_name(&retry.on));
    let number = |field: &str, otherwise: TokenStream| {
        let given = retry.fields.iter().find(|given| given.name == field).map(|given| number(&given.value));
        given.unwrap_or(otherwise)
    };
    let attempts = number("max_attempts", quote!(3_u32));
    let mut fields = vec![quote!(("MaxAttempts", #attempts.into()))];
    let never = retry.fields.iter().any(|field| {
        field.name == "max_attempts" && matches!(&field.value, Lit::Int(value) if value.base10_digits() == "0")
    });
    if !never {
        let interval = number("interval_seconds", quote!(1_u32));
        let rate = number("backoff_rate", quote!(2.0_f64));
        fields.push(quote!(("IntervalSeconds", #interval.into())));
        fields.push(quote!(("BackoffRate", #rate.into())));
        if let Some(delay) = retry.fields.iter().find(|field| field.name == "max_delay_seconds") {
            let delay = self::number(&delay.value);
            fields.push(quote!(("MaxDelaySeconds", #delay.into())));
        }
    }
    quote!(__bifrost::retry(#comment, #error, [#(#fields),*]))
}

/// The author's digits with the type that the language wants.
fn number(value: &Lit) -> TokenStream {
    match value {
        Lit::Int(value) => {
            let value = value.base10_parse::<u32>().unwrap_or_default();
            quote!(#value)
        }
        Lit::Float(value) => {
            let value = value.base10_parse::<f64>().unwrap_or_default();
            quote!(#value)
        }
        _ => quote!(0_u32),
    }
}

/// The handler's error type knows what its variant is called on the wire.
fn wire_name(on: &On) -> TokenStream {
    match on {
        On::All(_) => quote!("States.ALL"),
        On::Error(path) => {
            let variant = variant(path);
            quote!(__bifrost::Handler::<Self>::error_name(&handler, #variant))
        }
    }
}

/// Where the variant stands: the pattern ends there, so an error of its type marks the author's path and nothing else.
fn variant_span(path: &Path) -> Span {
    path.segments.last().map_or_else(Span::call_site, |segment| segment.ident.span())
}

fn variant(path: &Path) -> String {
    path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default()
}
