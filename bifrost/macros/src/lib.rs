//! The macros of `bifrost`. Use them through that crate, which documents them.

mod check;
mod coded;
mod expand;
mod fields;
mod graph;
mod library;
mod model;
mod port;
mod shape;
mod task_error;
mod timestamp;

use proc_macro::TokenStream;
use quote::quote;
use syn::{DeriveInput, ItemTrait, parse_macro_input};

#[proc_macro]
#[expect(missing_docs, reason = "documented where it is exported, so that its example compiles")]
pub fn state_machine(input: TokenStream) -> TokenStream {
    let machine = parse_macro_input!(input as model::Machine);
    let errors = check::check(&machine);
    let errors = errors.iter().map(syn::Error::to_compile_error);
    let expanded = expand::expand(&machine);
    // Errors are added to the expansion instead of replacing it: one typo must not undefine the whole machine.
    quote!(#expanded #(#errors)*).into()
}

#[proc_macro_derive(TaskError, attributes(task_error, code))]
#[expect(missing_docs, reason = "documented where it is exported, so that its example compiles")]
pub fn derive_task_error(input: TokenStream) -> TokenStream {
    task_error::derive(&parse_macro_input!(input as DeriveInput)).into()
}

#[proc_macro_derive(Coded, attributes(code))]
#[expect(missing_docs, reason = "documented where it is exported, so that its example compiles")]
pub fn derive_coded(input: TokenStream) -> TokenStream {
    coded::derive(&parse_macro_input!(input as DeriveInput)).into()
}

#[proc_macro_derive(Shape, attributes(serde, shape, set_by_deployer, unused_by_clean_up))]
#[expect(missing_docs, reason = "documented where it is exported, so that its example compiles")]
pub fn derive_shape(input: TokenStream) -> TokenStream {
    shape::derive(&parse_macro_input!(input as DeriveInput)).into()
}

#[proc_macro_attribute]
#[expect(missing_docs, reason = "documented where it is exported, so that its example compiles")]
pub fn fields(arguments: TokenStream, item: TokenStream) -> TokenStream {
    fields::expand(fields::Place::Release, arguments.into(), parse_macro_input!(item as DeriveInput)).into()
}

#[proc_macro_attribute]
#[expect(missing_docs, reason = "documented where it is exported, so that its example compiles")]
pub fn field_type(arguments: TokenStream, item: TokenStream) -> TokenStream {
    fields::expand(fields::Place::Inside, arguments.into(), parse_macro_input!(item as DeriveInput)).into()
}

#[proc_macro_attribute]
#[expect(missing_docs, reason = "documented where it is exported, so that its example compiles")]
pub fn port(arguments: TokenStream, item: TokenStream) -> TokenStream {
    port::expand(arguments.into(), parse_macro_input!(item as ItemTrait)).into()
}
