//! The marks of a task: its role in the life cycle of a deploy.

use std::fmt;
use syn::ext::IdentExt;
use syn::parse::{Lookahead1, ParseStream};
use syn::{Error, Ident, Result, Token};

mod kw {
    syn::custom_keyword!(validates);
    syn::custom_keyword!(locks);
    syn::custom_keyword!(unlocks);
    syn::custom_keyword!(cleans);
    syn::custom_keyword!(looks);
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    Validates,
    Locks,
    Unlocks,
    CleansUp,
    LooksForHalt,
}

/// The marks of one task, each with its first word.
#[derive(Default)]
pub(crate) struct Marks(Vec<(Mark, Ident)>);

impl Mark {
    /// The mark whose first word comes next.
    pub(super) fn peek(look: &Lookahead1) -> Option<Self> {
        if look.peek(kw::validates) {
            Some(Self::Validates)
        } else if look.peek(kw::locks) {
            Some(Self::Locks)
        } else if look.peek(kw::unlocks) {
            Some(Self::Unlocks)
        } else if look.peek(kw::cleans) {
            Some(Self::CleansUp)
        } else if look.peek(kw::looks) {
            Some(Self::LooksForHalt)
        } else {
            None
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Validates => "validates",
            Self::Locks => "locks",
            Self::Unlocks => "unlocks",
            Self::CleansUp => "cleans up",
            Self::LooksForHalt => "looks for halt",
        }
    }

    fn goes_with(self, other: Self) -> bool {
        matches!((self, other), (Self::Unlocks, Self::CleansUp) | (Self::CleansUp, Self::Unlocks))
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl Marks {
    /// Parses `mark;` and adds it.
    pub(super) fn parse(&mut self, mark: Mark, input: ParseStream) -> Result<()> {
        let keyword = input.fork().call(Ident::parse_any)?;
        for word in mark.text().split(' ') {
            let found = input.call(Ident::parse_any)?;
            if found != word {
                return Err(Error::new(found.span(), format!("expected `{word}`, as in `{mark};`")));
            }
        }
        input.parse::<Token![;]>()?;
        if self.has(mark) {
            return Err(Error::new(keyword.span(), format!("this task is already marked `{mark}` above")));
        }
        if let Some((other, _)) = self.0.iter().find(|(other, _)| !mark.goes_with(*other)) {
            let message = format!("a task marked `{other}` cannot be marked `{mark}`, too");
            return Err(Error::new(keyword.span(), message));
        }
        self.0.push((mark, keyword));
        Ok(())
    }

    pub(crate) fn has(&self, mark: Mark) -> bool {
        self.word(mark).is_some()
    }

    /// The first word of the mark.
    pub(crate) fn word(&self, mark: Mark) -> Option<&Ident> {
        self.0.iter().find(|(given, _)| *given == mark).map(|(_, word)| word)
    }

    /// The role in the life cycle that is not the one of a fenced task, which runs only while its execution holds the lock.
    /// Of `unlocks` and `cleans up`, it is `unlocks`.
    pub(crate) fn role(&self) -> Option<Mark> {
        let roles = [Mark::Validates, Mark::Locks, Mark::Unlocks, Mark::CleansUp];
        roles.into_iter().find(|role| self.has(*role))
    }
}
