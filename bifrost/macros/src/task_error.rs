//! `derive(TaskError)`: the names of variants on the wire.

use crate::coded;
use crate::library::{self, library};
use proc_macro2::TokenStream;
use quote::quote;
use std::collections::HashMap;
use syn::{Data, DeriveInput, Error, LitStr, Result, Variant};

pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    let Data::Enum(data) = &input.data else {
        let message = "`TaskError` can be derived only for enums: each variant has a name on the wire";
        return Error::new(input.ident.span(), message).to_compile_error();
    };
    let mut errors = Vec::new();
    let mut names = Vec::new();
    let mut names_seen = HashMap::new();
    for variant in &data.variants {
        let name = name(variant).unwrap_or_else(|error| {
            errors.push(error);
            default_name(variant)
        });
        if let Some(other) = names_seen.insert(name.value(), &variant.ident) {
            let message = format!("`{other}` already has the name `{}` on the wire", name.value());
            errors.push(Error::new(name.span(), message));
        }
        names.push(name);
    }
    let library = library(&input.attrs, "task_error", &[]).unwrap_or_else(|error| {
        errors.push(error);
        library::default()
    });
    let errors = errors.iter().map(Error::to_compile_error);
    let implementation = implementation(input, data, &names);
    quote! {
        const _: () = {
            use #library::__private as __bifrost;
            #implementation
        };
        #(#errors)*
    }
}

fn implementation(input: &DeriveInput, data: &syn::DataEnum, names: &[LitStr]) -> TokenStream {
    let name = &input.ident;
    let (parameters, arguments, bounds) = input.generics.split_for_impl();
    let variants: Vec<_> = data.variants.iter().map(|variant| &variant.ident).collect();
    let texts = variants.iter().map(ToString::to_string);
    let code = data.variants.iter().any(|variant| coded::has_code(&variant.attrs)).then(|| {
        quote! {
            fn error_code(&self) -> ::core::option::Option<&'static str> {
                ::core::option::Option::Some(__bifrost::Coded::code(self))
            }

            fn waits(&self) -> bool {
                __bifrost::Coded::is_waiting(self)
            }
        }
    });
    let body = if variants.is_empty() {
        quote!(match *self {})
    } else {
        quote!(match self { #(Self::#variants { .. } => #names,)* })
    };
    quote! {
        #[automatically_derived]
        #[diagnostic::do_not_recommend]
        impl #parameters __bifrost::TaskError for #name #arguments #bounds {
            const NAMES: &'static [(&'static str, &'static str)] = &[#((#texts, #names)),*];

            fn name(&self) -> &'static str {
                #body
            }

            #code
        }
    }
}

fn name(variant: &Variant) -> Result<LitStr> {
    let mut name = default_name(variant);
    for attribute in variant.attrs.iter().filter(|attribute| attribute.path().is_ident("task_error")) {
        attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("name") {
                return Err(meta.error("expected `name = \"…\"`"));
            }
            name = meta.value()?.parse()?;
            check_name(&name)
        })?;
    }
    Ok(name)
}

fn default_name(variant: &Variant) -> LitStr {
    LitStr::new(&format!("{}Error", variant.ident), variant.ident.span())
}

/// Handlers must not use names that are reserved for Step Functions and Lambda.
fn check_name(name: &LitStr) -> Result<()> {
    let text = name.value();
    let plain = !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
    if plain && !text.starts_with("States.") && !text.starts_with("Lambda.") {
        return Ok(());
    }
    let message =
        "a name on the wire may have letters, digits, `.`, `_` and `-`, and must not begin with `States.` or `Lambda.`";
    Err(Error::new(name.span(), message))
}
