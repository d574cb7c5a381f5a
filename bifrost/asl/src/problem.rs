//! Problems of a definition, and their locations.

use std::fmt;
use std::rc::Rc;

/// The problem of a definition that uses JSONata.
pub(super) const JSONATA_REFUSED: &str = "the local interpreter does not execute JSONata";

/// A problem of a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The location as a path of fields from the root: `States.Lock.Catch[0].Next`. Empty for the root.
    pub location: String,
    /// What is wrong, and what to write instead.
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

/// An invalid definition, with all its problems.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct InvalidDefinition {
    /// The problems, in the order of the definition; never empty.
    pub problems: Vec<Problem>,
}

impl fmt::Display for InvalidDefinition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the state machine definition is invalid")?;
        self.problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl InvalidDefinition {
    /// Whether the definition uses the query language JSONata, which the local interpreter does not execute.
    #[must_use]
    pub fn needs_jsonata(&self) -> bool {
        self.problems.iter().any(|problem| problem.message.contains(JSONATA_REFUSED))
    }
}

/// A location in the definition. It is rendered only if it has a problem, as most locations have none.
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
