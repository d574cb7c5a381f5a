//! Renders findings for users, each with the line that it points to.

use super::{Findings, Severity, Source, Span, TemplateFinding};
use bifrost::cli::one_line;
use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode,
    SourceSpan, SpanContents,
};
use std::fmt::{self, Write};
use std::io::{IsTerminal, stderr};

/// The maximum number of findings that a report shows.
const MAX_SHOWN: usize = 100;
/// The width of a report, in columns.
const WIDTH: usize = 120;
/// The maximum number of characters that an excerpt shows before, inside and after the marked part: a JSON template may be one
/// long line.
const MARGIN: usize = 60;

/// The style of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportStyle {
    /// In ASCII without colours.
    Plain,
    /// With colours and box-drawing characters.
    Graphical,
}

impl ReportStyle {
    /// Graphical if standard error is a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`.
    #[must_use]
    pub fn of_stderr() -> Self {
        let variable = |name| std::env::var_os(name).unwrap_or_default();
        let is_plain = !stderr().is_terminal() || !variable("NO_COLOR").is_empty() || variable("TERM") == "dumb";
        if is_plain { Self::Plain } else { Self::Graphical }
    }
}

impl Source {
    /// Renders findings of this template: code, path, message, file, line and column, the line itself, and the remedy.
    #[must_use]
    pub fn report(&self, findings: &Findings, style: ReportStyle) -> String {
        let theme = if style == ReportStyle::Plain { GraphicalTheme::none() } else { GraphicalTheme::unicode() };
        let handler = GraphicalReportHandler::new_themed(theme).with_width(WIDTH).with_context_lines(0);
        let mut report = String::new();
        for finding in findings.all().iter().take(MAX_SHOWN) {
            // Writing to a `String` does not fail.
            let _ = handler.render_report(&mut report, &LocatedFinding::new(self, finding));
            report.push('\n');
        }
        if let Some(more) = findings.all().len().checked_sub(MAX_SHOWN).filter(|more| *more > 0) {
            let _ = writeln!(report, "and {more} more");
        }
        report
    }
}

/// A finding with its excerpt.
#[derive(Debug)]
struct LocatedFinding<'f> {
    source: &'f Source,
    finding: &'f TemplateFinding,
    excerpt: Option<Excerpt>,
}

impl<'f> LocatedFinding<'f> {
    fn new(source: &'f Source, finding: &'f TemplateFinding) -> Self {
        Self { source, finding, excerpt: finding.span.map(|span| Excerpt::of(source, span)) }
    }
}

impl fmt::Display for LocatedFinding<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TemplateFinding { severity, code, path, message, .. } = self.finding;
        write!(f, "{severity}[{code}]: ")?;
        // The excerpt names the file; without one the message has to.
        if self.excerpt.is_none() {
            write!(f, "{}: ", one_line(&self.source.path.to_string_lossy()))?;
        }
        let colon = if path.is_empty() { "" } else { ": " };
        write!(f, "{}{colon}{}", one_line(path), one_line(message))
    }
}

impl std::error::Error for LocatedFinding<'_> {}

impl Diagnostic for LocatedFinding<'_> {
    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.finding.severity {
            Severity::Warning => miette::Severity::Warning,
            Severity::Error => miette::Severity::Error,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let help = self.finding.help.as_deref()?;
        Some(Box::new(one_line(help)))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.excerpt.as_ref().map(|excerpt| excerpt as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let excerpt = self.excerpt.as_ref()?;
        Some(Box::new(std::iter::once(LabeledSpan::new_with_span(None, excerpt.marked))))
    }
}

/// A line of a template, or the part of it around the finding.
#[derive(Debug)]
struct Excerpt {
    /// The template's file.
    name: String,
    /// The line, without control characters.
    line: String,
    /// The part of `line` that the finding points to.
    marked: SourceSpan,
    /// Line and column of that part in the template, from 1.
    position: (usize, usize),
}

impl Excerpt {
    /// The excerpt of the line in which a span begins.
    fn of(source: &Source, span: Span) -> Self {
        let (before, rest) = source.text.split_at_checked(span.start).unwrap_or((&source.text, ""));
        let position = source.position(span);
        let before = before.rsplit('\n').next().unwrap_or_default();
        let rest = rest.lines().next().unwrap_or_default();
        let (marked, after) = rest.split_at_checked(span.end.saturating_sub(span.start)).unwrap_or((rest, ""));
        let (before, marked, after) = (last(before), first(marked.trim_end()), first(after));
        // What follows a marked part that is cut is not what follows the excerpt.
        let after = if marked.is_cut { Part { text: String::new(), is_cut: true } } else { after };
        let before = before.ellipsis().to_owned() + &before.text;
        let marked_at = SourceSpan::from((before.len(), marked.text.len()));
        Self {
            name: one_line(&source.path.to_string_lossy()).into_owned(),
            line: [&before, &marked.text, &after.text, after.ellipsis()].concat(),
            marked: marked_at,
            position,
        }
    }
}

/// A part of a line, without control characters.
struct Part {
    text: String,
    is_cut: bool,
}

impl Part {
    /// What is shown in place of the characters that are missing.
    fn ellipsis(&self) -> &'static str {
        if self.is_cut { "..." } else { "" }
    }
}

/// The first characters of a text.
fn first(text: &str) -> Part {
    let end = text.char_indices().nth(MARGIN).map_or(text.len(), |(end, _)| end);
    Part { text: one_line(text.get(..end).unwrap_or_default()).into_owned(), is_cut: end < text.len() }
}

/// The last characters of a text.
fn last(text: &str) -> Part {
    let start = MARGIN.checked_sub(1).and_then(|last| text.char_indices().nth_back(last)).map_or(0, |(start, _)| start);
    Part { text: one_line(text.get(start..).unwrap_or_default()).into_owned(), is_cut: start > 0 }
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        _span: &SourceSpan,
        _lines_before: usize,
        _lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let (line, column) = self.position;
        let whole = (0, self.line.len()).into();
        let name = self.name.clone();
        Ok(Box::new(MietteSpanContents::new_named(name, self.line.as_bytes(), whole, line - 1, column - 1, 1)))
    }
}

#[cfg(test)]
#[path = "report_tests.rs"]
mod tests;
