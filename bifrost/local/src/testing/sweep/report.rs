//! What a sweep found.

use super::ONLY;
use crate::testing::{HarnessError, Run};
use std::collections::BTreeMap;
use std::fmt;

/// How many broken cases a message shows in full.
const SHOWN: usize = 5;

/// What a sweep ran.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct SweepReport {
    /// How many deploys with faults.
    pub runs: usize,
    /// How many calls the deploys without faults make.
    pub calls: usize,
    /// How often the deploys with faults ended in each state.
    pub ends: BTreeMap<String, usize>,
    /// How long the sweep took.
    pub seconds: f64,
}

impl fmt::Display for SweepReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { runs, calls, ends, seconds } = self;
        write!(f, "{runs} runs over {calls} calls in {seconds:.1} s")?;
        let ends: Vec<_> = ends.iter().map(|(end, count)| format!("{count} {end}")).collect();
        write!(f, ": {}", ends.join(", "))
    }
}

/// A sweep failed. Its `Debug` is its message.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum SweepError {
    /// Runs broke rules.
    #[error("{}", broken_message(report, broken))]
    Broken {
        /// What was run.
        report: SweepReport,
        /// The runs that broke rules.
        broken: Vec<Broken>,
    },
    /// A release does not end as it must without faults, or breaks a rule.
    #[error("without faults, {0}")]
    WithoutFaults(Box<Broken>),
    /// No case was selected.
    #[error("no case to run{}", .0.as_ref().map_or_else(String::new, |only| format!(": no name contains `{only}`")))]
    NoCase(Option<String>),
    /// The system gave the test no runtime.
    #[error("cannot start a runtime: {0}")]
    NoRuntime(std::io::Error),
    /// A release is not valid, or the local cloud does not work.
    #[error(transparent)]
    Harness(#[from] HarnessError),
}

impl fmt::Debug for SweepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A run that broke rules.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Broken {
    /// The name of the case: release, call and fault.
    pub case: String,
    /// The states of its execution.
    pub path: Vec<String>,
    /// The errors that its tasks raised.
    pub errors: Vec<String>,
    /// The rules that it broke.
    pub rules: Vec<String>,
}

impl Broken {
    pub(super) fn new(case: String, run: &Run, rules: Vec<String>) -> Self {
        let errors = run.errors().into_iter();
        let errors = errors.map(|raised| match raised.code {
            Some(code) => format!("{} [{code}] {}", raised.error, raised.message),
            None => format!("{} {}", raised.error, raised.message),
        });
        Self { case, path: run.path().into_iter().map(ToOwned::to_owned).collect(), errors: errors.collect(), rules }
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.case)?;
        for rule in &self.rules {
            write!(f, "\n  broken: {rule}")?;
        }
        write!(f, "\n  path:   {}", self.path.join(" → "))?;
        for error in &self.errors {
            write!(f, "\n  raised: {error}")?;
        }
        Ok(())
    }
}

fn broken_message(report: &SweepReport, broken: &[Broken]) -> String {
    let mut lines = vec![format!("{} of {report} broke a rule", broken.len())];
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("NAME_OF_THE_TEST");
    for case in broken.iter().take(SHOWN) {
        // The name of a resource may have any character.
        let quoted = case.case.replace('\'', r"'\''");
        lines.push(format!("\n{case}\n  alone:  {ONLY}='{quoted}' cargo test {test}"));
    }
    if broken.len() > SHOWN {
        lines.push(format!("\nand {} more", broken.len() - SHOWN));
    }
    lines.join("\n")
}
