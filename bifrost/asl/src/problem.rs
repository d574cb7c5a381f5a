//! What is wrong with a definition, and where.

use std::fmt;
use std::rc::Rc;

/// Something that a definition must not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where, as a path of fields from the definition's root: `States.Lock.Catch[0].Next`. Empty for the root.
    pub location: String,
    /// What is wrong and what to write instead.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.location.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.location, self.message)
        }
    }
}

/// A place in the definition. It becomes text only when a problem is found there, as most places have none.
#[derive(Debug, Clone, Default)]
pub(super) struct Location<'a>(Option<Rc<Step<'a>>>);

#[derive(Debug)]
enum Step<'a> {
    Field(Location<'a>, &'a str),
    Item(Location<'a>, usize),
}

impl<'a> Location<'a> {
    pub(super) fn field(&self, name: &'a str) -> Self {
        Self(Some(Rc::new(Step::Field(self.clone(), name))))
    }

    pub(super) fn item(&self, index: usize) -> Self {
        Self(Some(Rc::new(Step::Item(self.clone(), index))))
    }
}

impl fmt::Display for Location<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_deref() {
            None => Ok(()),
            Some(Step::Field(Location(None), name)) => f.write_str(name),
            Some(Step::Field(parent, name)) => write!(f, "{parent}.{name}"),
            Some(Step::Item(parent, index)) => write!(f, "{parent}[{index}]"),
        }
    }
}
