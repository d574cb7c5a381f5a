//! Builds artifacts that are not up to date.

use super::archive::{self, BOOTSTRAP, MAX_BYTES};
use super::build_method::{EXECUTABLES, Method};
use super::cache::{self, Cache, Record};
use super::dependencies::{self, Installer, PackageList, Workspace};
use super::digests::{Digests, Input, fresh_digest};
use super::docker::Container;
use super::error::ArtifactError;
use super::inspect;
use super::job::Job;
use super::progress::Progress;
use super::scratch::Scratch;
use super::secrets;
use super::template_dir::TemplateDir;
use super::tree::{self, Entry, Scope, TreeError};
use super::{Artifact, Kind, Options, Origin, Packaged, builders};
use bifrost::client::read_at_most;
use bifrost::release::Sha256;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// Part of the digest of the inputs. Change it whenever the same inputs give another zip than before.
const FORMAT: &str = "1";

/// The context in which the artifacts of a template are built.
pub(super) struct BuildContext<'w> {
    dir: &'w TemplateDir,
    options: &'w Options,
    progress: &'w dyn Progress,
    cache: Cache,
    digests: Digests,
    container: Container,
    installer: Installer,
}

impl<'w> BuildContext<'w> {
    pub(super) fn open(dir: &'w TemplateDir, options: &'w Options, progress: &'w dyn Progress) -> Self {
        let cache = Cache::load(dir.cache());
        let (digests, container, installer) = (Digests::default(), Container::default(), Installer::default());
        Self { dir, options, progress, cache, digests, container, installer }
    }

    /// Packages an artifact, and reports progress.
    pub(super) fn package(&self, artifact: &Artifact, all: &[Artifact]) -> Result<Packaged, ArtifactError> {
        let since = Instant::now();
        self.progress.started(&artifact.logical_id);
        let result = Job::of(artifact, all, self.dir).and_then(|job| {
            let packaged = self.package_job(&job)?;
            self.warn_of_secrets(&job, &packaged.path);
            Ok(packaged)
        });
        self.progress.finished(&artifact.logical_id, result.as_ref(), since.elapsed());
        result
    }

    /// Removes the container and image of a Docker build, and packages that are not used any more.
    pub(super) fn close(&self) {
        self.installer.close(self.workspace());
        if let Err(error) = self.container.remove(self.dir, &self.options.environment) {
            self.progress.warn(&format!("cannot remove the container and image of the build: {error}"));
        }
    }

    /// Warns of secrets in the result of a build. Those in files that are zipped are known without it ([`inspect`]).
    ///
    /// [`inspect`]: super::inspect()
    fn warn_of_secrets(&self, job: &Job<'_>, zip: &Path) {
        if matches!(job.method, Method::Make | Method::Docker)
            && let Some(warning) = inspect::of_secrets(&secrets::in_zip(zip), job)
        {
            self.progress.warn(&format!("{}: {}; {}", job.artifact.logical_id, warning.message, warning.help));
        }
    }

    fn package_job(&self, job: &Job<'_>) -> Result<Packaged, ArtifactError> {
        let packaged =
            |path, sha256, origin| Packaged { logical_id: job.artifact.logical_id.clone(), path, sha256, origin };
        if job.method == Method::AsIs {
            return Ok(packaged(job.source.clone(), as_is(job)?, Origin::AsIs));
        }
        let inputs = job.inputs(self.dir)?;
        let before = self.inputs_digest(job, &inputs, |input| self.digests.get(input, self.dir))?;
        let list = self.package_list(job, &inputs)?;
        let output = self.dir.output(&job.artifact.logical_id);
        if let Some(sha256) = self.built_before(job, before, &output) {
            return Ok(packaged(output, sha256, Origin::Cached));
        }
        let zip = self.build(job, &inputs, list)?;
        cache::replace(&output, &zip).map_err(|source| ArtifactError::Write { path: output.clone(), source })?;
        let sha256 = Sha256::of(&zip);
        // If an input changed during the build, it is not known whether the zip contains the change.
        if self.inputs_digest(job, &inputs, |input| fresh_digest(input, self.dir))? == before {
            self.remember(job, Record { inputs: before, output: sha256 });
        }
        Ok(packaged(output, sha256, Origin::Built))
    }

    /// A digest of everything that affects the result.
    fn inputs_digest(
        &self,
        job: &Job<'_>,
        inputs: &[Input],
        digest: impl Fn(&Input) -> Result<Sha256, Arc<TreeError>>,
    ) -> Result<Sha256, ArtifactError> {
        let toolchain = builders::toolchain(job, &self.options.environment)?;
        let installer = self.installer.toolchain(job.method, &self.options.environment)?;
        let mut digests = Vec::new();
        for input in inputs {
            digests.push((self.dir.relative(&input.0), digest(input)?));
        }
        let all = format!("{FORMAT} {:?} {:?} {toolchain:?} {installer:?} {digests:?}", job.method, job.artifact);
        Ok(Sha256::of(all.as_bytes()))
    }

    /// The hash of the previous result, if it was built from the same inputs and not modified since.
    fn built_before(&self, job: &Job<'_>, inputs: Sha256, output: &Path) -> Option<Sha256> {
        let record = self.cache.get(&job.artifact.logical_id).filter(|record| record.inputs == inputs)?;
        let is_unmodified = || read_at_most(output, MAX_BYTES).is_ok_and(|zip| Sha256::of(&zip) == record.output);
        (!self.options.force && is_unmodified()).then_some(record.output)
    }

    fn remember(&self, job: &Job<'_>, record: Record) {
        if let Err(error) = self.cache.put(&job.artifact.logical_id, record) {
            let path = self.dir.cache();
            self.progress.warn(&format!(
                "cannot write the cache {}: {error}; the next run rebuilds all artifacts",
                path.display()
            ));
        }
    }

    /// The packages that an artifact needs, if the build installs any.
    fn package_list(&self, job: &Job<'_>, inputs: &[Input]) -> Result<Option<PackageList>, ArtifactError> {
        job.method.installs().then(|| self.installer.list(job, inputs, self.workspace())).transpose()
    }

    fn workspace(&self) -> Workspace<'_> {
        let Self { dir, options, progress, cache, digests, .. } = self;
        Workspace { dir, environment: &options.environment, progress: *progress, cache, digests, force: options.force }
    }

    fn build(&self, job: &Job<'_>, inputs: &[Input], list: Option<PackageList>) -> Result<Vec<u8>, ArtifactError> {
        if let Some(list) = list {
            let packages = self.installer.install(job, &list, self.workspace())?;
            let code = tree::read(&job.source, Scope::Code, self.dir)?;
            return Ok(archive::pack_beside(dependencies::prefix(job), &code, &packages)?);
        }
        let environment = &self.options.environment;
        let scratch = Scratch::new()?;
        let result = match job.method {
            Method::AsIs | Method::Zip | Method::Python { .. } | Method::Node => job.source.clone(),
            Method::Make => builders::make(job, inputs, self.dir, environment, &scratch)?,
            Method::Go => builders::go(job, environment, &scratch)?,
            Method::Cargo => builders::cargo(job, environment, &scratch)?,
            Method::Docker => return self.copied(job, &scratch),
        };
        self.zipped(job, &result)
    }

    fn copied(&self, job: &Job<'_>, scratch: &Scratch) -> Result<Vec<u8>, ArtifactError> {
        let path = scratch.folder("docker")?.join("function.zip");
        self.container.copy(&job.artifact.logical_id, &path, self.dir, &self.options.environment)?;
        read_zip(&path)
    }

    fn zipped(&self, job: &Job<'_>, result: &Path) -> Result<Vec<u8>, ArtifactError> {
        let entries = tree::read(result, Scope::Shipped, self.dir)?;
        check_entries(job, result, &entries, self.dir)?;
        Ok(archive::pack(&entries)?)
    }
}

/// Checks that the runtime can start the files, which are in the folder or result of the build.
pub(super) fn check_entries(
    job: &Job<'_>,
    result: &Path,
    entries: &[Entry],
    dir: &TemplateDir,
) -> Result<(), ArtifactError> {
    let place = || match job.method {
        Method::Make => format!("ARTIFACTS_DIR of build-{}", job.artifact.logical_id),
        _ => dir.shown(result),
    };
    if entries.is_empty() {
        return Err(ArtifactError::Empty(place()));
    }
    let runtime = job.artifact.runtime.as_ref().filter(|runtime| runtime.starts_with("provided"));
    match runtime {
        Some(runtime) if !entries.iter().any(|entry| entry.name == BOOTSTRAP) => {
            Err(ArtifactError::NoBootstrap { place: place(), runtime: runtime.clone(), known: EXECUTABLES })
        }
        _ => Ok(()),
    }
}

/// The hash of a file that is used unchanged.
fn as_is(job: &Job<'_>) -> Result<Sha256, ArtifactError> {
    if job.artifact.kind == Kind::Definition {
        return Ok(Sha256::of(&read(&job.source)?));
    }
    Ok(Sha256::of(&read_zip(&job.source)?))
}

fn read_zip(path: &Path) -> Result<Vec<u8>, ArtifactError> {
    let zip = read(path)?;
    archive::check(&zip)?;
    Ok(zip)
}

fn read(path: &Path) -> Result<Vec<u8>, ArtifactError> {
    read_at_most(path, MAX_BYTES).map_err(|source| TreeError::Io { path: PathBuf::from(path), source }.into())
}
