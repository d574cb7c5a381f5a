//! An independent implementation, Go's `golang.org/x/mod/sumdb/{note,tlog}`, agrees: `tests/go` has the program.
//!
//! It needs Debian's packages `golang-go` and `golang-golang-x-mod-dev`. Without them the tests are skipped; with
//! `BIFROST_REQUIRE_GO=1` they fail.

use crate::check::{entry, key, log, published};
use crate::store::TestStore;
use bifrost_audit::memory::{AuditState, MemoryStore};
use bifrost_audit::receipt::receipt;
use bifrost_audit::source::StoreSource;
use bifrost_core::audit::AuditLog;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};

/// Where Debian installs the sources of Go modules.
const MODULES: &str = "/usr/share/gocode";

/// A new folder for this test.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn checker() -> Option<&'static Path> {
    static CHECKER: OnceLock<Option<PathBuf>> = OnceLock::new();
    CHECKER.get_or_init(build).as_deref()
}

fn build() -> Option<PathBuf> {
    let has_modules = Path::new(MODULES).join("src/golang.org/x/mod/sumdb/tlog").exists();
    if !has_modules || Command::new("go").arg("version").output().is_err() {
        let message = "Go is missing: install the packages golang-go and golang-golang-x-mod-dev";
        assert!(std::env::var_os("BIFROST_REQUIRE_GO").is_none_or(|value| value != "1"), "{message}");
        eprintln!("SKIPPED, {message}");
        return None;
    }
    // Kept, as Go's cache makes the next build fast.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("go");
    let program = folder.join("check");
    let mut build = Command::new("go");
    build.args(["build", "-o"]).arg(&program).arg("main.go");
    build.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/go"));
    // The modules are used as installed, without a network.
    build.env("GO111MODULE", "off").env("GOPATH", MODULES).env("GOFLAGS", "").env("GOCACHE", folder.join("cache"));
    let output = build.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(program)
}

/// Runs the checker; returns what it printed, or its error.
fn run(checker: &Path, kind: &str, path: &Path, earlier: &[PathBuf]) -> Result<String, String> {
    let output = Command::new(checker)
        .args([kind.as_ref(), path.as_os_str(), key().public().as_ref()])
        .args(earlier)
        .output()
        .unwrap();
    if output.status.success() {
        return Ok(String::from_utf8(output.stdout).unwrap());
    }
    Err(String::from_utf8(output.stderr).unwrap())
}

/// Copies the objects of a log into a folder.
fn write(folder: &Path, state: &AuditState) {
    for key in state.list("") {
        let file = folder.join(&key);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, state.get(&key, u64::MAX).unwrap().unwrap()).unwrap();
    }
}

/// A log with all its checkpoints, grown entry by entry, from the entry with this number.
async fn grown(first: u64, size: u64) -> (AuditState, Vec<Vec<u8>>) {
    let memory = Arc::new(MemoryStore::default());
    let store = Arc::new(TestStore::new(&memory));
    for number in first..first + size {
        log(store.clone()).append(&entry(number)).await.unwrap();
    }
    let checkpoints = store.checkpoints.lock().unwrap().clone();
    (memory.state(), checkpoints)
}

#[tokio::test]
async fn go_accepts_logs_of_all_sizes() {
    let Some(checker) = checker() else { return };
    let folder = folder("log");
    let (state, checkpoints) = grown(0, 600).await;
    write(&folder, &state);
    let earlier: Vec<_> = (1..=checkpoints.len()).map(|number| folder.join(format!("earlier-{number}"))).collect();
    for (file, checkpoint) in earlier.iter().zip(&checkpoints) {
        fs::write(file, checkpoint).unwrap();
    }
    for size in [1, 2, 3, 255, 256, 257, 512, 600] {
        // The log as it was when it had this size: a checkpoint needs no tile that is written after it.
        let now = usize::try_from(size).unwrap();
        fs::write(folder.join("log/checkpoint"), &checkpoints[now - 1]).unwrap();
        let printed = run(checker, "log", &folder, &earlier[..now]).unwrap();
        let tiles = tlog_tiles::Tile::new_tiles(8, 0, size).len();
        assert_eq!(printed, format!("size {size}: {tiles} tiles, {size} record proofs, {size} consistency proofs\n"));
    }
}

#[tokio::test]
async fn go_refuses_altered_logs() {
    let Some(checker) = checker() else { return };
    let folder = folder("altered");
    let (state, checkpoints) = grown(0, 300).await;
    write(&folder, &state);
    run(checker, "log", &folder, &[]).unwrap();
    for key in [
        "log/checkpoint",
        "log/tile/0/000",
        "log/tile/0/001.p/44",
        "log/tile/1/000.p/1",
        "log/tile/entries/000",
        "log/tile/entries/001.p/44",
    ] {
        let good = state.get(key, u64::MAX).unwrap().unwrap();
        let mut altered = good.clone();
        let middle = altered.len() / 2;
        altered[middle] ^= 1;
        fs::write(folder.join(key), altered).unwrap();
        run(checker, "log", &folder, &[]).unwrap_err();
        fs::write(folder.join(key), good).unwrap();
    }
    // A checkpoint of another history.
    let (_, other) = grown(1000, 200).await;
    let earlier = folder.join("earlier");
    fs::write(&earlier, checkpoints.get(199).unwrap()).unwrap();
    run(checker, "log", &folder, std::slice::from_ref(&earlier)).unwrap();
    fs::write(&earlier, other.last().unwrap()).unwrap();
    run(checker, "log", &folder, &[earlier]).unwrap_err();
}

#[tokio::test]
async fn go_accepts_receipts() {
    let Some(checker) = checker() else { return };
    let file = folder("receipts").join("one.tlog-proof");
    for (size, indexes) in [(1, &[0][..]), (2, &[0, 1]), (300, &[0, 1, 254, 255, 256, 298, 299])] {
        let source = StoreSource::new(published(size).await);
        for index in indexes {
            let text = receipt(&source, *index).await.unwrap();
            fs::write(&file, &text).unwrap();
            assert_eq!(run(checker, "receipt", &file, &[]).unwrap(), format!("receipt: entry {index} of {size}\n"));
            // A digit of the index, the entry, the proof and the signature.
            for (found, other) in [
                ("index ", "index 1"),
                ("extra e", "extra f"),
                ("\n\ncoinbase", "\nAAAA\n\ncoinbase"),
                ("\n\n— ", "\n \n— "),
            ] {
                assert!(text.contains(found), "{text}");
                fs::write(&file, text.replace(found, other)).unwrap();
                run(checker, "receipt", &file, &[]).unwrap_err();
            }
        }
    }
}
