//! A variant with `#[task_error(transparent)]`, which holds the standard failures: it forwards their names and codes, and whatever
//! becomes a standard failure becomes the author's enum, too.

use super::conversion::Conversion;
use crate::coded::is_transparent;
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{
    DataEnum, DeriveInput, Error, Field, Fields, Ident, LitStr, Result, Type, Variant, WhereClause, parse_quote_spanned,
};

/// The types that become a standard failure, by their names in `standard_sources` of the core.
const SOURCES: [&str; 17] = [
    "BadRelease",
    "CloudError",
    "CodedError",
    "FreezeError",
    "Halt",
    "HaltCheckError",
    "InvalidName",
    "JsonError",
    "LockConflict",
    "LockFailure",
    "LockLost",
    "LockUnknown",
    "OlderThanDeployed",
    "ParseError",
    "ReadError",
    "Replay",
    "ValidateFailure",
];

/// The variant that holds the standard failures.
pub(super) struct Standard<'d> {
    variant: &'d Ident,
    ty: &'d Type,
}

impl<'d> Standard<'d> {
    pub(super) fn find(data: &'d DataEnum) -> Result<Option<Self>> {
        let mut transparent = data.variants.iter().filter(|variant| is_transparent(&variant.attrs));
        let Some(first) = transparent.next() else { return Ok(None) };
        if let Some(second) = transparent.next() {
            return Err(Error::new(second.ident.span(), "only one variant can hold the standard failures"));
        }
        let field = match &first.fields {
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 => fields.unnamed.first(),
            _ => None,
        };
        let message = "`#[task_error(transparent)]` needs one unnamed field: `Standard(#[from] TaskFailure)`";
        let field = field.ok_or_else(|| Error::new(first.ident.span(), message))?;
        Ok(Some(Self { variant: &first.ident, ty: &field.ty }))
    }

    pub(super) fn is(&self, variant: &Variant) -> bool {
        *self.variant == variant.ident
    }

    /// The bounds of the enum, and that the field holds the standard failures. It is on every item, with the span of the type,
    /// so that it fails in one place.
    pub(super) fn bounds(&self, input: &DeriveInput) -> Option<WhereClause> {
        let ty = self.ty;
        let mut generics = input.generics.clone();
        let bound = parse_quote_spanned!(ty.span()=> #ty: __bifrost::Standard);
        generics.make_where_clause().predicates.push(bound);
        generics.where_clause
    }

    /// The arm of a `match` that asks the standard failure with this method of `TaskError`.
    pub(super) fn arm(&self, method: &str) -> TokenStream {
        let Self { variant, ty } = self;
        let method = Ident::new(method, Span::call_site());
        quote!(Self::#variant(standard) => <#ty as __bifrost::TaskError>::#method(standard),)
    }

    /// The conversions, and the checks that no other variant has the name of a standard failure.
    pub(super) fn items(&self, input: &DeriveInput, data: &DataEnum, names: &[(&Ident, LitStr)]) -> TokenStream {
        let Self { variant, ty } = self;
        let name = &input.ident;
        let (parameters, arguments, _) = input.generics.split_for_impl();
        let bounds = self.bounds(input);
        let fields = data.variants.iter().flat_map(|variant| &variant.fields).filter(|field| has_from(field));
        let mut own: Vec<String> = fields.map(|field| source(&field.ty)).collect();
        own.extend(data.variants.iter().flat_map(Conversion::of).map(|conversion| source(conversion.source())));
        let sources = SOURCES.iter().filter(|source| !own.iter().any(|own| own == *source));
        let sources = sources.map(|source| format_ident!("{source}"));
        let checks = names.iter().map(|(variant, name)| check(variant, name));
        quote! {
            #(#checks)*

            #[automatically_derived]
            #[diagnostic::do_not_recommend]
            impl #parameters __bifrost::RaisedBy<#name #arguments> for __bifrost::TaskFailure #bounds {}

            #(
                #[automatically_derived]
                #[diagnostic::do_not_recommend]
                impl #parameters ::core::convert::From<__bifrost::standard_sources::#sources> for #name #arguments #bounds {
                    fn from(error: __bifrost::standard_sources::#sources) -> Self {
                        Self::#variant(<#ty as __bifrost::Standard>::standard(__bifrost::TaskFailure::from(error)))
                    }
                }
            )*
        }
    }
}

/// The names of the enum, followed by those of the standard failures.
pub(super) fn all_names(count: usize, own: &TokenStream) -> TokenStream {
    let standard = quote!(<__bifrost::TaskFailure as __bifrost::TaskError>::NAMES);
    quote!(&__bifrost::concat_names::<{ #count + #standard.len() }>(#own, #standard))
}

fn check(variant: &Ident, name: &LitStr) -> TokenStream {
    let text = variant.to_string();
    let message = format!(
        "`TaskFailure` already has the variant `{text}` or the name `{}` on the wire: raise that one, or rename this one",
        name.value()
    );
    quote_spanned! {variant.span()=>
        const _: () = ::core::assert!(
            __bifrost::is_distinct(&[(#text, #name)], <__bifrost::TaskFailure as __bifrost::TaskError>::NAMES),
            #message
        );
    }
}

/// A variant that holds a `TaskFailure` but does not forward its names: `catch TaskFailure::Halt` would never match.
pub(super) fn forgotten(variant: &Variant) -> Option<Error> {
    let mut fields = variant.fields.iter();
    let (field, None) = (fields.next()?, fields.next()) else { return None };
    let message =
        "the standard failures keep their names only with `#[task_error(transparent)]`: add it to this variant";
    (source(&field.ty) == "TaskFailure").then(|| Error::new(variant.ident.span(), message))
}

fn has_from(field: &Field) -> bool {
    field.attrs.iter().any(|attribute| attribute.path().is_ident("from"))
}

/// A type as it is called in [`SOURCES`]: the author's conversion comes before ours.
fn source(ty: &Type) -> String {
    let text = ty.to_token_stream().to_string();
    let name = text.rsplit("::").next().unwrap_or_default().trim();
    if text.ends_with("serde_json :: Error") { "JsonError".to_owned() } else { name.to_owned() }
}
