//! Splits a chart into states before they are parsed, so that a mistake in one state does not affect the others.

use super::{Comment, Kind, State};
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::Ident;

/// The tokens of each state. A state ends with `;` or a block.
pub(super) fn chunks(tokens: TokenStream) -> Vec<TokenStream> {
    let mut chunks = vec![Vec::new()];
    for token in tokens {
        let ends = match &token {
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
            TokenTree::Punct(punct) => punct.as_char() == ';',
            TokenTree::Ident(_) | TokenTree::Literal(_) => false,
        };
        if let Some(chunk) = chunks.last_mut() {
            chunk.push(token);
        }
        if ends {
            chunks.push(Vec::new());
        }
    }
    chunks.into_iter().filter(|chunk| !chunk.is_empty()).map(TokenStream::from_iter).collect()
}

/// A stand-in for a state that cannot be parsed, if it has a name.
pub(super) fn unreadable(chunk: TokenStream) -> Option<State> {
    let mut idents =
        chunk.into_iter().filter_map(|token| if let TokenTree::Ident(ident) = token { Some(ident) } else { None });
    let (keyword, name): (Ident, Ident) = (idents.next()?, idents.next()?);
    Some(State { comment: Comment::default(), keyword: keyword.span(), name, rename: None, kind: Kind::Succeed })
}
