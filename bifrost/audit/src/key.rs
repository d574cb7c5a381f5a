//! Keys that sign checkpoints, in the text formats of C2SP `signed-note`.

use async_trait::async_trait;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bifrost_core::cloud::{CloudError, LogSigner};
use bifrost_core::error_code::Coded;
use ed25519_dalek::{Signer, SigningKey};
use std::fmt;

/// The type of an Ed25519 key in the text formats.
const ED25519: u8 = 1;

/// What the text of a private key begins with.
const PRIVATE: &str = "PRIVATE+KEY+";

/// A private key in a file or in the local cloud. In AWS, KMS has the key.
#[derive(Clone)]
pub struct LocalKey {
    name: String,
    key: SigningKey,
}

/// The text of a private key is not valid. The error has no part of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, Coded)]
#[code(crate = bifrost_core)]
pub enum KeyError {
    /// The text is not a private key for an audit log.
    #[error("the text does not have the form `PRIVATE+KEY+<name>+<id>+<base64>`")]
    #[code("audit/key-malformed", "pass the whole line that `bifrost audit keygen` wrote")]
    Malformed,
    /// The key is not an Ed25519 key.
    #[error("the key is of type {0}, and only Ed25519 (type 1) is supported")]
    #[code("audit/key-type", "create an Ed25519 key with `bifrost audit keygen`")]
    Type(u8),
    /// The id in the key's text does not belong to the key: the text was altered.
    #[error("the id in the key's text is {found:08x}, but the id of this name and key is {actual:08x}")]
    #[code("audit/key-id", "restore the file of the key from a backup; the text was altered")]
    Id {
        /// The id in the text.
        found: u32,
        /// The id that follows from name and key.
        actual: u32,
    },
}

impl LocalKey {
    /// The key with this name that is derived from 32 random bytes. The name is the origin of the log.
    #[must_use]
    pub fn generate(name: &str, seed: [u8; 32]) -> Self {
        Self { name: name.to_owned(), key: SigningKey::from_bytes(&seed) }
    }

    /// Reads the text that [`private`](Self::private) returns.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let rest = text.trim().strip_prefix(PRIVATE).ok_or(KeyError::Malformed)?;
        let mut parts = rest.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(KeyError::Malformed);
        };
        let is_hex = id.len() == 8 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        let id = u32::from_str_radix(id, 16).ok().filter(|_| is_hex).ok_or(KeyError::Malformed)?;
        let key = BASE64_STANDARD.decode(key).map_err(|_| KeyError::Malformed)?;
        let (key_type, seed) = key.split_first().ok_or(KeyError::Malformed)?;
        if *key_type != ED25519 {
            return Err(KeyError::Type(*key_type));
        }
        let seed = seed.try_into().map_err(|_| KeyError::Malformed)?;
        if !signed_note::is_key_name_valid(name) {
            return Err(KeyError::Malformed);
        }
        let read = Self::generate(name, seed);
        match key_id(name, &read.public_bytes()) {
            actual if actual == id => Ok(read),
            actual => Err(KeyError::Id { found: id, actual }),
        }
    }

    /// Its name: the origin of the log.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The private key as text, `PRIVATE+KEY+<name>+<id>+<base64>`. Anyone who has it can sign checkpoints.
    #[must_use]
    pub fn private(&self) -> String {
        let id = key_id(&self.name, &self.public_bytes());
        format!("{PRIVATE}{}+{id:08x}+{}", self.name, encode(self.key.as_bytes()))
    }

    /// The public key as text, for policies: [`verifier_key`].
    #[must_use]
    pub fn public(&self) -> String {
        verifier_key(&self.name, &self.public_bytes())
    }

    /// The public key.
    #[must_use]
    pub fn public_bytes(&self) -> [u8; 32] {
        self.key.verifying_key().to_bytes()
    }
}

/// Shows the public key only.
impl fmt::Debug for LocalKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LocalKey({})", self.public())
    }
}

#[async_trait]
impl LogSigner for LocalKey {
    async fn public_key(&self) -> Result<[u8; 32], CloudError> {
        Ok(self.public_bytes())
    }

    async fn sign(&self, message: &[u8]) -> Result<[u8; 64], CloudError> {
        Ok(self.key.sign(message).to_bytes())
    }
}

/// A public Ed25519 key as text, `<name>+<id>+<base64>`, which C2SP calls a vkey.
#[must_use]
pub fn verifier_key(name: &str, public: &[u8; 32]) -> String {
    format!("{name}+{:08x}+{}", key_id(name, public), encode(public))
}

/// The id of an Ed25519 key, which signature lines have.
#[must_use]
pub fn key_id(name: &str, public: &[u8; 32]) -> u32 {
    signed_note::key_id(name, &typed(public))
}

fn encode(key: &[u8; 32]) -> String {
    BASE64_STANDARD.encode(typed(key))
}

fn typed(key: &[u8; 32]) -> Vec<u8> {
    [&[ED25519][..], key].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use signed_note::{Signer as _, StandardSigner, StandardVerifier, Verifier};

    const ORIGIN: &str = "coinbase-audit/000000000000/us-east-1";

    #[test]
    fn texts_are_those_of_signed_note() {
        let key = LocalKey::generate(ORIGIN, [7; 32]);
        let theirs = StandardSigner::new(&key.private()).unwrap();
        let verifier = StandardVerifier::new(&key.public()).unwrap();
        assert_eq!((verifier.name(), verifier.key_id()), (ORIGIN, theirs.key_id()));
        assert!(verifier.verify(b"text\n", &theirs.sign(b"text\n").unwrap()));
        assert_eq!(LocalKey::parse(&key.private()).unwrap().private(), key.private());
    }

    #[tokio::test]
    async fn signature_is_valid() {
        let key = LocalKey::generate(ORIGIN, [7; 32]);
        let signature = key.sign(b"text\n").await.unwrap();
        assert!(StandardVerifier::new(&key.public()).unwrap().verify(b"text\n", &signature));
    }

    #[test]
    fn key_of_the_documentation_of_signed_note_is_read() {
        let text = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz\n";
        let key = LocalKey::parse(text).unwrap();
        assert_eq!(key.public(), "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
    }

    #[test]
    fn invalid_texts_are_refused_without_the_key() {
        let good = LocalKey::generate(ORIGIN, [7; 32]).private();
        let id = good.split('+').nth(3).unwrap();
        let base64 = good.rsplit('+').next().unwrap();
        let malformed = [
            "",
            "PRIVATE+KEY+",
            "PRIVATE+KEY+a+b",
            &good.replace("PRIVATE", "PUBLIC"),
            &good.replace(id, "+0000000"),
            &good.replace("coinbase", "coin base"),
            good.trim_end_matches(|c: char| c != '+'),
        ];
        for text in malformed {
            assert_eq!(LocalKey::parse(text).unwrap_err(), KeyError::Malformed, "{text}");
        }
        assert!(matches!(LocalKey::parse(&good.replace(id, "00000000")), Err(KeyError::Id { found: 0, .. })));
        let typed = good.replace(base64, &BASE64_STANDARD.encode([&[4][..], &[7; 32]].concat()));
        assert_eq!(LocalKey::parse(&typed).unwrap_err(), KeyError::Type(4));
        assert!(!format!("{:?}", LocalKey::generate(ORIGIN, [7; 32])).contains(base64));
    }
}
