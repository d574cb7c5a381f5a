//! Where a template is, and what belongs to it there.

use super::error::{ArtifactError, PackageError};
use std::io;
use std::path::{Component, Path, PathBuf};

/// The folder of a template. Nothing outside of it is packaged, and nothing is written outside of it.
#[derive(Debug)]
pub(super) struct TemplateDir {
    /// The folder, absolute and without links.
    pub(super) folder: PathBuf,
    /// The name of the template's file.
    template: String,
}

impl TemplateDir {
    pub(super) fn of(template: &Path) -> Result<Self, PackageError> {
        let refused = |source| PackageError::Template { path: template.into(), source };
        let name = template.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| refused(io::Error::new(io::ErrorKind::InvalidInput, "it names no file")))?;
        let folder = match template.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        Ok(Self { folder: folder.canonicalize().map_err(refused)?, template: name.into() })
    }

    /// Where a unit's zip goes.
    pub(super) fn output(&self, logical_id: &str) -> PathBuf {
        self.folder.join(format!("{}.{logical_id}.zip", self.template))
    }

    /// Where the hashes of what was built are kept.
    pub(super) fn cache(&self) -> PathBuf {
        self.folder.join(".bifrost").join("package").join(format!("{}.json", self.template))
    }

    pub(super) fn dockerfile(&self) -> PathBuf {
        self.folder.join("Dockerfile")
    }

    /// Whether the file was packaged, for this template or another beside it. A zip that went into the next would grow by the
    /// other each time.
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

    /// The file or folder that a property means.
    pub(super) fn resolve(&self, property: &str, path: &str) -> Result<PathBuf, ArtifactError> {
        let outside = || ArtifactError::Outside { property: property.into(), path: path.into() };
        if !stays_inside(Path::new(path)) {
            return Err(outside());
        }
        let missing = |source| ArtifactError::Missing { property: property.into(), path: path.into(), source };
        let found = self.folder.join(path).canonicalize().map_err(missing)?;
        // A link may lead out where the text does not.
        if found.starts_with(&self.folder) { Ok(found) } else { Err(outside()) }
    }

    /// What a path inside of the folder is, from there.
    pub(super) fn relative<'p>(&self, path: &'p Path) -> &'p Path {
        path.strip_prefix(&self.folder).unwrap_or(path)
    }

    /// The same for messages, where nothing would be hard to see.
    pub(super) fn shown(&self, path: &Path) -> String {
        let relative = self.relative(path);
        if relative == Path::new("") { "the template's folder".into() } else { relative.display().to_string() }
    }

    /// All that a compiler might read: the repository, or what looks most like it.
    pub(super) fn project(&self) -> PathBuf {
        let holds = |folder: &&Path, names: &[&str]| names.iter().any(|name| folder.join(name).exists());
        let repository = self.folder.ancestors().find(|folder| holds(folder, &[".git"]));
        let outermost =
            || self.folder.ancestors().filter(|folder| holds(folder, &["Cargo.toml", "go.mod", "go.work"])).last();
        repository.or_else(outermost).unwrap_or(&self.folder).into()
    }
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
    fn a_path_stays_inside_if_it_never_climbs_over_the_top() {
        for inside in ["", ".", "a", "./a/b", "a/../b", "a/b/../../c"] {
            assert!(stays_inside(Path::new(inside)), "{inside}");
        }
        for outside in ["..", "../a", "a/../../b", "/", "/etc/passwd"] {
            assert!(!stays_inside(Path::new(outside)), "{outside}");
        }
    }

    #[test]
    fn only_zips_named_after_a_template_and_beside_it_are_outputs() {
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
    fn the_project_is_the_repository_then_the_outermost_manifest_then_the_folder() {
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
    fn a_link_that_leads_out_is_refused() {
        let (folder, dir) = dir();
        std::os::unix::fs::symlink("/", folder.path().join("root")).unwrap();
        assert!(matches!(dir.resolve("CodeUri", "root"), Err(ArtifactError::Outside { .. })));
    }

    #[test]
    fn a_template_without_a_name_is_refused() {
        assert!(matches!(TemplateDir::of(Path::new("..")), Err(PackageError::Template { .. })));
    }
}
