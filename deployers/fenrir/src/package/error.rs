//! Why an artifact cannot be packaged.

use super::archive::ArchiveError;
use super::tool::ToolError;
use super::tree::TreeError;
use bifrost::error_code::Coded;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// Why an artifact cannot be packaged.
#[derive(Debug, thiserror::Error, Coded)]
pub enum ArtifactError {
    /// The logical id cannot be part of a file name.
    #[error("invalid logical id; use only letters and digits")]
    #[code("package/invalid-name", "use only letters and digits in the logical id")]
    LogicalId,
    /// Two artifacts have the same logical id, thus the same zip file.
    #[error("two artifacts of this template have this name; rename one of them")]
    #[code("package/duplicate-name", "rename one of the two resources")]
    Twice,
    /// Neither a path nor a Dockerfile says what the artifact is built from.
    #[error("{property} is missing, and there is no Dockerfile beside the template; add one of them")]
    #[code("package/no-source", "add the property, or a Dockerfile beside the template")]
    NoSource {
        /// The property.
        property: String,
    },
    /// The source is outside of the template's folder.
    #[error("{property} {path:?} is outside of the template's folder; move the source into it, or the template up")]
    #[code("package/outside", "move the source into the template's folder, or the template to a parent folder")]
    Outside {
        /// The property.
        property: String,
        /// Its value.
        path: String,
    },
    /// The source does not exist, or cannot be read.
    #[error("cannot read {property} {path:?} in the template's folder: {source}; fix the path or the permissions")]
    #[code("package/missing-source", "fix the path, which starts at the template's folder, or the permissions")]
    Missing {
        /// The property.
        property: String,
        /// Its value.
        path: String,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The source is a folder but has to be a file, or the other way round.
    #[error("{property} {path:?} has to be a {wanted}")]
    #[code("package/wrong-kind", "write the path of a file or folder, as the message says")]
    WrongKind {
        /// The property.
        property: String,
        /// Its value.
        path: String,
        /// `file` or `folder`, and what for.
        wanted: &'static str,
    },
    /// Fenrir does not know the build method.
    #[error(
        "unknown BuildMethod {found:?}; did you mean {nearest}? Known are {known}; use makefile for any other build"
    )]
    #[code("package/unknown-build-method", "use a known build method, or `makefile` for any other build")]
    Method {
        /// The value of the property.
        found: String,
        /// The most similar known one.
        nearest: &'static str,
        /// The known ones.
        known: String,
    },
    /// SAM has the build method, but Fenrir does not.
    #[error(
        "Fenrir does not support SAM's BuildMethod {found:?}; set BuildMethod: makefile, and write a Makefile in the folder of the \
         code with this line, changed as you need: {line}"
    )]
    #[code(
        "package/build-method-of-sam",
        "set `BuildMethod: makefile`, and write a Makefile with the line in the message"
    )]
    OfSam {
        /// The value of the property.
        found: String,
        /// A rule of a Makefile that does the same.
        line: String,
    },
    /// The build method installs packages for another runtime than the function has.
    #[error(
        "BuildMethod {found:?} installs packages for another runtime than Runtime {runtime}; write BuildMethod: {runtime}, or fix \
         the Runtime"
    )]
    #[code("package/other-runtime", "write the runtime of the function in `BuildMethod`")]
    OtherRuntime {
        /// The value of the property.
        found: String,
        /// The runtime.
        runtime: String,
    },
    /// The build method has no version, and a layer has no runtime.
    #[error("BuildMethod {found:?} of a layer needs the version of Python; write it, such as python3.13")]
    #[code("package/no-python-version", "write the version, such as `BuildMethod: python3.13`")]
    NoVersion {
        /// The value of the property.
        found: String,
    },
    /// The build method is Python, but the folder has no list of packages.
    #[error(
        "{0} has no requirements.txt; add one (uv, Poetry and Pipenv can export it), or remove the BuildMethod if the code needs no \
         packages"
    )]
    #[code("package/no-requirements", "add `requirements.txt` to the folder of the code, or remove the `BuildMethod`")]
    NoRequirements(String),
    /// The build method is Node, but the folder has no package.json.
    #[error("{0} has no package.json; add one, or remove the BuildMethod if the code needs no packages")]
    #[code("package/no-package-json", "add `package.json` to the folder of the code, or remove the `BuildMethod`")]
    NoPackageJson(String),
    /// The build method is Node, but the folder has no lock file, so that each build could install other versions.
    #[error(
        "{0} has no package-lock.json; create it with `npm install --package-lock-only` in that folder (for yarn and pnpm, use \
         BuildMethod: makefile)"
    )]
    #[code("package/no-lock-file", "run `npm install --package-lock-only` in the folder of the code")]
    NoLock(String),
    /// npm cannot select packages for another system.
    #[error(
        "npm {version} is too old: it cannot install packages for Lambda; update it with `npm install --global npm@10`"
    )]
    #[code("package/old-npm", "run `npm install --global npm@10`, or install Node 22")]
    OldNpm {
        /// The version.
        version: String,
    },
    /// The index has no wheel of a package for the function's Python and architecture.
    #[error(
        "{source}\nFenrir installs only wheels for Python 3.{minor} on Linux {machine}. If a package has none, but is pure Python, make a \
         wheel with `python3 -m pip wheel --no-deps --wheel-dir wheels PACKAGE`, and add `--find-links ../wheels` to \
         requirements.txt and `wheels` to Metadata.BuildInputs. If it has to be compiled, use BuildMethod: makefile"
    )]
    #[code("package/no-wheel", "check the version; make a wheel of the package, or use `BuildMethod: makefile`")]
    NoWheel {
        /// The error of pip.
        source: ToolError,
        /// The minor version of Python.
        minor: u8,
        /// The architecture.
        machine: &'static str,
    },
    /// pip compiled a package for this machine.
    #[error(
        "pip compiled {package} for this machine ({tag}), not for Python 3.{minor} on Linux {machine}; use a wheel for Lambda, or \
         BuildMethod: makefile with a compiler for Lambda"
    )]
    #[code("package/for-this-machine", "use a wheel for Lambda, or `BuildMethod: makefile` with a compiler for Lambda")]
    ForThisMachine {
        /// Name and version of the package.
        package: String,
        /// The platform that it was compiled for.
        tag: String,
        /// The minor version of Python.
        minor: u8,
        /// The architecture.
        machine: &'static str,
    },
    /// The packages of several artifacts cannot be installed.
    #[error(transparent)]
    #[code(source)]
    Shared(#[from] Arc<ArtifactError>),
    /// `BuildInputs` has no effect on this build method.
    #[error("BuildInputs has no effect on this BuildMethod, because other builds know their inputs; remove it")]
    #[code("package/unused-build-inputs", "remove `BuildInputs`, or set `BuildMethod: makefile`")]
    Inputs,
    /// The folder, or the result of the build, contains no files.
    #[error("{0} contains no files to package")]
    #[code("package/empty", "check the path of the source, or the build")]
    Empty(String),
    /// The runtime is custom, and the package has no executable for it.
    #[error(
        "{place} has no file `bootstrap`, which runtime {runtime} starts; set Metadata.BuildMethod ({known}), or use a zip \
         that contains it"
    )]
    #[code("package/no-bootstrap", "set `Metadata.BuildMethod`, or package an executable with the name `bootstrap`")]
    NoBootstrap {
        /// The folder or build result.
        place: String,
        /// The runtime.
        runtime: String,
        /// The known build methods.
        known: &'static str,
    },
    /// The build method is `makefile`, but the folder has no Makefile.
    #[error("{0} has no Makefile, which BuildMethod makefile requires; add one with the target `build-<logical id>`")]
    #[code("package/no-makefile", "add a Makefile with the target `build-<logical id>` to the folder")]
    NoMakefile(String),
    /// The Cargo workspace has no executable, or several of which none is selected.
    #[error("cargo lambda built {found:?}; select one executable in Metadata.BuildProperties.Binary")]
    #[code("package/no-single-binary", "select the executable in `Metadata.BuildProperties.Binary`")]
    Binary {
        /// The names of the executables.
        found: Vec<String>,
    },
    /// The files of a folder cannot be read.
    #[error(transparent)]
    #[code(source)]
    Tree(#[from] Arc<TreeError>),
    /// The zip cannot be created, or is invalid.
    #[error(transparent)]
    #[code(source)]
    Archive(#[from] ArchiveError),
    /// A tool is missing, or failed.
    #[error(transparent)]
    #[code(source)]
    Tool(#[from] Arc<ToolError>),
    /// `make` failed, in a copy of the inputs.
    #[error("{source}\nmake ran in a copy of {inputs}; if it needs other files, list them in Metadata.BuildInputs")]
    #[code(source)]
    Make {
        /// The error of `make`.
        source: ToolError,
        /// The copied paths.
        inputs: String,
    },
    /// pip or npm failed, in a copy of the inputs, because the list of packages refers to files.
    #[error(
        "{source}\nthe packages were installed in a copy of {inputs}; if the list refers to other files, add them to \
         Metadata.BuildInputs"
    )]
    #[code(source)]
    InCopy {
        /// The error of the tool.
        source: Arc<ToolError>,
        /// The copied paths.
        inputs: String,
    },
    /// A package is a link to a folder that is not an input.
    #[error("package {package} is a link to a folder outside of the build; add that folder to Metadata.BuildInputs")]
    #[code("package/linked-package", "add the folder of the package to `Metadata.BuildInputs`")]
    Linked {
        /// The package.
        package: String,
    },
    /// pip installs a package as a link to its folder.
    #[error(
        "{package} is installed as a link to its folder, which Lambda does not have; remove `-e` from requirements.txt"
    )]
    #[code("package/editable", "remove `-e` from `requirements.txt`")]
    Editable {
        /// Name and version of the package.
        package: String,
    },
    /// The Docker image has no zip of the function, or Docker cannot copy it.
    #[error("{source}\nthe Dockerfile has to create the zip of the function at /{logical_id}.zip")]
    #[code("package/not-in-image", "let the Dockerfile create the zip of the function at `/<logical id>.zip`")]
    NotInImage {
        /// The function.
        logical_id: String,
        /// The error of Docker.
        source: ToolError,
    },
    /// A file cannot be written.
    #[error("cannot write {path}: {source}; check the permissions and the free space")]
    #[code("package/write", "check the permissions of the folder and the free disk space")]
    Write {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
}

impl From<TreeError> for ArtifactError {
    fn from(error: TreeError) -> Self {
        Self::Tree(Arc::new(error))
    }
}

impl From<ToolError> for ArtifactError {
    fn from(error: ToolError) -> Self {
        Self::Tool(Arc::new(error))
    }
}
