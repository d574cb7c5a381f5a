//! The hash of the running program, for the audit log.

use bifrost_core::release::{Hasher, Sha256};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::LazyLock;

/// How much of the program is read at a time, in bytes.
const PART: usize = 256 * 1024;

static CODE: LazyLock<Option<Sha256>> = LazyLock::new(|| {
    let hash = std::env::current_exe().and_then(|program| hash(&program));
    hash.inspect_err(|error| tracing::warn!(%error, "cannot read the own program, so records do not have its hash"))
        .ok()
});

/// The SHA-256 of the executable of this process, computed at the first call. `None` if it cannot be read.
pub(super) fn code_sha256() -> Option<Sha256> {
    *CODE
}

fn hash(program: &Path) -> io::Result<Sha256> {
    let (mut file, mut hasher) = (File::open(program)?, Hasher::default());
    let mut part = vec![0; PART];
    loop {
        let length = file.read(&mut part)?;
        let Some(read) = part.get(..length).filter(|read| !read.is_empty()) else { return Ok(hasher.finish()) };
        hasher.update(read);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_is_that_of_the_whole_program() {
        let program = std::env::current_exe().unwrap();
        let whole = std::fs::read(&program).unwrap();
        assert!(whole.len() > 2 * PART);
        assert_eq!((hash(&program).unwrap(), code_sha256()), (Sha256::of(&whole), Some(Sha256::of(&whole))));
        assert!(hash(Path::new("/does/not/exist")).is_err());
    }
}
