//! The folder of a template, and the files in it.

use super::error::ArtifactError;
use super::failures::PackageError;
use super::tree::TreeError;
use std::io;
use std::path::{Component, Path, PathBuf};

/// The folder of a template. Fenrir neither packages nor writes files outside of it.
#[derive(Debug)]
pub(super) struct TemplateDir {
    /// The absolute path, without symbolic links.
    pub(super) folder: PathBuf,
    /// The file name of the template.
    template: String,
}

impl TemplateDir {
    pub(super) fn of(template: &Path) -> Result<Self, PackageError> {
        let refused = |source| PackageError::Template { path: template.into(), source };
        let name = template.file_name().and_then(|name| name.to_str());
        let name =
            name.ok_or_else(|| refused(io::Error::new(io::ErrorKind::InvalidInput, "the path has no file name")))?;
        let folder = match template.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        Ok(Self { folder: folder.canonicalize().map_err(refused)?, template: name.into() })
    }

    /// The path of the zip of an artifact.
    pub(super) fn output(&self, logical_id: &str) -> PathBuf {
        self.folder.join(format!("{}.{logical_id}.zip", self.template))
    }

    pub(super) fn cache(&self) -> PathBuf {
        self.folder.join(".bifrost").join("package").join(format!("{}.json", self.template))
    }

    /// The folder of the zips of installed packages.
    pub(super) fn packages(&self) -> PathBuf {
        self.folder.join(".bifrost").join("package").join(format!("{}.packages", self.template))
    }

    pub(super) fn dockerfile(&self) -> PathBuf {
        self.folder.join("Dockerfile")
    }

    /// Whether a file is a packaged zip of this or another template in the folder. Zips are not packaged, because each would
    /// contain the previous ones.
    pub(super) fn is_output(&self, path: &Path) -> bool {
        let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".zip"));
        let Some(name) = name.filter(|_| path.parent() == Some(&self.folder)) else { return false };
        let is_own = name.strip_prefix(self.template.as_str()).is_some_and(|rest| rest.starts_with('.'));
        let is_template = |beside: &str| {
            let ending = Path::new(beside).extension().and_then(|ending| ending.to_str());
            matches!(ending, Some("yml" | "yaml" | "json")) && self.folder.join(beside).is_file()
        };
        is_own || name.rsplit_once('.').is_some_and(|(beside, _)| is_template(beside))
    }

    /// Resolves the path in a property.
    pub(super) fn resolve(&self, property: &str, path: &str) -> Result<PathBuf, ArtifactError> {
        let outside = || ArtifactError::Outside { property: property.into(), path: path.into() };
        if !stays_inside(Path::new(path)) {
            return Err(outside());
        }
        let joined = self.folder.join(path);
        let found = joined.canonicalize().map_err(|source| match broken_link(&joined, &self.folder) {
            Some(link) => TreeError::of(link, source).into(),
            None => ArtifactError::Missing { property: property.into(), path: path.into(), source },
        })?;
        // A symbolic link may lead out of the folder.
        if found.starts_with(&self.folder) { Ok(found) } else { Err(outside()) }
    }

    /// A path inside of the folder, relative to it.
    pub(super) fn relative<'p>(&self, path: &'p Path) -> &'p Path {
        path.strip_prefix(&self.folder).unwrap_or(path)
    }

    /// The same for messages. An empty path would be invisible.
    pub(super) fn shown(&self, path: &Path) -> String {
        let relative = self.relative(path);
        if relative == Path::new("") { "the template's folder".into() } else { relative.display().to_string() }
    }

    /// The folder with everything that a compiler may read: the repository, or the outermost project folder.
    pub(super) fn project(&self) -> PathBuf {
        let holds = |folder: &&Path, names: &[&str]| names.iter().any(|name| folder.join(name).exists());
        let repository = self.folder.ancestors().find(|folder| holds(folder, &[".git"]));
        let outermost =
            || self.folder.ancestors().filter(|folder| holds(folder, &["Cargo.toml", "go.mod", "go.work"])).last();
        repository.or_else(outermost).unwrap_or(&self.folder).into()
    }
}

/// The link in a path below a folder that leads to nothing.
fn broken_link<'p>(path: &'p Path, folder: &Path) -> Option<&'p Path> {
    let mut parts: Vec<_> = path.ancestors().take_while(|part| *part != folder).collect();
    parts.reverse();
    parts.into_iter().find(|part| part.is_symlink() && !part.exists())
}

fn stays_inside(path: &Path) -> bool {
    let mut depth = 0_usize;
    path.components().all(|component| match component {
        Component::CurDir => true,
        Component::Normal(_) => {
            depth += 1;
            true
        }
        Component::ParentDir => {
            let inside = depth > 0;
            depth = depth.saturating_sub(1);
            inside
        }
        Component::RootDir | Component::Prefix(_) => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn dir() -> (tempfile::TempDir, TemplateDir) {
        let folder = tempfile::tempdir().unwrap();
        let dir = TemplateDir::of(&folder.path().join("template.yml")).unwrap();
        (folder, dir)
    }

    #[test]
    fn path_out_of_the_folder_is_detected() {
        for inside in ["", ".", "a", "./a/b", "a/../b", "a/b/../../c"] {
            assert!(stays_inside(Path::new(inside)), "{inside}");
        }
        for outside in ["..", "../a", "a/../../b", "/", "/etc/passwd"] {
            assert!(!stays_inside(Path::new(outside)), "{outside}");
        }
    }

    #[test]
    fn zips_named_after_a_template_are_outputs() {
        let (_folder, dir) = dir();
        assert!(dir.is_output(&dir.output("hello")));
        for other in ["template.yml", "hello.zip", "template.ymlhello.zip", "deeper/template.yml.hello.zip"] {
            assert!(!dir.is_output(&dir.folder.join(other)), "{other}");
        }
        let other = dir.folder.join("other.yaml.hello.zip");
        assert!(!dir.is_output(&other), "there is no other template");
        fs::write(dir.folder.join("other.yaml"), "").unwrap();
        assert!(dir.is_output(&other));
    }

    #[test]
    fn project_is_repository_manifest_or_folder() {
        let top = tempfile::tempdir().unwrap();
        let top = top.path().canonicalize().unwrap();
        fs::create_dir_all(top.join("workspace/service")).unwrap();
        let dir = TemplateDir::of(&top.join("workspace/service/template.yml")).unwrap();
        assert_eq!(dir.project(), top.join("workspace/service"));
        fs::write(top.join("workspace/Cargo.toml"), "[workspace]").unwrap();
        assert_eq!(dir.project(), top.join("workspace"));
        fs::create_dir(top.join(".git")).unwrap();
        assert_eq!(dir.project(), top);
    }

    #[cfg(unix)]
    #[test]
    fn link_out_of_the_folder_is_refused() {
        let (folder, dir) = dir();
        std::os::unix::fs::symlink("/", folder.path().join("root")).unwrap();
        assert!(matches!(dir.resolve("CodeUri", "root"), Err(ArtifactError::Outside { .. })));
    }

    #[test]
    fn template_without_a_file_name_is_refused() {
        assert!(matches!(TemplateDir::of(Path::new("..")), Err(PackageError::Template { .. })));
    }
}
