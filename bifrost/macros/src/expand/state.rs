//! A state in the definition and in the list of states.

use super::{Chart, choice, comment, option, task};
use crate::model::{Assignment, Kind, Literal, State, Wait};
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

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
        Wait::Seconds(seconds) => {
            let seconds = seconds.base10_parse::<u32>().unwrap_or_default();
            quote!("Seconds", #seconds)
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
    let check =
        if let Literal::Text(text) = literal { choice::check_text(chart, variable, text) } else { TokenStream::new() };
    let (path, read, literal) = (variable.json_path(), choice::read(chart, variable), choice::literal(literal));
    let value = quote_spanned!(variable.dollar=> __bifrost::assigned(#read, #literal));
    quote!(::core::option::Option::Some({ #check (#path, #value) }))
}
