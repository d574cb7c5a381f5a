//! What is wrong with a template.

use super::Span;
use std::fmt;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It can be deployed, and its author should know.
    Warning,
    /// It is refused.
    Error,
}

/// Something that is wrong with a template, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// Where, by names and list positions from the top: `Resources.hello.Properties.Events.api.Type`. Its second part is
    /// the logical id where its first is `Resources`. Empty for the template as a whole.
    pub path: String,
    /// Where, in the text that the template was read from.
    pub span: Option<Span>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// All that is wrong with a template, in the order of its text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings(Vec<Finding>);

impl Findings {
    /// Adds one.
    pub fn push(&mut self, finding: Finding) {
        self.0.push(finding);
    }

    /// Adds them all.
    pub fn extend(&mut self, findings: Findings) {
        self.0.extend(findings.0);
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> &[Finding] {
        &self.0
    }

    /// Whether any of them is an error.
    #[must_use]
    pub fn refuse(&self) -> bool {
        self.0.iter().any(|finding| finding.severity == Severity::Error)
    }
}

/// On one line, without the text: what a deployer says that has the template as JSON.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { severity, path, message, help, .. } = self;
        let severity = if *severity == Severity::Warning { "warning: " } else { "" };
        let colon = if path.is_empty() { "" } else { ": " };
        write!(f, "{severity}{path}{colon}{message}")?;
        help.iter().try_for_each(|help| write!(f, "; {help}"))
    }
}

/// A line for each.
impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, finding) in self.0.iter().enumerate() {
            let newline = if number == 0 { "" } else { "\n" };
            write!(f, "{newline}{finding}")?;
        }
        Ok(())
    }
}
