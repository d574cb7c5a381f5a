//! The path of the crate in expansions: `::bifrost`, or the one in `crate = path` if the dependency has another name, as with
//! serde.

use syn::parse::ParseStream;
use syn::{Attribute, Path, Result, Token, parse_quote};

pub(crate) fn default() -> Path {
    parse_quote!(::bifrost)
}

/// The path in `#[<helper>(crate = path)]` on the type itself. The helper may have the `others` beside it.
pub(crate) fn library(attributes: &[Attribute], helper: &str, others: &[&str]) -> Result<Path> {
    let mut library = default();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident(helper)) {
        attribute.parse_nested_meta(|meta| {
            if others.iter().any(|other| meta.path.is_ident(other)) {
                return Ok(());
            }
            if !meta.path.is_ident("crate") {
                return Err(meta.error("expected `crate = path`"));
            }
            library = meta.value()?.call(Path::parse_mod_style)?;
            Ok(())
        })?;
    }
    Ok(library)
}

/// The path in `crate = path;` at the beginning of a chart.
pub(crate) fn parse(input: ParseStream) -> Result<Path> {
    if !(input.peek(Token![crate]) && input.peek2(Token![=])) {
        return Ok(default());
    }
    input.parse::<Token![crate]>()?;
    input.parse::<Token![=]>()?;
    let library = input.call(Path::parse_mod_style)?;
    input.parse::<Token![;]>()?;
    Ok(library)
}
