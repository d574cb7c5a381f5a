//! Where a field stands.

use std::fmt;
use std::rc::Rc;

/// A place in the definition, which becomes text when there is something to say of it; of most places there is not.
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
