//! Where a reader is in the tree that it builds.

use std::fmt;

/// A place in a template, as a chain of steps that lives on the reader's stack.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place<'p> {
    /// The template as a whole.
    Top,
    /// The value of that name.
    Named(&'p Place<'p>, &'p str),
    /// The value at that position of a list.
    At(&'p Place<'p>, usize),
}

impl Place<'_> {
    /// How many steps it is from the top.
    pub(super) fn depth(&self) -> usize {
        match self {
            Self::Top => 0,
            Self::Named(parent, _) | Self::At(parent, _) => parent.depth() + 1,
        }
    }
}

/// As in [`Finding::path`](super::Finding::path).
impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Top => Ok(()),
            Self::Named(Place::Top, name) => f.write_str(name),
            Self::At(Place::Top, position) => write!(f, "{position}"),
            Self::Named(parent, name) => write!(f, "{parent}.{name}"),
            Self::At(parent, position) => write!(f, "{parent}.{position}"),
        }
    }
}
