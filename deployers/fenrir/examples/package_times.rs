//! Measures how long packaging takes: the first run, after a change of one function of fifty, and without changes.
//!
//! The functions share most of their source: 200 files, which their Makefiles bundle with `gzip -9` in place of a minifier or
//! compiler. Run it with `cargo run --release -p fenrir --example package_times`. It needs `make`.

use fenrir::package::{Architecture, Artifact, ArtifactError, Kind, Options, Origin, Packaged, Progress, run};
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io::{Write as _, stdout};
use std::path::Path;
use std::time::{Duration, Instant};

const FUNCTIONS: usize = 50;

const SHARED_FILES: usize = 200;

const LINES_PER_FILE: usize = 150;

/// The layout of the application.
#[derive(Clone, Copy)]
enum Layout {
    /// A folder for each function, with a copy of the shared code, zipped without a build.
    Zipped,
    /// A folder for each function, with a Makefile that uses the shared code, which `BuildInputs` lists.
    FolderEach,
    /// One folder with one Makefile. `BuildInputs` lists the inputs of each function.
    OneFolder,
    /// One folder with one Makefile, without `BuildInputs`: the whole folder is an input of each function.
    OneFolderUndeclared,
}

/// Prints nothing, so that output does not affect the times.
struct NoProgress;

impl Progress for NoProgress {
    fn started(&self, _: &str) {}
    fn finished(&self, _: &str, _: Result<&Packaged, &ArtifactError>, _: Duration) {}
    fn warn(&self, _: &str) {}
}

fn main() -> Result<(), Box<dyn Error>> {
    let jobs = Options::default().jobs;
    writeln!(stdout(), "{FUNCTIONS} functions, {jobs} at once; seconds (functions built)\n")?;
    writeln!(stdout(), "{:<36} {:>12} {:>12} {:>12} {:>7}", "", "first", "one changed", "nothing", "ratio")?;
    measure("zip of a folder each", Layout::Zipped)?;
    measure("makefile, folder each, BuildInputs", Layout::FolderEach)?;
    measure("makefile, one folder, BuildInputs", Layout::OneFolder)?;
    measure("makefile, one folder", Layout::OneFolderUndeclared)
}

fn measure(name: &str, layout: Layout) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let artifacts = lay_out(layout, folder.path())?;
    let first = package(folder.path(), &artifacts)?;
    fs::write(folder.path().join(own_file(layout, FUNCTIONS / 2)), "print('changed')\n")?;
    let changed = package(folder.path(), &artifacts)?;
    let nothing = package(folder.path(), &artifacts)?;
    let ratio = changed.0.as_secs_f64() / first.0.as_secs_f64();
    let shown = |(took, built): (Duration, usize)| format!("{:.2} ({built})", took.as_secs_f64());
    let [first, changed, nothing] = [first, changed, nothing].map(shown);
    writeln!(stdout(), "{name:<36} {first:>12} {changed:>12} {nothing:>12} {ratio:>7.3}")?;
    Ok(())
}

/// Returns the duration, and the number of built functions.
fn package(folder: &Path, artifacts: &[Artifact]) -> Result<(Duration, usize), Box<dyn Error>> {
    let since = Instant::now();
    let files = run(&folder.join("template.yml"), artifacts, &Options::default(), &NoProgress)?;
    Ok((since.elapsed(), files.iter().filter(|file| file.origin == Origin::Built).count()))
}

/// Writes the files of the application.
fn lay_out(layout: Layout, folder: &Path) -> Result<Vec<Artifact>, Box<dyn Error>> {
    let folders = || (0..FUNCTIONS).map(|number| folder.join(format!("functions/f{number}")));
    match layout {
        Layout::Zipped => folders().try_for_each(|own| write_shared(&own.join("shared")))?,
        Layout::FolderEach => {
            write_shared(&folder.join("shared"))?;
            folders().try_for_each(|own| write(&own.join("Makefile"), &makefile("app.py", "../../shared")))?;
        }
        Layout::OneFolder | Layout::OneFolderUndeclared => {
            write_shared(&folder.join("shared"))?;
            write(&folder.join("Makefile"), &makefile("functions/$*.py", "shared"))?;
        }
    }
    for number in 0..FUNCTIONS {
        write(&folder.join(own_file(layout, number)), &format!("print({number})\n"))?;
    }
    Ok((0..FUNCTIONS).map(|number| artifact(layout, number)).collect())
}

fn makefile(own: &str, shared: &str) -> String {
    let bundle = format!("cat {shared}/*.py | gzip -9n > $(ARTIFACTS_DIR)/bundle.gz");
    format!("build-%:\n\tcp {own} $(ARTIFACTS_DIR)/app.py\n\t{bundle}\n")
}

fn write_shared(folder: &Path) -> Result<(), Box<dyn Error>> {
    (0..SHARED_FILES).try_for_each(|number| write(&folder.join(format!("m{number}.py")), &module(number)))
}

fn write(path: &Path, content: &str) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(path.parent().ok_or("no folder")?)?;
    Ok(fs::write(path, content)?)
}

/// Code that does not compress too well.
fn module(number: usize) -> String {
    let mut random = number.wrapping_mul(0x9e37_79b9).wrapping_add(1);
    (0..LINES_PER_FILE).fold(String::new(), |mut text, line| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // Writing to a `String` does not fail.
        let _ = writeln!(text, "def f_{line}(x): return x * {} + {}", random >> 33, random >> 50);
        text
    })
}

/// The file that only this function uses.
fn own_file(layout: Layout, number: usize) -> String {
    match layout {
        Layout::Zipped | Layout::FolderEach => format!("functions/f{number}/app.py"),
        Layout::OneFolder | Layout::OneFolderUndeclared => format!("functions/f{number}.py"),
    }
}

fn artifact(layout: Layout, number: usize) -> Artifact {
    let folder = format!("functions/f{number}");
    let (source, build_inputs) = match layout {
        Layout::Zipped => (folder, Vec::new()),
        Layout::FolderEach => (folder.clone(), vec![folder, "shared".into()]),
        Layout::OneFolder => (".".into(), vec![own_file(layout, number), "shared".into()]),
        Layout::OneFolderUndeclared => (".".into(), Vec::new()),
    };
    Artifact {
        logical_id: format!("f{number}"),
        kind: Kind::Function,
        property: "CodeUri".into(),
        source: Some(source),
        runtime: Some("python3.13".into()),
        architecture: Architecture::Arm64,
        build_method: (!matches!(layout, Layout::Zipped)).then(|| "makefile".into()),
        binary: None,
        build_inputs,
    }
}
