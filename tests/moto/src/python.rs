//! The private virtual environment in which the emulation runs. Made on first use, in Cargo's target folder.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

const REQUIREMENTS: &str = include_str!("../python/requirements.txt");
/// The variable that, set to `1`, makes a test fail that would be skipped.
const REQUIRE: &str = "BIFROST_REQUIRE_MOTO";
/// Stands in an environment that is whole.
const COMPLETE: &str = "complete";

/// Why there is no environment.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoPython {
    #[error("`{command}` does not run ({source}): install Python 3.11 or later")]
    Missing { command: String, source: std::io::Error },
    #[error("`{command}` failed: {output}")]
    Failed { command: String, output: String },
    #[error("no room for a virtual environment in {path}")]
    Folder { path: PathBuf, source: std::io::Error },
}

/// A program of the virtual environment, such as `cfn-lint`; none, with a message, where [`Moto`](crate::Moto) cannot run.
///
/// # Panics
///
/// If there is no environment and there must be: `BIFROST_REQUIRE_MOTO=1` is set.
#[must_use]
pub fn program(name: &str) -> Option<Command> {
    Some(Command::new(interpreter_or_skip()?.with_file_name(name)))
}

pub(crate) fn interpreter_or_skip() -> Option<PathBuf> {
    match interpreter() {
        Ok(interpreter) => Some(interpreter),
        Err(why) if std::env::var(REQUIRE).is_ok_and(|value| value == "1") => panic!("no emulated AWS: {why}"),
        Err(why) => {
            eprintln!("SKIPPED, there is no emulated AWS: {why}");
            None
        }
    }
}

/// The interpreter of the virtual environment, which is made if it is not there.
///
/// # Errors
///
/// [`NoPython`], if there is no Python or the packages cannot be had.
fn interpreter() -> Result<PathBuf, NoPython> {
    let version = run(Command::new("python3").arg("--version"))?;
    let target = target();
    let environment = target.join(format!("moto-venv-{:016x}", hash(&version)));
    let locked = lock(&target).map_err(|source| NoPython::Folder { path: target, source })?;
    let interpreter = environment.join("bin").join("python");
    if !environment.join(COMPLETE).exists() {
        make(&environment, &interpreter)?;
    }
    drop(locked);
    Ok(interpreter)
}

/// Held by whoever makes the environment: test processes start at the same time.
fn lock(target: &Path) -> std::io::Result<File> {
    fs::create_dir_all(target)?;
    let file = File::create(target.join("moto-venv.lock"))?;
    file.lock()?;
    Ok(file)
}

fn make(environment: &Path, interpreter: &Path) -> Result<(), NoPython> {
    let folder = |source| NoPython::Folder { path: environment.to_owned(), source };
    if environment.exists() {
        fs::remove_dir_all(environment).map_err(folder)?;
    }
    run(Command::new("python3").args(["-m", "venv"]).arg(environment))?;
    let requirements = environment.join("requirements.txt");
    fs::write(&requirements, REQUIREMENTS).map_err(folder)?;
    let quietly = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--requirement"];
    run(Command::new(interpreter).args(quietly).arg(requirements))?;
    fs::write(environment.join(COMPLETE), "").map_err(folder)
}

fn run(command: &mut Command) -> Result<String, NoPython> {
    let said = format!("{command:?}").replace('"', "");
    let output = command.output().map_err(|source| NoPython::Missing { command: said.clone(), source })?;
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    if output.status.success() { Ok(text) } else { Err(NoPython::Failed { command: said, output: text }) }
}

/// Another Python or other packages want another environment.
fn hash(version: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (version, REQUIREMENTS).hash(&mut hasher);
    hasher.finish()
}

/// Cargo's target folder, which Cargo tags; the folder for temporary files if the test was not run out of one.
pub(crate) fn target() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    let tagged = program.ancestors().find(|folder| folder.join("CACHEDIR.TAG").exists());
    tagged.map_or_else(std::env::temp_dir, Path::to_path_buf)
}
