//! The log of the function: a JSON object per line.
//!
//! JSON escapes control characters of ASCII; the others and invisible characters are removed. Only names and outcomes are logged: no release, no user data, no credentials.

use bifrost_core::strip_control::strip_lines;
use std::io::{self, Write, stdout};
use tracing::level_filters::LevelFilter;

/// Starts logging. `AWS_LAMBDA_LOG_LEVEL`, which comes from the function's logging configuration, sets the level; the
/// default is `info`.
pub(super) fn begin() {
    let level = std::env::var("AWS_LAMBDA_LOG_LEVEL").ok().and_then(|level| level.parse::<LevelFilter>().ok());
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_target(false)
        .with_writer(|| Stripped(stdout()))
        .with_max_level(level.unwrap_or(LevelFilter::INFO))
        .finish();
    // An error means that a subscriber exists already: it was set up on purpose, and is kept.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

/// Removes invisible characters: names and messages of AWS in a line may come from anyone. Each line is written at once.
struct Stripped<W>(W);

impl<W: Write> Write for Stripped<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if line.is_ascii() {
            return self.0.write(line);
        }
        self.0.write_all(strip_lines(&String::from_utf8_lossy(line)).as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invisible_characters_are_not_logged() {
        let mut written = Vec::new();
        let line = "{\"message\":\"na\u{ef}ve we\u{200b}b\u{202e}\"}\n";
        Stripped(&mut written).write_all(line.as_bytes()).unwrap();
        assert_eq!(String::from_utf8(written).unwrap(), "{\"message\":\"na\u{ef}ve web\"}\n");
    }
}
