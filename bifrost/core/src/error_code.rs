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
///     /// AWS refused the upload.
///     #[error(transparent)]
///     #[code(source)]
///     Cloud(#[from] bifrost::cloud::CloudError),
/// }
///
/// assert_eq!(UploadError::TooLarge("a.zip".into(), 6_000_000_000).code(), "upload/too-large");
/// assert_eq!(UploadError::CODES[0].remedy, "split the file");
/// ```
///
/// An error with which a task waits, because a `retry` runs it again as planned, is marked `waiting`. Commands show such an
/// attempt as progress: `… waiting: 1 of 3 tasks are healthy`.
///
/// ```
/// # extern crate bifrost_core as bifrost;
/// # use bifrost::error_code::Coded;
/// /// The new tasks are not healthy yet.
/// #[derive(Debug, thiserror::Error, Coded)]
/// #[error("{healthy} of {required} tasks are healthy")]
/// #[code("upload/running", "nothing to do: the deployer checks again", waiting)]
/// struct RolloutRunning {
///     healthy: u32,
///     required: u32,
/// }
///
/// assert!(RolloutRunning { healthy: 1, required: 3 }.is_waiting());
/// ```
///
/// If the crate `bifrost` has another name, set it with `#[code(crate = path)]` on the type.
pub use bifrost_macros::Coded;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

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

    /// Whether the error only says that something is not finished, and a `retry` runs the task again as planned: `waiting` after
    /// the remedy marks it. Commands show it as progress, not as trouble.
    fn is_waiting(&self) -> bool {
        Coded::described(self).1
    }

    /// Code and mark of this error. `derive(Coded)` implements this, and the other functions by it.
    #[doc(hidden)]
    fn described(&self) -> (&'static str, bool) {
        (self.code(), false)
    }
}

/// Any error with its code, for functions whose callers only show the error. Types of this crate hold errors of a deployer in
/// it.
///
/// ```
/// # extern crate bifrost_core as bifrost;
/// use bifrost::error_code::CodedError;
///
/// fn check(size: u64) -> Result<(), CodedError> {
///     if size > 1024 {
///         return Err(CodedError::from_parts("upload/too-large", format!("the file has {size} bytes")));
///     }
///     Ok(())
/// }
///
/// assert_eq!(check(2000).unwrap_err().code(), "upload/too-large");
/// ```
///
/// Any error that is [`Coded`](trait@Coded) becomes one with `?`.
#[derive(Debug)]
pub struct CodedError {
    code: &'static str,
    is_waiting: bool,
    error: Box<dyn Error + Send + Sync>,
}

impl CodedError {
    /// Keeps the error, its code and its sources.
    pub fn new<E: Coded + Send + Sync + 'static>(error: E) -> Self {
        Self { code: error.code(), is_waiting: error.is_waiting(), error: Box::new(error) }
    }

    /// An error or a message whose type has no code. Prefer a type that derives [`Coded`](macro@Coded): `docs/errors.md` lists only
    /// its codes.
    pub fn from_parts(code: &'static str, error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { code, is_waiting: false, error: error.into() }
    }

    /// The code of the error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The error, if it is an `E`.
    #[must_use]
    pub fn downcast_ref<E: Error + 'static>(&self) -> Option<&E> {
        self.error.downcast_ref()
    }
}

// It is not `Coded` itself: this conversion would overlap with that of a type into itself.
impl<E: Coded + Send + Sync + 'static> From<E> for CodedError {
    fn from(error: E) -> Self {
        Self::new(error)
    }
}

impl<E: Coded> Coded for Box<E> {
    const CODES: &'static [ErrorCode] = &[];

    fn code(&self) -> &'static str {
        (**self).code()
    }

    fn is_waiting(&self) -> bool {
        (**self).is_waiting()
    }
}

impl<E: Coded> Coded for Arc<E> {
    const CODES: &'static [ErrorCode] = &[];

    fn code(&self) -> &'static str {
        (**self).code()
    }

    fn is_waiting(&self) -> bool {
        (**self).is_waiting()
    }
}

/// The trait that `#[code(source)]` uses. `Coded` is not sufficient, because [`CodedError`] is not `Coded`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no error code",
    label = "`#[code(source)]` needs the code of this field",
    note = "derive `bifrost::error_code::Coded` for `{Self}`"
)]
pub trait HasCode {
    /// The code, and whether the error is marked `waiting`.
    fn described(&self) -> (&'static str, bool);
}

#[diagnostic::do_not_recommend]
impl<E: Coded> HasCode for E {
    fn described(&self) -> (&'static str, bool) {
        (self.code(), self.is_waiting())
    }
}

#[diagnostic::do_not_recommend]
impl HasCode for CodedError {
    fn described(&self) -> (&'static str, bool) {
        (self.code, self.is_waiting)
    }
}

impl fmt::Display for CodedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl Error for CodedError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.source()
    }
}

/// The message of an error, followed by the messages of its sources.
#[must_use]
pub fn full_message(error: &(dyn Error + 'static)) -> String {
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        // Some errors repeat the message of their source in their own.
        if !message.contains(&text) {
            message.push_str(": ");
            message.push_str(&text);
        }
        source = cause.source();
    }
    message
}

/// Puts the code in front of a message, as errors of tasks have it in Step Functions: `[lock/held] acme/shop is locked`.
#[must_use]
pub fn with_code(code: &str, message: &str) -> String {
    format!("[{code}] {message}")
}

/// Splits a message of [`with_code`] into code and message.
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

/// How many lists of codes there are.
#[doc(hidden)]
#[must_use]
pub const fn count(mut lists: &[&[&[ErrorCode]]]) -> usize {
    let mut count = 0;
    while let Some((first, rest)) = lists.split_first() {
        count += first.len();
        lists = rest;
    }
    count
}

/// Joins the lists of codes of several crates or modules.
#[doc(hidden)]
#[must_use]
#[allow(clippy::indexing_slicing, reason = "runs at compile time: a wrong index does not compile")]
pub const fn concat<const COUNT: usize>(mut lists: &[&[&'static [ErrorCode]]]) -> [&'static [ErrorCode]; COUNT] {
    let mut all: [&[ErrorCode]; COUNT] = [&[]; COUNT];
    let mut next = 0;
    while let Some((first, rest)) = lists.split_first() {
        let mut list = *first;
        while let Some((codes, others)) = list.split_first() {
            all[next] = codes;
            next += 1;
            list = others;
        }
        lists = rest;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_split_off_the_message() {
        let message = with_code("lock/held", "acme/shop is locked");
        assert_eq!(message, "[lock/held] acme/shop is locked");
        assert_eq!(split_code(&message), (Some("lock/held"), "acme/shop is locked"));
    }

    #[test]
    fn codes_of_the_crate_are_unique_and_complete() {
        let mut seen = std::collections::BTreeSet::new();
        for ErrorCode { code, cause, remedy } in crate::ERROR_CODES.iter().copied().flatten() {
            assert!(is_code(code) && seen.insert(code), "{code}");
            assert!(cause.ends_with('.') && !remedy.is_empty() && !remedy.ends_with('.'), "{code}: {cause} {remedy}");
        }
    }

    #[test]
    fn other_brackets_are_part_of_the_message() {
        for message in ["no code", "[x] y", "[Lock/held] y", "[lock/held]", "[a/b/c] d", "[/a] b"] {
            assert_eq!(split_code(message), (None, message));
        }
    }
}
