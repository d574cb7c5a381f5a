//! How an artifact is built, and from which inputs.

use super::error::ArtifactError;
use super::template_dir::TemplateDir;
use super::tree::{Input, Scope};
use super::{Artifact, Kind};
use std::path::PathBuf;

pub(super) const MAKEFILE: &str = "Makefile";

/// The values of `Metadata.BuildMethod`. SAM calls Go `go1.x` for any runtime.
const BUILD_METHODS: [(&str, Method); 4] =
    [("go", Method::Go), ("go1.x", Method::Go), ("makefile", Method::Make), ("rust-cargolambda", Method::Cargo)];

/// How an artifact is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    /// The file is used unchanged.
    AsIs,
    /// The folder or file is zipped.
    Zip,
    /// With the Makefile in its folder.
    Make,
    /// With `go build`.
    Go,
    /// With `cargo lambda`.
    Cargo,
    /// With the Dockerfile beside the template.
    Docker,
}

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
            Some(name) => known(name)?,
        };
        let wanted = match method {
            Method::AsIs if !is_file => Some("file"),
            Method::Make | Method::Go | Method::Cargo if is_file => Some("folder, because of its BuildMethod"),
            _ => None,
        };
        match wanted {
            Some(wanted) => Err(ArtifactError::WrongKind { property: property(), path: path.into(), wanted }),
            None if method != Method::Make && !artifact.build_inputs.is_empty() => Err(ArtifactError::Inputs),
            None => Ok(Self { artifact, method, source }),
        }
    }

    /// All inputs of the build. The documentation of the module `package` has the reasons.
    pub(super) fn inputs(&self, dir: &TemplateDir) -> Result<Vec<Input>, ArtifactError> {
        match self.method {
            Method::AsIs => Ok(Vec::new()),
            Method::Zip => Ok(vec![(self.source.clone(), Scope::Shipped)]),
            Method::Make => self.make_inputs(dir),
            Method::Go | Method::Cargo => Ok(vec![(dir.project(), Scope::Project)]),
            Method::Docker => Ok(vec![(dir.folder.clone(), Scope::Context)]),
        }
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

fn known(name: &str) -> Result<Method, ArtifactError> {
    if let Some((_, method)) = BUILD_METHODS.iter().find(|(known, _)| *known == name) {
        return Ok(*method);
    }
    let distance = |(known, _): &&(&str, Method)| strsim::damerau_levenshtein(known, &name.to_lowercase());
    let nearest = BUILD_METHODS.iter().min_by_key(distance).map_or("makefile", |(known, _)| known);
    Err(ArtifactError::Method { found: name.into(), nearest, known: known_methods() })
}

/// The known build methods, for messages.
pub(super) fn known_methods() -> String {
    BUILD_METHODS.map(|(name, _)| name).join(", ")
}
