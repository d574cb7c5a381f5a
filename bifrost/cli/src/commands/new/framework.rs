//! Where the new deployer finds the framework.

use super::NewError;
use std::fs;
use std::path::{Path, PathBuf};

/// The framework on this machine, by paths as the manifest of the new deployer has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Framework {
    /// The folder of the crate `bifrost`.
    pub(super) library: String,
    /// The folder of its repository.
    pub(super) repository: String,
    /// The folder of the crate `bifrost-moto`, which only the repository has.
    pub(super) moto: Option<String>,
}

impl Framework {
    /// Finds it at `path`: its repository, or the crate `bifrost`, as a package has it.
    pub(super) fn find(path: &Path) -> Result<Self, NewError> {
        let library = path.join("bifrost");
        if !is_package(&library, "bifrost") {
            let what = library.join("Cargo.toml");
            let is_library = is_package(path, "bifrost");
            let found = is_library.then(|| seen_from_deployer(path)).transpose()?;
            let Some(library) = found else { return Err(NewError::NotBifrost { path: path.to_owned(), what }) };
            return Ok(Self { repository: library.clone(), library, moto: None });
        }
        let moto = path.join("tests").join("moto");
        let moto = is_package(&moto, "bifrost-moto").then(|| seen_from_deployer(&moto)).transpose()?;
        Ok(Self { library: seen_from_deployer(&library)?, repository: seen_from_deployer(path)?, moto })
    }
}

/// Whether the folder has the manifest of that package.
fn is_package(folder: &Path, name: &str) -> bool {
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
    let package = manifest.split("[package]").nth(1).unwrap_or_default();
    package.lines().take_while(|line| !line.starts_with('[')).any(|line| line.trim() == format!("name = \"{name}\""))
}

/// A path as it is seen from the folder of the deployer, which is below the current one. `/` separates its parts on every system.
fn seen_from_deployer(path: &Path) -> Result<String, NewError> {
    let path = if path.is_absolute() { path.to_owned() } else { Path::new("..").join(path) };
    // Without `.` and double slashes.
    let path: PathBuf = path.components().collect();
    let text = path.to_str().ok_or_else(|| NewError::PathNotUnicode(path.clone()))?;
    Ok(if cfg!(windows) { text.replace('\\', "/") } else { text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use bifrost_core::error_code::Coded as _;

    const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

    #[test]
    fn repository_and_crate_are_found() {
        let found = Framework::find(Path::new(REPOSITORY)).unwrap();
        assert_eq!(found.library, format!("{REPOSITORY}/bifrost"));
        assert_eq!(found.repository, REPOSITORY);
        assert_eq!(found.moto, Some(format!("{REPOSITORY}/tests/moto")));
        let library = format!("{REPOSITORY}/bifrost");
        assert_eq!(Framework::find(Path::new(&library)).unwrap().library, library);
    }

    #[test]
    fn other_folder_is_refused() {
        for other in ["bifrost/cli", "examples/hello", "absent", "README.md"] {
            let error = Framework::find(&Path::new(REPOSITORY).join(other)).unwrap_err();
            assert_eq!(error.code(), "new/not-bifrost", "{other}");
        }
    }

    #[test]
    fn relative_path_begins_one_folder_further_down() {
        assert_eq!(seen_from_deployer(Path::new("./bifrost//x")).unwrap(), "../bifrost/x");
        assert_eq!(seen_from_deployer(Path::new("..")).unwrap(), "../..");
        assert_eq!(seen_from_deployer(Path::new("/opt/bifrost")).unwrap(), "/opt/bifrost");
    }
}
