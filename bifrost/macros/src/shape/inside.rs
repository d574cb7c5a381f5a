//! The values inside an enum with data, or inside a tuple struct. A chart cannot look into them, but they must have the same form as
//! fields with names: no `null`, and nothing that a client may set.

use super::attributes::{each, skip};
use super::projected;
use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Fields, Ident, Index, Member, Result, Type};

/// A value, in a pattern that binds it to a name.
struct Inside<'a> {
    ty: &'a Type,
    member: Member,
    binding: Ident,
    set_by_deployer: bool,
    /// Whether serde writes it as its type says.
    is_written: bool,
    /// Whether it is left out in some cases.
    may_be_absent: bool,
}

/// The items of the implementation, and the checks beside it.
pub(super) fn items(input: &DeriveInput) -> Result<(TokenStream, TokenStream)> {
    let groups: Vec<(TokenStream, &Fields)> = match &input.data {
        Data::Struct(data) => vec![(quote!(Self), &data.fields)],
        Data::Enum(data) => {
            let group = |variant: &'_ syn::Variant| {
                let name = &variant.ident;
                quote!(Self::#name)
            };
            data.variants.iter().map(|variant| (group(variant), &variant.fields)).collect()
        }
        Data::Union(_) => vec![],
    };
    let (mut arms, mut checks) = (TokenStream::new(), TokenStream::new());
    for (pattern, fields) in groups {
        let values = fields.iter().enumerate().map(|(index, field)| Inside::of(index, field));
        let values = values.collect::<Result<Vec<_>>>()?;
        let (members, bindings): (Vec<_>, Vec<_>) = values.iter().map(|value| (&value.member, &value.binding)).unzip();
        let clear = values.iter().map(Inside::clear);
        arms.extend(quote!(#pattern { #(#members: #bindings),* } => { #(let _ = &#bindings;)* #(#clear)* }));
        // A constant outside of the type cannot name its parameters.
        checks.extend(values.iter().filter(|_| input.generics.params.is_empty()).map(Inside::never_null));
    }
    let body = if arms.is_empty() { TokenStream::new() } else { quote!(match self { #arms }) };
    let items = quote! {
        fn clear_deployer_fields(&mut self) {
            #body
        }
    };
    Ok((items, checks))
}

impl<'a> Inside<'a> {
    fn of(index: usize, field: &'a syn::Field) -> Result<Self> {
        let index = Index { index: u32::try_from(index).unwrap_or_default(), span: Span::call_site() };
        let mut this = Self {
            ty: &field.ty,
            binding: format_ident!("__{}", index.index),
            member: field.ident.clone().map_or(Member::Unnamed(index), Member::Named),
            set_by_deployer: field.attrs.iter().any(|attribute| attribute.path().is_ident("set_by_deployer")),
            is_written: true,
            may_be_absent: false,
        };
        each(&field.attrs, |meta| {
            let unwritten = ["skip", "skip_serializing", "with", "serialize_with"];
            this.is_written &= !unwritten.iter().any(|name| meta.path.is_ident(name));
            this.may_be_absent |= meta.path.is_ident("skip_serializing_if");
            skip(&meta)
        })?;
        Ok(this)
    }

    fn clear(&self) -> TokenStream {
        let Self { ty, binding, .. } = self;
        if self.set_by_deployer {
            quote_spanned!(ty.span()=> *#binding = __bifrost::unset();)
        } else if self.is_written {
            let clear = projected(ty, "clear_deployer_fields");
            quote!(#clear(#binding);)
        } else {
            TokenStream::new()
        }
    }

    /// A check by the compiler that the value is never written as `null`.
    fn never_null(&self) -> TokenStream {
        if !self.is_written {
            return TokenStream::new();
        }
        let (itself, inside) = (projected(self.ty, "MAY_BE_NULL"), projected(self.ty, "MAY_HOLD_NULL"));
        let itself = if self.may_be_absent { quote!(false) } else { itself };
        let message = "this may be written as `null`, which the deployer refuses: only a field with a name can be an `Option`, and is \
                       left out";
        quote_spanned! {self.ty.span()=> const _: () = ::core::assert!(!(#itself || #inside), #message); }
    }
}
