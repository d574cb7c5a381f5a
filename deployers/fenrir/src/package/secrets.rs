//! Files with secrets, which do not belong into a zip: anyone who may read the function's code could read them.

use super::tree::Entry;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use zip::ZipArchive;

/// How much of a file is searched.
const SEARCHED_BYTES: u64 = 64 * 1024;

/// A file with a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Secret {
    /// The path in the zip.
    pub(super) path: String,
    /// What it is.
    pub(super) kind: &'static str,
}

/// The secrets among the files of a folder.
pub(super) fn in_entries(entries: &[Entry]) -> Vec<Secret> {
    let secret = |entry: &Entry| {
        let read = || text(File::open(&entry.path).ok()?);
        Some(Secret { path: entry.name.clone(), kind: kind(&entry.name, read)? })
    };
    entries.iter().filter_map(secret).collect()
}

/// The secrets in a zip, if it is a valid one.
pub(super) fn in_zip(path: &Path) -> Vec<Secret> {
    let open = || ZipArchive::new(File::open(path).ok()?).ok();
    let Some(mut archive) = open() else { return Vec::new() };
    let names = archive.len();
    let mut secrets = Vec::new();
    let mut search = |index| {
        let name = archive.by_index_raw(index).ok()?.name().ok()?.into_owned();
        let kind = kind(&name, || text(archive.by_index(index).ok()?))?;
        secrets.push(Secret { path: name, kind });
        Some(())
    };
    for index in 0..names {
        search(index);
    }
    secrets
}

fn text(file: impl Read) -> Option<String> {
    let mut bytes = Vec::new();
    file.take(SEARCHED_BYTES).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// What secret a file has. Its content is read only if the name does not say it.
fn kind(path: &str, read: impl FnOnce() -> Option<String>) -> Option<&'static str> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    // Packages have test keys.
    if path.split('/').any(|part| part == "node_modules" || part == "site-packages") {
        return None;
    }
    let has = |text: &str| text.contains("PRIVATE KEY-----");
    let in_folder = |last: &str| folder.rsplit('/').next() == Some(last);
    match name {
        ".env" => Some("environment variables"),
        "id_rsa" | "id_dsa" | "id_ecdsa" | "id_ed25519" => Some("a private key"),
        "credentials" if in_folder(".aws") => Some("credentials of AWS"),
        ".git-credentials" | ".netrc" => Some("passwords"),
        ".npmrc" => read().filter(|text| has_npm_token(text)).map(|_| "a token of npm, where `${NPM_TOKEN}` would do"),
        ".pypirc" => read().filter(|text| text.contains("password")).map(|_| "a password of PyPI"),
        _ if is_environment(name) => Some("environment variables"),
        _ if Path::new(name).extension().is_some_and(|ending| ending == "pem" || ending == "key") => {
            read().filter(|text| has(text)).map(|_| "a private key")
        }
        _ => None,
    }
}

/// `.env.production`, but not `.env.example`.
fn is_environment(name: &str) -> bool {
    let Some(stage) = name.strip_prefix(".env.") else { return false };
    !["example", "sample", "template", "dist", "defaults"].contains(&stage)
}

/// Whether a setting of npm has a token or password, not only the name of a variable.
fn has_npm_token(settings: &str) -> bool {
    settings.lines().filter_map(|line| line.split_once('=')).any(|(name, value)| {
        let name = name.trim();
        let is_secret = ["_authToken", "_auth", "_password"].iter().any(|ending| name.ends_with(ending));
        is_secret && !name.starts_with(['#', ';']) && !value.trim().is_empty() && !value.contains("${")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, content: &str) -> Option<&'static str> {
        kind(path, || Some(content.to_owned()))
    }

    #[test]
    fn secrets_are_found_by_name_or_content() {
        for (path, content) in [
            (".env", ""),
            ("config/.env.production", ""),
            ("id_rsa", ""),
            ("keys/id_ed25519", ""),
            (".aws/credentials", ""),
            (".git-credentials", ""),
            ("key.pem", "-----BEGIN RSA PRIVATE KEY-----\n"),
            ("tls/server.key", "-----BEGIN PRIVATE KEY-----\n"),
            (".npmrc", "//registry.npmjs.org/:_authToken=npm_abc\n"),
            (".npmrc", "_password = abc\n"),
        ] {
            assert!(found(path, content).is_some(), "{path}");
        }
    }

    #[test]
    fn other_files_are_not_secrets() {
        for (path, content) in [
            (".env.example", ""),
            ("env", ""),
            ("id_rsa.pub", ""),
            ("credentials", ""),
            ("cacert.pem", "-----BEGIN CERTIFICATE-----\n"),
            ("translations.key", "greeting=hello\n"),
            (".npmrc", "//registry.npmjs.org/:_authToken=${NPM_TOKEN}\nregistry=https://example.com\n"),
            (".npmrc", "# //registry.npmjs.org/:_authToken=abc\n"),
            ("node_modules/x/test/key.pem", "-----BEGIN PRIVATE KEY-----\n"),
        ] {
            assert_eq!(found(path, content), None, "{path}");
        }
    }
}
