//! Where text goes.

use super::error::CliError;
use super::escape_control::{escape_control, escaped_json};
use serde::Serialize;
use std::io::{self, Write, stderr, stdout};

/// Prints text that strangers may have had a part in, with a line end.
pub(super) fn print_escaped(text: &str) -> io::Result<()> {
    print(&escape_control(text))
}

/// Prints text that is ours, and perhaps coloured, with a line end.
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
    print(&escaped_json(serde_json::to_string(value)?))
}

/// Tells a person what went wrong. If nobody listens, the exit code says it still.
pub(super) fn complain(error: &CliError) {
    note(&format!("error: {error}"));
}

/// Tells a person something beside the answer.
pub(super) fn note(text: &str) {
    let _ = writeln!(stderr().lock(), "{}", escape_control(text));
}

/// Prints what clap has to say: the help, the version, or what is wrong with the arguments.
pub(super) fn usage(error: &clap::Error) -> Result<u8, CliError> {
    error.print()?;
    Ok(u8::try_from(error.exit_code()).unwrap_or(2))
}
