//! What is wrong with a release: all of it at once, each with the place in the release that it concerns.

use std::fmt;

/// Everything that is wrong with a release.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings(Vec<RuleViolation>);

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
struct RuleViolation {
    path: String,
    message: String,
}

impl Findings {
    /// Adds a finding: where in the release, and what is wrong there and what to do.
    pub fn add(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.0.push(RuleViolation { path: path.into(), message: message.into() });
    }

    /// Adds a finding unless the rule holds. The message is made only then.
    pub fn require(&mut self, holds: bool, path: &str, message: impl FnOnce() -> String) {
        if !holds {
            self.add(path, message());
        }
    }

    /// Each as it is shown.
    #[cfg(feature = "cli")]
    pub(crate) fn lines(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(RuleViolation::to_string)
    }

    /// Nothing, if there is none.
    ///
    /// # Errors
    /// The findings, if there are any.
    pub fn into_result(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, finding) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{finding}")?;
        }
        Ok(())
    }
}

impl fmt::Display for RuleViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}
