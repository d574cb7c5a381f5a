//! The text of a receipt (C2SP `tlog-proof`).

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use std::fmt;
use std::str::FromStr;
use tlog_tiles::Hash;

/// The first line.
const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// The longest receipt that is read, in bytes.
const MAX_BYTES: usize = 256 * 1024;

/// The most hashes of a proof: a tree has less than 2⁶⁴ entries.
const MAX_HASHES: usize = 64;

/// A receipt in its parts.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ReceiptText {
    /// The entry.
    pub(super) extra: Option<Vec<u8>>,
    pub(super) index: u64,
    /// From the leaf's sibling to the child of the root.
    pub(super) proof: Vec<Hash>,
    /// The signed checkpoint.
    pub(super) checkpoint: String,
}

/// A text does not have the form of a receipt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptTextError {
    /// It is too long.
    #[error("it has {0} bytes, and at most {MAX_BYTES} are read")]
    TooLong(usize),
    /// The first line is another one.
    #[error("line 1 is not `{HEADER}`")]
    Header,
    /// The entry is not base64.
    #[error("line 2: `extra` is not followed by base64")]
    Extra,
    /// There is no index.
    #[error("line {0} is not `index` and a number without leading zeros")]
    Index(usize),
    /// A hash of the proof is not one.
    #[error("line {0} is not a hash of 32 bytes in base64")]
    Hash(usize),
    /// The proof has too many hashes.
    #[error("the proof has more than {MAX_HASHES} hashes")]
    TooManyHashes,
    /// The text ends before the checkpoint.
    #[error("it has no empty line and checkpoint after the proof: the file is cut")]
    Cut,
}

impl fmt::Display for ReceiptText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", BASE64_STANDARD.encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.proof.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

impl FromStr for ReceiptText {
    type Err = ReceiptTextError;

    fn from_str(text: &str) -> Result<Self, ReceiptTextError> {
        if text.len() > MAX_BYTES {
            return Err(ReceiptTextError::TooLong(text.len()));
        }
        let mut rest = text;
        let mut number = 0;
        let mut next = || {
            let (line, after) = rest.split_once('\n')?;
            (rest, number) = (after, number + 1);
            Some((number, line, after))
        };
        let cut = ReceiptTextError::Cut;
        match next() {
            Some((_, HEADER, _)) => {}
            _ => return Err(ReceiptTextError::Header),
        }
        let (mut at, mut line, _) = next().ok_or(cut.clone())?;
        let mut extra = None;
        if let Some(encoded) = line.strip_prefix("extra ") {
            extra = Some(BASE64_STANDARD.decode(encoded).map_err(|_| ReceiptTextError::Extra)?);
            (at, line, _) = next().ok_or(cut.clone())?;
        }
        let digits = line.strip_prefix("index ").ok_or(ReceiptTextError::Index(at))?;
        let index: u64 = digits.parse().map_err(|_| ReceiptTextError::Index(at))?;
        if index.to_string() != digits {
            return Err(ReceiptTextError::Index(at));
        }
        let mut proof = Vec::new();
        loop {
            let (at, line, after) = next().ok_or(cut.clone())?;
            if line.is_empty() {
                let checkpoint = after.to_owned();
                return if checkpoint.is_empty() { Err(cut) } else { Ok(Self { extra, index, proof, checkpoint }) };
            }
            if proof.len() == MAX_HASHES {
                return Err(ReceiptTextError::TooManyHashes);
            }
            proof.push(Hash::parse_hash(line).map_err(|_| ReceiptTextError::Hash(at))?);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn receipt() -> impl Strategy<Value = ReceiptText> {
        let hashes = prop::collection::vec(any::<[u8; 32]>().prop_map(Hash), 0..65);
        let parts = (any::<Option<Vec<u8>>>(), any::<u64>(), hashes, "(.|\n){1,50}");
        parts.prop_map(|(extra, index, proof, checkpoint)| ReceiptText { extra, index, proof, checkpoint })
    }

    #[test]
    fn wrong_line_is_named() {
        let hash = "A".repeat(43) + "=";
        let cases = [
            (String::new(), ReceiptTextError::Header),
            ("c2sp.org/tlog-proof@v2\n".into(), ReceiptTextError::Header),
            (format!("{HEADER}\n"), ReceiptTextError::Cut),
            (format!("{HEADER}\nextra ?\nindex 1\n"), ReceiptTextError::Extra),
            (format!("{HEADER}\nindex 01\n\nx"), ReceiptTextError::Index(2)),
            (format!("{HEADER}\nextra AA==\nindex +1\n\nx"), ReceiptTextError::Index(3)),
            (format!("{HEADER}\nindex 99999999999999999999\n\nx"), ReceiptTextError::Index(2)),
            (format!("{HEADER}\nindex 1\nAA==\n\nx"), ReceiptTextError::Hash(3)),
            (format!("{HEADER}\nindex 1\n{hash}\n"), ReceiptTextError::Cut),
            (format!("{HEADER}\nindex 1\n{hash}\n\n"), ReceiptTextError::Cut),
            (format!("{HEADER}\nindex 1\n{}\nx", format!("{hash}\n").repeat(65)), ReceiptTextError::TooManyHashes),
            ("x".repeat(MAX_BYTES + 1), ReceiptTextError::TooLong(MAX_BYTES + 1)),
        ];
        for (text, error) in cases {
            assert_eq!(text.parse::<ReceiptText>(), Err(error), "{text:.200}");
        }
    }

    proptest! {
        #[test]
        fn text_is_read_as_written(receipt in receipt()) {
            prop_assert_eq!(receipt.to_string().parse::<ReceiptText>().unwrap(), receipt);
        }

        #[test]
        fn garbage_is_refused_or_read(text in ".*", lines in "c2sp.org/tlog-proof@v1\n(extra [A=]{0,5}\n|index [0-9]{0,3}\n|[A=]{44}\n|\n){0,8}") {
            let _ = text.parse::<ReceiptText>();
            let _ = lines.parse::<ReceiptText>();
        }
    }
}
