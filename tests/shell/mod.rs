//! A deployer's program as a person uses it: commands given in a folder, their output and their exit codes.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder in which commands of one program are given.
pub(crate) struct Shell {
    program: &'static str,
    pub(crate) folder: PathBuf,
}

impl Shell {
    /// A folder of the test's own, and empty.
    pub(crate) fn new(program: &'static str, test: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        Self { program, folder }
    }

    /// Writes a file at once, so that a command that runs never reads half of it.
    pub(crate) fn write(&self, file: &str, text: impl AsRef<[u8]>) {
        let half = self.folder.join(format!("{file}.half"));
        std::fs::write(&half, text).unwrap();
        std::fs::rename(half, self.folder.join(file)).unwrap();
    }

    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = Command::new(self.program);
        command.args(line.split_whitespace()).current_dir(&self.folder);
        for variable in
            ["AWS_LAMBDA_RUNTIME_API", "AWS_REGION", "AWS_ACCOUNT_ID", "FENRIR_STEP", "HELLO_STEP", "ODIN_STEP"]
        {
            command.env_remove(variable);
        }
        command.env("USER", "ada");
        command
    }

    pub(crate) fn run(&self, line: &str) -> Output {
        self.command(line).output().unwrap()
    }

    /// What a command that must go well prints: an object a line.
    pub(crate) fn json(&self, line: &str) -> Vec<Value> {
        let output = self.run(line);
        assert_eq!(output.status.code(), Some(0), "{line}: {}", text(&output.stderr));
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The complaint of a command that must be refused: one line, and nothing was changed.
    pub(crate) fn refused(&self, line: &str) -> String {
        let output = self.run(line);
        let complaint = text(&output.stderr);
        assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(2), ""), "{line}: {complaint}");
        assert_eq!(complaint.lines().count(), 1, "{line}: {complaint}");
        complaint.trim_end().to_owned()
    }
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
