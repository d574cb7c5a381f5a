//! Digests of files, to detect changes: by content, never by time.

use super::template_dir::TemplateDir;
use super::tree::{Entry, Scope, TreeError, read};
use bifrost::release::Sha256;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// The size of the blocks that are hashed.
const BLOCK_BYTES: u64 = 1024 * 1024;

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

impl Entry {
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;

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
}
