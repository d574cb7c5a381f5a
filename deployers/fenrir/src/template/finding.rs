//! What is wrong with a template, where, and what was probably meant.

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
pub struct TemplateFinding {
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
pub struct Findings(Vec<TemplateFinding>);

impl Findings {
    /// Adds one.
    pub fn push(&mut self, finding: TemplateFinding) {
        self.0.push(finding);
    }

    /// Adds them all.
    pub fn extend(&mut self, findings: Findings) {
        self.0.extend(findings.0);
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> &[TemplateFinding] {
        &self.0
    }

    /// Whether any of them is an error.
    #[must_use]
    pub fn refuse(&self) -> bool {
        self.0.iter().any(|finding| finding.severity == Severity::Error)
    }
}

/// On one line, without the text: what a deployer says that has the template as JSON.
impl fmt::Display for TemplateFinding {
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

/// Where a reader is in the tree that it builds, as a chain of steps that lives on the reader's stack.
#[derive(Debug, Clone, Copy)]
pub(super) enum ReadPath<'p> {
    /// The template as a whole.
    Top,
    /// The value of that name.
    Named(&'p ReadPath<'p>, &'p str),
    /// The value at that position of a list.
    At(&'p ReadPath<'p>, usize),
}

impl ReadPath<'_> {
    /// How many steps it is from the top.
    pub(super) fn depth(&self) -> usize {
        match self {
            Self::Top => 0,
            Self::Named(parent, _) | Self::At(parent, _) => parent.depth() + 1,
        }
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

/// The name nearest to what was written, if it may be what was meant. Whether letters are large or small does not count, as
/// mixing them up is the commonest mistake of all.
///
/// ```
/// use fenrir::template::nearest;
/// assert_eq!(nearest("runtme", ["Handler", "Runtime"]), Some("Runtime"));
/// assert_eq!(nearest("Colour", ["Handler", "Runtime"]), None);
/// ```
pub fn nearest<'n>(written: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    /// Below it two names have too little in common: all names of types begin alike.
    const MIN_SIMILARITY: f64 = 0.89;
    let written = written.to_ascii_lowercase();
    names
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&written, &name.to_ascii_lowercase()), name))
        .filter(|(likeness, _)| *likeness >= MIN_SIMILARITY)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_of_the_pen_finds_its_name() {
        assert_eq!(nearest("Runtme", ["Role", "Runtime", "Handler"]), Some("Runtime"));
        let types = ["AWS::Serverless::Api", "AWS::Serverless::Function"];
        assert_eq!(nearest("AWS::Serverless::Funtion", types), Some("AWS::Serverless::Function"));
    }

    #[test]
    fn large_and_small_letters_do_not_count() {
        assert_eq!(nearest("ROLE", ["Policies", "Role"]), Some("Role"));
    }

    #[test]
    fn a_name_like_none_of_them_finds_none() {
        assert_eq!(nearest("Colour", ["Handler", "Runtime"]), None);
        assert_eq!(nearest("AWS::S3::Bucket", ["AWS::SQS::Queue", "AWS::Serverless::Function"]), None);
        assert_eq!(nearest("Colour", []), None);
    }
}
