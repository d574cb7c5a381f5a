//! `derive(Coded)`: the stable codes of errors, with causes and remedies.

use crate::library;
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use std::collections::HashMap;
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Error, Expr, ExprLit, Fields, Ident, Lit, LitStr, Meta, Path, Result, Token};

mod kw {
    syn::custom_keyword!(waiting);
}

pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    implementation(input).unwrap_or_else(|error| {
        // Otherwise each place that asks for the code would be a second error.
        let (library, error) = (library(&input.attrs).unwrap_or_else(|_| library::default()), error.to_compile_error());
        let fallback = item(input, &library, &[], &quote!(("", false)));
        quote!(#fallback #error)
    })
}

fn implementation(input: &DeriveInput) -> Result<TokenStream> {
    let library = library(&input.attrs)?;
    let mut codes = Vec::new();
    let body = match &input.data {
        Data::Enum(data) if data.variants.is_empty() => quote!(match *self {}),
        Data::Enum(data) => {
            let (mut arms, mut seen) = (Vec::new(), HashMap::new());
            for variant in &data.variants {
                let name = &variant.ident;
                let code = code_of(name, &variant.attrs)?;
                arms.push(match &code {
                    Code::Own { code, waiting, .. } => quote!(Self::#name { .. } => (#code, #waiting)),
                    Code::Source => source_arm(&quote!(Self::#name), name, &variant.fields)?,
                });
                codes.extend(code.entry(name, &variant.attrs)?);
                if let Code::Own { code, .. } = code
                    && let Some(other) = seen.insert(code.value(), name)
                {
                    let message =
                        format!("`{other}` already has the code {:?}: users find one error by its code", code.value());
                    return Err(Error::new(code.span(), message));
                }
            }
            quote!(match self { #(#arms,)* })
        }
        Data::Struct(data) => {
            let name = &input.ident;
            let code = code_of(name, &input.attrs)?;
            codes.extend(code.entry(name, &input.attrs)?);
            match code {
                Code::Own { code, waiting, .. } => quote!((#code, #waiting)),
                Code::Source => {
                    let arm = source_arm(&quote!(Self), name, &data.fields)?;
                    quote!(match self { #arm })
                }
            }
        }
        Data::Union(_) => {
            return Err(Error::new(input.ident.span(), "`Coded` can be derived only for enums and structs"));
        }
    };
    Ok(item(input, &library, &codes, &body))
}

/// The implementation with these codes. `body` is the code of `self`, and whether a deploy waits on it.
fn item(input: &DeriveInput, library: &Path, codes: &[TokenStream], body: &TokenStream) -> TokenStream {
    let name = &input.ident;
    let (parameters, arguments, bounds) = input.generics.split_for_impl();
    quote! {
        const _: () = {
            use #library::__private as __bifrost;

            #[automatically_derived]
            impl #parameters __bifrost::Coded for #name #arguments #bounds {
                const CODES: &'static [__bifrost::ErrorCode] = &[#(__bifrost::ErrorCode #codes),*];

                fn code(&self) -> &'static str {
                    __bifrost::Coded::described(self).0
                }

                // One call to the source answers both questions, so that a source without a code is one error.
                fn described(&self) -> (&'static str, bool) {
                    #body
                }
            }
        };
    }
}

/// The content of `#[code(…)]`.
enum Code {
    /// `#[code("area/name", "remedy")]`, or `#[code("area/name", "remedy", waiting)]`
    Own { code: LitStr, remedy: LitStr, waiting: bool },
    /// `#[code(source)]`: the code of the field.
    Source,
}

impl Code {
    /// The fields of an `ErrorCode`.
    fn entry(&self, name: &Ident, attributes: &[Attribute]) -> Result<Option<TokenStream>> {
        let Self::Own { code, remedy, .. } = self else { return Ok(None) };
        let cause = first_paragraph(attributes);
        if cause.is_empty() {
            let message =
                "an error with a code needs documentation: its first paragraph is the cause in `docs/errors.md`";
            return Err(Error::new(name.span(), message));
        }
        Ok(Some(quote!({ code: #code, cause: #cause, remedy: #remedy })))
    }
}

/// The arm of a `match` that asks the field. `pattern` is the variant or struct.
fn source_arm(pattern: &TokenStream, name: &Ident, fields: &Fields) -> Result<TokenStream> {
    let (pattern, ty) = match fields {
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
            (quote!(#pattern(source)), fields.unnamed.first().map(|field| &field.ty))
        }
        Fields::Named(fields) => {
            let source = fields.named.iter().find(|field| field.ident.as_ref().is_some_and(|ident| ident == "source"));
            (quote!(#pattern { source, .. }), source.map(|field| &field.ty))
        }
        _ => (quote!(), None),
    };
    let message = "`#[code(source)]` needs one unnamed field, or one named `source`";
    let ty = ty.ok_or_else(|| Error::new(name.span(), message))?;
    // With the span of the type, an error that it has no code points at it.
    let described = quote_spanned!(ty.span()=> __bifrost::HasCode::described(source));
    Ok(quote!(#pattern => #described))
}

/// Whether a variant has `#[code(…)]`.
pub(crate) fn has_code(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| attribute.path().is_ident("code"))
}

fn code_of(name: &Ident, attributes: &[Attribute]) -> Result<Code> {
    let mut found = None;
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("code")) {
        let code = attribute.parse_args_with(|input: syn::parse::ParseStream<'_>| {
            if input.peek(Token![crate]) {
                input.parse::<Token![crate]>()?;
                input.parse::<Token![=]>()?;
                input.call(Path::parse_mod_style)?;
                return Ok(None);
            }
            if input.peek(Ident) && input.parse::<Ident>()? == "source" {
                return Ok(Some(Code::Source));
            }
            let code: LitStr = input.parse()?;
            if input.is_empty() {
                return Err(Error::new(
                    code.span(),
                    "say what to do as well: `#[code(\"area/name\", \"what to do\")]`",
                ));
            }
            input.parse::<Token![,]>()?;
            let remedy: LitStr = input.parse()?;
            input.parse::<Option<Token![,]>>()?;
            let waiting = !input.is_empty();
            if waiting {
                input.parse::<kw::waiting>()?;
                input.parse::<Option<Token![,]>>()?;
            }
            check(&code)?;
            if remedy.value().trim().is_empty() {
                return Err(Error::new(
                    remedy.span(),
                    "say what to do: the remedy is in `docs/errors.md`, and shown with the error",
                ));
            }
            Ok(Some(Code::Own { code, remedy, waiting }))
        })?;
        if code.is_some() && found.is_some() {
            return Err(Error::new_spanned(attribute, "an error has one code: remove this one or the one above"));
        }
        found = found.or(code);
    }
    if let Some(code) = found {
        return Ok(code);
    }
    if is_transparent(attributes) {
        return Ok(Code::Source);
    }
    let message =
        "each error needs `#[code(\"area/name\", \"what to do\")]`, or `#[code(source)]` for the code of its field";
    Err(Error::new(name.span(), message))
}

fn check(code: &LitStr) -> Result<()> {
    let text = code.value();
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    if text.split_once('/').is_some_and(|(area, name)| is_word(area) && is_word(name)) {
        return Ok(());
    }
    Err(Error::new(code.span(), "a code must be `area/name`, in lower-case letters, digits and dashes"))
}

fn library(attributes: &[Attribute]) -> Result<Path> {
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("code")) {
        if let Meta::List(list) = &attribute.meta
            && list.tokens.to_string().starts_with("crate")
        {
            return library::library(std::slice::from_ref(attribute), "code", &[]);
        }
    }
    Ok(library::default())
}

fn first_paragraph(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value().trim().to_owned()),
            _ => None,
        },
        _ => None,
    });
    lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Whether a variant has `#[task_error(transparent)]`.
pub(crate) fn is_transparent(attributes: &[Attribute]) -> bool {
    attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("task_error"))
        .any(|attribute| attribute.parse_args::<Ident>().is_ok_and(|word| word == "transparent"))
}
