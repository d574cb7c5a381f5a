//! The arguments of `#[fields]`, and the attributes of fields that it reads.

use super::Place;
use crate::shape::skip;
use proc_macro2::Span;
use syn::meta::ParseNestedMeta;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{Attribute, Error, Expr, Field, Ident, LitStr, Path, Result, Token, Type};

/// `crate = path, check = path, max_timeout_seconds = expression`, in any order.
#[derive(Default)]
pub(super) struct Arguments {
    pub(super) library: Option<Path>,
    pub(super) check: Option<Path>,
    pub(super) max_timeout_seconds: Option<Expr>,
}

impl Parse for Arguments {
    fn parse(input: ParseStream) -> Result<Self> {
        let mut arguments = Self::default();
        let mut seen = Vec::new();
        while !input.is_empty() {
            if input.peek(Token![crate]) {
                input.parse::<Token![crate]>()?;
                input.parse::<Token![=]>()?;
                arguments.library = Some(input.call(Path::parse_mod_style)?);
            } else {
                let name: Ident = input.parse()?;
                if seen.contains(&name) {
                    return Err(Error::new(name.span(), format!("`{name}` is given twice")));
                }
                seen.push(name.clone());
                input.parse::<Token![=]>()?;
                match name.to_string().as_str() {
                    "check" => arguments.check = Some(input.call(Path::parse_mod_style)?),
                    "max_timeout_seconds" => arguments.max_timeout_seconds = Some(input.parse()?),
                    _ => {
                        let message = "expected `check = function`, `max_timeout_seconds = number` or `crate = path`";
                        return Err(Error::new(name.span(), message));
                    }
                }
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(arguments)
    }
}

impl Arguments {
    /// A type inside has no rules of its own: those of the release see all of it.
    pub(super) fn check(&self, place: Place) -> Result<()> {
        let span = self.check.as_ref().map(Spanned::span).or(self.max_timeout_seconds.as_ref().map(Spanned::span));
        match span {
            Some(span) if place == Place::Inside => {
                Err(Error::new(span, "only `#[bifrost::fields]` has this argument: the fields of the release"))
            }
            _ => Ok(()),
        }
    }
}

/// What the author wrote for serde about a type or a field.
#[derive(Default)]
pub(super) struct Attributes {
    /// Whether the type is strict, or another type is read or written instead of it.
    pub(super) is_strict: bool,
    /// The type that is read instead.
    pub(super) reads: Option<Type>,
    /// Whether the field is left out, always or in some cases.
    pub(super) is_skipped: bool,
    pub(super) has_default: bool,
    pub(super) flatten: Option<Span>,
    /// The word that says how the field is read, or that it is not.
    pub(super) reader: Option<Span>,
    /// Other names by which the field is read.
    pub(super) aliases: Vec<LitStr>,
    /// What makes a task write a field that the next one cannot read.
    lost: Option<(Span, &'static str)>,
    /// The word `skip_serializing`.
    unwritten: Option<Span>,
    /// The word `skip_serializing_if`.
    sometimes: Option<Span>,
}

/// The attributes of fields that serde knows.
const OF_FIELDS: [&str; 14] = [
    "rename",
    "alias",
    "default",
    "flatten",
    "skip",
    "skip_serializing",
    "skip_deserializing",
    "skip_serializing_if",
    "serialize_with",
    "deserialize_with",
    "with",
    "borrow",
    "bound",
    "getter",
];

impl Attributes {
    pub(super) fn of(attributes: &[Attribute]) -> Result<Self> {
        const STRICT: [&str; 5] = ["deny_unknown_fields", "from", "try_from", "into", "transparent"];
        const SKIPPED: [&str; 3] = ["skip", "skip_serializing", "skip_serializing_if"];
        let mut this = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
            attribute.parse_nested_meta(|meta| {
                let is = |names: &[&str]| names.iter().any(|name| meta.path.is_ident(name));
                this.is_strict |= is(&STRICT);
                this.is_skipped |= is(&SKIPPED);
                this.has_default |= is(&["default", "skip"]);
                let span = meta.path.span();
                if is(&["with", "deserialize_with", "skip", "skip_deserializing"]) {
                    this.reader = Some(span);
                }
                if is(&["flatten"]) {
                    this.flatten = Some(span);
                } else if is(&["skip"]) {
                    this.lost = Some((span, "the field is lost after each task, which gets the release as JSON: compute it where it is used"));
                } else if is(&["skip_deserializing"]) {
                    this.lost = Some((span, "the next task refuses the field, which this one writes: it must be read, too"));
                } else if is(&["skip_serializing"]) {
                    this.unwritten = Some(span);
                } else if is(&["skip_serializing_if"]) {
                    this.sometimes = Some(span);
                } else if is(&["alias"]) {
                    this.aliases.push(meta.value()?.parse()?);
                    return Ok(());
                }
                if is(&["from", "try_from"]) {
                    this.reads = Some(meta.value()?.parse::<LitStr>()?.parse()?);
                    return Ok(());
                }
                skip(&meta)
            })?;
        }
        Ok(this)
    }
}

impl Attributes {
    /// Those of a field.
    pub(super) fn of_field(attributes: &[Attribute]) -> Result<Self> {
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
            attribute.parse_nested_meta(|meta| {
                if !OF_FIELDS.iter().any(|name| meta.path.is_ident(name)) {
                    return Err(meta.error("serde knows no such attribute of a field"));
                }
                if meta.path.is_ident("rename") && !meta.input.peek(Token![=]) {
                    return check_names(&meta);
                }
                skip(&meta)
            })?;
        }
        Self::of(attributes)
    }

    /// What one task writes, the next one must be able to read. `is_optional` if a field that is absent is read as one without value.
    pub(super) fn check_round_trip(&self, is_optional: bool) -> Result<()> {
        let message = "the next task cannot read a field that is left out: add `default`, as in `#[serde(default, …)]`";
        let absent = self.unwritten.or(self.sometimes).filter(|_| !self.has_default && !is_optional);
        let fault = self.lost.or(absent.map(|span| (span, message)));
        fault.map_or(Ok(()), |(span, message)| Err(Error::new(span, message)))
    }
}

/// `(serialize = "name", deserialize = "name")`: the next task reads the field by the name by which this one writes it.
fn check_names(meta: &ParseNestedMeta) -> Result<()> {
    let mut names: Vec<LitStr> = Vec::new();
    meta.parse_nested_meta(|half| {
        names.push(half.value()?.parse()?);
        Ok(())
    })?;
    if names.len() == 2 && names.windows(2).all(|pair| matches!(pair, [one, other] if one.value() == other.value())) {
        return Ok(());
    }
    Err(meta.error("the next task must read the field by the name by which this one writes it: `rename = \"…\"`"))
}

/// `#[set_by_deployer]`.
pub(super) struct Mark {
    /// Whether the end of the deploy clears the field.
    pub(super) cleared_at_end: bool,
    /// Where it is.
    pub(super) span: Span,
}

pub(super) fn mark(attributes: &[Attribute]) -> Result<Option<Mark>> {
    let mut mark = None;
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("set_by_deployer")) {
        let mut cleared_at_end = false;
        let mut span = attribute.path().span();
        if matches!(attribute.meta, syn::Meta::Path(_)) {
            mark = Some(Mark { cleared_at_end, span });
            continue;
        }
        attribute.parse_nested_meta(|meta| {
            cleared_at_end = meta.path.is_ident("cleared_at_end");
            span = meta.path.span();
            if cleared_at_end { Ok(()) } else { Err(meta.error("expected `cleared_at_end`")) }
        })?;
        mark = Some(Mark { cleared_at_end, span });
    }
    Ok(mark)
}

/// The clean-up reads a field that it does not use as absent, if it cannot read it.
pub(super) fn check_unused(field: &Field, is_struct: bool, has_default: bool) -> Result<()> {
    let unused = field.attrs.iter().find(|attribute| attribute.path().is_ident("unused_by_clean_up"));
    let Some(unused) = unused else { return Ok(()) };
    if !is_struct {
        return Err(Error::new_spanned(unused.path(), "write this above a field with a name, of a struct"));
    }
    let attributes = Attributes::of(&field.attrs)?;
    let may_be_absent =
        has_default || attributes.has_default || is_option(&field.ty) || !matches!(mark(&field.attrs), Ok(None));
    let message = "the clean-up reads what it does not use as absent, if it cannot read it: make it an `Option`, or add `#[serde(default)]`";
    if may_be_absent { Ok(()) } else { Err(Error::new_spanned(unused.path(), message)) }
}

/// Whether the author writes `Option`. Behind another name, `derive(Shape)` finds it.
pub(super) fn is_option(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Option"))
}
