//! Findings: what is wrong with a template, where, and what to do.

use super::{FindingCode, Span};
use bifrost::error_code::Coded;
use std::fmt;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The template can be deployed.
    Warning,
    /// The template is refused.
    Error,
}

/// As in front of a code: `error[template/null]`.
impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// Something that is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateFinding {
    /// How bad it is.
    pub severity: Severity,
    /// The kind of fault.
    pub code: FindingCode,
    /// Keys and list positions from the top: `Resources.hello.Properties.Events.api.Type`. Below `Resources` the second
    /// part is the logical id. Empty for the template as a whole.
    pub path: String,
    /// The part of the template's text. None for the template as a whole, or if it was not read from a text.
    pub span: Option<Span>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// The findings of a template, in the order of its text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings(Vec<TemplateFinding>);

impl Findings {
    /// Adds a finding.
    pub fn push(&mut self, finding: TemplateFinding) {
        self.0.push(finding);
    }

    /// Adds the findings of another list.
    pub fn extend(&mut self, findings: Findings) {
        self.0.extend(findings.0);
    }

    /// All findings.
    #[must_use]
    pub fn all(&self) -> &[TemplateFinding] {
        &self.0
    }

    /// Whether the template is refused: any of the findings is an error.
    #[must_use]
    pub fn refuse(&self) -> bool {
        self.first_error().is_some()
    }

    /// The code of an error that reports these findings: that of the first error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.first_error().map_or(FindingCode::NotAllowed, |finding| finding.code).code()
    }

    fn first_error(&self) -> Option<&TemplateFinding> {
        self.0.iter().find(|finding| finding.severity == Severity::Error)
    }
}

/// On one line, without an excerpt: the deployer has the template as JSON, not as the author's text.
impl fmt::Display for TemplateFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { severity, code, path, message, help, .. } = self;
        let colon = if path.is_empty() { "" } else { ": " };
        write!(f, "{severity}[{code}]: {path}{colon}{message}")?;
        help.iter().try_for_each(|help| write!(f, "; {help}"))
    }
}

/// One line for each finding.
impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, finding) in self.0.iter().enumerate() {
            let newline = if number == 0 { "" } else { "\n" };
            write!(f, "{newline}{finding}")?;
        }
        Ok(())
    }
}

/// The path to the value that a reader reads, as a chain of steps on the reader's stack.
#[derive(Debug, Clone, Copy)]
pub(super) enum ReadPath<'p> {
    /// The template as a whole.
    Top,
    /// The value of a key.
    Named(&'p ReadPath<'p>, &'p str),
    /// An item of a list.
    At(&'p ReadPath<'p>, usize),
}

impl ReadPath<'_> {
    /// The number of steps from the top.
    pub(super) fn depth(&self) -> usize {
        match self {
            Self::Top => 0,
            Self::Named(parent, _) | Self::At(parent, _) => parent.depth() + 1,
        }
    }

    /// Whether it is the value of an environment variable of a function.
    #[cfg(feature = "cli")]
    pub(super) fn is_environment_variable(&self) -> bool {
        matches!(self, Self::Named(Self::Named(Self::Named(_, "Environment"), "Variables"), _))
    }
}

/// As in [`TemplateFinding::path`].
impl fmt::Display for ReadPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Top => Ok(()),
            Self::Named(ReadPath::Top, name) => f.write_str(name),
            Self::At(ReadPath::Top, position) => write!(f, "{position}"),
            Self::Named(parent, name) => write!(f, "{parent}.{name}"),
            Self::At(parent, position) => write!(f, "{parent}.{position}"),
        }
    }
}

/// The name that is most similar to what was written, if it is similar enough to propose it. Case is ignored, because wrong
/// case is the most common mistake.
///
/// ```
/// use fenrir::template::nearest;
/// assert_eq!(nearest("runtme", ["Handler", "Runtime"]), Some("Runtime"));
/// assert_eq!(nearest("Colour", ["Handler", "Runtime"]), None);
/// ```
pub fn nearest<'n>(written: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    /// High, because all names of resource types begin alike.
    const MIN_SIMILARITY: f64 = 0.89;
    let written = written.to_ascii_lowercase();
    names
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&written, &name.to_ascii_lowercase()), name))
        .filter(|(similarity, _)| *similarity >= MIN_SIMILARITY)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn misspelt_name_is_matched() {
        assert_eq!(nearest("Runtme", ["Role", "Runtime", "Handler"]), Some("Runtime"));
        let types = ["AWS::Serverless::Api", "AWS::Serverless::Function"];
        assert_eq!(nearest("AWS::Serverless::Funtion", types), Some("AWS::Serverless::Function"));
    }

    #[test]
    fn case_is_ignored() {
        assert_eq!(nearest("ROLE", ["Policies", "Role"]), Some("Role"));
    }

    #[test]
    fn unrelated_name_is_not_matched() {
        assert_eq!(nearest("Colour", ["Handler", "Runtime"]), None);
        assert_eq!(nearest("AWS::S3::Bucket", ["AWS::SQS::Queue", "AWS::Serverless::Function"]), None);
        assert_eq!(nearest("Colour", []), None);
    }
}
