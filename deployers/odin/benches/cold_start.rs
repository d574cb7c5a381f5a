//! Time from the start of the Lambda function to its first request to the Runtime API, and its peak memory until then:
//! medians of 21 starts.
//!
//! ```sh
//! cargo build --release -p odin --no-default-features --features lambda
//! cargo bench -p odin --bench cold_start -- "$PWD/target/release/odin"
//! ```

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark that cannot continue panics"
)]

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const STARTS: usize = 21;

fn main() {
    let program = std::env::args().nth(1).filter(|argument| !argument.starts_with("--"));
    let Some(program) = program else {
        return println!("missing path of the function's executable: pass it after `--`");
    };
    let (mut times, mut sizes): (Vec<_>, Vec<_>) = (0..STARTS).map(|_| start(&program)).unzip();
    times.sort_unstable();
    sizes.sort_unstable();
    let (time, size) = (times.get(STARTS / 2).unwrap(), sizes.get(STARTS / 2).unwrap());
    println!("{program}: {:.1} ms to the first poll, {size} kB peak memory", time.as_secs_f64() * 1e3);
}

/// Starts the function once. Returns the time until it requests work, and its peak memory in kB.
fn start(program: &str) -> (Duration, u64) {
    let api = TcpListener::bind("127.0.0.1:0").unwrap();
    let since = Instant::now();
    let mut function = spawn(program, &api.local_addr().unwrap().to_string());
    let (connection, _) = api.accept().unwrap();
    let mut request = String::new();
    BufReader::new(connection).read_line(&mut request).unwrap();
    let elapsed = since.elapsed();
    assert!(request.starts_with("GET /2018-06-01/runtime/invocation/next"), "{request}");
    let peak = peak_memory(function.id());
    function.kill().unwrap();
    function.wait().unwrap();
    (elapsed, peak)
}

fn spawn(program: &str, api: &str) -> Child {
    let environment = [
        ("AWS_LAMBDA_RUNTIME_API", api),
        ("AWS_LAMBDA_FUNCTION_NAME", "coinbase-odin"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_SESSION_TOKEN", "token"),
    ];
    let mut command = Command::new(program);
    command.env_clear().envs(environment).stdout(Stdio::null());
    command.spawn().unwrap_or_else(|error| panic!("{program}: {error}"))
}

/// The peak resident memory of a process in kB, from Linux's `/proc`.
fn peak_memory(process: u32) -> u64 {
    let status =
        std::fs::read_to_string(format!("/proc/{process}/status")).expect("this benchmark needs Linux's /proc");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.trim().trim_end_matches(" kB").parse().unwrap()
}
