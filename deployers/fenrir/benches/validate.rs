//! Measures `fenrir validate` as a process, on a template with one table and on one with fifty functions and an API: medians of
//! 21 runs. With the path of `cfn-lint` as argument, also measures that: medians of 3 runs.
//!
//! ```sh
//! cargo bench -p fenrir --bench validate -- "$HOME/venv/bin/cfn-lint"
//! ```

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark prints its result, and fails by panicking")]

#[path = "../tests/corpus/fifty_functions.rs"]
mod fifty_functions;

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const ONE_TABLE: &str = "ProjectName: org/shop\nConfigName: development\nTransform: AWS::Serverless-2016-10-31\n\
                         Resources:\n  table:\n    Type: AWS::Serverless::SimpleTable\n";

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let templates = [("one table", ONE_TABLE.to_owned()), ("fifty functions", fifty_functions::template())];
    // A missing folder would be a finding.
    for number in 1..=50 {
        let code = folder.path().join(format!("function{number}"));
        std::fs::create_dir(&code).unwrap();
        std::fs::write(code.join("bootstrap"), "").unwrap();
    }
    let linter = std::env::args().nth(1).filter(|argument| !argument.starts_with("--"));
    for (name, text) in templates {
        let file = folder.path().join("template.yml");
        std::fs::write(&file, text).unwrap();
        let fenrir = median(21, Command::new(env!("CARGO_BIN_EXE_fenrir")).arg("validate").arg(&file));
        println!("{name}: fenrir validate {:.1} ms", fenrir.as_secs_f64() * 1e3);
        if let Some(linter) = &linter {
            let took = median(3, Command::new(linter).arg("--template").arg(&file));
            println!("{name}: cfn-lint {:.0} ms", took.as_secs_f64() * 1e3);
        }
    }
}

/// The median duration of a command. Ignores its exit code.
fn median(runs: usize, command: &mut Command) -> Duration {
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let run = || {
        let since = Instant::now();
        command.status().unwrap();
        since.elapsed()
    };
    let mut times: Vec<_> = std::iter::repeat_with(run).take(runs).collect();
    times.sort_unstable();
    times.get(runs / 2).copied().unwrap()
}
