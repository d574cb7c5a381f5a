//! Signed checkpoints (C2SP `tlog-checkpoint`).

use crate::key::{key_id, verifier_key};
use bifrost_core::audit::safe_text;
use signed_note::{Note, NoteError, Signature, StandardVerifier, Verifier};
use tlog_tiles::{Checkpoint, Hash};

/// The largest checkpoint that is read, in bytes.
pub(crate) const MAX_CHECKPOINT_BYTES: usize = 64 * 1024;

/// The number of signatures of others that are kept. A note may have 100.
const MAX_COSIGNATURES: usize = 64;

/// A checkpoint: origin, size and root of the log, with signatures.
#[derive(Debug, PartialEq)]
pub struct SignedCheckpoint {
    /// The name of the log.
    pub origin: String,
    /// The number of entries.
    pub size: u64,
    /// The root of the tree.
    pub root: Hash,
    /// Lines after the root, which we do not write.
    pub extension: String,
    /// The signed text with all signature lines, also those of keys that we do not know, such as witnesses.
    pub note: Note,
}

/// A checkpoint cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// It is too long.
    #[error("the checkpoint has {0} bytes, and at most {MAX_CHECKPOINT_BYTES} are read")]
    TooLong(usize),
    /// It is not a signed note.
    #[error("the checkpoint is not a signed note")]
    Note(#[from] NoteError),
    /// Its text is not that of a checkpoint.
    #[error("the text of the checkpoint does not have the lines origin, size and root")]
    Text,
    /// It is the checkpoint of another log.
    #[error("the checkpoint is that of log {}", safe_text(.0))]
    OtherOrigin(String),
}

impl SignedCheckpoint {
    /// Reads a checkpoint. Its signatures are not verified.
    ///
    /// # Errors
    /// [`CheckpointError`], but not [`OtherOrigin`](CheckpointError::OtherOrigin).
    pub fn parse(bytes: &[u8]) -> Result<Self, CheckpointError> {
        if bytes.len() > MAX_CHECKPOINT_BYTES {
            return Err(CheckpointError::TooLong(bytes.len()));
        }
        let note = Note::from_bytes(bytes)?;
        let text = Checkpoint::from_bytes(note.text()).map_err(|_| CheckpointError::Text)?;
        let (size, root) = (text.size(), *text.hash());
        Ok(Self { origin: text.origin().to_owned(), size, root, extension: text.extension().to_owned(), note })
    }

    /// The checkpoint itself, if its origin is this log.
    ///
    /// # Errors
    /// [`CheckpointError::OtherOrigin`].
    pub fn of(self, origin: &str) -> Result<Self, CheckpointError> {
        if self.origin == origin { Ok(self) } else { Err(CheckpointError::OtherOrigin(self.origin)) }
    }

    /// The text that is signed.
    #[must_use]
    pub fn text(origin: &str, size: u64, root: &Hash) -> Vec<u8> {
        format!("{origin}\n{size}\n{root}\n").into_bytes()
    }

    /// Whether this Ed25519 key, with the origin as its name, signed it.
    #[must_use]
    pub fn is_signed_by(&self, key: &[u8; 32]) -> bool {
        let Ok(verifier) = StandardVerifier::new(&verifier_key(&self.origin, key)) else { return false };
        let is_ours = |line: &Signature| line.name() == self.origin && line.id() == verifier.key_id();
        self.signatures().iter().any(|line| is_ours(line) && verifier.verify(self.note.text(), line.signature()))
    }

    /// All signature lines.
    #[must_use]
    pub fn signatures(&self) -> Vec<Signature> {
        // The library gives only lines that it has verified, but all as text.
        let bytes = self.note.to_bytes();
        let lines = bytes.get(self.note.text().len() + 1..).unwrap_or_default();
        lines.split(|byte| *byte == b'\n').filter_map(|line| Signature::from_bytes(line).ok()).collect()
    }

    /// The bytes of a checkpoint with a new signature of this key. Signatures of others on the same text are kept from `previous`.
    ///
    /// # Errors
    /// [`CheckpointError::Note`] if the origin is not a valid name of a key.
    pub(super) fn sign(
        origin: &str,
        text: &[u8],
        key: &[u8; 32],
        signature: [u8; 64],
        previous: Option<&Self>,
    ) -> Result<Vec<u8>, CheckpointError> {
        let ours = Signature::new(origin.to_owned(), key_id(origin, key), signature.to_vec())?;
        let previous = previous.filter(|previous| previous.note.text() == text);
        let others = previous.map(Self::signatures).unwrap_or_default().into_iter();
        let others = others.filter(|line| (line.name(), line.id()) != (ours.name(), ours.id())).take(MAX_COSIGNATURES);
        let lines: Vec<_> = others.chain([ours.clone()]).collect();
        Ok(Note::new(text, &lines)?.to_bytes())
    }
}
