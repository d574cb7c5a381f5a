//! Where in the bucket a release and what belongs to it stand.

use std::fmt;

use super::{AccountId, ConfigName, ProjectName, ReleaseId, Sha256};

/// The key of an object in the deployer's bucket.
///
/// Keys are made by directories only, so none leads out of them. The key of a root lock is its key in the lock table,
/// too.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey(String);

impl ObjectKey {
    /// The code of the deployer's own function, named by its content: beside all accounts' directories.
    #[must_use]
    pub fn code(sha256: &Sha256) -> Self {
        Self(format!("_code/{sha256}.zip"))
    }

    /// The key as text, without a leading slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `<account>/<project>`: what the project's configs share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectDir(String);

impl ProjectDir {
    /// The directory of a project in a target account.
    #[must_use]
    pub fn new(account: &AccountId, project: &ProjectName) -> Self {
        Self(format!("{account}/{project}"))
    }

    /// The directory of one of its configs.
    #[must_use]
    pub fn root_dir(&self, config: &ConfigName) -> RootDir {
        RootDir(format!("{self}/{config}"))
    }

    /// The object of that key, if it lies in this directory. A key that climbs, or has an empty part, lies nowhere.
    #[must_use]
    pub fn object(&self, key: &str) -> Option<ObjectKey> {
        let inside = key.strip_prefix(&self.0)?.strip_prefix('/')?;
        let is_plain = |part: &str| !matches!(part, "" | "." | "..") && !part.contains(|c: char| c.is_control());
        inside.split('/').all(is_plain).then(|| ObjectKey(key.to_owned()))
    }

    /// The directory, without a trailing slash, of what stands ready for all configs of the project: `_shared`.
    #[must_use]
    pub fn shared(&self) -> ObjectKey {
        ObjectKey(format!("{self}/_shared"))
    }
}

/// `<account>/<project>/<config>`: what holds for all releases of a project-config.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootDir(String);

impl RootDir {
    /// The directory of a config of a project in a target account.
    #[must_use]
    pub fn new(account: &AccountId, project: &ProjectName, config: &ConfigName) -> Self {
        ProjectDir::new(account, project).root_dir(config)
    }

    /// The directory of one of its releases.
    #[must_use]
    pub fn release_dir(&self, release: &ReleaseId) -> ReleaseDir {
        ReleaseDir(format!("{self}/{release}"))
    }

    /// The root lock: one deploy at a time. It is the lock's key in the lock table, and that of the originals' object.
    #[must_use]
    pub fn lock(&self) -> ObjectKey {
        ObjectKey(format!("{self}/lock"))
    }

    /// A person's freeze.
    #[must_use]
    pub fn user_lock(&self) -> ObjectKey {
        ObjectKey(format!("{self}/user-lock"))
    }

    /// The halt flag.
    #[must_use]
    pub fn halt(&self) -> ObjectKey {
        ObjectKey(format!("{self}/halt"))
    }
}

/// `<account>/<project>/<config>/<release id>`: what belongs to one release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseDir(String);

impl ReleaseDir {
    /// The uploaded release.
    #[must_use]
    pub fn release(&self) -> ObjectKey {
        ObjectKey(format!("{self}/release"))
    }

    /// The log that the deployer writes.
    #[must_use]
    pub fn log(&self) -> ObjectKey {
        ObjectKey(format!("{self}/log"))
    }

    /// The release lock: taken once, never given back.
    #[must_use]
    pub fn lock(&self) -> ObjectKey {
        ObjectKey(format!("{self}/lock"))
    }

    /// A file of the release, such as `userdata`. A deployer knows the names of its files: none comes from a release,
    /// where it could lead elsewhere.
    #[must_use]
    pub fn file(&self, name: &'static str) -> ObjectKey {
        ObjectKey(format!("{self}/{name}"))
    }
}

/// Directories are shown without a trailing slash, as user data is told them.
macro_rules! shown_as_text {
    ($($directory:ident)*) => { $(
        impl fmt::Display for $directory {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )* };
}

shown_as_text! { ProjectDir RootDir ReleaseDir }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_those_of_the_originals() {
        let account = "000000000000".parse().unwrap();
        let project = ProjectDir::new(&account, &"coinbase/deploy-test".parse().unwrap());
        let root = project.root_dir(&"development".parse().unwrap());
        let release = root.release_dir(&"release-2018-07-20T01-30-27Z-abcdefg".parse().unwrap());
        let keys = [
            project.shared(),
            root.lock(),
            root.user_lock(),
            root.halt(),
            release.release(),
            release.log(),
            release.lock(),
            release.file("userdata"),
        ];
        assert_eq!(
            keys.map(|key| key.to_string().replace("000000000000/coinbase/deploy-test", "…")),
            [
                "…/_shared",
                "…/development/lock",
                "…/development/user-lock",
                "…/development/halt",
                "…/development/release-2018-07-20T01-30-27Z-abcdefg/release",
                "…/development/release-2018-07-20T01-30-27Z-abcdefg/log",
                "…/development/release-2018-07-20T01-30-27Z-abcdefg/lock",
                "…/development/release-2018-07-20T01-30-27Z-abcdefg/userdata",
            ]
        );
    }

    #[test]
    fn an_object_is_in_a_directory_if_its_key_leads_there_and_nowhere_else() {
        let project = ProjectDir::new(&"000000000000".parse().unwrap(), &"a/b".parse().unwrap());
        assert!(project.object("000000000000/a/b/dev/r/release/f.zip").is_some());
        for outside in [
            "000000000000/a/bc/f",
            "000000000000/a/b",
            "000000000000/a/b/../c/f",
            "000000000000/a/b//f",
            "x/000000000000/a/b/f",
        ] {
            assert_eq!(project.object(outside), None, "{outside}");
        }
    }
}
