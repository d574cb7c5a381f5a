//! A state in the definition and in the list of states.

use super::{Chart, choice, comment, option, task};
use crate::check::MAX_SECONDS;
use crate::model::{Assignment, Kind, State, Variable, Wait};
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::LitInt;
use syn::ext::IdentExt;

/// The state's entry in `Machine::STATES`.
pub(super) fn info(state: &State) -> TokenStream {
    let (name, comment) = (state.asl_name(), comment(&state.comment));
    let kind = match &state.kind {
        Kind::Task(_) => quote!(Task),
        Kind::Wait { .. } => quote!(Wait),
        Kind::Choice { .. } => quote!(Choice),
        Kind::Pass { .. } => quote!(Pass),
        Kind::Succeed => quote!(Succeed),
        Kind::Fail { .. } => quote!(Fail),
    };
    quote! {
        __bifrost::State { name: #name, kind: __bifrost::Kind::#kind, comment: #comment }
    }
}

pub(super) fn definition(chart: &Chart, state: &State) -> TokenStream {
    let comment = comment(&state.comment);
    match &state.kind {
        Kind::Task(task) => task::definition(chart, state, task),
        Kind::Wait { wait, next } => {
            let (wait, next) = (self::wait(chart, wait), chart.asl_name_of(next));
            quote!(__bifrost::wait(#comment, #wait, #next))
        }
        Kind::Choice { rules, default } => choice::definition(chart, state, rules, default.as_ref()),
        Kind::Pass { set, next } => {
            let (set, next) = (assignment(chart, set.as_ref()), chart.asl_name_of(next));
            quote!(__bifrost::pass(#comment, #set, #next))
        }
        Kind::Succeed => quote!(__bifrost::succeed(#comment)),
        Kind::Fail { error, cause } => {
            let cause = option(cause.as_ref());
            quote!(__bifrost::fail(#comment, #error, #cause))
        }
    }
}

/// The language's field for this kind of wait, and its value. The block around a path checks its type.
fn wait(chart: &Chart, wait: &Wait) -> TokenStream {
    match wait {
        Wait::Seconds(literal) => {
            let seconds = literal.base10_parse::<u32>().unwrap_or_default();
            let (machine, seconds) = (&chart.machine.name, LitInt::new(&seconds.to_string(), literal.span()));
            let check = quote_spanned!(literal.span()=> const _: () = __bifrost::check_wait::<__bifrost::FieldsOf<#machine>>(#seconds););
            // Too many for Step Functions are reported already.
            let check = (literal.base10_parse::<u32>().is_ok_and(|seconds| seconds <= MAX_SECONDS)).then_some(check);
            quote!("Seconds", { #check #seconds })
        }
        Wait::Timestamp(timestamp) => quote!("Timestamp", #timestamp),
        Wait::SecondsPath(variable) => {
            let (path, read) = (variable.json_path(), choice::read(chart, variable));
            let check = quote_spanned!(variable.dollar=> __bifrost::seconds(#read));
            quote!("SecondsPath", { #check; #path })
        }
        Wait::TimestampPath(variable) => {
            let (path, read) = (variable.json_path(), choice::read(chart, variable));
            let check = quote_spanned!(variable.dollar=> __bifrost::timestamp(#read));
            quote!("TimestampPath", { #check; #path })
        }
    }
}

fn assignment(chart: &Chart, set: Option<&Assignment>) -> TokenStream {
    let Some(Assignment { variable, literal }) = set else {
        return quote!(::core::option::Option::None);
    };
    let check = choice::check_value(chart, variable, literal);
    let own = check_own(variable);
    let (path, read, literal) = (variable.json_path(), choice::read(chart, variable), choice::literal(literal));
    let value = quote_spanned!(variable.dollar=> __bifrost::assigned(#read, #literal));
    quote!(::core::option::Option::Some({ #check #own (#path, #value) }))
}

/// A check by the compiler that a `pass` leaves the envelope alone.
fn check_own(variable: &Variable) -> TokenStream {
    let Some(first) = variable.fields.first() else { return TokenStream::new() };
    let name = first.unraw().to_string();
    let message = format!("`{name}` belongs to the envelope, which identifies the release: set a field of your own");
    quote_spanned! {first.span()=>
        const _: () = ::core::assert!(!__bifrost::Envelope::has_field(#name), #message);
    }
}
