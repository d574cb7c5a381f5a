//! How an artifact is built, and from which inputs.

use super::build_method::Method;
use super::dependencies::{PACKAGE_JSON, REQUIREMENTS, lock_file};
use super::digests::Input;
use super::error::ArtifactError;
use super::template_dir::TemplateDir;
use super::tree::Scope;
use super::{Artifact, Kind};
use std::path::PathBuf;

pub(super) const MAKEFILE: &str = "Makefile";

/// An artifact with its source and build method.
#[derive(Debug)]
pub(super) struct Job<'a> {
    pub(super) artifact: &'a Artifact,
    pub(super) method: Method,
    /// The file or folder from which it is built, in the template's folder.
    pub(super) source: PathBuf,
}

impl<'a> Job<'a> {
    /// Finds the source and the build method of an artifact.
    pub(super) fn of(artifact: &'a Artifact, all: &[Artifact], dir: &TemplateDir) -> Result<Self, ArtifactError> {
        check_name(artifact, all)?;
        if artifact.kind == Kind::Function && dir.dockerfile().is_file() {
            return Ok(Self { artifact, method: Method::Docker, source: dir.folder.clone() });
        }
        let property = || artifact.property.clone();
        let path = artifact.source.as_deref().ok_or_else(|| ArtifactError::NoSource { property: property() })?;
        let source = dir.resolve(&artifact.property, path)?;
        let is_file = source.is_file();
        let is_archive = source.extension().is_some_and(|ending| ending == "zip" || ending == "jar");
        let method = match artifact.build_method.as_deref() {
            _ if artifact.kind == Kind::Definition || is_file && is_archive => Method::AsIs,
            None => Method::Zip,
            Some(name) => Method::named(name, artifact)?,
        };
        let wanted = match method {
            Method::AsIs if !is_file => Some("file"),
            method if is_file && method.needs_folder() => Some("folder, because of its BuildMethod"),
            _ => None,
        };
        match wanted {
            Some(wanted) => Err(ArtifactError::WrongKind { property: property(), path: path.into(), wanted }),
            None if !method.takes_inputs() && !artifact.build_inputs.is_empty() => Err(ArtifactError::Inputs),
            None => Ok(Self { artifact, method, source }),
        }
    }

    /// All inputs of the build. The documentation of the module `package` has the reasons.
    pub(super) fn inputs(&self, dir: &TemplateDir) -> Result<Vec<Input>, ArtifactError> {
        match self.method {
            Method::AsIs => Ok(Vec::new()),
            Method::Zip => Ok(vec![(self.source.clone(), Scope::Shipped)]),
            Method::Make => self.make_inputs(dir),
            Method::Python { .. } | Method::Node => self.code_inputs(dir),
            Method::Go | Method::Cargo => Ok(vec![(dir.project(), Scope::Project)]),
            Method::Docker => Ok(vec![(dir.folder.clone(), Scope::Context)]),
        }
    }

    /// The folder, which has to contain the list of the packages, and what else the list refers to.
    fn code_inputs(&self, dir: &TemplateDir) -> Result<Vec<Input>, ArtifactError> {
        let folder = || dir.shown(&self.source);
        match self.method {
            Method::Python { .. } if !self.source.join(REQUIREMENTS).is_file() => {
                return Err(ArtifactError::NoRequirements(folder()));
            }
            Method::Node if !self.source.join(PACKAGE_JSON).is_file() => {
                return Err(ArtifactError::NoPackageJson(folder()));
            }
            Method::Node if lock_file(&self.source).is_none() => return Err(ArtifactError::NoLock(folder())),
            _ => {}
        }
        let declared =
            self.artifact.build_inputs.iter().map(|path| Ok((dir.resolve("BuildInputs", path)?, Scope::Shipped)));
        std::iter::once(Ok((self.source.clone(), Scope::Code))).chain(declared).collect()
    }

    fn make_inputs(&self, dir: &TemplateDir) -> Result<Vec<Input>, ArtifactError> {
        let makefile = self.source.join(MAKEFILE);
        if !makefile.is_file() {
            return Err(ArtifactError::NoMakefile(dir.shown(&self.source)));
        }
        if self.artifact.build_inputs.is_empty() {
            return Ok(vec![(self.source.clone(), Scope::Shipped)]);
        }
        let declared = self.artifact.build_inputs.iter().map(|path| dir.resolve("BuildInputs", path));
        std::iter::once(Ok(makefile)).chain(declared).map(|path| Ok((path?, Scope::Shipped))).collect()
    }
}

fn check_name(artifact: &Artifact, all: &[Artifact]) -> Result<(), ArtifactError> {
    let id = &artifact.logical_id;
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(ArtifactError::LogicalId);
    }
    let is_duplicate = all.iter().filter(|other| other.logical_id == *id).count() > 1;
    if is_duplicate { Err(ArtifactError::Twice) } else { Ok(()) }
}
