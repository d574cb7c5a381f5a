//! The rules that a release breaks: all of them at once, each with its code and its place in the release.

use crate::error_code::{Coded, ErrorCode, with_code};
use serde::Serialize;
use std::error::Error;
use std::fmt;

/// Defines a constant for each kind of rule, and `CODES`, the list of all. The doc comment is the cause in `docs/errors.md`.
///
/// ```
/// # extern crate bifrost_core as bifrost;
/// use bifrost::findings::Findings;
///
/// bifrost::rules! {
///     /// A queue has no name.
///     NO_NAME = "queues/no-name", "name the queue";
/// }
///
/// let mut findings = Findings::default();
/// findings.require(false, NO_NAME, "queues[0].name", || "the name is empty; name the queue".into());
/// assert_eq!(findings.into_result().unwrap_err().iter().count(), CODES.len());
/// ```
#[macro_export]
macro_rules! rules {
    ($($(#[doc = $cause:literal])+ $name:ident = $code:literal, $remedy:literal;)*) => {
        $(
            pub(crate) const $name: $crate::error_code::ErrorCode = $crate::error_code::ErrorCode {
                code: $code,
                cause: concat!($($cause),+).trim_ascii(),
                remedy: $remedy,
            };
        )*

        /// All codes of these rules.
        #[allow(dead_code, reason = "a deployer without a page of its error codes does not list them")]
        pub(crate) const CODES: &[$crate::error_code::ErrorCode] = &[$($name),*];
    };
}

/// Every rule that a release breaks.
///
/// Printed as one line each. All lines but the first begin with their code: whatever prints an error prints the
/// [code](Coded::code) of the first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings(Vec<Finding>);

/// One broken rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The code of the rule, such as `odin/not-found`.
    pub code: &'static str,
    /// The field of the release, such as `services.web.elbs[0]`.
    pub path: String,
    /// What is wrong there, and what to do.
    pub message: String,
}

impl Findings {
    /// Adds a broken rule: its code, the place in the release, and what is wrong there and what to do.
    pub fn add(&mut self, rule: ErrorCode, path: impl Into<String>, message: impl Into<String>) {
        self.0.push(Finding { code: rule.code, path: path.into(), message: message.into() });
    }

    /// Adds a finding unless the rule holds. The message is formatted only then.
    pub fn require(&mut self, holds: bool, rule: ErrorCode, path: &str, message: impl FnOnce() -> String) {
        if !holds {
            self.add(rule, path, message());
        }
    }

    /// Adds other findings after these.
    pub fn append(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Whether no rule is broken.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The broken rules, in the order in which they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.0.iter()
    }

    /// Turns findings into an error.
    ///
    /// # Errors
    /// The findings, if there are any.
    pub fn into_result(self) -> Result<(), Self> {
        if self.is_empty() { Ok(()) } else { Err(self) }
    }
}

impl Error for Findings {}

impl Coded for Findings {
    /// Each deployer lists the codes of its rules.
    const CODES: &'static [ErrorCode] = &[];

    /// The code of the first broken rule.
    fn code(&self) -> &'static str {
        self.0.first().map_or("release/no-finding", |first| first.code)
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((first, rest)) = self.0.split_first() else { return Ok(()) };
        write!(f, "{first}")?;
        rest.iter().try_for_each(|finding| write!(f, "\n{}", with_code(finding.code, &finding.to_string())))
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUIRED: ErrorCode = ErrorCode { code: "odin/required", cause: "", remedy: "" };
    const DUPLICATE: ErrorCode = ErrorCode { code: "odin/duplicate", cause: "", remedy: "" };

    #[test]
    fn each_line_after_the_first_begins_with_its_code() {
        let mut findings = Findings::default();
        assert_eq!(findings.clone().into_result(), Ok(()));
        findings.add(REQUIRED, "subnets", "a");
        findings.require(true, REQUIRED, "services", || unreachable!());
        findings.require(false, DUPLICATE, "services", || "b".into());
        assert_eq!(findings.to_string(), "subnets: a\n[odin/duplicate] services: b");
        assert_eq!(findings.code(), "odin/required");
    }
}
