//! Task states: the only place with the handler, and the parts that use it.

use super::{Chart, comment, option, task_function};
use crate::model::{Catch, Kind, Machine, Mark, On, Retry, State, Task};
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use std::collections::HashSet;
use syn::{Ident, Path, PathSegment};

/// A function that returns the handler without its type. It calls the handler directly, so that rustc reports mismatched types
/// as anywhere else.
pub(super) fn handler(chart: &Chart, state: &State) -> Option<TokenStream> {
    let Kind::Task(task) = &state.kind else { return None };
    let Machine { name: machine, .. } = chart.machine;
    let function = task_function(&state.name);
    let handler = &task.handler;
    let is_data = chart.is_data();
    let retried = task.retries.iter().map(|Retry { on, .. }| on);
    let caught = task.catches.iter().map(|Catch { on, .. }| on);
    let checks = retried.chain(caught).filter_map(|on| match on {
        On::All(_) => None,
        On::Error(path) => Some(raised(path)),
    });
    let named = named(chart, |span| quote_spanned!(span=> __bifrost::error_of(&outcome)));
    // With this span, a handler called `data` is not the variable `data`.
    let span = state.keyword.resolved_at(Span::mixed_site());
    let Role { wrapper, flag, output } = role(chart, task, span);
    Some(quote_spanned! {span=>
        #[allow(non_snake_case, unreachable_patterns, trivial_bounds, reason = "names and matches come from the chart")]
        fn #function() -> impl __bifrost::Handler<#machine> where #is_data {
            __bifrost::#wrapper::<#machine, _>(
                #flag
                async |ctx: &__bifrost::Context<__bifrost::Ports<#machine>>,
                       data: <#machine as __bifrost::Machine>::Data|
                       -> ::core::result::Result<#output, __bifrost::FunctionError> {
                    let outcome: ::core::result::Result<#output, _> = #handler(ctx, data).await;
                    #(#checks)*
                    let named = #named;
                    outcome.map_err(|error| named.raise(&error))
                },
            )
        }
    })
}

/// The names of an error type. All calls have the span of the machine's name: a type without names is one error.
fn named(chart: &Chart, ty: impl FnOnce(Span) -> TokenStream) -> TokenStream {
    let span = chart.machine.name.span().resolved_at(Span::mixed_site());
    let ty = ty(span);
    quote_spanned!(span=> __bifrost::named(#ty))
}

/// Checks that the task may raise this variant.
fn raised(path: &Path) -> TokenStream {
    let ((first, last), pattern) = (ends_of(path), pattern(path));
    let (library, function) = (quote_spanned!(first=> __bifrost), quote_spanned!(last=> ::may_be));
    let arguments = quote_spanned!(last=> (__bifrost::error_of(&outcome), #pattern));
    quote!(#library #function #arguments;)
}

/// The spans of a path's first and last segment. Tokens that begin and end with them make an error mark the author's path.
fn ends_of(path: &Path) -> (Span, Span) {
    let at = |segment: Option<&PathSegment>| {
        segment.map_or_else(Span::call_site, |segment| segment.ident.span()).resolved_at(Span::mixed_site())
    };
    (at(path.segments.first()), at(path.segments.last()))
}

/// A closure whose parameter has the type of the enum of this variant.
fn pattern(path: &Path) -> TokenStream {
    let (first, last) = ends_of(path);
    let any = quote_spanned!(last=> { .. });
    let parameter = quote_spanned!(first=> |error|);
    let body = quote_spanned!(last=> match error { #path #any => true, _ => false });
    quote!(#parameter #body)
}

/// What a task's marks demand of its handler.
struct Role {
    /// The function that wraps the handler.
    wrapper: Ident,
    /// Its argument before the handler, with a comma.
    flag: Option<TokenStream>,
    /// The type of the handler's output.
    output: TokenStream,
}

fn role(chart: &Chart, task: &Task, span: Span) -> Role {
    let (machine, marks) = (&chart.machine.name, &task.marks);
    let of_fields = |output| {
        let output = Ident::new(output, span);
        quote_spanned!(span=> __bifrost::#output<__bifrost::FieldsOf<#machine>>)
    };
    let data = quote_spanned!(span=> <#machine as __bifrost::Machine>::Data);
    let (looks_for_halt, cleans_up) = (marks.has(Mark::LooksForHalt), marks.has(Mark::CleansUp));
    let ends = Ident::new(ends(chart, &task.next), span);
    let ends = quote!(__bifrost::Ends::#ends);
    let (wrapper, flag, output) = match marks.role() {
        Some(Mark::Validates) => ("validates", None, of_fields("Validated")),
        Some(Mark::Locks) => ("locks", None, of_fields("Locked")),
        Some(Mark::Unlocks) => ("unlocks", Some(quote!(#cleans_up, #ends,)), of_fields("Finish")),
        Some(Mark::CleansUp) => ("cleans_up", None, data),
        Some(Mark::LooksForHalt) | None => ("task", Some(quote!(#looks_for_halt,)), data),
    };
    Role { wrapper: Ident::new(wrapper, span), flag, output }
}

/// The end state to which `next` leads without a task or a choice in between, as a variant of `Ends`.
fn ends(chart: &Chart, next: &Ident) -> &'static str {
    let mut seen = HashSet::new();
    let mut name = next;
    while seen.insert(name) {
        let state = chart.machine.states.iter().find(|state| state.name == *name);
        match state.map(|state| &state.kind) {
            Some(Kind::Succeed) => return "Success",
            Some(Kind::Fail { .. }) if name == "FailureClean" => return "FailureClean",
            Some(Kind::Wait { next, .. } | Kind::Pass { next, .. }) => name = next,
            _ => break,
        }
    }
    "Depends"
}

pub(super) fn arm(state: &State) -> Option<TokenStream> {
    let Kind::Task(_) = &state.kind else { return None };
    let (name, function) = (state.asl_name(), task_function(&state.name));
    Some(quote!(#name => __bifrost::Handler::<Self>::call(&#function(), ctx, input).await))
}

pub(super) fn definition(chart: &Chart, state: &State, task: &Task) -> TokenStream {
    let (comment, name, next) = (comment(&state.comment), state.asl_name(), chart.asl_name_of(&task.next));
    let retries = task.retries.iter().map(|it| retry(chart, it));
    let catches = task.catches.iter().map(|Catch { comment, on, next, .. }| {
        let (comment, error, next) = (self::comment(comment), wire_name(chart, on), chart.asl_name_of(next));
        quote!(__bifrost::catch(#comment, #error, #next))
    });
    let (validates, looks_for_halt) = (task.marks.has(Mark::Validates), task.marks.has(Mark::LooksForHalt));
    quote! {{
        let marks = __bifrost::Marks { validates: #validates, looks_for_halt: #looks_for_halt };
        __bifrost::task_state(
            #comment, #name, settings, marks, ::std::vec![#(#retries),*], ::std::vec![#(#catches),*], #next,
        )
    }}
}

/// Fields that the author leaves out get the defaults of Step Functions, explicitly.
fn retry(chart: &Chart, retry: &Retry) -> TokenStream {
    let (comment, error) = (comment(&retry.comment), wire_name(chart, &retry.on));
    let attempts = retry.whole("max_attempts").unwrap_or(3);
    let interval = retry.whole("interval_seconds").unwrap_or(1);
    let rate = retry.decimal("backoff_rate").unwrap_or(2.0);
    let delay = option(retry.whole("max_delay_seconds"));
    quote! {
        __bifrost::retry(#comment, #error, __bifrost::Backoff {
            max_attempts: #attempts,
            interval_seconds: #interval,
            backoff_rate: #rate,
            max_delay_seconds: #delay,
        })
    }
}

/// The error's type has the name of its variant on the wire.
fn wire_name(chart: &Chart, on: &On) -> TokenStream {
    match on {
        On::All(_) => quote!("States.ALL"),
        On::Error(path) => {
            let (pattern, variant) = (pattern(path), variant(path));
            let named = named(chart, |span| quote_spanned!(span=> __bifrost::enum_of(#pattern)));
            quote!(#named.wire_name(#variant))
        }
    }
}

fn variant(path: &Path) -> String {
    path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default()
}
