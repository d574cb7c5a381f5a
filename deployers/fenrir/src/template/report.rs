//! Findings for people: each with the line that it means.

use super::source::position;
use super::{Findings, Severity, Source, Span, TemplateFinding};
use bifrost::cli::one_line;
use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode,
    SourceSpan, SpanContents,
};
use std::fmt::{self, Write};
use std::io::{IsTerminal, stderr};

/// How many findings are shown, at most: whoever has more begins with these.
const MAX_SHOWN: usize = 100;
/// How wide a report is, in columns.
const WIDTH: usize = 120;
/// How much of a line is shown before what is meant, and of what is meant, and behind it, in characters: a template of JSON
/// may be all on one line.
const MARGIN: usize = 60;

/// How a report is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportStyle {
    /// In ASCII without colours.
    Plain,
    /// In colours, with lines and arrows.
    Graphical,
}

impl ReportStyle {
    /// Graphical on a terminal, unless `NO_COLOR` is set or the terminal is a dumb one.
    #[must_use]
    pub fn of_stderr() -> Self {
        let variable = |name| std::env::var_os(name).unwrap_or_default();
        let is_plain = !stderr().is_terminal() || !variable("NO_COLOR").is_empty() || variable("TERM") == "dumb";
        if is_plain { Self::Plain } else { Self::Graphical }
    }
}

impl Source {
    /// Shows findings in this text: what is wrong, where (file, line, column, path), the line itself, and what to do.
    #[must_use]
    pub fn report(&self, findings: &Findings, look: ReportStyle) -> String {
        let theme = if look == ReportStyle::Plain { GraphicalTheme::none() } else { GraphicalTheme::unicode() };
        let handler = GraphicalReportHandler::new_themed(theme).with_width(WIDTH).with_context_lines(0);
        let mut report = String::new();
        for finding in findings.all().iter().take(MAX_SHOWN) {
            // Writing to a text does not fail.
            let _ = handler.render_report(&mut report, &LocatedFinding::new(self, finding));
            report.push('\n');
        }
        if let Some(more) = findings.all().len().checked_sub(MAX_SHOWN).filter(|more| *more > 0) {
            let _ = writeln!(report, "and {more} more");
        }
        report
    }
}

/// A finding with its line.
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
        // Where there is no line to show, nothing else names the file.
        if self.excerpt.is_none() {
            write!(f, "{}: ", one_line(&self.source.path.to_string_lossy()))?;
        }
        let colon = if self.finding.path.is_empty() { "" } else { ": " };
        write!(f, "{}{colon}{}", one_line(&self.finding.path), one_line(&self.finding.message))
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
        Some(Box::new(std::iter::once(LabeledSpan::new_with_span(None, excerpt.meant))))
    }
}

/// A line of a template, or as much of it as is worth showing.
#[derive(Debug)]
struct Excerpt {
    /// The template's file.
    name: String,
    /// The line, fit for a terminal.
    line: String,
    /// What is meant of it.
    meant: SourceSpan,
    /// Where that begins in the template, from 1.
    position: (usize, usize),
}

impl Excerpt {
    /// The line in which a span begins.
    fn of(source: &Source, span: Span) -> Self {
        let (before, rest) = source.text.split_at_checked(span.start).unwrap_or((&source.text, ""));
        let position = position(before);
        let before = before.rsplit('\n').next().unwrap_or_default();
        let rest = rest.lines().next().unwrap_or_default();
        let (meant, behind) = rest.split_at_checked(span.end.saturating_sub(span.start)).unwrap_or((rest, ""));
        let (before, meant, behind) = (last(before), first(meant.trim_end()), first(behind));
        let meant_at = SourceSpan::from((before.len(), meant.len()));
        Self {
            name: one_line(&source.path.to_string_lossy()).into_owned(),
            line: [before, meant, behind].concat(),
            meant: meant_at,
            position,
        }
    }
}

fn first(text: &str) -> String {
    one_line(&text.chars().take(MARGIN).collect::<String>()).into_owned()
}

fn last(text: &str) -> String {
    let skipped = text.chars().count().saturating_sub(MARGIN);
    one_line(&text.chars().skip(skipped).collect::<String>()).into_owned()
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
