//! External build tools.

use bifrost::error_code::Coded;
use bifrost::strip_control::strip_lines;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::{self, PipeReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::{env, str};

/// How much of the output of a tool is kept: its end, which usually has the error.
const TAIL_BYTES: usize = 4096;

/// An external program.
#[derive(Debug)]
pub(super) struct Tool {
    pub(super) program: &'static str,
    /// How to install it, for messages.
    pub(super) get: &'static str,
}

/// The environment of tools, which are found in its `PATH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment(BTreeMap<OsString, OsString>);

/// Why a tool failed.
#[derive(Debug, thiserror::Error, Coded)]
pub enum ToolError {
    /// The tool is not installed.
    #[error("{program} is not on the PATH; {get}")]
    #[code("package/tool-missing", "install the tool, and check that it is on the PATH")]
    Missing {
        /// The name of the program.
        program: &'static str,
        /// How to install it.
        get: &'static str,
    },
    /// The tool could not be started.
    #[error("cannot run {program}: {source}; check its permissions, or install it again")]
    #[code("package/tool-not-started", "check the permissions of the program, or install it again")]
    Run {
        /// The path of the program.
        program: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The tool ended with an error.
    #[error("{command} failed, {status}{}{tail}", if tail.is_empty() { "" } else { ":\n" })]
    #[code("package/tool-failed", "fix what the output of the tool reports")]
    Failed {
        /// The command line.
        command: String,
        /// The exit code, or the signal that ended it.
        status: ExitStatus,
        /// The end of its output.
        tail: String,
    },
}

impl Environment {
    /// The environment of this process.
    #[must_use]
    pub fn of_this_process() -> Self {
        Self(env::vars_os().collect())
    }

    /// Sets a variable.
    #[must_use]
    pub fn with(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.0.insert(name.into(), value.into());
        self
    }

    /// The variables whose names begin with one of the prefixes, as text to compare.
    pub(super) fn starting_with(&self, prefixes: &[&str]) -> String {
        let begins =
            |name: &OsStr| prefixes.iter().any(|prefix| name.as_encoded_bytes().starts_with(prefix.as_bytes()));
        format!("{:?}", self.0.iter().filter(|(name, _)| begins(name)).collect::<Vec<_>>())
    }

    /// Runs a tool in a folder, with additional variables, and returns the end of its output.
    ///
    /// The tool stays in the process group of this process, so that Ctrl-C ends both.
    pub(super) fn run(
        &self,
        tool: &Tool,
        folder: &Path,
        arguments: &[&OsStr],
        variables: &[(&str, &OsStr)],
    ) -> Result<String, ToolError> {
        let program = self.find(tool).ok_or(ToolError::Missing { program: tool.program, get: tool.get })?;
        let mut command = Command::new(&program);
        command.args(arguments).current_dir(folder).env_clear().envs(&self.0).envs(variables.iter().copied());
        let (status, tail) = finish(command).map_err(|source| ToolError::Run { program, source })?;
        if status.success() {
            return Ok(tail);
        }
        let words = arguments.iter().map(|argument| argument.to_string_lossy());
        let command = words.fold(tool.program.to_owned(), |line, word| format!("{line} {word}"));
        Err(ToolError::Failed { command, status, tail })
    }

    fn find(&self, tool: &Tool) -> Option<PathBuf> {
        let folders = self.0.get(OsStr::new("PATH"))?;
        let name = format!("{}{}", tool.program, env::consts::EXE_SUFFIX);
        // Absolute only, because the tool runs in another folder.
        env::split_paths(folders).map(|folder| folder.join(&name)).find(|path| path.is_absolute() && path.is_file())
    }
}

/// Runs a command, with both of its outputs in one pipe, so that they keep their order.
fn finish(mut command: Command) -> io::Result<(ExitStatus, String)> {
    let (reader, writer) = io::pipe()?;
    let mut child = command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer).spawn()?;
    // Closes the writing ends, without which reading would not end.
    drop(command);
    let tail = read_tail(reader);
    Ok((child.wait()?, tail?))
}

fn read_tail(mut reader: PipeReader) -> io::Result<String> {
    let mut tail = Vec::new();
    let mut block = [0; TAIL_BYTES];
    loop {
        let read = reader.read(&mut block)?;
        if read == 0 {
            break;
        }
        tail.extend_from_slice(block.get(..read).unwrap_or_default());
        tail.drain(..tail.len().saturating_sub(TAIL_BYTES));
    }
    Ok(strip_lines(String::from_utf8_lossy(&tail).trim()))
}
