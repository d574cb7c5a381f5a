//! The result of a verification.

use super::problem::{Problem, Severity};
use bifrost_core::error_code::Coded as _;
use bifrost_core::strip_control::is_control;
use serde::Serialize;
use std::collections::BTreeSet;

/// How many findings a report has at most. More are counted.
const MAX_FINDINGS: usize = 1000;

/// What a verification found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// What is wrong, the first first, and what is worth a look.
    pub findings: Vec<Finding>,
    /// How many more errors there are.
    pub more_errors: u64,
    /// How many more warnings there are.
    pub more_warnings: u64,
    /// What holds nevertheless, in sentences.
    pub holds: Vec<String>,
    /// What the verification could not look at, in sentences.
    pub limits: Vec<String>,
    /// The origin of the log.
    pub origin: String,
    /// The number of entries that the checkpoint signs.
    pub size: u64,
    /// The root that it signs, in base64. `None` without a checkpoint.
    pub root: Option<String>,
    /// The keys that signed it.
    pub signers: Vec<String>,
    /// The entries that were read.
    pub entries: u64,
    /// The records that were read.
    pub records: u64,
    /// The records that no entry covers yet: those of executions that run, and of writers that were interrupted.
    pub uncommitted: u64,
    /// The executions.
    pub executions: u64,
    /// The executions without an end to which an entry commits.
    pub open: u64,
    /// The acts and reviews of people.
    pub acts: u64,
    /// The executions and acts whose records are wrong, or not those that the entries commit to.
    pub wrong: u64,
    /// The executions and acts to which no entry commits, if nothing else is wrong with them.
    pub unproven: u64,
    /// The executions that were read from bundles.
    pub bundled: u64,
}

impl Report {
    /// Whether nothing is wrong. There may be warnings.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.first_error().is_none()
    }

    /// How many things are wrong.
    #[must_use]
    pub fn errors(&self) -> u64 {
        self.count(Severity::Error) + self.more_errors
    }

    /// How many things are worth a look.
    #[must_use]
    pub fn warnings(&self) -> u64 {
        self.count(Severity::Warning) + self.more_warnings
    }

    fn count(&self, severity: Severity) -> u64 {
        self.findings.iter().filter(|finding| finding.severity == severity).count() as u64
    }

    /// The first thing that is wrong.
    #[must_use]
    pub fn first_error(&self) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.severity == Severity::Error)
    }
}

/// Something that is wrong, or worth a look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Its stable code, such as `audit/record-altered`.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What it is, in a sentence.
    pub message: String,
    /// What to do about it.
    pub remedy: &'static str,
    /// The key of the object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The line of the object, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The index of the entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<u64>,
    /// The ARN of the execution.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution: Option<String>,
    /// The release.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release_id: Option<String>,
}

impl Finding {
    pub(crate) fn new(problem: &Problem) -> Self {
        Self {
            code: problem.code(),
            severity: problem.severity(),
            message: clean(&problem.to_string()),
            remedy: problem.remedy(),
            key: None,
            line: None,
            entry: None,
            execution: None,
            release_id: None,
        }
    }

    pub(crate) fn at(problem: &Problem, key: &str) -> Self {
        Self { key: Some(clean(key)), ..Self::new(problem) }
    }

    pub(crate) fn line(mut self, line: usize) -> Self {
        self.line = Some(line);
        self
    }

    pub(crate) fn entry(mut self, index: u64) -> Self {
        self.entry = Some(index);
        self
    }

    pub(crate) fn of(mut self, execution: Option<&str>, release_id: Option<&str>) -> Self {
        self.execution = execution.map(clean);
        self.release_id = release_id.map(clean);
        self
    }
}

/// Text from a log, without characters that act on a terminal.
pub(crate) fn clean(text: &str) -> String {
    text.chars().filter(|c| !is_control(*c)).take(1200).collect()
}

/// What distinguishes findings: code, key, line and entry. A chain may be read twice, in a bundle and in its objects.
type FindingId = (&'static str, Option<String>, Option<usize>, Option<u64>);

/// Collects findings, up to a number.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    found: Vec<Finding>,
    seen: BTreeSet<FindingId>,
    more_errors: u64,
    more_warnings: u64,
}

impl Findings {
    pub(crate) fn add(&mut self, finding: Finding) {
        let id = (finding.code, finding.key.clone(), finding.line, finding.entry);
        if self.seen.contains(&id) {
            return;
        }
        if self.found.len() < MAX_FINDINGS {
            self.seen.insert(id);
            self.found.push(finding);
            return;
        }
        match finding.severity {
            // The first error is named even if there are many warnings.
            Severity::Error if !self.found.iter().any(|one| one.severity == Severity::Error) => {
                self.more_warnings += u64::from(self.found.pop().is_some());
                self.found.push(finding);
            }
            Severity::Error => self.more_errors += 1,
            Severity::Warning => self.more_warnings += 1,
        }
    }

    pub(crate) fn extend(&mut self, findings: impl IntoIterator<Item = Finding>) {
        findings.into_iter().for_each(|finding| self.add(finding));
    }

    pub(crate) fn finish(self, report: &mut Report) {
        report.findings = self.found;
        report.more_errors = self.more_errors;
        report.more_warnings = self.more_warnings;
    }
}
