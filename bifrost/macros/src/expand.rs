//! Expands the model into tokens. This cannot fail: [`check`](crate::check) reports errors of the model, and rustc reports type
//! errors at the author's tokens.

mod choice;
mod state;
mod task;

use crate::graph::Graph;
use crate::model::{Comment, Machine, State};
use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote, quote_spanned};
use std::collections::HashSet;
use syn::Ident;
use syn::spanned::Spanned;

/// A machine, with what the expansion of its states needs.
pub(crate) struct Chart<'a> {
    machine: &'a Machine,
    /// States whose input may lack fields that are not optional by their type.
    unread: HashSet<&'a Ident>,
}

pub(crate) fn expand(machine: &Machine) -> TokenStream {
    let chart = Chart { machine, unread: Graph::of(machine).entered_with_unread_data() };
    let states = distinct(machine);
    let enumeration = enumeration(machine, &states);
    let (body, library) = (body(&chart, &states), &machine.library);
    quote! {
        #enumeration

        const _: () = {
            #[allow(unused_imports, reason = "a chart need not use every kind of state")]
            use #library::__private as __bifrost;
            #body
        };
    }
}

/// Duplicate states are reported already. A second variant would only repeat the error.
fn distinct(machine: &Machine) -> Vec<&State> {
    let mut seen = HashSet::new();
    machine.states.iter().filter(|state| seen.insert(&state.name)).collect()
}

fn enumeration(machine: &Machine, states: &[&State]) -> TokenStream {
    let Machine { comment, visibility, name, .. } = machine;
    let machine_docs = docs(comment, &format!("The state machine `{name}`."));
    let variants = states.iter().map(|state| {
        let state_docs = docs(&state.comment, &format!("The state `{}`.", state.asl_name()));
        let name = &state.name;
        quote!(#state_docs #name)
    });
    quote! {
        #machine_docs
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[allow(dead_code, reason = "the author of a chart need not use every state")]
        #visibility enum #name { #(#variants,)* }
    }
}

/// The author's comment, or a default one, as a public machine needs documentation for `missing_docs`.
fn docs(comment: &Comment, default: &str) -> TokenStream {
    let attributes = &comment.attributes;
    if attributes.is_empty() { quote!(#[doc = #default]) } else { quote!(#(#attributes)*) }
}

fn body(chart: &Chart, states: &[&State]) -> TokenStream {
    // The checks come first and use plain paths: completion in editors works on them.
    let checks = checks(chart, states);
    let handlers = states.iter().filter_map(|state| task::handler(chart, state));
    let names = names(chart.machine, states);
    let machine = machine(chart, states);
    quote!(#checks #(#handlers)* #names #machine)
}

/// A function that never runs. In it, the compiler looks up each state that the author names.
fn checks(chart: &Chart, states: &[&State]) -> TokenStream {
    let Machine { name, start, changes_from, keyword, .. } = chart.machine;
    // A state that cannot be parsed may include the next one.
    let is_complete = chart.machine.errors.is_empty();
    let targets = states.iter().filter(|_| is_complete).map(|state| {
        let targets = state.targets();
        quote_spanned!(state.keyword=> #(let _ = #name::#targets;)*)
    });
    quote_spanned! {*keyword=>
        #[allow(dead_code, reason = "only the compiler reads it")]
        fn __checks() {
            let _ = #name::#start;
            let _ = #name::#changes_from;
            #(#targets)*
        }
    }
}

/// The states' names in the definition, also where the data has no `Data` and so the machine no `Machine`.
fn names(machine: &Machine, states: &[&State]) -> TokenStream {
    let name = &machine.name;
    let idents = states.iter().map(|state| &state.name);
    let names = states.iter().map(|state| state.asl_name());
    quote! {
        const fn __name(state: #name) -> &'static str {
            match state { #(#name::#idents => #names,)* }
        }

        #[automatically_derived]
        impl ::core::fmt::Display for #name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.pad(__name(*self))
            }
        }
    }
}

fn machine(chart: &Chart, states: &[&State]) -> TokenStream {
    let Machine { comment, name, data, .. } = chart.machine;
    let text = name.to_string();
    let infos = states.iter().map(|state| state::info(state));
    let start = chart.asl_name_of(&chart.machine.start);
    let comment = self::comment(comment);
    let definitions = states.iter().map(|state| {
        let (key, definition) = (state.asl_name(), state::definition(chart, state));
        quote!((#key, #definition))
    });
    let arms = states.iter().filter_map(|state| task::arm(state));
    let is_data = chart.is_data();
    let typed_states = typed_states(chart.machine, states);
    let is_release = check_release(data);
    let type_of_data = quote_spanned! {data.span()=>
        type Data = __bifrost::Release<<#data as __bifrost::IsRelease>::Fields>;
    };
    let ports = chart.machine.ports.as_ref().map_or_else(|| quote!(()), ToTokens::to_token_stream);
    let type_of_ports = quote_spanned!(ports.span()=> type Ports = #ports;);
    quote! {
        #is_release

        #[allow(trivial_bounds, reason = "the bound is checked once, where the author names the type")]
        #[automatically_derived]
        impl __bifrost::Machine for #name where #is_data {
            #type_of_data
            #type_of_ports

            const NAME: &'static str = #text;
            const STATES: &'static [__bifrost::State] = &[#(#infos),*];
            #typed_states

            fn name(self) -> &'static str {
                __name(self)
            }

            fn from_name(name: &str) -> ::core::option::Option<Self> {
                <Self as __bifrost::Machine>::ALL.iter().copied().find(|state| __name(*state) == name)
            }

            #[allow(unreachable_patterns, reason = "an error type may have only the variant that the chart names")]
            fn definition(settings: &__bifrost::DefinitionSettings) -> __bifrost::serde_json::Value {
                __bifrost::definition(#comment, #start, settings, [#(#definitions),*])
            }

            #[allow(unused_variables, reason = "a chart need not have a task")]
            async fn run(
                ctx: &__bifrost::Context<__bifrost::Ports<Self>>,
                task: &str,
                input: &__bifrost::serde_json::Value,
            ) -> ::core::result::Result<__bifrost::serde_json::Value, __bifrost::FunctionError> {
                match task {
                    #(#arms,)*
                    other => ::core::result::Result::Err(__bifrost::unknown_task::<Self>(other)),
                }
            }
        }
    }
}

/// A check by the compiler that the author does not name only the fields.
fn check_release(data: &syn::Type) -> TokenStream {
    let text = data.to_token_stream().to_string();
    let message = format!("`{text}` is the fields of a release: write `Release<{text}>`");
    quote_spanned!(data.span()=> const _: () = ::core::assert!(<#data as __bifrost::IsRelease>::IS_RELEASE, #message);)
}

/// The states that the framework knows by their role. A state that does not exist is reported already, so another one takes
/// its place.
fn typed_states(machine: &Machine, states: &[&State]) -> TokenStream {
    let idents: Vec<_> = states.iter().map(|state| &state.name).collect();
    let state = |name: &dyn Fn(&Ident) -> bool| {
        let state = idents.iter().find(|ident| name(ident)).or(idents.first());
        state.map_or_else(|| quote!(::core::panic!("a chart without states")), |state| quote!(Self::#state))
    };
    let changes_from = state(&|ident| *ident == machine.changes_from);
    let [success, clean, dirty] = ["Success", "FailureClean", "FailureDirty"].map(|end| state(&|ident| ident == end));
    quote! {
        const ALL: &'static [Self] = &[#(Self::#idents),*];
        const CHANGES_FROM: Self = #changes_from;
        const SUCCESS: Self = #success;
        const FAILURE_CLEAN: Self = #clean;
        const FAILURE_DIRTY: Self = #dirty;
    }
}

impl Chart<'_> {
    /// The bound that the type which the author names is a release with fields. It is on every item that needs it, with the span of
    /// the author's token, so that it fails in one place instead of in each.
    fn is_data(&self) -> TokenStream {
        let data = &self.machine.data;
        quote_spanned!(data.span()=> <#data as __bifrost::IsRelease>::Fields: __bifrost::Fields)
    }

    /// The name in the definition of the state `name`.
    fn asl_name_of(&self, name: &Ident) -> String {
        let state = self.machine.states.iter().find(|state| state.name == *name);
        state.map_or_else(|| name.to_string(), State::asl_name)
    }
}

fn comment(comment: &Comment) -> TokenStream {
    option(comment.text.as_ref())
}

fn option(value: Option<impl ToTokens>) -> TokenStream {
    let some = value.map(|value| quote!(::core::option::Option::Some(#value)));
    some.unwrap_or_else(|| quote!(::core::option::Option::None))
}

fn task_function(state: &Ident) -> Ident {
    format_ident!("__task_{state}", span = proc_macro2::Span::call_site())
}
