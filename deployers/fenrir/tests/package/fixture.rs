//! A temporary folder with a template, and the calls of the tests.

use bifrost::release::Sha256;
use fenrir::package::{
    Architecture, Artifact, ArtifactError, Environment, Kind, Options, Origin, PackageError, Packaged,
    PackagingFailures, Progress, run,
};
use std::fs;
use std::io::Cursor;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;
use tempfile::TempDir;
use zip::ZipArchive;

/// The folder of the stand-ins.
const TOOLS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/package/tools");

pub struct TemplateFolder {
    folder: TempDir,
    pub options: Options,
    pub progress: ProgressLog,
}

/// The calls of `Progress`.
#[derive(Default)]
pub struct ProgressLog {
    pub started: Mutex<Vec<String>>,
    pub finished: Mutex<Vec<String>>,
    pub warnings: Mutex<Vec<String>>,
}

impl Progress for ProgressLog {
    fn started(&self, logical_id: &str) {
        self.started.lock().unwrap().push(logical_id.into());
    }

    fn finished(&self, logical_id: &str, _: Result<&Packaged, &ArtifactError>, _: Duration) {
        self.finished.lock().unwrap().push(logical_id.into());
    }

    fn warn(&self, message: &str) {
        self.warnings.lock().unwrap().push(message.into());
    }
}

impl TemplateFolder {
    pub fn new() -> Self {
        let environment = Environment::of_this_process().with("PATH", format!("{TOOLS}:/usr/bin:/bin"));
        let options = Options { jobs: NonZeroUsize::new(4).unwrap(), force: false, environment };
        Self { folder: tempfile::tempdir().unwrap(), options, progress: ProgressLog::default() }
    }

    /// A folder with files, by path and content.
    pub fn with(files: &[(&str, &str)]) -> Self {
        let folder = Self::new();
        for (path, content) in files {
            folder.write(path, content);
        }
        folder
    }

    pub fn set(&mut self, name: &str, value: impl Into<std::ffi::OsString>) {
        self.options.environment = self.options.environment.clone().with(name, value);
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(path)
    }

    pub fn write(&self, path: &str, content: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub fn run(&self, artifacts: &[Artifact]) -> Result<Vec<Packaged>, PackageError> {
        run(&self.path("template.yml"), artifacts, &self.options, &self.progress)
    }

    /// Packages an artifact, which must succeed.
    pub fn one(&self, artifact: &Artifact) -> Packaged {
        self.run(std::slice::from_ref(artifact)).unwrap().remove(0)
    }

    /// The origins of the packaged artifacts, which must all succeed.
    pub fn origins(&self, artifacts: &[Artifact]) -> Vec<Origin> {
        self.run(artifacts).unwrap().iter().map(|file| file.origin).collect()
    }

    /// Packages an artifact, which must fail.
    pub fn refused(&self, artifact: &Artifact) -> ArtifactError {
        failures(self.run(std::slice::from_ref(artifact)).unwrap_err()).failures.remove(0).error
    }
}

pub fn failures(error: PackageError) -> PackagingFailures {
    match error {
        PackageError::Artifacts(failures) => failures,
        other @ PackageError::Template { .. } => panic!("{other}"),
    }
}

pub fn function(logical_id: &str, source: &str) -> Artifact {
    Artifact {
        logical_id: logical_id.into(),
        kind: Kind::Function,
        property: "CodeUri".into(),
        source: Some(source.into()),
        runtime: Some("python3.13".into()),
        architecture: Architecture::X86_64,
        build_method: None,
        binary: None,
        build_inputs: Vec::new(),
    }
}

pub fn built_by(build_method: &str, logical_id: &str, source: &str) -> Artifact {
    Artifact { build_method: Some(build_method.into()), ..function(logical_id, source) }
}

/// Names and contents of a zip, in its order.
pub fn content(zip: &Path) -> Vec<(String, String)> {
    let mut archive = archive(zip);
    (0..archive.len())
        .map(|index| {
            let mut file = archive.by_index(index).unwrap();
            let text = std::io::read_to_string(&mut file).unwrap();
            (file.name().unwrap().into_owned(), text)
        })
        .collect()
}

pub fn names(zip: &Path) -> Vec<String> {
    let mut archive = archive(zip);
    (0..archive.len()).map(|index| archive.by_index_raw(index).unwrap().name().unwrap().into_owned()).collect()
}

fn archive(zip: &Path) -> ZipArchive<Cursor<Vec<u8>>> {
    ZipArchive::new(Cursor::new(fs::read(zip).unwrap())).unwrap()
}

/// The SHA-256 of a file.
pub fn sha256(path: &Path) -> Sha256 {
    Sha256::of(&fs::read(path).unwrap())
}
