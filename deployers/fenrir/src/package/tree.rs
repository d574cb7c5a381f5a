//! Reads the files of a folder, to package or compare them.

use super::template_dir::TemplateDir;
use bifrost::error_code::Coded;
use bifrost::release::Sha256;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use walkdir::{DirEntry, WalkDir};

/// Folders that never contain sources.
const NEVER_SOURCE: [&str; 4] = [".aws-sam", ".bifrost", ".git", "__pycache__"];

/// The file that tools put into cache folders (bford.info/cachedir).
const CACHE_TAG: &str = "CACHEDIR.TAG";

/// The first bytes of that file, by its specification.
const CACHE_SIGNATURE: &[u8] = b"Signature: 8a477f597d28d172789f06886806bc55";

/// The size of the blocks that are hashed.
const BLOCK_BYTES: u64 = 1024 * 1024;

/// The purpose of reading a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Scope {
    /// To package it, or copy it for a build. Links are followed inside of the folder.
    Shipped,
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
    link: Option<PathBuf>,
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

/// The files of a folder, sorted by name, or a single file.
pub(super) fn read(root: &Path, scope: Scope, dir: &TemplateDir) -> Result<Vec<Entry>, TreeError> {
    let ignored = if scope == Scope::Context { ignored_by_docker(root) } else { Vec::new() };
    let is_excluded = |entry: &DirEntry| match scope {
        Scope::Shipped | Scope::Project => is_never_source(entry),
        Scope::Context => entry.file_name() == ".bifrost" || ignored.iter().any(|path| path == entry.path()),
    };
    let wanted = |entry: &DirEntry| entry.depth() == 0 || !dir.is_output(entry.path()) && !is_excluded(entry);
    let walk = WalkDir::new(root).follow_links(scope == Scope::Shipped).into_iter().filter_entry(wanted);
    let mut entries = Vec::new();
    for found in walk {
        let found =
            found.map_err(|error| TreeError::Io { path: error.path().unwrap_or(root).into(), source: error.into() })?;
        check_link(&found, root, scope)?;
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

fn check_link(found: &DirEntry, root: &Path, scope: Scope) -> Result<(), TreeError> {
    if scope != Scope::Shipped || !found.path_is_symlink() || found.depth() == 0 {
        return Ok(());
    }
    let unreadable = |source| TreeError::Io { path: found.path().into(), source };
    let inside = found.path().canonicalize().map_err(unreadable)?.starts_with(root.canonicalize().map_err(unreadable)?);
    if inside { Ok(()) } else { Err(TreeError::LinkOut(found.path().into())) }
}

impl Entry {
    /// None for a folder, whose files are visited one by one, and for a socket, which no compiler reads.
    fn of(found: &DirEntry, root: &Path, scope: Scope) -> Result<Option<Self>, TreeError> {
        let path = found.path();
        let kind = found.file_type();
        if !kind.is_file() && !kind.is_symlink() {
            let is_refused = !kind.is_dir() && scope == Scope::Shipped;
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

    /// A digest of the content, or of the target path of a link. Computed from digests of blocks, because a file may not fit into
    /// memory.
    fn digest(&self) -> Result<Sha256, TreeError> {
        if let Some(link) = &self.link {
            return Ok(Sha256::of(link.as_os_str().as_encoded_bytes()));
        }
        let blocks = || -> io::Result<String> {
            let mut file = File::open(&self.path)?;
            let mut digests = String::new();
            let mut block = Vec::new();
            while file.by_ref().take(BLOCK_BYTES).read_to_end(&mut block)? > 0 {
                digests += &Sha256::of(&block).to_string();
                block.clear();
            }
            Ok(digests)
        };
        let digests = blocks().map_err(|source| TreeError::Io { path: self.path.clone(), source })?;
        Ok(Sha256::of(digests.as_bytes()))
    }
}

/// A digest of files: of their names, whether they are executable, and their contents.
pub(super) fn digest(entries: &[Entry]) -> Result<Sha256, TreeError> {
    let mut text = String::new();
    for entry in entries {
        // Quoted, because a name may contain a newline. Writing to a `String` does not fail.
        let _ = writeln!(text, "{:?} {} {} {}", entry.name, entry.executable, entry.link.is_some(), entry.digest()?);
    }
    Ok(Sha256::of(text.as_bytes()))
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

/// An input of a build, and the purpose of reading it.
pub(super) type Input = (PathBuf, Scope);

type Digest = Result<Sha256, Arc<TreeError>>;

/// Digests by input: many artifacts share a folder.
#[derive(Debug, Default)]
pub(super) struct Digests(Mutex<HashMap<Input, Arc<OnceLock<Digest>>>>);

impl Digests {
    /// The digest of an input at the first call.
    pub(super) fn get(&self, input: &Input, dir: &TemplateDir) -> Digest {
        let once = Arc::clone(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(input.clone()).or_default());
        once.get_or_init(|| fresh_digest(input, dir)).clone()
    }
}

/// The digest of an input now.
pub(super) fn fresh_digest((path, scope): &Input, dir: &TemplateDir) -> Digest {
    let entries = read(path, *scope, dir)?;
    Ok(digest(&entries)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(folder: &Path, scope: Scope) -> Sha256 {
        let dir = TemplateDir::of(&folder.join("template.yml")).unwrap();
        digest(&read(&dir.folder, scope, &dir).unwrap()).unwrap()
    }

    #[cfg(unix)]
    #[test]
    fn link_of_a_project_is_compared_by_its_target() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link");
        symlink("/nowhere", &link).unwrap();
        let before = compared(folder.path(), Scope::Project);
        fs::remove_file(&link).unwrap();
        symlink("/elsewhere", &link).unwrap();
        assert_ne!(compared(folder.path(), Scope::Project), before);
        fs::remove_file(&link).unwrap();
        fs::write(&link, "/nowhere").unwrap();
        assert_ne!(compared(folder.path(), Scope::Project), before, "a file is not a link");
    }

    #[test]
    fn names_and_contents_are_not_confused() {
        let digest_of = |files: &[(&str, &str)]| {
            let folder = tempfile::tempdir().unwrap();
            for (name, content) in files {
                fs::write(folder.path().join(name), content).unwrap();
            }
            compared(folder.path(), Scope::Shipped)
        };
        let different = [
            digest_of(&[("a", "b")]),
            digest_of(&[("ab", "")]),
            digest_of(&[("a", ""), ("b", "")]),
            digest_of(&[("a\nb", "")]),
            digest_of(&[]),
        ];
        let unique: std::collections::BTreeSet<_> = different.iter().collect();
        assert_eq!(unique.len(), different.len());
    }

    #[test]
    fn last_block_of_a_file_is_compared() {
        let folder = tempfile::tempdir().unwrap();
        let mut content = vec![0; 1024 * 1024 + 1];
        let mut compare = |last| {
            *content.last_mut().unwrap() = last;
            fs::write(folder.path().join("large"), &content).unwrap();
            compared(folder.path(), Scope::Shipped)
        };
        assert_ne!(compare(0), compare(1));
    }

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
