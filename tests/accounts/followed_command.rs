//! Commands that run in parallel to a test.

use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

/// A running command that prints one JSON event per line. It is killed when it is dropped, so that it does not outlive
/// a failed test.
pub(crate) struct FollowedCommand {
    child: Child,
    stdout: BufReader<ChildStdout>,
    /// The output so far.
    read: String,
}

impl FollowedCommand {
    pub(crate) fn start(command: &mut Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        Self { stdout: BufReader::new(child.stdout.take().unwrap()), child, read: String::new() }
    }

    /// Waits for an event in which `field` has this value.
    pub(crate) fn wait_for(&mut self, field: &str, value: &str) {
        loop {
            let begin = self.read.len();
            let length = self.stdout.read_line(&mut self.read).unwrap();
            if length == 0 {
                let errors = self.errors();
                panic!("the command ended without {field} = {value}: {}{errors}", self.read);
            }
            if serde_json::from_str::<Value>(&self.read[begin..]).unwrap()[field] == value {
                return;
            }
        }
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits until the command ends, and returns all of its output.
    pub(crate) fn finish(mut self) -> Output {
        self.stdout.read_to_string(&mut self.read).unwrap();
        let stderr = self.errors().into_bytes();
        let status = self.child.wait().unwrap();
        Output { status, stdout: std::mem::take(&mut self.read).into_bytes(), stderr }
    }

    fn errors(&mut self) -> String {
        let mut errors = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        errors
    }
}

impl Drop for FollowedCommand {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
