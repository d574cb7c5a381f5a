//! The S3 keys of releases, their files, locks and flags.

use std::fmt;

use super::name::{InvalidName, NameFault, check_segment};
use super::{AccountId, BucketName, ConfigName, ProjectName, ReleaseId, Sha256};

/// The maximum length of a key in S3, in bytes.
const MAX_KEY_LEN: usize = 1024;

/// The key of an object in the deployer's bucket.
///
/// Keys are created only by directories, and none leads out of them. The key of a root lock is also its key in the lock table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey(String);

impl ObjectKey {
    /// The code of the deployer's own function, named by its hash, beside the directories of accounts.
    #[must_use]
    pub fn code(sha256: &Sha256) -> Self {
        Self(format!("_code/{sha256}.zip"))
    }

    /// The signed checkpoint of an audit log, in the bucket of the log.
    #[must_use]
    pub fn checkpoint() -> Self {
        Self("log/checkpoint".to_owned())
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

crate::name_type! {
    /// The key of an object in a bucket of a target account: at most 1024 bytes, any printable text. No segment of it is empty,
    /// `.` or `..`, so a key that begins with a prefix is below that prefix, whatever a release added to it.
    TargetKey, "key of an object in S3", check_target_key
}

fn check_target_key(key: &str) -> Result<(), NameFault> {
    if key.len() > MAX_KEY_LEN {
        return Err(NameFault::TooLong(MAX_KEY_LEN));
    }
    if let Some(control) = key.chars().find(|c| c.is_control()) {
        return Err(NameFault::Character(control, "printable characters"));
    }
    key.split('/').try_for_each(|segment| match segment {
        "" => Err(NameFault::Empty),
        "." | ".." => Err(NameFault::Climbs),
        _ => Ok(()),
    })
}

/// `<account>/<project>`: the directory of a project in a target account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectDir(String);

impl ProjectDir {
    /// The directory of a project in a target account.
    #[must_use]
    pub fn new(account: &AccountId, project: &ProjectName) -> Self {
        Self(format!("{account}/{project}"))
    }

    /// The directory of a config.
    #[must_use]
    pub fn root_dir(&self, config: &ConfigName) -> RootDir {
        RootDir(format!("{self}/{config}"))
    }

    /// The directory of files that all configs of the project share, without a trailing slash: `_shared`.
    #[must_use]
    pub fn shared(&self) -> ObjectKey {
        ObjectKey(format!("{self}/_shared"))
    }

    /// The key of a file of the project that a release refers to as `s3://<bucket>/<key>`.
    ///
    /// # Errors
    /// If it is not an S3 URI, or leads to another bucket, or out of the project's directory.
    pub fn object(&self, bucket: &BucketName, uri: &str) -> Result<ObjectKey, InvalidName> {
        let elsewhere = NameFault::Form("an S3 URI in the release's bucket, below its account and project");
        let refused = |fault| InvalidName::new("S3 URI of a project's file", uri, fault);
        let inside = |key: &'_ str| key.strip_prefix(&self.0)?.strip_prefix('/').map(ToOwned::to_owned);
        let path = uri.strip_prefix("s3://").and_then(|rest| rest.strip_prefix(bucket.as_str())?.strip_prefix('/'));
        let path = path.and_then(inside).ok_or_else(|| refused(elsewhere))?;
        check_path(&path).map_err(refused)?;
        Ok(ObjectKey(format!("{self}/{path}")))
    }
}

/// `<account>/<project>/<config>`: the directory of a project and config.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootDir(String);

impl RootDir {
    /// The directory of a config of a project in a target account.
    #[must_use]
    pub fn new(account: &AccountId, project: &ProjectName, config: &ConfigName) -> Self {
        ProjectDir::new(account, project).root_dir(config)
    }

    /// The directory of a release.
    #[must_use]
    pub fn release_dir(&self, release: &ReleaseId) -> ReleaseDir {
        ReleaseDir(format!("{self}/{release}"))
    }

    /// The root lock. This is its key in the lock table, and the key of the S3 object that Go deployers write.
    #[must_use]
    pub fn lock(&self) -> ObjectKey {
        ObjectKey(format!("{self}/lock"))
    }

    /// The freeze.
    #[must_use]
    pub fn freeze(&self) -> ObjectKey {
        ObjectKey(format!("{self}/user-lock"))
    }

    /// The halt flag.
    #[must_use]
    pub fn halt(&self) -> ObjectKey {
        ObjectKey(format!("{self}/halt"))
    }
}

/// `<account>/<project>/<config>/<release id>`: the directory of a release.
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

    /// The release lock, which is taken once and never given back.
    #[must_use]
    pub fn lock(&self) -> ObjectKey {
        ObjectKey(format!("{self}/lock"))
    }

    /// A file of the release, such as `userdata`. The name is a constant of the deployer. For names from a release, which
    /// could lead elsewhere, use [`attachment`](Self::attachment).
    #[must_use]
    pub fn file(&self, name: &'static str) -> ObjectKey {
        ObjectKey(format!("{self}/{name}"))
    }

    /// A file of the release whose name derives from the release, such as `release/api.zip`.
    ///
    /// # Errors
    /// If the name leads out of the directory, or is reserved for the framework.
    pub fn attachment(&self, name: &str) -> Result<ObjectKey, InvalidName> {
        let fault = match name {
            "lock" | "log" | "release" => Err(NameFault::Reserved),
            _ => check_path(name),
        };
        fault.map_err(|fault| InvalidName::new("name of a release's file", name, fault))?;
        Ok(ObjectKey(format!("{self}/{name}")))
    }
}

fn check_path(path: &str) -> Result<(), NameFault> {
    path.split('/').try_for_each(|segment| check_segment(segment, MAX_KEY_LEN))
}

/// Directories are written without a trailing slash, as placeholders in user data are replaced.
macro_rules! display {
    ($($directory:ident)*) => { $(
        impl fmt::Display for $directory {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )* };
}

display! { ProjectDir RootDir ReleaseDir }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_equal_those_of_go_deployers() {
        let account = "000000000000".parse().unwrap();
        let project = ProjectDir::new(&account, &"coinbase/deploy-test".parse().unwrap());
        let root = project.root_dir(&"development".parse().unwrap());
        let release = root.release_dir(&"release-2018-07-20T01-30-27Z-abcdefg".parse().unwrap());
        let keys = [
            project.shared(),
            root.lock(),
            root.freeze(),
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
    fn attachment_outside_the_directory_is_refused() {
        let root = RootDir::new(&"000000000000".parse().unwrap(), &"web".parse().unwrap(), &"dev".parse().unwrap());
        let dir = root.release_dir(&"release-1".parse().unwrap());
        let key = dir.attachment("release/api.zip").unwrap();
        assert_eq!(key.as_str(), "000000000000/web/dev/release-1/release/api.zip");
        for wrong in ["", "../x", "a/../../b", "/a", "a/", "a b", "a\n", "lock", "log", "release"] {
            assert!(dir.attachment(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn target_key_does_not_leave_its_prefix() {
        for key in ["index.html", "assets/app v2 – é.zip", "a..b/...", &"k".repeat(1024)] {
            assert_eq!(key.parse::<TargetKey>().unwrap().as_str(), key);
        }
        for wrong in ["", "/a", "a/", "a//b", "assets/../secret", "./a", "a\n", &"k".repeat(1025)] {
            assert!(wrong.parse::<TargetKey>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn object_of_another_project_or_bucket_is_refused() {
        let project = ProjectDir::new(&"000000000000".parse().unwrap(), &"acme/web".parse().unwrap());
        let bucket = "ours".parse().unwrap();
        let key = project.object(&bucket, "s3://ours/000000000000/acme/web/dev/release-1/api.zip").unwrap();
        assert_eq!(key.as_str(), "000000000000/acme/web/dev/release-1/api.zip");
        for wrong in [
            "s3://theirs/000000000000/acme/web/dev/api.zip",
            "s3://ours/000000000000/acme/webshop/dev/api.zip",
            "s3://ours/111111111111/acme/web/dev/api.zip",
            "s3://ours/000000000000/acme/web/../other/api.zip",
            "s3://ours/000000000000/acme/web/",
            "https://ours/000000000000/acme/web/dev/api.zip",
            "./api.zip",
        ] {
            assert!(project.object(&bucket, wrong).is_err(), "{wrong}");
        }
    }
}
