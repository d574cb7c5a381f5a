//! Keeps the last checkpoint that `verify` has seen of a log. A log that no longer extends it was rewritten.

use super::AuditCliError;
use super::files::write_file;
use bifrost_audit::policy::Policy;
use bifrost_core::release::Sha256;
use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The file that keeps it.
pub(super) struct SeenCheckpoint(PathBuf);

impl SeenCheckpoint {
    /// In this file.
    pub(super) fn in_file(path: PathBuf) -> Self {
        Self(path)
    }

    /// Beside the file of a local cloud: if the whole folder is deleted, both are.
    pub(super) fn beside(cloud: &Path) -> Self {
        let mut name = cloud.file_name().unwrap_or_default().to_owned();
        name.push(".checkpoint");
        Self(cloud.with_file_name(name))
    }

    /// In the folder for the state of programs of this user. `None` if the user has none.
    pub(super) fn of_log(policy: &Policy) -> Option<Self> {
        let folder = state_folder(|name| env::var_os(name).map(PathBuf::from))?;
        // Not by a key: the policy of a log may list another one first, and what was seen before would be forgotten.
        Some(Self(folder.join("bifrost").join("audit").join(file_name(&policy.origin))))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    pub(super) fn read(&self) -> Result<Option<Vec<u8>>, AuditCliError> {
        match fs::read(&self.0) {
            Ok(checkpoint) => Ok(Some(checkpoint)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(AuditCliError::Unreadable { path: self.0.clone(), source }),
        }
    }

    pub(super) fn write(&self, checkpoint: &[u8]) -> Result<(), AuditCliError> {
        write_file(&self.0, checkpoint)
    }
}

/// As the XDG base directory specification says, or the same on Windows.
fn state_folder(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let absolute = |name: &str| variable(name).filter(|path| path.is_absolute());
    absolute("XDG_STATE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".local").join("state")))
        .or_else(|| absolute("LOCALAPPDATA"))
}

/// An origin can be anything. The hash keeps different ones apart.
fn file_name(origin: &str) -> String {
    let safe: String =
        origin.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).take(80).collect();
    let hash: String = Sha256::of(origin.as_bytes()).to_string().chars().take(12).collect();
    format!("{safe}-{hash}.checkpoint")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_origin_stays_in_its_folder() {
        for origin in ["../../etc/passwd", "/etc/passwd", "", ".", "a\0b", "..\\x"] {
            let name = file_name(origin);
            assert_eq!(Path::new(&name).components().count(), 1, "{name}");
            assert!(!name.starts_with('.') && !name.contains(['/', '\\', '\0']), "{name}");
        }
        assert_ne!(file_name("a/b"), file_name("a_b"));
    }

    #[test]
    fn state_folder_is_absolute() {
        let with = |set: &[(&str, &str)]| {
            let set: Vec<_> = set.iter().map(|(name, value)| ((*name).to_owned(), PathBuf::from(value))).collect();
            state_folder(move |name| set.iter().find(|(found, _)| found == name).map(|(_, value)| value.clone()))
        };
        assert_eq!(with(&[("HOME", "/home/ada")]), Some("/home/ada/.local/state".into()));
        assert_eq!(with(&[("HOME", "/home/ada"), ("XDG_STATE_HOME", "/state")]), Some("/state".into()));
        assert_eq!(with(&[("HOME", "/home/ada"), ("XDG_STATE_HOME", "state")]), Some("/home/ada/.local/state".into()));
        assert_eq!(with(&[]), None);
    }
}
