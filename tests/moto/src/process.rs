//! Runs the launcher as a child process, which stops with the test that started it.

use crate::python;
use serde::Deserialize;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

static STARTED: AtomicU32 = AtomicU32::new(0);
/// How long the launcher may take to kill its functions, in steps of 10 ms. It takes seconds on a busy machine.
const MAX_POLLS: u32 = 12_000;

/// A running launcher, and the folder of its logs and those of its functions.
pub(crate) struct Process {
    child: Child,
    stdin: Option<ChildStdin>,
    pub(crate) endpoint: String,
    pub(crate) logs: PathBuf,
}

#[derive(Deserialize)]
struct Listening {
    endpoint: String,
}

impl Process {
    /// Starts the launcher and waits until it listens.
    pub(crate) fn start(interpreter: &Path) -> Self {
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let logs = python::target().join("moto-logs").join(format!("{}-{number}", std::process::id()));
        fs::create_dir_all(&logs).unwrap();
        let mut child = Command::new(interpreter)
            .arg("-B")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("python/launcher.py"))
            .args(["--attached", "--log"])
            .arg(&logs)
            .env_remove("AWS_PROFILE")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(logs.join("moto.log")).unwrap())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let listening: Listening = serde_json::from_str(&line)
            .unwrap_or_else(|_| panic!("moto did not start: {}", fs::read_to_string(logs.join("moto.log")).unwrap()));
        Self { stdin: child.stdin.take(), child, endpoint: listening.endpoint, logs }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The launcher and its functions stop when its standard input closes.
        self.stdin = None;
        let ended = (0..MAX_POLLS).any(|_| {
            std::thread::sleep(Duration::from_millis(10));
            self.child.try_wait().is_ok_and(|status| status.is_some())
        });
        if !ended {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.logs);
        }
    }
}
