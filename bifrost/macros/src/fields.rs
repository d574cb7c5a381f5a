//! `#[fields]` and `#[field_type]`: what serde needs, so that a release is read strictly and never has `null`.

mod attributes;

use crate::library;
use attributes::{Arguments, Attributes};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use std::collections::BTreeSet;
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Error, Field, Fields, LitStr, Path, Result, parse_quote};

/// What the attribute stands above.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The fields of a release.
    Release,
    /// A type of a field, or of a field in it.
    Inside,
}

pub(crate) fn expand(place: Place, arguments: TokenStream, mut input: DeriveInput) -> TokenStream {
    let mut errors = Vec::new();
    let arguments =
        syn::parse2::<Arguments>(arguments).and_then(|arguments| arguments.check(place).map(|()| arguments));
    let arguments = arguments.unwrap_or_else(|error| {
        errors.push(error);
        Arguments::default()
    });
    let library = arguments.library.clone().unwrap_or_else(library::default);
    // The derives come in any case: otherwise each attribute of serde would be a second error.
    let second = remove_second(&mut input);
    let derived = derive(&library, &mut input);
    let working = complete_fields(place, &library, &mut input);
    let implementation = second
        .and(derived)
        .and_then(|()| check_container(&mut input))
        .and(working)
        .and_then(|working| complete(place, &arguments, &library, &input, &working));
    let implementation = implementation.unwrap_or_else(|error| {
        errors.push(error);
        fallback(place, &library, &input)
    });
    let errors = errors.iter().map(Error::to_compile_error);
    quote!(#input #implementation #(#errors)*)
}

/// The attribute again would derive everything again.
fn remove_second(input: &mut DeriveInput) -> Result<()> {
    let is_ours = |attribute: &Attribute| {
        let last = attribute.path().segments.last();
        last.is_some_and(|last| last.ident == "fields" || last.ident == "field_type")
    };
    let Some(position) = input.attrs.iter().position(is_ours) else { return Ok(()) };
    let second = input.attrs.remove(position);
    Err(Error::new_spanned(second.path(), "a type has one of `#[bifrost::fields]` and `#[bifrost::field_type]`, once"))
}

/// What the type implements although its author made a mistake: otherwise each place that needs it would be a second error.
fn fallback(place: Place, library: &Path, input: &DeriveInput) -> TokenStream {
    let is_struct = matches!(&input.data, Data::Struct(data) if matches!(data.fields, Fields::Named(_)));
    if place == Place::Release && is_struct && input.generics.params.is_empty() {
        implementation(&Arguments::default(), library, input, &[])
    } else {
        TokenStream::new()
    }
}

/// Completes all fields. Returns those that the end of the deploy clears, or the first mistake.
fn complete_fields(place: Place, library: &Path, input: &mut DeriveInput) -> Result<Vec<syn::Ident>> {
    let has_default = Attributes::of(&input.attrs).is_ok_and(|container| container.has_default);
    // With `deserialize_with`, serde asks nothing of a parameter.
    let is_buffered = crate::shape::Container::of(&input.attrs).is_ok_and(|container| container.is_buffered());
    let by_name = is_buffered && input.generics.type_params().next().is_none();
    let is_struct = matches!(&input.data, Data::Struct(data) if matches!(data.fields, Fields::Named(_)));
    let mut working = Vec::new();
    let mut mistake = Ok(());
    for field in fields_mut(&mut input.data) {
        let checked = attributes::check_unused(field, is_struct, has_default);
        match checked.and_then(|()| complete_field(place, library, field, has_default)) {
            Ok(is_working) => {
                working.extend(field.ident.clone().filter(|_| is_working));
                if by_name {
                    read_by_name(library, field);
                }
            }
            Err(error) => {
                reset(field);
                mistake = mistake.and(Err(error));
            }
        }
    }
    mistake.map(|()| working)
}

/// serde reads what it has buffered, inside an enum with a tag or without names, past the framework's reader: its structs are read
/// from arrays, too, unless the field says otherwise.
fn read_by_name(library: &Path, field: &mut Field) {
    if Attributes::of(&field.attrs).is_ok_and(|attributes| attributes.reader.is_none()) {
        let by_name = quote!(#library::json::by_name).to_string().replace(' ', "");
        let by_name = LitStr::new(&by_name, field.ty.span());
        field.attrs.push(parse_quote!(#[serde(deserialize_with = #by_name)]));
    }
}

/// serde would report a mistake in its attributes again.
fn reset(field: &mut Field) {
    field
        .attrs
        .retain(|attribute| !attribute.path().is_ident("serde") && !attribute.path().is_ident("unused_by_clean_up"));
    for attribute in field.attrs.iter_mut().filter(|attribute| attribute.path().is_ident("set_by_deployer")) {
        *attribute = parse_quote!(#[set_by_deployer]);
    }
    if attributes::is_option(&field.ty) && field.ident.is_some() {
        field.attrs.push(parse_quote!(#[serde(default, skip_serializing_if = "::core::option::Option::is_none")]));
    }
}

/// Returns what the type implements beside. `working` are the fields that the end of the deploy clears.
fn complete(
    place: Place,
    arguments: &Arguments,
    library: &Path,
    input: &DeriveInput,
    working: &[syn::Ident],
) -> Result<TokenStream> {
    let is_struct = matches!(&input.data, Data::Struct(data) if matches!(data.fields, Fields::Named(_)));
    if place == Place::Release && (!is_struct || !input.generics.params.is_empty()) {
        let message = "the fields of a release are a struct with named fields and without parameters";
        return Err(Error::new(input.ident.span(), message));
    }
    let container = Attributes::of(&input.attrs)?;
    let fields = match place {
        Place::Release => {
            let (implementation, collisions) =
                (implementation(arguments, library, input, working), collisions(library, input)?);
            quote!(#implementation #collisions)
        }
        Place::Inside => TokenStream::new(),
    };
    let read = container.reads.map(|other| {
        // What is read instead must be as strict.
        quote_spanned!(other.span()=> const _: fn() = || { let _ = <#other as #library::Shape>::MAY_BE_NULL; };)
    });
    Ok(quote!(#fields #read))
}

/// The attributes of the type itself.
fn check_container(input: &mut DeriveInput) -> Result<()> {
    if let Some(mark) = input.attrs.iter().find(|attribute| attribute.path().is_ident("set_by_deployer")) {
        return Err(Error::new(mark.path().span(), "write this above each field that only the deployer sets"));
    }
    crate::shape::Container::of(&input.attrs).map(drop).inspect_err(|_| {
        // serde would report it again.
        let is_ours = |attribute: &Attribute| attribute.to_token_stream().to_string().contains("rename");
        input.attrs.retain(|attribute| !(attribute.path().is_ident("serde") && is_ours(attribute)));
    })
}

fn fields_mut(data: &mut Data) -> Vec<&mut Field> {
    match data {
        Data::Struct(data) => data.fields.iter_mut().collect(),
        Data::Enum(data) => data.variants.iter_mut().flat_map(|variant| variant.fields.iter_mut()).collect(),
        Data::Union(_) => Vec::new(),
    }
}

/// An absent `Option` is left out, and what only the deployer sets has a default. Returns whether the end of the deploy clears the
/// field. `has_default` if the whole type has one.
fn complete_field(place: Place, library: &Path, field: &mut Field, has_default: bool) -> Result<bool> {
    let attributes = Attributes::of_field(&field.attrs)?;
    if let Some(flatten) = attributes.flatten {
        let message = "a flattened field cannot be read strictly: write its fields here, or give it a name of its own";
        return Err(Error::new(flatten, message));
    }
    let mark = attributes::mark(&field.attrs);
    let is_absent = has_default || matches!(mark, Ok(Some(_))) || attributes::is_option(&field.ty);
    attributes.check_round_trip(is_absent)?;
    if let Ok(Some(mark)) = &mark
        && mark.cleared_at_end
        && place == Place::Inside
    {
        let message = "the end of the deploy clears only fields of the release itself: write it above the field that has this type";
        return Err(Error::new(mark.span, message));
    }
    if field.ident.is_none() {
        return mark.map(|_| false);
    }
    if attributes::is_option(&field.ty) && !attributes.is_skipped {
        field.attrs.push(parse_quote!(#[serde(skip_serializing_if = "::core::option::Option::is_none")]));
    }
    if !has_default && !attributes.has_default {
        if attributes::is_option(&field.ty) {
            field.attrs.push(parse_quote!(#[serde(default)]));
        } else if !matches!(mark, Ok(None)) {
            // The same function clears the field, so that a type without a default is one error.
            let unset = quote!(#library::__private::unset).to_string().replace(' ', "");
            let unset = LitStr::new(&unset, field.ty.span());
            field.attrs.push(parse_quote!(#[serde(default = #unset)]));
        }
    }
    // `derive(Shape)` reads only the word.
    for attribute in field.attrs.iter_mut().filter(|attribute| attribute.path().is_ident("set_by_deployer")) {
        *attribute = parse_quote!(#[set_by_deployer]);
    }
    Ok(mark?.is_some_and(|mark| mark.cleared_at_end))
}

/// Adds the derives that the author did not write, and serde's attributes.
fn derive(library: &Path, input: &mut DeriveInput) -> Result<()> {
    let container = Attributes::of(&input.attrs)?;
    let derived = derived(&input.attrs);
    let missing = |names: &[(&str, TokenStream)]| -> Vec<TokenStream> {
        names.iter().filter(|(name, _)| !derived.contains(*name)).map(|(_, path)| path.clone()).collect()
    };
    let added = missing(&[
        ("Debug", quote!(::core::fmt::Debug)),
        ("Clone", quote!(::core::clone::Clone)),
        ("PartialEq", quote!(::core::cmp::PartialEq)),
        ("Serialize", quote!(#library::__private::serde::Serialize)),
        ("Deserialize", quote!(#library::__private::serde::Deserialize)),
        ("Shape", quote!(#library::Shape)),
    ]);
    let serde = quote!(#library::__private::serde).to_string().replace(' ', "");
    // Before the author's own attributes: a derive must stand above what it reads.
    let attributes: [Attribute; 3] = [
        parse_quote!(#[derive(#(#added),*)]),
        parse_quote!(#[serde(crate = #serde)]),
        parse_quote!(#[shape(crate = #library)]),
    ];
    input.attrs.splice(0..0, attributes);
    let has_names = match &input.data {
        Data::Struct(data) => matches!(data.fields, Fields::Named(_)),
        Data::Enum(data) => data.variants.iter().any(|variant| matches!(variant.fields, Fields::Named(_))),
        Data::Union(_) => false,
    };
    if has_names && !container.is_strict {
        input.attrs.push(parse_quote!(#[serde(deny_unknown_fields)]));
    }
    Ok(())
}

/// The last names of the derives that the author wrote.
fn derived(attributes: &[Attribute]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("derive")) {
        // rustc reports a derive that cannot be parsed.
        let _ = attribute.parse_nested_meta(|meta| {
            names.extend(meta.path.segments.last().map(|segment| segment.ident.to_string()));
            Ok(())
        });
    }
    names
}

fn implementation(arguments: &Arguments, library: &Path, input: &DeriveInput, working: &[syn::Ident]) -> TokenStream {
    let name = &input.ident;
    let check = arguments.check.as_ref().map_or_else(
        || quote!(let _ = release; ::core::result::Result::Ok(())),
        |check| quote_spanned!(check.span()=> #check(release).map_err(::core::convert::Into::into)),
    );
    let seconds = arguments.max_timeout_seconds.as_ref();
    let max_timeout = seconds.map(|seconds| quote!(const MAX_TIMEOUT_SECONDS: u32 = #seconds;));
    let checked = seconds.map(|seconds| {
        quote_spanned! {seconds.span()=>
            const _: () = #library::__private::check_max_timeout(<#name as #library::__private::Fields>::MAX_TIMEOUT_SECONDS);
        }
    });
    quote! {
        #[automatically_derived]
        impl #library::__private::Fields for #name {
            #max_timeout

            fn clear_working_fields(&mut self) {
                #(self.#working = ::core::default::Default::default();)*
            }

            #[allow(clippy::useless_conversion, reason = "the error of the rules may be the right one already")]
            fn check(
                release: &#library::__private::Release<Self>,
            ) -> ::core::result::Result<(), #library::__private::CodedError> {
                #check
            }
        }
        #checked

        #[automatically_derived]
        #[diagnostic::do_not_recommend]
        impl #library::__private::IsRelease for #name {
            type Fields = Self;
            const IS_RELEASE: bool = false;
        }
    }
}

/// A check by the compiler for each field that the envelope has none of its name.
fn collisions(library: &Path, input: &DeriveInput) -> Result<TokenStream> {
    let Data::Struct(data) = &input.data else { return Ok(TokenStream::new()) };
    let container = crate::shape::Container::of(&input.attrs)?;
    let (mut names, mut aliases) = (Vec::new(), Vec::new());
    for field in &data.fields {
        let Some(name) = container.name_of(field)? else { continue };
        let span = field.ident.as_ref().map_or_else(|| field.span(), syn::Ident::span);
        names.push(LitStr::new(&name.value(), span));
        aliases.extend(Attributes::of(&field.attrs)?.aliases);
    }
    // `derive(Shape)` reports two fields with one name.
    let mut seen: BTreeSet<_> = names.iter().map(LitStr::value).collect();
    let count = names.len();
    names.extend(aliases);
    let mut checks = TokenStream::new();
    for (index, name) in names.iter().enumerate() {
        if index >= count && !seen.insert(name.value()) {
            return Err(Error::new(
                name.span(),
                format!("another field is called `{}`, too: choose another name", name.value()),
            ));
        }
        let message = format!(
            "every release has the field `{}` already (`bifrost::release::Envelope`): choose another name",
            name.value()
        );
        quote_spanned! {name.span()=>
            const _: () = ::core::assert!(!#library::__private::Envelope::has_field(#name), #message);
        }
        .to_tokens(&mut checks);
    }
    Ok(checks)
}
