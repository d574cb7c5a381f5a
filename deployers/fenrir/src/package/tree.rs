//! The files of a folder, as they are packaged and compared.

use super::template_dir::TemplateDir;
use bifrost::release::Sha256;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use walkdir::{DirEntry, WalkDir};

/// Folders that are nobody's source.
const NO_SOURCE: [&str; 4] = [".aws-sam", ".bifrost", ".git", "__pycache__"];

/// What tools put into folders that they can make again (bford.info/cachedir).
const CACHE_TAG: &str = "CACHEDIR.TAG";

/// How the tag begins, by its specification.
const CACHE_SIGNATURE: &[u8] = b"Signature: 8a477f597d28d172789f06886806bc55";

/// What is hashed at a time.
const BLOCK_BYTES: u64 = 1024 * 1024;

/// What a folder is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Scope {
    /// To be packaged, or copied for a build: links are followed, inside of the folder.
    Shipped,
    /// To see whether anything changed that a compiler may read. A link is compared by where it leads.
    Project,
    /// The same for a Docker build.
    Context,
}

/// A file of a folder.
#[derive(Debug)]
pub(super) struct Entry {
    /// Its path from the folder, with `/`.
    pub(super) name: String,
    /// Where it is read.
    pub(super) path: PathBuf,
    /// Whether its owner may run it.
    pub(super) executable: bool,
    /// Its size.
    pub(super) bytes: u64,
    /// Where it leads, if it is a link that is not followed.
    link: Option<PathBuf>,
}

/// Why a folder cannot be packaged.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// Something in it cannot be read, or links lead in a circle.
    #[error("cannot read {path}: {source}")]
    Io {
        /// What.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A link leads out of it.
    #[error("{0} is a link out of its folder: what it leads to would not be packaged; copy it, or remove the link")]
    LinkOut(PathBuf),
    /// A zip's names are UTF-8.
    #[error("the name of {0:?} is not UTF-8: rename it")]
    Name(PathBuf),
    /// It is neither a file nor a folder.
    #[error("{0} is neither a file nor a folder: remove it")]
    Special(PathBuf),
}

/// The files of a folder, in the order of their names, or the one file.
pub(super) fn read(root: &Path, scope: Scope, dir: &TemplateDir) -> Result<Vec<Entry>, TreeError> {
    let ignored = if scope == Scope::Context { ignored_by_docker(root) } else { Vec::new() };
    let is_left_out = |entry: &DirEntry| match scope {
        Scope::Shipped | Scope::Project => is_no_source(entry),
        Scope::Context => entry.file_name() == ".bifrost" || ignored.iter().any(|path| path == entry.path()),
    };
    let wanted = |entry: &DirEntry| entry.depth() == 0 || !dir.is_output(entry.path()) && !is_left_out(entry);
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

fn is_no_source(entry: &DirEntry) -> bool {
    let tagged = || {
        let mut signature = Vec::new();
        let tag = File::open(entry.path().join(CACHE_TAG));
        tag.is_ok_and(|tag| tag.take(CACHE_SIGNATURE.len() as u64).read_to_end(&mut signature).is_ok())
            && signature == CACHE_SIGNATURE
    };
    // In a worktree `.git` is a file.
    entry.file_name() == ".git"
        || entry.file_type().is_dir() && (NO_SOURCE.iter().any(|name| entry.file_name() == *name) || tagged())
}

/// What plain lines of a `.dockerignore` name. Patterns are left alone, and so is all of it if anything is taken back in: to
/// compare too much is slow, to compare too little is wrong.
fn ignored_by_docker(root: &Path) -> Vec<PathBuf> {
    let text = fs::read_to_string(root.join(".dockerignore")).unwrap_or_default();
    // That file would be read in its place.
    let is_overruled = root.join("Dockerfile.dockerignore").exists();
    if is_overruled || text.lines().any(|line| line.trim_start().starts_with('!')) {
        return Vec::new();
    }
    let is_plain = |line: &&str| !line.is_empty() && !line.starts_with('#') && !line.contains(['*', '?', '[', '\\']);
    // Docker reads these two though they be ignored.
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
    /// None, if there is nothing to read: a folder's files come by themselves, and no compiler reads a socket.
    fn of(found: &DirEntry, root: &Path, scope: Scope) -> Result<Option<Self>, TreeError> {
        let path = found.path();
        let kind = found.file_type();
        if !kind.is_file() && !kind.is_symlink() {
            let is_wrong = !kind.is_dir() && scope == Scope::Shipped;
            return if is_wrong { Err(TreeError::Special(path.into())) } else { Ok(None) };
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

    /// The whole content.
    pub(super) fn read(&self) -> Result<Vec<u8>, TreeError> {
        fs::read(&self.path).map_err(|source| TreeError::Io { path: self.path.clone(), source })
    }

    /// A digest of the content, or of where the link leads. It is of the digests of its blocks, as no file has to fit into
    /// memory only to be compared.
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

/// A digest of the files: of their names, whether they may be run, and their content.
pub(super) fn digest(entries: &[Entry]) -> Result<Sha256, TreeError> {
    let mut text = String::new();
    for entry in entries {
        // Quoted, because a name may hold a line's end. A `String` takes whatever is written.
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

/// A file or folder that goes into a build, and what it is read for.
pub(super) type Input = (PathBuf, Scope);

type Digest = Result<Sha256, Arc<TreeError>>;

/// Digests by input: many units share one folder.
#[derive(Debug, Default)]
pub(super) struct Digests(Mutex<HashMap<Input, Arc<OnceLock<Digest>>>>);

impl Digests {
    /// What an input was when it was first asked for.
    pub(super) fn get(&self, input: &Input, dir: &TemplateDir) -> Digest {
        let once = Arc::clone(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(input.clone()).or_default());
        once.get_or_init(|| fresh_digest(input, dir)).clone()
    }
}

/// What an input is now.
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
    fn a_compiler_may_be_led_out_by_a_link_which_is_compared_by_where_it_leads() {
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
        assert_ne!(compared(folder.path(), Scope::Project), before, "a file is no link");
    }

    #[test]
    fn names_and_contents_cannot_be_taken_for_each_other() {
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
    fn a_file_of_several_blocks_is_compared_to_its_last_byte() {
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
    fn a_name_that_a_zip_cannot_have_is_refused() {
        use std::os::unix::ffi::OsStrExt;
        let folder = tempfile::tempdir().unwrap();
        let dir = TemplateDir::of(&folder.path().join("template.yml")).unwrap();
        fs::write(dir.folder.join(std::ffi::OsStr::from_bytes(b"\xff")), "").unwrap();
        assert!(matches!(read(&dir.folder, Scope::Shipped, &dir), Err(TreeError::Name(_))));
    }
}
