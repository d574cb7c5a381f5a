//! Reads the files of a folder, to package or compare them.

use super::template_dir::TemplateDir;
use bifrost::error_code::Coded;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use walkdir::{DirEntry, WalkDir};

/// Folders that never contain sources.
const NEVER_SOURCE: [&str; 4] = [".aws-sam", ".bifrost", ".git", "__pycache__"];

/// The file that tools put into cache folders (bford.info/cachedir).
const CACHE_TAG: &str = "CACHEDIR.TAG";

/// The first bytes of that file, by its specification.
const CACHE_SIGNATURE: &[u8] = b"Signature: 8a477f597d28d172789f06886806bc55";

/// The purpose of reading a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Scope {
    /// To package it, or copy it for a build. Links are followed inside of the folder.
    Shipped,
    /// The same, without what a developer installed for another machine: `node_modules` and virtual environments of Python.
    Code,
    /// To detect changes of what a compiler may read. A link is compared by its target path.
    Project,
    /// To detect changes of what a Docker build may read.
    Context,
}

/// A file of a folder.
#[derive(Debug)]
pub(super) struct Entry {
    /// The path from the folder, with `/`.
    pub(super) name: String,
    pub(super) path: PathBuf,
    /// Whether its owner may execute it.
    pub(super) executable: bool,
    pub(super) bytes: u64,
    /// The target path of a link that is not followed.
    pub(super) link: Option<PathBuf>,
}

/// Why a folder cannot be packaged.
#[derive(Debug, thiserror::Error, Coded)]
pub enum TreeError {
    /// A file or folder cannot be read, or links form a cycle.
    #[error("cannot read {path}: {source}; check the permissions and links")]
    #[code("package/unreadable", "check the permissions, and that links do not form a cycle")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// A link leads to a file that does not exist.
    #[error("{link} is a broken link: {target} does not exist; fix or remove the link")]
    #[code("package/broken-link", "fix the target of the link, or remove the link")]
    BrokenLink {
        /// The link.
        link: PathBuf,
        /// Where it points to.
        target: PathBuf,
    },
    /// A link leads out of the folder, so that its target would not be packaged.
    #[error("{0} is a link out of its folder; copy the target into the folder, or remove the link")]
    #[code("package/link-outside", "copy the target of the link into the folder, or remove the link")]
    LinkOut(PathBuf),
    /// A file name is not UTF-8, as the names in a zip are.
    #[error("the name of {0:?} is not UTF-8; rename it")]
    #[code("package/not-utf8", "rename the file")]
    Name(PathBuf),
    /// The folder contains something other than files and folders, such as a socket.
    #[error("{0} is neither a file nor a folder; move it out of the folder")]
    #[code("package/special-file", "move it out of the folder")]
    Special(PathBuf),
}

impl Scope {
    /// Whether the files are packaged or copied, not only compared.
    fn is_shipped(self) -> bool {
        matches!(self, Self::Shipped | Self::Code)
    }
}

impl TreeError {
    /// The error about a path: a broken link looks like a missing file.
    pub(super) fn of(path: &Path, source: io::Error) -> Self {
        match fs::read_link(path) {
            Ok(target) if source.kind() == io::ErrorKind::NotFound => Self::BrokenLink { link: path.into(), target },
            _ => Self::Io { path: path.into(), source },
        }
    }
}

/// The files of a folder, sorted by name, or a single file.
pub(super) fn read(root: &Path, scope: Scope, dir: &TemplateDir) -> Result<Vec<Entry>, TreeError> {
    read_within(root, root, scope, dir)
}

/// The files of a folder with links to others of the same tree.
pub(super) fn read_linked(root: &Path, tree: &Path, dir: &TemplateDir) -> Result<Vec<Entry>, TreeError> {
    read_within(root, tree, Scope::Shipped, dir)
}

fn read_within(root: &Path, tree: &Path, scope: Scope, dir: &TemplateDir) -> Result<Vec<Entry>, TreeError> {
    let ignored = if scope == Scope::Context { ignored_by_docker(root) } else { Vec::new() };
    let is_excluded = |entry: &DirEntry| match scope {
        Scope::Shipped | Scope::Project => is_never_source(entry),
        Scope::Code => is_never_source(entry) || is_installed(entry),
        Scope::Context => entry.file_name() == ".bifrost" || ignored.iter().any(|path| path == entry.path()),
    };
    let wanted = |entry: &DirEntry| entry.depth() == 0 || !dir.is_output(entry.path()) && !is_excluded(entry);
    let walk = WalkDir::new(root).follow_links(scope.is_shipped()).into_iter().filter_entry(wanted);
    let mut entries = Vec::new();
    for found in walk {
        let found = found.map_err(|error| {
            let path = error.path().unwrap_or(root).to_owned();
            TreeError::of(&path, error.into())
        })?;
        check_link(&found, tree, scope)?;
        entries.extend(Entry::of(&found, root, scope)?);
    }
    entries.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(entries)
}

fn is_never_source(entry: &DirEntry) -> bool {
    let tagged = || {
        let mut signature = Vec::new();
        let tag = File::open(entry.path().join(CACHE_TAG));
        tag.is_ok_and(|tag| tag.take(CACHE_SIGNATURE.len() as u64).read_to_end(&mut signature).is_ok())
            && signature == CACHE_SIGNATURE
    };
    // `.git` is a file in a worktree.
    entry.file_name() == ".git"
        || entry.file_type().is_dir() && (NEVER_SOURCE.iter().any(|name| entry.file_name() == *name) || tagged())
}

/// The paths in plain lines of `.dockerignore`. Ignores patterns, and the whole file if it has exceptions: comparing too much is
/// slow, but comparing too little is wrong.
fn ignored_by_docker(root: &Path) -> Vec<PathBuf> {
    let text = fs::read_to_string(root.join(".dockerignore")).unwrap_or_default();
    // Docker would read this file instead.
    let is_overruled = root.join("Dockerfile.dockerignore").exists();
    if is_overruled || text.lines().any(|line| line.trim_start().starts_with('!')) {
        return Vec::new();
    }
    let is_plain = |line: &&str| !line.is_empty() && !line.starts_with('#') && !line.contains(['*', '?', '[', '\\']);
    // Docker reads these two even if they are ignored.
    let is_read = |path: &PathBuf| *path == root.join("Dockerfile") || *path == root.join(".dockerignore");
    let lines = text.lines().map(str::trim).filter(is_plain);
    lines.map(|line| root.join(line.trim_matches('/'))).filter(|path| !is_read(path)).collect()
}

/// Whether a folder was installed by a developer.
fn is_installed(entry: &DirEntry) -> bool {
    let is_environment = || entry.path().join("pyvenv.cfg").is_file();
    entry.file_type().is_dir() && (entry.file_name() == "node_modules" || is_environment())
}

fn check_link(found: &DirEntry, tree: &Path, scope: Scope) -> Result<(), TreeError> {
    if !scope.is_shipped() || !found.path_is_symlink() || found.depth() == 0 {
        return Ok(());
    }
    let unreadable = |source| TreeError::of(found.path(), source);
    let inside = found.path().canonicalize().map_err(unreadable)?.starts_with(tree.canonicalize().map_err(unreadable)?);
    if inside { Ok(()) } else { Err(TreeError::LinkOut(found.path().into())) }
}

impl Entry {
    /// None for a folder, whose files are visited one by one, and for a socket, which no compiler reads.
    fn of(found: &DirEntry, root: &Path, scope: Scope) -> Result<Option<Self>, TreeError> {
        let path = found.path();
        let kind = found.file_type();
        if !kind.is_file() && !kind.is_symlink() {
            let is_refused = !kind.is_dir() && scope.is_shipped();
            return if is_refused { Err(TreeError::Special(path.into())) } else { Ok(None) };
        }
        let unreadable = |source| TreeError::Io { path: path.into(), source };
        let relative =
            if found.depth() == 0 { Path::new(found.file_name()) } else { path.strip_prefix(root).unwrap_or(path) };
        let parts: Option<Vec<_>> = relative.iter().map(|part| part.to_str()).collect();
        let name = parts.ok_or_else(|| TreeError::Name(path.into()))?.join("/");
        let metadata = found.metadata().map_err(|error| unreadable(error.into()))?;
        let link = kind.is_symlink().then(|| fs::read_link(path)).transpose().map_err(unreadable)?;
        Ok(Some(Self { name, path: path.into(), executable: is_executable(&metadata), bytes: metadata.len(), link }))
    }

    pub(super) fn read(&self) -> Result<Vec<u8>, TreeError> {
        fs::read(&self.path).map_err(|source| TreeError::Io { path: self.path.clone(), source })
    }
}

#[cfg(unix)]
fn is_executable(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o100 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &fs::Metadata) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn name_that_is_not_utf_8_is_refused() {
        use std::os::unix::ffi::OsStrExt;
        let folder = tempfile::tempdir().unwrap();
        let dir = TemplateDir::of(&folder.path().join("template.yml")).unwrap();
        fs::write(dir.folder.join(std::ffi::OsStr::from_bytes(b"\xff")), "").unwrap();
        assert!(matches!(read(&dir.folder, Scope::Shipped, &dir), Err(TreeError::Name(_))));
    }
}
