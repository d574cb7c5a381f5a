//! serde's attributes that change the serialized form.

use super::case::Case;
use super::projected;
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned;
use syn::{
    Attribute, DataEnum, DeriveInput, Error, Fields, GenericArgument, Ident, LitStr, PathArguments, Result, Token,
    Type, Variant, token,
};

/// Where the serialized form of an enum has the name of its variant.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum VariantName {
    /// It is the text itself, or the key of the value.
    #[default]
    Outside,
    /// In a field, `tag`: an enum is an object even if its variants have no fields.
    InField,
    /// Nowhere: `untagged`.
    Absent,
}

/// Attributes of a struct or enum.
#[derive(Default)]
pub(crate) struct Container {
    pub(super) rename_all: Option<Case>,
    pub(super) transparent: bool,
    /// The type that is written instead of this one.
    pub(super) into: Option<Type>,
    /// Where an enum has the name of its variant.
    pub(super) variant_name: VariantName,
    /// Whether a field that the type does not have is an error, or another type is read instead.
    is_strict: bool,
}

impl Container {
    pub(crate) fn of(attributes: &[Attribute]) -> Result<Self> {
        let mut container = Self::default();
        each(attributes, |meta| {
            if meta.path.is_ident("rename_all") {
                container.rename_all = serialized(&meta)?.map(|name| Case::parse(&name)).transpose()?;
            } else if meta.path.is_ident("transparent") {
                container.transparent = true;
            } else if meta.path.is_ident("into") {
                container.into = Some(meta.value()?.parse::<LitStr>()?.parse()?);
            } else if meta.path.is_ident("tag") || meta.path.is_ident("untagged") {
                let is_tag = meta.path.is_ident("tag");
                container.variant_name = if is_tag { VariantName::InField } else { VariantName::Absent };
                skip(&meta)?;
            } else {
                container.is_strict |=
                    ["deny_unknown_fields", "from", "try_from"].iter().any(|name| meta.path.is_ident(name));
                skip(&meta)?;
            }
            Ok(())
        })?;
        container.is_strict |= has_option(attributes, "read_elsewhere")?;
        Ok(container)
    }

    /// Whether serde buffers an enum before it reads the fields of a variant.
    pub(crate) fn is_buffered(&self) -> bool {
        self.variant_name != VariantName::Outside
    }

    /// An unknown field is a misspelt one, whose value would be ignored.
    pub(super) fn check_strict(&self, input: &DeriveInput) -> Result<()> {
        if self.is_strict {
            return Ok(());
        }
        let message =
            "unknown fields would be ignored: add `#[serde(deny_unknown_fields)]`, or use `#[bifrost::field_type]`";
        Err(Error::new(input.ident.span(), message))
    }

    /// A variant without fields of an enum without names is written as `null`.
    pub(super) fn check_units(&self, data: &DataEnum) -> Result<()> {
        let unit = data
            .variants
            .iter()
            .find(|variant| self.variant_name == VariantName::Absent && matches!(variant.fields, Fields::Unit));
        let message =
            "this variant is written as `null`, which the deployer refuses: give it a value, or remove `untagged`";
        unit.map_or(Ok(()), |variant| Err(Error::new(variant.ident.span(), message)))
    }

    /// The serialized name of a field. `None` if it is not serialized.
    pub(crate) fn name_of(&self, field: &syn::Field) -> Result<Option<LitStr>> {
        let field = Field::of(field, self)?;
        Ok(field.map(|field| field.written))
    }

    /// The text that serde writes for a variant without fields.
    pub(super) fn text_of(&self, variant: &Variant) -> Result<LitStr> {
        let written = variant.ident.unraw().to_string();
        let written = self.rename_all.map_or_else(|| written.clone(), |case| case.of_variant(&written));
        let mut written = LitStr::new(&written, variant.ident.span());
        each(&variant.attrs, |meta| {
            if meta.path.is_ident("rename") {
                written = serialized(&meta)?.unwrap_or_else(|| written.clone());
                return Ok(());
            }
            if meta.path.is_ident("other") {
                let message = format!(
                    "any text would be read as `{}`, and written back as another: list the texts",
                    variant.ident
                );
                return Err(meta.error(message));
            }
            skip(&meta)
        })?;
        Ok(written)
    }
}

/// A serialized field.
pub(super) struct Field<'a> {
    ident: &'a Ident,
    /// Its serialized name.
    pub(super) written: LitStr,
    /// Its serialized name, if charts can write it.
    pub(super) name: Option<Ident>,
    pub(super) flatten: bool,
    pub(super) ty: &'a Type,
    /// The `T` of an `Option<T>`.
    option: Option<&'a Type>,
    attributes: &'a [Attribute],
    presence: Presence,
    /// Whether a custom function serializes it, so that its form is unknown.
    custom: bool,
}

/// Whether a field is in the JSON.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Presence {
    Always,
    Sometimes,
    /// Sometimes, but the author promises it wherever a chart reads it.
    WhereRead,
}

impl<'a> Field<'a> {
    /// `None` for a field that is not serialized.
    pub(super) fn of(field: &'a syn::Field, container: &Container) -> Result<Option<Self>> {
        let Some(ident) = &field.ident else { return Ok(None) };
        let written = ident.unraw().to_string();
        let written = container.rename_all.map_or_else(|| written.clone(), |case| case.of_field(&written));
        let mut written = LitStr::new(&written, ident.span());
        let mut this = Self {
            ident,
            written: LitStr::new("", ident.span()),
            name: None,
            flatten: false,
            ty: &field.ty,
            option: in_option(&field.ty),
            attributes: &field.attrs,
            presence: Presence::Always,
            custom: false,
        };
        let mut skipped = false;
        each(&field.attrs, |meta| {
            if meta.path.is_ident("rename") {
                written = serialized(&meta)?.unwrap_or_else(|| written.clone());
                return Ok(());
            }
            skipped |= meta.path.is_ident("skip") || meta.path.is_ident("skip_serializing");
            this.flatten |= meta.path.is_ident("flatten");
            if meta.path.is_ident("skip_serializing_if") {
                this.presence = Presence::Sometimes;
            }
            this.custom |= meta.path.is_ident("with") || meta.path.is_ident("serialize_with");
            skip(&meta)
        })?;
        if this.presence == Presence::Sometimes && has_option(&field.attrs, "present")? {
            this.presence = Presence::WhereRead;
        }
        this.name = as_field(&written);
        this.written = written;
        Ok((!skipped).then_some(this))
    }

    fn is_marked(&self, mark: &str) -> bool {
        self.attributes.iter().any(|attribute| attribute.path().is_ident(mark))
    }

    pub(super) fn shape(&self) -> TokenStream {
        let ty = self.inner();
        let shape = if self.custom { quote!(__bifrost::Opaque) } else { projected(ty, "Shape") };
        let may_be_absent = self.presence == Presence::Sometimes || (self.option.is_some() && !self.custom);
        if may_be_absent { quote_spanned!(ty.span()=> __bifrost::Optional<#shape>) } else { shape }
    }

    /// Clears the field, or what only the deployer sets in it.
    pub(super) fn clear(&self) -> TokenStream {
        let (ident, ty) = (self.ident, self.inner());
        // The `self` of the expansion, also if a macro of the author wrote the type.
        let this = quote_spanned!(ty.span().resolved_at(Span::call_site())=> self);
        if self.is_marked("set_by_deployer") {
            quote_spanned!(self.ty.span()=> #this.#ident = __bifrost::unset();)
        } else if self.custom {
            TokenStream::new()
        } else if self.option.is_some() {
            let clear = projected(ty, "clear_deployer_fields");
            quote_spanned! {ty.span()=>
                if let ::core::option::Option::Some(value) = &mut #this.#ident {
                    #clear(value);
                }
            }
        } else {
            let clear = projected(ty, "clear_deployer_fields");
            quote_spanned!(ty.span()=> #clear(&mut #this.#ident);)
        }
    }

    /// The arm that finds what the clean-up does without: the field, or something in it.
    pub(super) fn unused_by_clean_up(&self) -> TokenStream {
        let (written, is_unused, ty) = (&self.written, self.is_marked("unused_by_clean_up"), self.inner());
        if self.custom {
            return quote!(#written => (::core::option::Option::None, #is_unused),);
        }
        let inside = projected(ty, "unused_by_clean_up");
        quote!(#written => (#inside(rest), #is_unused),)
    }

    /// A check by the compiler that the field is never written as `null`, also if its `Option` is behind another name.
    pub(super) fn never_null(&self) -> TokenStream {
        let (ident, ty) = (self.ident, self.inner());
        if self.custom {
            return TokenStream::new();
        }
        let always = self.option.is_some() && self.presence == Presence::Always;
        let itself = if self.option.is_none() && self.presence != Presence::Always {
            quote!(#always)
        } else {
            let may_be_null = projected(ty, "MAY_BE_NULL");
            quote_spanned!(ty.span()=> (#always || #may_be_null))
        };
        let may_hold_null = projected(ty, "MAY_HOLD_NULL");
        let message = format!(
            "`{ident}` may be written as `null`, which the deployer refuses: only a field can be an `Option`, and not one inside another"
        );
        quote_spanned! {ty.span()=>
            const _: () = ::core::assert!(!(#itself || #may_hold_null), #message);
        }
    }

    /// The type, or what is in the `Option`: rustc then reports a type without a shape by itself.
    fn inner(&self) -> &Type {
        self.option.unwrap_or(self.ty)
    }
}

/// The `T` of `Option<T>`, as the author writes it.
fn in_option(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last().filter(|last| last.ident == "Option")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match arguments.args.first()? {
        GenericArgument::Type(inner) => Some(inner),
        _ => None,
    }
}

/// The options of `#[shape(…)]`.
const OPTIONS: [&str; 2] = ["present", "read_elsewhere"];

/// Whether there is `#[shape(<option>)]`.
fn has_option(attributes: &[Attribute], option: &str) -> Result<bool> {
    let mut found = false;
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("shape")) {
        attribute.parse_nested_meta(|meta| {
            found |= meta.path.is_ident(option);
            if meta.path.is_ident("crate") || OPTIONS.iter().any(|known| meta.path.is_ident(known)) {
                return skip(&meta);
            }
            Err(meta.error("expected `present` on a field, `read_elsewhere` on a type, or `crate = path`"))
        })?;
    }
    Ok(found)
}

/// `None` for a name that charts cannot write, such as `min-size`.
fn as_field(name: &LitStr) -> Option<Ident> {
    let text = name.value();
    let plain = syn::parse_str::<Ident>(&text).map(|_| Ident::new(&text, name.span()));
    let raw = || syn::parse_str::<Ident>(&format!("r#{text}")).map(|_| Ident::new_raw(&text, name.span()));
    plain.or_else(|_| raw()).ok()
}

pub(super) fn each(attributes: &[Attribute], mut read: impl FnMut(ParseNestedMeta) -> Result<()>) -> Result<()> {
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
pub(crate) fn skip(meta: &ParseNestedMeta) -> Result<()> {
    if meta.input.peek(Token![=]) {
        meta.value()?.parse::<syn::Expr>()?;
    } else if meta.input.peek(token::Paren) {
        let inner;
        syn::parenthesized!(inner in meta.input);
        inner.parse::<TokenStream>()?;
    }
    Ok(())
}
