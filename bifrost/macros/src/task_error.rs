//! `derive(TaskError)`: the names of variants on the wire.

mod conversion;
mod standard;

use crate::coded;
use crate::library::{self, library};
use conversion::Conversion;
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use standard::Standard;
use std::collections::HashMap;
use syn::{Data, DataEnum, DeriveInput, Error, Ident, LitStr, Result, Variant};

pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    let Data::Enum(data) = &input.data else {
        let message = "`TaskError` can be derived only for enums: each variant has a name on the wire";
        return Error::new(input.ident.span(), message).to_compile_error();
    };
    let mut errors = Vec::new();
    let standard = Standard::find(data).unwrap_or_else(|error| {
        errors.push(error);
        None
    });
    let names = names(data, standard.as_ref(), &mut errors);
    let library = library(&input.attrs, "task_error", &[]).unwrap_or_else(|error| {
        errors.push(error);
        library::default()
    });
    let errors = errors.iter().map(Error::to_compile_error);
    let implementation = implementation(input, data, &names, standard.as_ref());
    let standard = standard.map(|standard| standard.items(input, data, &names));
    let conversions = data.variants.iter().flat_map(Conversion::of).map(|conversion| conversion.item(input));
    quote! {
        const _: () = {
            use #library::__private as __bifrost;
            #implementation
            #standard
            #(#conversions)*
        };
        #(#errors)*
    }
}

/// The variants that have a name of their own.
fn names<'d>(data: &'d DataEnum, standard: Option<&Standard>, errors: &mut Vec<Error>) -> Vec<(&'d Ident, LitStr)> {
    let mut names = Vec::new();
    let mut seen = HashMap::new();
    for variant in data.variants.iter().filter(|variant| standard.is_none_or(|standard| !standard.is(variant))) {
        errors.extend(standard::forgotten(variant));
        let name = name(variant).unwrap_or_else(|error| {
            errors.push(error);
            default_name(variant)
        });
        if let Some(other) = seen.insert(name.value(), &variant.ident) {
            let message = format!("`{other}` already has the name `{}` on the wire", name.value());
            errors.push(Error::new(name.span(), message));
        }
        names.push((&variant.ident, name));
    }
    names
}

fn implementation(
    input: &DeriveInput,
    data: &DataEnum,
    names: &[(&Ident, LitStr)],
    standard: Option<&Standard<'_>>,
) -> TokenStream {
    let name = &input.ident;
    let (parameters, arguments, _) = input.generics.split_for_impl();
    let bounds = standard.map_or_else(|| input.generics.where_clause.clone(), |standard| standard.bounds(input));
    let (variants, wire): (Vec<&Ident>, Vec<&LitStr>) = names.iter().map(|(variant, name)| (*variant, name)).unzip();
    let texts = variants.iter().map(ToString::to_string);
    let own = quote!(&[#((#texts, #wire)),*]);
    let all = standard.map_or_else(|| own.clone(), |_| standard::all_names(names.len(), &own));
    let forwarded = standard.map(|standard| standard.arm("name"));
    let body = if data.variants.is_empty() {
        quote!(match *self {})
    } else {
        quote!(match self { #(Self::#variants { .. } => #wire,)* #forwarded })
    };
    let has_code = data.variants.iter().any(|variant| coded::has_code(&variant.attrs));
    let code = match standard {
        _ if has_code => Some((
            quote_spanned!(name.span()=> ::core::option::Option::Some(__bifrost::HasCode::described(self).0)),
            quote_spanned!(name.span()=> __bifrost::HasCode::described(self).1),
        )),
        Some(standard) => {
            let (code, waits) = (standard.arm("error_code"), standard.arm("waits"));
            Some((
                quote!(match self { #(Self::#variants { .. } => ::core::option::Option::None,)* #code }),
                quote!(match self { #(Self::#variants { .. } => false,)* #waits }),
            ))
        }
        None => None,
    };
    let code = code.map(|(code, waits)| {
        quote! {
            fn error_code(&self) -> ::core::option::Option<&'static str> {
                #code
            }

            fn waits(&self) -> bool {
                #waits
            }
        }
    });
    quote! {
        #[automatically_derived]
        #[diagnostic::do_not_recommend]
        impl #parameters __bifrost::TaskError for #name #arguments #bounds {
            const NAMES: &'static [(&'static str, &'static str)] = #all;

            fn name(&self) -> &'static str {
                #body
            }

            #code
        }
    }
}

fn name(variant: &Variant) -> Result<LitStr> {
    let mut name = default_name(variant);
    let mut is_named = false;
    for attribute in variant.attrs.iter().filter(|attribute| attribute.path().is_ident("task_error")) {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("transparent") {
                return Ok(());
            }
            if meta.path.is_ident("from") {
                return conversion::check(&meta, variant);
            }
            if !meta.path.is_ident("name") {
                return Err(meta.error("expected `name = \"…\"`, `from(…)` or `transparent`"));
            }
            is_named = true;
            name = meta.value()?.parse()?;
            check_name(&name)
        })?;
    }
    if !is_named {
        check_name(&name)?;
        if variant.ident.to_string().ends_with("Error") {
            let message =
                format!("its name on the wire would be `{}`: write the variant without `Error`", name.value());
            return Err(Error::new(variant.ident.span(), message));
        }
    }
    Ok(name)
}

fn default_name(variant: &Variant) -> LitStr {
    LitStr::new(&format!("{}Error", variant.ident), variant.ident.span())
}

/// The prefixes of names that Step Functions and Lambda use.
const RESERVED_PREFIXES: [&str; 4] = ["States.", "Lambda.", "Runtime.", "Sandbox."];

/// The names with which the framework itself answers for a handler.
const FRAMEWORK_NAMES: [&str; 2] = ["PanicError", "TaskError"];

/// Handlers must not use names that are reserved for Step Functions, Lambda and the framework.
fn check_name(name: &LitStr) -> Result<()> {
    let text = name.value();
    if FRAMEWORK_NAMES.contains(&text.as_str()) {
        let message = format!("the framework uses the name `{text}` on the wire itself: choose another name");
        return Err(Error::new(name.span(), message));
    }
    let plain = !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
    if plain && !RESERVED_PREFIXES.iter().any(|prefix| text.starts_with(prefix)) {
        return Ok(());
    }
    let message = "a name on the wire may have letters, digits, `.`, `_` and `-`, and must not begin with `States.`, `Lambda.`, \
                   `Runtime.` or `Sandbox.`";
    Err(Error::new(name.span(), message))
}
