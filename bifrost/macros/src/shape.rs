//! `derive(Shape)`: the type with its serialised names, for the compiler to look `$.field` up in.

mod attributes;
mod case;

use attributes::{Container, Field};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Data, DeriveInput, Error, Fields, Ident, Result, Type};

pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    expand(input).unwrap_or_else(|error| error.to_compile_error())
}

fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let container = Container::of(&input.attrs)?;
    if let Some(into) = &container.into {
        return Ok(of_type(input, into));
    }
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) if !container.transparent => of_fields(input, &container, fields),
            fields => Ok(match only(fields) {
                Some(inner) => of_type(input, inner),
                None => opaque(input),
            }),
        },
        Data::Enum(data) => {
            let plain = data
                .variants
                .iter()
                .all(|variant| matches!(variant.fields, Fields::Unit));
            Ok(if plain && !container.tagged {
                of_type(input, &syn::parse_quote!(::std::string::String))
            } else {
                opaque(input)
            })
        }
        Data::Union(_) => Err(Error::new(input.ident.span(), "a union has no serialised form")),
    }
}

/// The one field of a newtype: serde writes it as if it stood alone.
fn only(fields: &Fields) -> Option<&Type> {
    let mut fields = fields.iter();
    match (fields.next(), fields.next()) {
        (Some(only), None) => Some(&only.ty),
        _ => None,
    }
}

/// The same shape as another type.
fn of_type(input: &DeriveInput, other: &Type) -> TokenStream {
    implementation(input, &quote!(<#other as ::bifrost::Shape>::Shape))
}

/// A shape that a chart cannot look into.
fn opaque(input: &DeriveInput) -> TokenStream {
    implementation(input, &quote!(::bifrost::machine::Opaque))
}

fn implementation(input: &DeriveInput, shape: &TokenStream) -> TokenStream {
    let name = &input.ident;
    let generics = bounded(input);
    let (parameters, arguments, bounds) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #parameters ::bifrost::Shape for #name #arguments #bounds {
            type Shape = #shape;
        }
    }
}

/// Every type parameter has a shape, too.
fn bounded(input: &DeriveInput) -> syn::Generics {
    let mut generics = input.generics.clone();
    for parameter in generics.type_params_mut() {
        parameter.bounds.push(syn::parse_quote!(::bifrost::Shape));
    }
    generics
}

fn of_fields(input: &DeriveInput, container: &Container, fields: &syn::FieldsNamed) -> Result<TokenStream> {
    let fields = fields
        .named
        .iter()
        .map(|field| Field::of(field, container))
        .collect::<Result<Vec<_>>>()?;
    let fields: Vec<_> = fields.into_iter().flatten().collect();
    let shape = format_ident!("{}AsJson", input.ident);
    let generics = bounded(input);
    let (parameters, arguments, bounds) = generics.split_for_impl();
    let (deref, flattened) = flattened(&fields, &shape, &generics)?;
    let named = fields.iter().filter(|field| !field.flatten).filter_map(|field| {
        let (name, shape) = (field.name.as_ref()?, field.shape());
        Some(quote!(pub #name: #shape))
    });
    let phantom = phantom(input);
    let visibility = &input.vis;
    let implementation = implementation(input, &quote!(#shape #arguments));
    Ok(quote! {
        const _: () = {
            #[allow(dead_code, non_snake_case, reason = "no value of it is ever made, and serde names its fields")]
            #[allow(missing_docs, private_interfaces, reason = "nobody but the compiler sees it")]
            #visibility struct #shape #parameters #bounds { #(#named,)* #flattened #phantom }
            #deref
            #implementation
        };
    })
}

/// The fields of a flattened struct are fields of this one: found by `Deref`, as rustc finds any field.
fn flattened(fields: &[Field], shape: &Ident, generics: &syn::Generics) -> Result<(TokenStream, TokenStream)> {
    let mut flattened = fields.iter().filter(|field| field.flatten);
    let Some(inner) = flattened.next() else {
        return Ok((quote!(), quote!()));
    };
    if let Some(second) = flattened.next() {
        let message = "a chart can look into one flattened field: flatten the others into that one";
        return Err(Error::new_spanned(second.ident, message));
    }
    let (parameters, arguments, bounds) = generics.split_for_impl();
    let inner = inner.shape();
    let deref = quote! {
        #[automatically_derived]
        impl #parameters ::core::ops::Deref for #shape #arguments #bounds {
            type Target = #inner;

            fn deref(&self) -> &Self::Target {
                &self.__flattened
            }
        }
    };
    Ok((deref, quote!(__flattened: #inner,)))
}

/// A parameter that only a skipped field uses must be used by the shape all the same.
fn phantom(input: &DeriveInput) -> TokenStream {
    let parameters: Vec<_> = input.generics.type_params().map(|parameter| &parameter.ident).collect();
    let lifetimes = input.generics.lifetimes().map(|parameter| &parameter.lifetime);
    let used = quote!(#(&#lifetimes (),)* #(*const #parameters,)*);
    if used.is_empty() {
        used
    } else {
        quote!(__parameters: ::core::marker::PhantomData<(#used)>,)
    }
}
