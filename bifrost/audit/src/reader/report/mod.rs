//! The report: one HTML file, readable without network and without scripts.

mod html;
mod page;
mod timeline;

use super::index::Notice;
use super::rows::{Act, Deploy};
use super::story::Story;
use chrono::{DateTime, Utc};
use serde::Serialize;

/// What a report is about.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    /// The origin of the log.
    pub origin: &'a str,
    /// How many entries it has.
    pub size: u64,
    /// Its root, in base64.
    pub root: &'a str,
    /// From when.
    pub since: Option<DateTime<Utc>>,
    /// Until when.
    pub until: Option<DateTime<Utc>>,
    /// Other filters, as people read them, such as `project acme/web`.
    pub filters: &'a [String],
    /// When the report was made.
    pub made: DateTime<Utc>,
    /// The result of verification. `None` if the log was not verified.
    pub verification: Option<&'a VerificationResult>,
    /// The deploys.
    pub deploys: &'a [Deploy],
    /// Whether [`timeline`](Self::timeline) of each deploy follows.
    pub has_timelines: bool,
    /// Acts of people.
    pub acts: &'a [Act],
    /// Acts that another person must review still, of any time.
    pub open_acts: &'a [Act],
    /// Entries that cannot be shown.
    pub notices: &'a [Notice],
}

/// The result of verification, as a report shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct VerificationResult {
    /// Whether nothing is wrong. There may be warnings.
    pub is_intact: bool,
    /// What is wrong, the first first.
    pub findings: Vec<String>,
    /// What is worth a look.
    pub warnings: Vec<String>,
    /// What holds.
    pub holds: Vec<String>,
    /// What was not checked.
    pub limits: Vec<String>,
}

impl Report<'_> {
    /// The report with the time lines of these deploys.
    #[must_use]
    pub fn html(&self, stories: &[Story]) -> String {
        let timelines: String = stories.iter().map(Self::timeline).collect();
        self.begin() + &timelines + Self::end()
    }

    /// The report up to the time lines. Write those of the deploys after it, then [`end`](Self::end). So a large report need not fit
    /// into memory.
    #[must_use]
    pub fn begin(&self) -> String {
        page::begin(self)
    }

    /// The time line of a deploy.
    #[must_use]
    pub fn timeline(story: &Story) -> String {
        timeline::render(story)
    }

    /// The end of the file.
    #[must_use]
    pub fn end() -> &'static str {
        page::END
    }
}
