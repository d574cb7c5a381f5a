//! Runs commands of a deployer's program in a folder, with their output and exit codes.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder in which commands of one program run.
pub(crate) struct Shell {
    program: PathBuf,
    pub(crate) folder: PathBuf,
}

impl Shell {
    /// An empty folder for one test.
    pub(crate) fn new(program: impl Into<PathBuf>, test: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        Self { program: program.into(), folder }
    }

    /// Writes a file atomically, so that a running command never reads half of it.
    pub(crate) fn write(&self, file: &str, text: impl AsRef<[u8]>) {
        let temporary = self.folder.join(format!("{file}.tmp"));
        std::fs::write(&temporary, text).unwrap();
        std::fs::rename(temporary, self.folder.join(file)).unwrap();
    }

    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.args(line.split_whitespace()).current_dir(&self.folder);
        let of_commands =
            ["AWS_LAMBDA_RUNTIME_API", "AWS_REGION", "AWS_ACCOUNT_ID", "BIFROST_BUCKETS", "BIFROST_PREFIX"];
        for variable in of_commands.into_iter().chain(["FENRIR_STEP", "HELLO_STEP", "ODIN_STEP", "STEP_DEPLOYER_STEP"])
        {
            command.env_remove(variable);
        }
        command.env("USER", "ada");
        command
    }

    pub(crate) fn run(&self, line: &str) -> Output {
        self.command(line).output().unwrap()
    }

    /// The output of a command that must succeed: one JSON object per line.
    pub(crate) fn json(&self, line: &str) -> Vec<Value> {
        let output = self.run(line);
        assert_eq!(output.status.code(), Some(0), "{line}: {}", text(&output.stderr));
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The error of a command that must fail with exit code 2: one line on stderr, and nothing on stdout.
    pub(crate) fn refused(&self, line: &str) -> String {
        let output = self.run(line);
        let complaint = text(&output.stderr);
        assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(2), ""), "{line}: {complaint}");
        assert_eq!(complaint.lines().count(), 1, "{line}: {complaint}");
        complaint.trim_end().to_owned()
    }
}

/// The code of an error as commands print it on stderr: `error[code]: message`, or JSON.
#[allow(dead_code, reason = "not every test program checks codes")]
pub(crate) fn error_code(complaint: &str) -> String {
    if let Ok(object) = serde_json::from_str::<Value>(complaint) {
        return object["error"]["code"].as_str().unwrap_or_default().to_owned();
    }
    let code = complaint.strip_prefix("error[").and_then(|rest| rest.split_once("]: "));
    code.unwrap_or_else(|| panic!("no code: {complaint}")).0.to_owned()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
