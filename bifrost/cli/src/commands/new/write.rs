//! Writes all files of a new deployer, or none.

use super::NewError;
use super::template::NewFile;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Checks that a new deployer can be written to this folder: it does not exist, or is empty.
pub(super) fn check_folder(folder: &Path) -> Result<(), NewError> {
    let is_free = match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        // A file, a folder that cannot be read, and a link that leads nowhere exist, too.
        Err(error) => error.kind() == io::ErrorKind::NotFound && fs::symlink_metadata(folder).is_err(),
    };
    if is_free { Ok(()) } else { Err(NewError::FolderNotEmpty { folder: folder.to_owned() }) }
}

/// Writes the files to the folder. They are written beside it first, and appear in it all at once.
pub(super) fn write(folder: &Path, files: &[NewFile]) -> Result<(), NewError> {
    check_folder(folder)?;
    let mut name = std::ffi::OsString::from(".");
    name.push(folder.file_name().unwrap_or_default());
    name.push(format!(".new-{}", std::process::id()));
    let draft = folder.with_file_name(name);
    let written = write_draft(&draft, files).and_then(|()| {
        // An empty folder gives way to the new one.
        let _ = fs::remove_dir(folder);
        fs::rename(&draft, folder).map_err(|source| NewError::Unwritable { path: folder.to_owned(), source })
    });
    written.inspect_err(|_| drop(fs::remove_dir_all(&draft)))
}

fn write_draft(draft: &Path, files: &[NewFile]) -> Result<(), NewError> {
    let at = |path: PathBuf| move |source| NewError::Unwritable { path, source };
    fs::create_dir(draft).map_err(at(draft.to_owned()))?;
    for file in files {
        let path = draft.join(file.path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(at(parent.to_owned()))?;
        }
        fs::write(&path, &file.text).map_err(at(path))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bifrost_core::error_code::Coded as _;

    /// An empty folder for one test.
    fn folder(test: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("bifrost-new-{test}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn file(path: &'static str) -> NewFile {
        NewFile { path, text: "text".into() }
    }

    fn entries(folder: &Path) -> Vec<String> {
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn empty_folder_is_filled() {
        let root = folder("empty");
        let deployer = root.join("cache");
        fs::create_dir(&deployer).unwrap();
        write(&deployer, &[file("Cargo.toml"), file("src/main.rs")]).unwrap();
        assert_eq!(fs::read_to_string(deployer.join("src/main.rs")).unwrap(), "text");
        assert_eq!(entries(&root), ["cache"]);
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn what_exists_is_kept() {
        let root = folder("exists");
        fs::write(root.join("file"), "mine").unwrap();
        fs::create_dir(root.join("folder")).unwrap();
        fs::write(root.join("folder/.git"), "mine").unwrap();
        for name in ["file", "folder"] {
            let error = write(&root.join(name), &[file("Cargo.toml")]).unwrap_err();
            assert_eq!(error.code(), "new/folder-not-empty", "{name}");
        }
        assert_eq!(fs::read_to_string(root.join("file")).unwrap(), "mine");
        assert_eq!(entries(&root.join("folder")), [".git"]);
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn error_in_the_middle_leaves_nothing() {
        let root = folder("middle");
        // A file cannot be the folder of another one.
        let error = write(&root.join("cache"), &[file("src"), file("src/main.rs")]).unwrap_err();
        assert_eq!(error.code(), "new/unwritable");
        assert_eq!(entries(&root), Vec::<String>::new());
        let error = write(&root.join("absent/cache"), &[file("src")]).unwrap_err();
        assert_eq!(error.code(), "new/unwritable");
        fs::remove_dir_all(root).unwrap();
    }
}
