//! Stable codes of errors, for scripts, searches and `docs/errors.md`.

#[doc(inline)]
/// Derives [`Coded`](trait@Coded) on an error: the code of each variant and what to do about it. The first paragraph of the
/// variant's documentation is the cause.
///
/// ```
/// # extern crate bifrost_core as bifrost;
/// use bifrost::error_code::Coded;
///
/// #[derive(Debug, thiserror::Error, Coded)]
/// enum UploadError {
///     /// The file is larger than S3 accepts in one request.
///     #[error("{0} has {1} bytes")]
///     #[code("upload/too-large", "split the file")]
///     TooLarge(String, u64),
///     /// The code is that of the cause.
///     #[error(transparent)]
///     #[code(source)]
///     Cloud(#[from] bifrost::cloud::CloudError),
/// }
///
/// assert_eq!(UploadError::TooLarge("a.zip".into(), 6_000_000_000).code(), "upload/too-large");
/// assert_eq!(UploadError::CODES[0].remedy, "split the file");
/// ```
///
/// Where the crate `bifrost` has another name, `#[code(crate = path)]` on the type says which.
pub use bifrost_macros::Coded;
use std::error::Error;

/// A kind of error that users meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorCode {
    /// `<area>/<name>` in kebab case, such as `lock/held`. Never changes.
    pub code: &'static str,
    /// What happened, in one sentence.
    pub cause: &'static str,
    /// What to do about it.
    pub remedy: &'static str,
}

/// An error with a stable code.
pub trait Coded: Error {
    /// The codes that this type defines itself; those of its sources are defined there.
    const CODES: &'static [ErrorCode];

    /// The code of this error.
    fn code(&self) -> &'static str;
}

/// Puts the code in front of a message, as task errors carry it through Step Functions: `[lock/held] acme/shop is locked`.
#[must_use]
pub fn with_code(code: &str, message: &str) -> String {
    format!("[{code}] {message}")
}

/// Splits what [`with_code`] joined. A message without a code is all message.
#[must_use]
pub fn split_code(message: &str) -> (Option<&str>, &str) {
    let parts = message.strip_prefix('[').and_then(|rest| rest.split_once("] "));
    match parts {
        Some((code, rest)) if is_code(code) => (Some(code), rest),
        _ => (None, message),
    }
}

/// Whether a text is a code: two words of lower-case letters, digits and dashes, with a slash between them.
#[must_use]
pub fn is_code(text: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    text.split_once('/').is_some_and(|(area, name)| is_word(area) && is_word(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_survives_the_way_through_a_message() {
        let message = with_code("lock/held", "acme/shop is locked");
        assert_eq!(message, "[lock/held] acme/shop is locked");
        assert_eq!(split_code(&message), (Some("lock/held"), "acme/shop is locked"));
    }

    #[test]
    fn other_brackets_are_part_of_the_message() {
        for message in ["no code", "[x] y", "[Lock/held] y", "[lock/held]", "[a/b/c] d", "[/a] b"] {
            assert_eq!(split_code(message), (None, message));
        }
    }
}
