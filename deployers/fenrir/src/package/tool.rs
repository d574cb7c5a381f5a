//! Programs of others, which build.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::{self, PipeReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::{env, str};

/// How much of what a tool says is kept: its end, where it says what is wrong.
const TAIL_BYTES: usize = 4096;

/// A program, and how to get it.
#[derive(Debug)]
pub(super) struct Tool {
    /// Its name.
    pub(super) program: &'static str,
    /// How one gets it.
    pub(super) get: &'static str,
}

/// What tools get as their environment, and where they are found: its `PATH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment(BTreeMap<OsString, OsString>);

/// Why a tool did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// It is not there.
    #[error("{program} is not on the PATH: {get}")]
    Missing {
        /// Its name.
        program: &'static str,
        /// How one gets it.
        get: &'static str,
    },
    /// It could not be run.
    #[error("cannot run {program}: {source}")]
    Run {
        /// Where it is.
        program: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It says that it failed.
    #[error("{command} failed, {status}{}{tail}", if tail.is_empty() { "" } else { ":\n" })]
    Failed {
        /// What was run.
        command: String,
        /// Its exit code, or the signal that ended it.
        status: ExitStatus,
        /// The end of what it said.
        tail: String,
    },
}

impl Environment {
    /// That of this process.
    #[must_use]
    pub fn of_this_process() -> Self {
        Self(env::vars_os().collect())
    }

    /// The same with another value for one variable.
    #[must_use]
    pub fn with(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.0.insert(name.into(), value.into());
        self
    }

    /// The variables whose names begin in one of these ways, as text to compare.
    pub(super) fn starting_with(&self, prefixes: &[&str]) -> String {
        let begins =
            |name: &OsStr| prefixes.iter().any(|prefix| name.as_encoded_bytes().starts_with(prefix.as_bytes()));
        format!("{:?}", self.0.iter().filter(|(name, _)| begins(name)).collect::<Vec<_>>())
    }

    /// Runs a tool to its end, in a folder and with some variables more.
    ///
    /// It says the end of what it wrote. It shares our process group, so that a terminal's Ctrl-C ends it with us.
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
        // It is run in another folder, where a relative path would mean something else.
        env::split_paths(folders).map(|folder| folder.join(&name)).find(|path| path.is_absolute() && path.is_file())
    }
}

/// Runs it, with both of its outputs in the order in which they were written.
fn finish(mut command: Command) -> io::Result<(ExitStatus, String)> {
    let (reader, writer) = io::pipe()?;
    let mut child = command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer).spawn()?;
    // It holds the writing ends, and as long as it does there is no end to read.
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
    let is_text = |c: &char| matches!(c, '\n' | '\t') || !c.is_control();
    Ok(String::from_utf8_lossy(&tail).trim().chars().filter(is_text).collect())
}
