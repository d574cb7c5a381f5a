//! Signs checkpoints with an Ed25519 key in KMS.

use crate::error::Incomplete;
use crate::{AwsSession, Request};
use async_trait::async_trait;
use aws_sdk_kms::Client;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{MessageType, SigningAlgorithmSpec};
use bifrost_core::cloud::{CloudError, ErrorKind, LogSigner};
use std::sync::Arc;
use tokio::sync::OnceCell;

const GET_PUBLIC_KEY: &str = "kms:GetPublicKey";
const SIGN: &str = "kms:Sign";

/// What a `SubjectPublicKeyInfo` of Ed25519 (RFC 8410) begins with, in DER. The 32 bytes of the key follow.
const ED25519_INFO: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// A key of KMS: its ARN and its public part.
#[derive(Debug, Clone, PartialEq, Eq)]
struct PublicKey {
    /// Signatures are requested from the key itself, not from its alias, which may become that of another key.
    arn: String,
    bytes: [u8; 32],
}

/// The public key of a process, which asks KMS once.
#[derive(Debug, Clone, Default)]
pub struct KnownKey(Arc<OnceCell<PublicKey>>);

/// A signing key in KMS: specification `ECC_NIST_EDWARDS25519`, usage `SIGN_VERIFY`.
#[derive(Debug, Clone)]
pub struct KmsSigner {
    session: AwsSession,
    client: Client,
    /// Its id, ARN or alias.
    key: String,
    known: KnownKey,
}

impl KmsSigner {
    /// The key, with the permissions of the session. `known` is shared with the other signers of the process with this key.
    #[must_use]
    pub fn new(session: AwsSession, key: String, known: KnownKey) -> Self {
        Self { client: Client::new(session.config()), session, key, known }
    }

    async fn known(&self) -> Result<&PublicKey, CloudError> {
        self.known.0.get_or_try_init(|| self.get_public_key()).await
    }

    async fn get_public_key(&self) -> Result<PublicKey, CloudError> {
        let get = self.client.get_public_key().key_id(&self.key);
        let answer = self.session.call(GET_PUBLIC_KEY, &self.key, get.send()).await;
        let output = answer.map_err(|error| self.explain(error))?;
        let info = output.public_key.present(GET_PUBLIC_KEY, &self.key, "PublicKey")?;
        let bytes = ed25519(info.as_ref()).ok_or_else(|| {
            let spec = output.key_spec.map_or_else(|| "unknown".to_owned(), |spec| spec.as_str().to_owned());
            let message = format!(
                "the key is not an Ed25519 key (its specification is {spec}); the audit log needs a key of the \
                 specification ECC_NIST_EDWARDS25519 and the usage SIGN_VERIFY"
            );
            Request::new(GET_PUBLIC_KEY, &self.key).refused(ErrorKind::Invalid, "InvalidSigningKey", &message)
        })?;
        Ok(PublicKey { arn: output.key_id.unwrap_or_else(|| self.key.clone()), bytes })
    }

    fn explain(&self, mut error: CloudError) -> CloudError {
        if matches!(error.kind, ErrorKind::NotFound | ErrorKind::AccessDenied) {
            let (account, region) = (self.session.account(), self.session.region());
            error.message = format!("{} (signing key {}, for account {account}, {region})", error.message, self.key);
        }
        error
    }
}

#[async_trait]
impl LogSigner for KmsSigner {
    async fn public_key(&self) -> Result<[u8; 32], CloudError> {
        self.known().await.map(|key| key.bytes)
    }

    async fn sign(&self, message: &[u8]) -> Result<[u8; 64], CloudError> {
        let arn = &self.known().await?.arn;
        let sign = self.client.sign().key_id(arn).message(Blob::new(message)).message_type(MessageType::Raw);
        let sign = sign.signing_algorithm(SigningAlgorithmSpec::Ed25519Sha512);
        let answer = self.session.call(SIGN, arn, sign.send()).await;
        let output = answer.map_err(|error| self.explain(error))?;
        let signature = output.signature.and_then(|signature| <[u8; 64]>::try_from(signature.into_inner()).ok());
        signature.present(SIGN, arn, "Signature of 64 bytes")
    }
}

/// The public key in a `SubjectPublicKeyInfo`, if it is one of Ed25519. It has exactly one encoding.
fn ed25519(info: &[u8]) -> Option<[u8; 32]> {
    info.strip_prefix(&ED25519_INFO)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_ed25519_key_is_accepted() {
        let info = [&ED25519_INFO[..], &[7; 32]].concat();
        assert_eq!(ed25519(&info), Some([7; 32]));
        let longer = [&info[..], &[0]].concat();
        // X25519 has another last digit in its identifier.
        let mut exchange = info.clone();
        exchange[8] = 0x6e;
        for other in [&info[..43], &longer, &exchange, &info[12..], &[]] {
            assert_eq!(ed25519(other), None, "{other:?}");
        }
    }
}
