//! Paths in a document: `services.web.subnets[0]`.

use std::fmt;

/// One step down into a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// To the member of an object.
    Key(String),
    /// To the element of an array, counted from 0.
    Index(usize),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => f.write_str(key),
            Self::Index(index) => write!(f, "{index}"),
        }
    }
}

/// Renders steps that were collected on the way out of a document, innermost first.
///
/// The root is the empty string. A key that looks like several steps is quoted: `metadata["a.b"]`.
pub(super) fn render(innermost_first: &[Step]) -> String {
    innermost_first.iter().rev().fold(String::new(), |path, step| match step {
        Step::Index(index) => format!("{path}[{index}]"),
        Step::Key(key) if !is_plain(key) => format!("{path}[{key:?}]"),
        Step::Key(key) if path.is_empty() => key.clone(),
        Step::Key(key) => format!("{path}.{key}"),
    })
}

/// The path for a message. The root, which has an empty path, is "the document".
pub(super) fn or_document(path: &str) -> &str {
    if path.is_empty() { "the document" } else { path }
}

fn is_plain(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '/' | ':' | '$' | '?' | '@'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_has_dots_and_indices() {
        let steps =
            [Step::Index(0), Step::Key("subnets".into()), Step::Key("web".into()), Step::Key("services".into())];
        assert_eq!(render(&steps), "services.web.subnets[0]");
        assert_eq!(render(&[]), "");
    }

    #[test]
    fn key_that_looks_like_a_path_is_quoted() {
        assert_eq!(render(&[Step::Key("a.b".into()), Step::Key("metadata".into())]), r#"metadata["a.b"]"#);
        assert_eq!(render(&[Step::Key(String::new())]), r#"[""]"#);
    }
}
