//! A year of a large company: 500 deploys a day with 20 records each, as a copy of a log with daily bundles. Makes it, then measures the
//! index, lists, stories and verification, each in its own process, so that each has its own peak of memory.
//!
//! ```text
//! cargo bench -p bifrost-audit --features reader --bench year -- --days 365 [--folder FOLDER]
//! ```

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark that cannot continue panics"
)]

mod make;

use bifrost_audit::policy::Policy;
use bifrost_audit::reader::{Filter, Index, Sample, Story};
use bifrost_audit::source::Folder;
use bifrost_audit::verify::verify;
use chrono::{DateTime, TimeDelta, Utc};
use std::path::Path;
use std::process::{Command, exit};
use std::time::Instant;

/// How many days are made if the command does not say it.
const DAYS: u32 = 14;

const PHASES: [&str; 4] = ["make", "index", "list", "verify"];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let value = |name: &str| {
        let place = arguments.iter().position(|argument| argument == name)?;
        arguments.get(place + 1).cloned()
    };
    let days = value("--days").map_or(DAYS, |days| days.parse().expect("--days N"));
    let temporary = tempfile::tempdir().unwrap();
    let folder = value("--folder").map_or_else(|| temporary.path().to_owned(), Into::into);
    match value("--phase") {
        Some(phase) => measure(&phase, days, &folder),
        None => run_phases(days, &folder),
    }
}

fn run_phases(days: u32, folder: &Path) {
    println!("{days} days: {} executions, {} records", days * make::DEPLOYS, days * make::DEPLOYS * make::RECORDS);
    for phase in PHASES {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--phase", phase, "--days", &days.to_string(), "--folder"]).arg(folder);
        let status = command.status().unwrap();
        if !status.success() {
            exit(1);
        }
    }
}

fn measure(phase: &str, days: u32, folder: &Path) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (begun, cpu) = (Instant::now(), cpu_seconds());
    let what = runtime.block_on(async {
        match phase {
            "make" => make::make(folder, days).await,
            "index" => index(folder).await,
            "list" => list(folder, days).await,
            "verify" => check(folder).await,
            other => panic!("unknown phase {other}"),
        }
    });
    let (wall, cpu) = (begun.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    println!("{phase:<8} {wall:8.2} s, {cpu:8.2} s of CPU, peak {:4} MB  {}", peak_megabytes(), what(cpu));
}

/// What a phase did, as a text; it is given the seconds of CPU.
type Done = Box<dyn FnOnce(f64) -> String>;

fn index_file(folder: &Path) -> std::path::PathBuf {
    folder.join("index.sqlite")
}

async fn index(folder: &Path) -> Done {
    let file = index_file(folder);
    let _ = std::fs::remove_file(&file);
    let source = Folder::open(folder).unwrap();
    let index = Index::open(Some(&file), &source).await.unwrap();
    let (entries, bytes) = (index.size(), std::fs::metadata(&file).unwrap().len());
    Box::new(move |cpu| format!("{entries} entries, {:.0} a second; {} MB", number(entries) / cpu, bytes / 1_000_000))
}

async fn list(folder: &Path, days: u32) -> Done {
    let source = Folder::open(folder).unwrap();
    let mut parts = Vec::new();
    let mut timed = |what: &str, since: Instant, count: usize| {
        parts.push(format!("\n           {what}: {:.1} ms, {count} rows", since.elapsed().as_secs_f64() * 1000.0));
    };
    let since = Instant::now();
    let mut index = Index::open(Some(&index_file(folder)), &source).await.unwrap();
    timed("open, with a check for new entries", since, 0);
    let from = make::first_day() + TimeDelta::days(i64::from(days.saturating_sub(30) / 2));
    let month = Filter { since: Some(from), until: Some(from + TimeDelta::days(30)), ..Filter::default() };
    let project = Filter { project: Some(make::project(7)), ..month.clone() };
    let since = Instant::now();
    let found = index.deploys(&project).unwrap();
    timed("list of a project and a month", since, found.len());
    let since = Instant::now();
    timed("list of a month", since, index.deploys(&month).unwrap().len());
    let since = Instant::now();
    let person = Filter { person: Some(make::person(3)), ..Filter::default() };
    timed("list of a person", since, index.deploys(&person).unwrap().len());
    let since = Instant::now();
    let sample = Sample::draw(&index, &Filter::default(), 25, "2026").unwrap();
    timed("sample of 25", since, sample.population);
    let since = Instant::now();
    let named = index.find(found[0].release_id.as_deref().unwrap()).unwrap().remove(0);
    let story = Story::read(&source, &mut index, named, &|_| None).await.unwrap();
    assert!(story.problems.is_empty(), "{:?}", story.problems);
    timed("show of a release, from a bundle", since, story.steps.len());
    Box::new(move |_| parts.concat())
}

async fn check(folder: &Path) -> Done {
    let source = Folder::open(folder).unwrap();
    let policy: Policy = Policy::parse(&std::fs::read(folder.join("policy")).unwrap()).unwrap();
    let report = verify(&source, &policy, None, &|_, _| {}).await.unwrap();
    assert!(report.is_ok(), "{:?}", report.first_error());
    Box::new(move |cpu| {
        let (records, bundled) = (report.records, report.bundled);
        format!("{records} records of {bundled} executions in bundles, {:.0} a second of CPU", number(records) / cpu)
    })
}

#[allow(clippy::cast_precision_loss, reason = "a figure for people")]
fn number(count: u64) -> f64 {
    count as f64
}

/// The seconds of CPU of this process, from Linux's `/proc`; zero elsewhere.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Fields 14 and 15, in hundredths of a second; the name before them is in parentheses.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    fields.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// The peak of memory of this process, from Linux's `/proc`; zero elsewhere.
fn peak_megabytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or_default() / 1024
}

/// The time some seconds into the year.
fn at(seconds: i64) -> DateTime<Utc> {
    make::first_day() + TimeDelta::seconds(seconds)
}
