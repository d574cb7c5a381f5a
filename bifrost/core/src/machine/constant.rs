//! Checks of a chart's constants. Only the compiler runs them: a panic is an error at the author's token.

#![expect(clippy::panic, reason = "only the compiler runs it")]

use crate::release::{Fields, is_same};
use crate::shape::Values;

/// The values that a field may have.
#[derive(Clone, Copy)]
pub struct FieldValues {
    texts: Option<&'static [&'static str]>,
    range: Option<(i128, i128)>,
    is_time: bool,
    may_be_absent: bool,
}

/// The values that a field may have.
pub const fn values_of<S, F: Values>(_field: fn(&S) -> &F) -> FieldValues {
    FieldValues { texts: F::TEXTS, range: F::RANGE, is_time: F::IS_TIME, may_be_absent: F::MAY_BE_ABSENT }
}

/// Fails the compilation if the field at `path` never has this text.
///
/// # Panics
/// In the compiler, which reports the panic as an error.
pub const fn check_text(path: &str, values: FieldValues, text: &str) {
    let Some(texts) = values.texts else { return };
    let mut message = Message::new().with(path).with(" is never \"").with(text).with("\"; it is one of");
    let mut rest = texts;
    while let [first, others @ ..] = rest {
        if is_same(first.as_bytes(), text.as_bytes()) {
            return;
        }
        message = message.with(" \"").with(first).with("\"");
        rest = others;
    }
    panic!("{}", message.as_str());
}

/// Fails the compilation if the field at `path` is a point in time, and the text is not.
///
/// # Panics
/// In the compiler, which reports the panic as an error.
pub const fn check_time(path: &str, values: FieldValues, is_timestamp: bool) {
    if values.is_time && !is_timestamp {
        let message = Message::new().with(path).with(" is a point in time: write it as \"2026-01-01T00:00:00Z\"");
        panic!("{}", message.as_str());
    }
}

/// Fails the compilation if the field at `path` never has this number, which is `None` if it is not whole.
///
/// # Panics
/// In the compiler, which reports the panic as an error.
pub const fn check_number(path: &str, values: FieldValues, number: Option<i128>) {
    let Some((min, max)) = values.range else { return };
    let message = Message::new().with(path).with(" is never this number; ");
    let message = match number {
        Some(number) if number < min && min == 0 => message.with("it is not negative"),
        Some(number) if number < min => message.with("it is greater"),
        Some(number) if number > max => message.with("it is smaller"),
        Some(_) => return,
        None => message.with("it is whole"),
    };
    panic!("{}", message.as_str());
}

/// Fails the compilation if the field at `path` is always present, so that a rule which asks for it always matches.
///
/// # Panics
/// In the compiler, which reports the panic as an error.
pub const fn check_present(path: &str, values: FieldValues, unread: bool) {
    assert!(
        values.may_be_absent || unread,
        "{}",
        Message::new().with(path).with(" is always present, so this says nothing").as_str()
    );
}

/// Fails the compilation if a deploy cannot wait that long.
///
/// # Panics
/// In the compiler, which reports the panic as an error.
pub const fn check_wait<F: Fields>(seconds: u32) {
    assert!(
        seconds <= F::MAX_TIMEOUT_SECONDS,
        "this is longer than the longest timeout of a deploy: wait for less, or set `max_timeout_seconds` of `#[bifrost::fields]`"
    );
}

/// Fails the compilation if an execution cannot take as long as a deploy with this timeout, and the day in which it cleans up.
///
/// # Panics
/// In the compiler, which reports the panic as an error.
pub const fn check_max_timeout(seconds: u32) {
    const YEAR: u32 = 31_536_000;
    assert!(
        1 <= seconds && seconds <= YEAR - 86_400,
        "`max_timeout_seconds` must be 1 to 31449600: Step Functions ends an execution after a year, and a failed deploy has a day to clean up"
    );
}

/// The message of a panic of the compiler, which cannot format one.
struct Message {
    bytes: [u8; 512],
    length: usize,
}

impl Message {
    const fn new() -> Self {
        Self { bytes: [0; 512], length: 0 }
    }

    /// Appends a text, of which what is too much is left out.
    #[expect(clippy::indexing_slicing, reason = "only the compiler runs it, and the length is checked")]
    const fn with(mut self, text: &str) -> Self {
        let mut rest = text.as_bytes();
        while let [byte, others @ ..] = rest {
            if self.length < self.bytes.len() && byte.is_ascii() {
                self.bytes[self.length] = *byte;
                self.length += 1;
            }
            rest = others;
        }
        self
    }

    const fn as_str(&self) -> &str {
        match std::str::from_utf8(self.bytes.split_at(self.length).0) {
            Ok(text) => text,
            Err(_) => "",
        }
    }
}
