//! The digests of inputs, each made once.

use super::site::Site;
use super::tree::{self, Scope, TreeError};
use bifrost::release::Sha256;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// A file or folder that goes into a build, and what it is read for.
pub(super) type Input = (PathBuf, Scope);

type Digest = Result<Sha256, Arc<TreeError>>;

/// Digests by input: many units share one folder.
#[derive(Debug, Default)]
pub(super) struct Digests(Mutex<HashMap<Input, Arc<OnceLock<Digest>>>>);

impl Digests {
    /// What an input was when it was first asked for.
    pub(super) fn get(&self, input: &Input, site: &Site) -> Digest {
        let once = Arc::clone(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(input.clone()).or_default());
        once.get_or_init(|| fresh(input, site)).clone()
    }
}

/// What an input is now.
pub(super) fn fresh((path, scope): &Input, site: &Site) -> Digest {
    let entries = tree::read(path, *scope, site)?;
    Ok(tree::digest(&entries)?)
}
