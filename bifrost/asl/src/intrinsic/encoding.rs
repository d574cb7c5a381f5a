//! Base64 and hashes.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use md5::Md5;
use serde_json::Value;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

/// AWS's limit for these functions.
const MAX_TEXT_LEN: usize = 10_000;

const ENCODER: GeneralPurpose = base64::engine::general_purpose::STANDARD;
const DECODER: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

pub(super) fn base64_encode(text: &str) -> Option<Value> {
    fits(text).then(|| ENCODER.encode(text).into())
}

/// As lenient as AWS: skips characters outside of Base64, and ends at the first `=`.
pub(super) fn base64_decode(text: &str) -> Option<Value> {
    if !fits(text) {
        return None;
    }
    let until_padding = text.split('=').next().unwrap_or_default();
    let mut digits: String = until_padding
        .chars()
        .filter_map(|c| match c {
            '-' => Some('+'),
            '_' => Some('/'),
            c => Some(c).filter(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/')),
        })
        .collect();
    // A single digit at the end encodes less than a byte.
    if digits.len() % 4 == 1 {
        digits.pop();
    }
    let bytes = DECODER.decode(digits).ok()?;
    Some(String::from_utf8_lossy(&bytes).into())
}

/// Hashes data other than strings as JSON.
pub(super) fn hash(data: &Value, algorithm: &str) -> Option<Value> {
    let text = data.as_str().map_or_else(|| data.to_string(), ToOwned::to_owned);
    if !fits(&text) {
        return None;
    }
    let digest = match algorithm {
        "MD5" => hex(&Md5::digest(&text)),
        "SHA-1" => hex(&Sha1::digest(&text)),
        "SHA-256" => hex(&Sha256::digest(&text)),
        "SHA-384" => hex(&Sha384::digest(&text)),
        "SHA-512" => hex(&Sha512::digest(&text)),
        _ => return None,
    };
    Some(digest.into())
}

fn fits(text: &str) -> bool {
    text.chars().count() <= MAX_TEXT_LEN
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
