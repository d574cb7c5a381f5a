//! Writes to standard output and standard error.

use super::arguments::Format;
use super::error::CliError;
use bifrost_core::error_code::{Coded as _, full_message};
use bifrost_core::strip_control::{escape_control, escape_json};
use serde::Serialize;
use serde_json::json;
use std::io::{self, Write, stderr, stdout};

/// Prints text that may contain text of others, with a line end.
pub(super) fn print_escaped(text: &str) -> io::Result<()> {
    print(&escape_control(text))
}

/// Prints text that is safe for a terminal, with a line end.
pub(super) fn print(text: &str) -> io::Result<()> {
    let mut out = stdout().lock();
    out.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        out.write_all(b"\n")?;
    }
    out.flush()
}

/// Prints a value as one line of JSON.
pub(super) fn print_json(value: &impl Serialize) -> io::Result<()> {
    print(&escape_json(serde_json::to_string(value)?))
}

/// Prints an error on standard error. If that fails, the exit code still reports it.
pub(super) fn print_error(error: &CliError, format: Format) {
    let message = match error {
        CliError::Usage(error) => error.to_string().trim_start_matches("error: ").trim_end().to_owned(),
        error => full_message(error),
    };
    let code = error.code();
    let _ = match format {
        Format::Text => writeln!(stderr().lock(), "{}", escape_control(&format!("error[{code}]: {message}"))),
        Format::Json => {
            let object = json!({"error": {"code": code, "message": message}});
            writeln!(stderr().lock(), "{}", escape_json(object.to_string()))
        }
    };
}

/// Prints a note on standard error, so that standard output has the answer alone.
pub(super) fn note(text: &str) {
    let _ = writeln!(stderr().lock(), "{}", escape_control(text));
}

/// Prints help, version or a usage error as clap renders it, and returns clap's exit code.
pub(super) fn print_usage(error: &clap::Error) -> Result<u8, CliError> {
    error.print()?;
    Ok(usage_exit_code(error))
}

pub(super) fn usage_exit_code(error: &clap::Error) -> u8 {
    u8::try_from(error.exit_code()).unwrap_or(2)
}
