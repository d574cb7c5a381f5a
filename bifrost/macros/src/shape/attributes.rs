//! serde's attributes that change the serialized form.

use super::case::Case;
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned;
use syn::{Attribute, Ident, LitStr, Result, Token, Type, token};

/// Attributes of a struct or enum.
#[derive(Default)]
pub(super) struct Container {
    pub(super) rename_all: Option<Case>,
    pub(super) transparent: bool,
    /// The type that is written instead of this one.
    pub(super) into: Option<Type>,
    /// Whether an enum is written as an object even if its variants have no fields.
    pub(super) tagged: bool,
}

impl Container {
    pub(super) fn of(attributes: &[Attribute]) -> Result<Self> {
        let mut container = Self::default();
        each(attributes, |meta| {
            if meta.path.is_ident("rename_all") {
                container.rename_all = serialized(&meta)?.map(|name| Case::parse(&name)).transpose()?;
            } else if meta.path.is_ident("transparent") {
                container.transparent = true;
            } else if meta.path.is_ident("into") {
                container.into = Some(meta.value()?.parse::<LitStr>()?.parse()?);
            } else if meta.path.is_ident("tag") || meta.path.is_ident("untagged") {
                container.tagged = true;
                skip(&meta)?;
            } else {
                skip(&meta)?;
            }
            Ok(())
        })?;
        Ok(container)
    }
}

/// A serialized field.
pub(super) struct Field<'a> {
    /// Its serialized name, if charts can write it.
    pub(super) name: Option<Ident>,
    pub(super) flatten: bool,
    pub(super) ty: &'a Type,
    /// Unless the author promises that it is present wherever a chart reads it.
    may_be_absent: bool,
    /// Whether a custom function serializes it, so that its form is unknown.
    custom: bool,
}

impl<'a> Field<'a> {
    /// `None` for a field that is not serialized.
    pub(super) fn of(field: &'a syn::Field, container: &Container) -> Result<Option<Self>> {
        let Some(ident) = &field.ident else { return Ok(None) };
        let written = ident.unraw().to_string();
        let written = container.rename_all.map_or_else(|| written.clone(), |case| case.of_field(&written));
        let mut written = LitStr::new(&written, ident.span());
        let mut this = Self { name: None, flatten: false, ty: &field.ty, may_be_absent: false, custom: false };
        let mut skipped = false;
        each(&field.attrs, |meta| {
            if meta.path.is_ident("rename") {
                written = serialized(&meta)?.unwrap_or_else(|| written.clone());
                return Ok(());
            }
            skipped |= meta.path.is_ident("skip") || meta.path.is_ident("skip_serializing");
            this.flatten |= meta.path.is_ident("flatten");
            this.may_be_absent |= meta.path.is_ident("skip_serializing_if");
            this.custom |= meta.path.is_ident("with") || meta.path.is_ident("serialize_with");
            skip(&meta)
        })?;
        this.may_be_absent &= !is_promised(&field.attrs)?;
        this.name = as_field(&written);
        Ok((!skipped).then_some(this))
    }

    pub(super) fn shape(&self) -> TokenStream {
        let ty = self.ty;
        let shape = if self.custom {
            quote!(__bifrost::Opaque)
        } else {
            quote_spanned!(ty.span()=> <#ty as __bifrost::Shape>::Shape)
        };
        let is_option =
            matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Option"));
        if self.may_be_absent && (self.custom || !is_option) { quote!(__bifrost::Optional<#shape>) } else { shape }
    }
}

/// Whether the field has `#[shape(present)]`.
fn is_promised(attributes: &[Attribute]) -> Result<bool> {
    let mut present = false;
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("shape")) {
        attribute.parse_nested_meta(|meta| {
            present = meta.path.is_ident("present");
            if present { Ok(()) } else { Err(meta.error("expected `present`")) }
        })?;
    }
    Ok(present)
}

/// `None` for a name that charts cannot write, such as `min-size`.
fn as_field(name: &LitStr) -> Option<Ident> {
    let text = name.value();
    let plain = syn::parse_str::<Ident>(&text).map(|_| Ident::new(&text, name.span()));
    let raw = || syn::parse_str::<Ident>(&format!("r#{text}")).map(|_| Ident::new_raw(&text, name.span()));
    plain.or_else(|_| raw()).ok()
}

fn each(attributes: &[Attribute], mut read: impl FnMut(ParseNestedMeta) -> Result<()>) -> Result<()> {
    let mut serde = attributes.iter().filter(|attribute| attribute.path().is_ident("serde"));
    serde.try_for_each(|attribute| attribute.parse_nested_meta(&mut read))
}

/// `= "name"`, or `serialize` of `(serialize = "name", deserialize = "name")`.
fn serialized(meta: &ParseNestedMeta) -> Result<Option<LitStr>> {
    if meta.input.peek(Token![=]) {
        return meta.value()?.parse().map(Some);
    }
    let mut name = None;
    meta.parse_nested_meta(|half| {
        let text: LitStr = half.value()?.parse()?;
        if half.path.is_ident("serialize") {
            name = Some(text);
        }
        Ok(())
    })?;
    Ok(name)
}

/// Skips the value of an attribute, which only serde's derive reads.
fn skip(meta: &ParseNestedMeta) -> Result<()> {
    if meta.input.peek(Token![=]) {
        meta.value()?.parse::<syn::Expr>()?;
    } else if meta.input.peek(token::Paren) {
        let inner;
        syn::parenthesized!(inner in meta.input);
        inner.parse::<TokenStream>()?;
    }
    Ok(())
}
