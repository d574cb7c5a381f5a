//! `derive(Shape)`: a type with the serialized field names, in which the compiler looks `$.field` up.

mod attributes;
mod case;
mod inside;

use crate::library::library;
pub(crate) use attributes::{Container, skip};
use attributes::{Field, VariantName};
use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use std::collections::HashSet;
use syn::{Data, DeriveInput, Error, Fields, GenericParam, Ident, LitStr, Result, Type};

pub(crate) fn derive(input: &DeriveInput) -> TokenStream {
    expand(input).unwrap_or_else(|error| {
        // Otherwise each place that needs the shape would be a second error.
        let library = library(&input.attrs, "shape", &["read_elsewhere"]).unwrap_or_else(|_| crate::library::default());
        let (shape, error) =
            (implementation(input, &quote!(__bifrost::Opaque), &TokenStream::new()), error.to_compile_error());
        let (name, generics) = (&input.ident, bounded(input));
        let (parameters, arguments, bounds) = generics.split_for_impl();
        let is_struct = matches!(&input.data, Data::Struct(data) if matches!(data.fields, Fields::Named(_)));
        let flatten = is_struct.then(|| {
            quote! {
                #[automatically_derived]
                impl #parameters __bifrost::Flatten for #name #arguments #bounds {
                    type Over<__Rest> = __Rest;
                }
            }
        });
        quote! {
            const _: () = {
                use #library::__private as __bifrost;
                #shape
                #flatten
            };
            #error
        }
    })
}

fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let library = library(&input.attrs, "shape", &["read_elsewhere"])?;
    let shape = shape(input, &Container::of(&input.attrs)?)?;
    Ok(quote! {
        const _: () = {
            use #library::__private as __bifrost;
            #shape
        };
    })
}

fn shape(input: &DeriveInput, container: &Container) -> Result<TokenStream> {
    if let Some(into) = &container.into {
        return Ok(of_type(input, into));
    }
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) if !container.transparent => of_fields(input, container, fields),
            fields => Ok(match fields.iter().next().filter(|_| fields.len() == 1) {
                Some(only) => of_newtype(input, only),
                None => opaque(input)?,
            }),
        },
        Data::Enum(data) => {
            let plain = data.variants.iter().all(|variant| matches!(variant.fields, Fields::Unit));
            if plain && container.variant_name == VariantName::Outside {
                of_texts(input, container, data)
            } else {
                container.check_units(data).and_then(|()| opaque(input))
            }
        }
        Data::Union(_) => {
            Err(Error::new(input.ident.span(), "`Shape` cannot be derived for unions: they have no serialized form"))
        }
    }
}

/// The same shape as another type, which is written instead of this one.
fn of_type(input: &DeriveInput, other: &Type) -> TokenStream {
    let items = quote! {
        fn unused_by_clean_up(path: &[&str]) -> ::core::option::Option<usize> {
            <#other as __bifrost::Shape>::unused_by_clean_up(path)
        }
    };
    implementation(input, &quote!(<#other as __bifrost::Shape>::Shape), &items)
}

/// serde writes only the value of a newtype.
fn of_newtype(input: &DeriveInput, only: &syn::Field) -> TokenStream {
    let (ty, field) = (&only.ty, only.ident.as_ref().map_or_else(|| quote!(0), ToTokens::to_token_stream));
    let items = quote! {
        const MAY_BE_NULL: bool = <#ty as __bifrost::Shape>::MAY_BE_NULL;
        const MAY_HOLD_NULL: bool = <#ty as __bifrost::Shape>::MAY_HOLD_NULL;

        fn clear_deployer_fields(&mut self) {
            <#ty as __bifrost::Shape>::clear_deployer_fields(&mut self.#field);
        }

        fn unused_by_clean_up(path: &[&str]) -> ::core::option::Option<usize> {
            <#ty as __bifrost::Shape>::unused_by_clean_up(path)
        }
    };
    implementation(input, &quote!(<#ty as __bifrost::Shape>::Shape), &items)
}

/// An enum that is written as the name of its variant.
fn of_texts(input: &DeriveInput, container: &Container, data: &syn::DataEnum) -> Result<TokenStream> {
    let texts = data.variants.iter().map(|variant| container.text_of(variant)).collect::<Result<Vec<_>>>()?;
    if let Some(text) = second(&texts) {
        return Err(Error::new(
            text.span(),
            format!("another variant is written as {:?}, too: name one of them otherwise", text.value()),
        ));
    }
    let name = &input.ident;
    let generics = bounded(input);
    let (parameters, arguments, bounds) = generics.split_for_impl();
    let implementation = implementation(input, &quote!(__bifrost::OneOf<Self>), &TokenStream::new());
    Ok(quote! {
        #[automatically_derived]
        #[diagnostic::do_not_recommend]
        impl #parameters __bifrost::Values for #name #arguments #bounds {
            const TEXTS: ::core::option::Option<&'static [&'static str]> = ::core::option::Option::Some(&[#(#texts),*]);
        }
        #implementation
    })
}

/// A shape that a chart cannot look into.
fn opaque(input: &DeriveInput) -> Result<TokenStream> {
    let (items, checks) = inside::items(input)?;
    let implementation = implementation(input, &quote!(__bifrost::Opaque), &items);
    Ok(quote!(#implementation #checks))
}

/// An item of the type's shape. Its tokens begin and end with those of the type, so that an error marks the whole type, and all
/// errors about it are one.
pub(crate) fn projected(ty: &Type, item: &str) -> TokenStream {
    let tokens: Vec<_> = ty.to_token_stream().into_iter().collect();
    let (first, last) = (
        tokens.first().map_or_else(Span::call_site, TokenTree::span),
        tokens.last().map_or_else(Span::call_site, TokenTree::span),
    );
    let (open, item) = (quote_spanned!(first=> <), Ident::new(item, last));
    quote_spanned!(last=> #open #ty as __bifrost::Shape>::#item)
}

/// `items` are added to the implementation.
fn implementation(input: &DeriveInput, shape: &TokenStream, items: &TokenStream) -> TokenStream {
    let name = &input.ident;
    let generics = bounded(input);
    let (parameters, arguments, bounds) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        #[diagnostic::do_not_recommend]
        impl #parameters __bifrost::Shape for #name #arguments #bounds {
            type Shape = #shape;
            #items
        }
    }
}

/// Every type parameter has a shape, too.
fn bounded(input: &DeriveInput) -> syn::Generics {
    let mut generics = input.generics.clone();
    for parameter in generics.type_params_mut() {
        parameter.bounds.push(syn::parse_quote!(__bifrost::Shape));
    }
    generics
}

fn of_fields(input: &DeriveInput, container: &Container, fields: &syn::FieldsNamed) -> Result<TokenStream> {
    container.check_strict(input)?;
    let fields = fields.named.iter().map(|field| Field::of(field, container)).collect::<Result<Vec<_>>>()?;
    let fields: Vec<_> = fields.into_iter().flatten().collect();
    let names: Vec<_> = fields.iter().filter(|field| !field.flatten).map(|field| field.written.clone()).collect();
    if let Some(name) = second(&names) {
        return Err(Error::new(
            name.span(),
            format!("another field is written as `{}`, too: name one of them otherwise", name.value()),
        ));
    }
    let items = [clear(&fields), unused_by_clean_up(&fields)].into_iter().collect();
    // A constant outside of the type cannot name its parameters.
    let never_null: TokenStream =
        fields.iter().filter(|_| input.generics.params.is_empty()).map(Field::never_null).collect();
    let (flattened, fields): (Vec<_>, Vec<_>) = fields.into_iter().partition(|field| field.flatten);
    let shape = format_ident!("{}AsJson", input.ident);
    let shape = (!fields.is_empty() || flattened.is_empty()).then_some(shape);
    let definition = shape.as_ref().map(|shape| shape_definition(input, shape, &fields));
    let implementation = flatten(input, shape.as_ref(), &flattened, &items);
    Ok(quote!(#definition #implementation #never_null))
}

/// The first name that comes a second time.
fn second(names: &[LitStr]) -> Option<&LitStr> {
    let mut seen = HashSet::new();
    names.iter().find(|name| !seen.insert(name.value()))
}

fn clear(fields: &[Field]) -> TokenStream {
    let clear = fields.iter().map(Field::clear);
    quote! {
        fn clear_deployer_fields(&mut self) {
            #(#clear)*
        }
    }
}

fn unused_by_clean_up(fields: &[Field]) -> TokenStream {
    let arms: TokenStream = fields.iter().filter(|field| !field.flatten).map(Field::unused_by_clean_up).collect();
    if arms.is_empty() {
        return arms;
    }
    quote! {
        fn unused_by_clean_up(path: &[&str]) -> ::core::option::Option<usize> {
            let (first, rest) = path.split_first()?;
            let (inside, is_unused): (::core::option::Option<usize>, bool) = match *first {
                #arms
                _ => return ::core::option::Option::None,
            };
            inside.map(|steps| steps + 1).or_else(|| is_unused.then_some(1))
        }
    }
}

/// The struct with the serialized names. Fields of flattened types are in `Rest`, where rustc finds them through `Deref`.
fn shape_definition(input: &DeriveInput, shape: &Ident, fields: &[Field]) -> TokenStream {
    let (visibility, generics) = (&input.vis, with_rest(bounded(input)));
    let (parameters, arguments, bounds) = generics.split_for_impl();
    let named = fields.iter().filter_map(|field| {
        let (name, shape) = (field.name.as_ref()?, field.shape());
        Some(quote!(pub #name: #shape))
    });
    let phantom = phantom(input);
    quote! {
        #[allow(dead_code, non_snake_case, reason = "no value of it is ever created, and serde names its fields")]
        #[allow(missing_docs, private_interfaces, reason = "only the compiler uses it")]
        #visibility struct #shape #parameters #bounds { #(#named,)* #phantom __rest: __Rest }

        #[automatically_derived]
        impl #parameters __bifrost::Values for #shape #arguments #bounds {}

        #[automatically_derived]
        impl #parameters ::core::ops::Deref for #shape #arguments #bounds {
            type Target = __Rest;

            fn deref(&self) -> &__Rest {
                &self.__rest
            }
        }
    }
}

/// Alone, the shape has no other fields. Flattened, it also has those of the outer struct. Without a `shape`, all fields are those of
/// `flattened`: rustc then names the author's own type.
fn flatten(input: &DeriveInput, shape: Option<&Ident>, flattened: &[Field], items: &TokenStream) -> TokenStream {
    let name = &input.ident;
    let mut generics = bounded(input);
    let flattened: Vec<_> = flattened.iter().map(|field| field.ty).collect();
    for ty in flattened.iter().filter(|ty| is_parameter(input, ty)) {
        generics.make_where_clause().predicates.push(syn::parse_quote!(#ty: __bifrost::Flatten));
    }
    let over = flattened.iter().fold(quote!(__Rest), |rest, ty| quote!(<#ty as __bifrost::Flatten>::Over<#rest>));
    let (parameters, arguments, bounds) = generics.split_for_impl();
    let over = match shape {
        Some(shape) => {
            let inner = arguments_over(input, &over);
            quote!(#shape #inner)
        }
        None => over,
    };
    quote! {
        #[automatically_derived]
        #[diagnostic::do_not_recommend]
        impl #parameters __bifrost::Flatten for #name #arguments #bounds {
            type Over<__Rest> = #over;
        }

        #[automatically_derived]
        #[diagnostic::do_not_recommend]
        impl #parameters __bifrost::Shape for #name #arguments #bounds {
            type Shape = <Self as __bifrost::Flatten>::Over<()>;
            #items
        }
    }
}

fn with_rest(mut generics: syn::Generics) -> syn::Generics {
    generics.params.push(syn::parse_quote!(__Rest));
    generics
}

/// The struct's generic arguments, followed by `rest`.
fn arguments_over(input: &DeriveInput, rest: &TokenStream) -> TokenStream {
    let arguments = input.generics.params.iter().map(|parameter| match parameter {
        GenericParam::Lifetime(parameter) => parameter.lifetime.to_token_stream(),
        GenericParam::Type(parameter) => parameter.ident.to_token_stream(),
        GenericParam::Const(parameter) => parameter.ident.to_token_stream(),
    });
    quote!(<#(#arguments,)* #rest>)
}

fn is_parameter(input: &DeriveInput, ty: &Type) -> bool {
    let Type::Path(path) = ty else { return false };
    input.generics.type_params().any(|parameter| path.path.is_ident(&parameter.ident))
}

/// The shape must use every parameter, also those that only skipped fields use.
fn phantom(input: &DeriveInput) -> TokenStream {
    let parameters: Vec<_> = input.generics.type_params().map(|parameter| &parameter.ident).collect();
    let lifetimes = input.generics.lifetimes().map(|parameter| &parameter.lifetime);
    let used = quote!(#(&#lifetimes (),)* #(*const #parameters,)*);
    if used.is_empty() { used } else { quote!(__parameters: ::core::marker::PhantomData<(#used)>,) }
}
