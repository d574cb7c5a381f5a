//! `#[task_error(from(A, B))]` on a variant: what becomes the variant's field with `into`, becomes the enum, too.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::meta::ParseNestedMeta;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{DeriveInput, Error, Fields, Ident, Result, Token, Type, Variant, parenthesized};

/// A conversion of `source` into the enum through the field of a variant.
pub(super) struct Conversion<'d> {
    variant: &'d Ident,
    field: &'d Type,
    source: Type,
}

impl<'d> Conversion<'d> {
    /// The conversions that a variant lists. [`check`] reports what is wrong with them.
    pub(super) fn of(variant: &'d Variant) -> Vec<Self> {
        let Some(field) = field(variant) else { return Vec::new() };
        let mut sources = Vec::new();
        for attribute in variant.attrs.iter().filter(|attribute| attribute.path().is_ident("task_error")) {
            // The derive has reported an attribute that it cannot read.
            let _ = attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("from") {
                    sources.extend(types(&meta)?);
                }
                Ok(())
            });
        }
        sources.into_iter().map(|source| Self { variant: &variant.ident, field, source }).collect()
    }

    pub(super) fn source(&self) -> &Type {
        &self.source
    }

    pub(super) fn item(&self, input: &DeriveInput) -> TokenStream {
        let Self { variant, field, source } = self;
        let name = &input.ident;
        let (parameters, arguments, bounds) = input.generics.split_for_impl();
        let value = quote_spanned!(source.span()=> <#field as ::core::convert::From<#source>>::from(error));
        quote! {
            #[automatically_derived]
            #[diagnostic::do_not_recommend]
            impl #parameters ::core::convert::From<#source> for #name #arguments #bounds {
                fn from(error: #source) -> Self {
                    Self::#variant(#value)
                }
            }
        }
    }
}

/// Checks the list of types, and that the variant has the field through which they are converted.
pub(super) fn check(meta: &ParseNestedMeta<'_>, variant: &Variant) -> Result<()> {
    types(meta)?;
    let message = "`#[task_error(from(…))]` needs one unnamed field, which the types become first";
    field(variant).map(drop).ok_or_else(|| Error::new(variant.ident.span(), message))
}

fn types(meta: &ParseNestedMeta<'_>) -> Result<Punctuated<Type, Token![,]>> {
    let types;
    parenthesized!(types in meta.input);
    Punctuated::parse_terminated(&types)
}

fn field(variant: &Variant) -> Option<&Type> {
    match &variant.fields {
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => fields.unnamed.first().map(|field| &field.ty),
        _ => None,
    }
}
