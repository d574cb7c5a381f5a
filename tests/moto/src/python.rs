//! The virtual environment of the emulation, which is created in Cargo's target folder on first use.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

const REQUIREMENTS: &str = include_str!("../python/requirements.txt");
/// The environment variable that, set to `1`, makes tests fail that would be skipped.
const REQUIRE: &str = "BIFROST_REQUIRE_MOTO";
/// The file that marks a complete environment.
const COMPLETE: &str = "complete";

/// The environment cannot be created.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoPython {
    #[error("cannot run `{command}`: {source}; install Python 3.11 to 3.14")]
    Missing { command: String, source: std::io::Error },
    #[error("`{command}` failed: {output}")]
    Failed { command: String, output: String },
    #[error("cannot create a virtual environment in {path}: {source}")]
    Folder { path: PathBuf, source: std::io::Error },
}

/// A program of the virtual environment, such as `cfn-lint`. On a machine that cannot run [`Moto`](crate::Moto),
/// returns `None` with a message.
///
/// # Panics
///
/// If there is no environment and `BIFROST_REQUIRE_MOTO=1` is set.
#[must_use]
pub fn program(name: &str) -> Option<Command> {
    Some(Command::new(interpreter_or_skip()?.with_file_name(name)))
}

pub(crate) fn interpreter_or_skip() -> Option<PathBuf> {
    match interpreter() {
        Ok(interpreter) => Some(interpreter),
        Err(error) if std::env::var(REQUIRE).is_ok_and(|value| value == "1") => panic!("cannot emulate AWS: {error}"),
        Err(error) => {
            eprintln!("SKIPPED, cannot emulate AWS: {error}");
            None
        }
    }
}

/// The interpreter of the virtual environment, which is created if it does not exist.
fn interpreter() -> Result<PathBuf, NoPython> {
    let version = run(Command::new("python3").arg("--version"))?;
    let target = target();
    let environment = target.join(format!("moto-venv-{:016x}", hash(&version)));
    let locked = lock(&target).map_err(|source| NoPython::Folder { path: target, source })?;
    let interpreter = environment.join("bin").join("python");
    if !environment.join(COMPLETE).exists() {
        create(&environment, &interpreter)?;
    }
    drop(locked);
    Ok(interpreter)
}

/// Held while a process creates the environment: test processes start at the same time.
fn lock(target: &Path) -> std::io::Result<File> {
    fs::create_dir_all(target)?;
    let file = File::create(target.join("moto-venv.lock"))?;
    file.lock()?;
    Ok(file)
}

fn create(environment: &Path, interpreter: &Path) -> Result<(), NoPython> {
    let folder = |source| NoPython::Folder { path: environment.to_owned(), source };
    if environment.exists() {
        fs::remove_dir_all(environment).map_err(folder)?;
    }
    run(Command::new("python3").args(["-m", "venv"]).arg(environment))?;
    let requirements = environment.join("requirements.txt");
    fs::write(&requirements, REQUIREMENTS).map_err(folder)?;
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--requirement"];
    run(Command::new(interpreter).args(install).arg(requirements))?;
    fs::write(environment.join(COMPLETE), "").map_err(folder)
}

fn run(command: &mut Command) -> Result<String, NoPython> {
    let line = format!("{command:?}").replace('"', "");
    let output = command.output().map_err(|source| NoPython::Missing { command: line.clone(), source })?;
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    if output.status.success() { Ok(text) } else { Err(NoPython::Failed { command: line, output: text }) }
}

/// A change of Python or of the packages needs another environment.
fn hash(version: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (version, REQUIREMENTS).hash(&mut hasher);
    hasher.finish()
}

/// Cargo's target folder, by Cargo's tag file; the folder for temporary files if the test does not run in a target
/// folder.
pub(crate) fn target() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    let tagged = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").exists());
    tagged.map_or_else(std::env::temp_dir, Path::to_path_buf)
}
