//! Which keys may sign the checkpoints of a log: a file in the format of C2SP's `tlog-policy`.

use crate::log::SignedCheckpoint;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bifrost_core::audit::safe_text;
use bifrost_core::error_code::Coded;
use signed_note::{NoteError, StandardVerifier, Verifier as _, VerifierList};
use std::collections::BTreeSet;
use std::fmt;

/// The largest policy, in bytes, and the most lines of each kind that it may have.
const MAX_POLICY_BYTES: usize = 256 * 1024;
const MAX_ITEMS: usize = 256;

/// Which keys may sign the checkpoints of one log.
///
/// ```text
/// # The key of the year before is still accepted.
/// log coinbase-audit/000000000000/us-east-1+5f2a1b3c+AXh…
/// log coinbase-audit/000000000000/us-east-1+9e8d7c6b+ATk…
/// ```
///
/// Lines `witness`, `group` and `quorum` are checked and kept, but cosignatures are not required yet: [`quorum`](Self::quorum) says
/// what the file demands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The origin of the log: the first line of its checkpoints, and the name of its keys.
    pub origin: String,
    /// The keys that may sign, as `<name>+<id>+<base64>`.
    pub keys: Vec<String>,
    /// The witnesses, in the order of the file.
    pub witnesses: Vec<Witness>,
    /// The groups of witnesses, in the order of the file.
    pub groups: Vec<WitnessGroup>,
    /// The witness or group that must have cosigned a checkpoint; `None` if none must have.
    pub quorum: Option<String>,
}

/// A witness: it cosigns checkpoints that are consistent with those that it cosigned before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// Its name in the file.
    pub name: String,
    /// Its key, as `<name>+<id>+<base64>`.
    pub key: String,
}

/// Witnesses of which some must have cosigned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessGroup {
    /// Its name in the file.
    pub name: String,
    /// How many of its members must have cosigned.
    pub threshold: usize,
    /// Names of witnesses and other groups.
    pub members: Vec<String>,
}

/// A policy file is not valid.
#[derive(Debug, thiserror::Error, Coded)]
#[code(crate = bifrost_core)]
pub enum PolicyError {
    /// A line of the policy is not valid.
    #[error("line {line} of the policy: {problem}")]
    #[code(
        "audit/policy-invalid",
        "correct the line; `log <name>+<id>+<base64>` names a key that may sign, `#` begins a comment"
    )]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// The policy names no key that may sign.
    #[error("the policy has no line `log <name>+<id>+<base64>`")]
    #[code("audit/policy-without-key", "add the log's public key: `bifrost audit keygen` and `bootstrap` print it")]
    NoLog,
    /// The file is too large for a policy.
    #[error("the policy has {0} bytes; at most {MAX_POLICY_BYTES} are read")]
    #[code("audit/policy-too-large", "pass the policy file, which has a line for each key")]
    TooLarge(usize),
}

/// Why a checkpoint is not one of the log that a policy names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NotSigned {
    /// It is of the log with this origin.
    Origin(String),
    /// None of the policy's keys signed it. These did.
    UnknownKeys(Vec<String>),
    /// The signature of this key is wrong.
    Signature(String),
}

impl Policy {
    /// The policy of a log with this one key.
    ///
    /// # Errors
    /// [`PolicyError::Line`], if the key is not valid.
    pub fn of_key(key: &str) -> Result<Self, PolicyError> {
        Self::parse(format!("log {key}\n").as_bytes())
    }

    /// Reads a policy file.
    ///
    /// # Errors
    /// [`PolicyError`] names the first line that is not valid.
    pub fn parse(text: &[u8]) -> Result<Self, PolicyError> {
        if text.len() > MAX_POLICY_BYTES {
            return Err(PolicyError::TooLarge(text.len()));
        }
        let mut reader = Reader::default();
        for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
            reader.line(line).map_err(|problem| PolicyError::Line { line: index + 1, problem })?;
        }
        let Reader { origin, keys, witnesses, groups, quorum, .. } = reader;
        let origin = origin.ok_or(PolicyError::NoLog)?;
        Ok(Self { origin, keys, witnesses, groups, quorum: quorum.filter(|name| name != "none") })
    }

    /// What the policy demands and this version does not check yet, as a sentence.
    #[must_use]
    pub fn not_enforced(&self) -> Option<String> {
        let quorum = self.quorum.as_ref()?;
        Some(format!(
            "the policy demands cosignatures of {}, and this version does not check cosignatures of witnesses yet",
            safe_text(quorum)
        ))
    }

    /// The keys that signed a checkpoint.
    pub(crate) fn signers(&self, checkpoint: &SignedCheckpoint) -> Result<Vec<String>, NotSigned> {
        if checkpoint.origin != self.origin {
            return Err(NotSigned::Origin(checkpoint.origin.clone()));
        }
        let verifiers = self.keys.iter().filter_map(|key| StandardVerifier::new(key).ok());
        let known = VerifierList::new(verifiers.map(|verifier| Box::new(verifier) as _).collect());
        let key_name = |name: &str, id: u32| safe_text(&format!("{name}+{id:08x}"));
        match checkpoint.note.verify(&known) {
            Ok((signed, _)) => Ok(signed.iter().map(|one| key_name(one.name(), one.id())).collect()),
            Err(NoteError::InvalidSignature { name, id }) => Err(NotSigned::Signature(key_name(&name, id))),
            Err(_) => {
                let lines = checkpoint.signatures();
                Err(NotSigned::UnknownKeys(lines.iter().map(|line| key_name(line.name(), line.id())).collect()))
            }
        }
    }
}

impl fmt::Display for Policy {
    /// The policy as a file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.keys.iter().try_for_each(|key| writeln!(f, "log {key}"))?;
        self.witnesses.iter().try_for_each(|witness| writeln!(f, "witness {} {}", witness.name, witness.key))?;
        for WitnessGroup { name, threshold, members } in &self.groups {
            writeln!(f, "group {name} {threshold} {}", members.join(" "))?;
        }
        writeln!(f, "quorum {}", self.quorum.as_deref().unwrap_or("none"))
    }
}

#[derive(Default)]
struct Reader {
    origin: Option<String>,
    keys: Vec<String>,
    witnesses: Vec<Witness>,
    groups: Vec<WitnessGroup>,
    /// The word after `quorum`.
    quorum: Option<String>,
    /// Witnesses and groups that are not a member of a group yet.
    free: BTreeSet<String>,
    /// The public keys, so that none counts twice.
    public: BTreeSet<(bool, Vec<u8>)>,
}

impl Reader {
    fn line(&mut self, line: &[u8]) -> Result<(), String> {
        let line = std::str::from_utf8(line).map_err(|_| "it is not UTF-8".to_owned())?;
        // Windows ends its lines so.
        let line = line.strip_suffix('\r').unwrap_or(line);
        if let Some(control) = line.chars().find(|c| c.is_ascii_control() && *c != '\t') {
            return Err(format!("it has the control character U+{:04X}", u32::from(control)));
        }
        let words: Vec<&str> = line.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
        match words.as_slice() {
            [] => Ok(()),
            [first, ..] if first.starts_with('#') => Ok(()),
            ["log", key] | ["log", key, _] => self.log(key),
            ["witness", name, key] | ["witness", name, key, _] => self.witness(name, key),
            ["group", name, threshold, members @ ..] => self.group(name, threshold, members),
            ["quorum", name] => self.quorum(name),
            [word @ ("log" | "witness" | "group" | "quorum"), ..] => {
                Err(format!("`{word}` has {} words after it, which is not its form", words.len() - 1))
            }
            [word, ..] => {
                Err(format!("unknown keyword `{}`; use `log`, `witness`, `group` or `quorum`", safe_text(word)))
            }
        }
    }

    fn log(&mut self, key: &str) -> Result<(), String> {
        let verifier = StandardVerifier::new(key).map_err(|error| format!("`{}`: {error}", safe_text(key)))?;
        let origin = self.origin.get_or_insert_with(|| verifier.name().to_owned());
        if origin != verifier.name() {
            let (origin, name) = (safe_text(origin), safe_text(verifier.name()));
            return Err(format!(
                "the key is of the log {name}, and the one before of {origin}: use a policy for each log"
            ));
        }
        self.add_key(false, key)?;
        self.keys.push(key.to_owned());
        Ok(())
    }

    fn witness(&mut self, name: &str, key: &str) -> Result<(), String> {
        self.define(name)?;
        self.add_key(true, key)?;
        self.witnesses.push(Witness { name: name.to_owned(), key: key.to_owned() });
        Ok(())
    }

    fn group(&mut self, name: &str, threshold: &str, members: &[&str]) -> Result<(), String> {
        let threshold = match threshold {
            "any" => 1,
            "all" => members.len(),
            number => number.parse().map_err(|_| format!("`{}` is not `any`, `all` or a number", safe_text(number)))?,
        };
        if threshold == 0 || threshold > members.len() {
            return Err(format!("{threshold} of {} members cannot cosign", members.len()));
        }
        for member in members {
            if !self.free.remove(*member) {
                return Err(format!("`{}` is not a witness or group above, or already in a group", safe_text(member)));
            }
        }
        self.define(name)?;
        let members = members.iter().map(|&member| member.to_owned()).collect();
        self.groups.push(WitnessGroup { name: name.to_owned(), threshold, members });
        Ok(())
    }

    fn quorum(&mut self, name: &str) -> Result<(), String> {
        if self.quorum.is_some() {
            return Err("a policy has one line `quorum`".into());
        }
        let is_defined = name == "none" || self.names().any(|defined| defined == name);
        if !is_defined {
            return Err(format!("`{}` is not a witness or group above", safe_text(name)));
        }
        self.quorum = Some(name.to_owned());
        Ok(())
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        let witnesses = self.witnesses.iter().map(|witness| witness.name.as_str());
        witnesses.chain(self.groups.iter().map(|group| group.name.as_str()))
    }

    fn define(&mut self, name: &str) -> Result<(), String> {
        if name == "none" || self.names().any(|defined| defined == name) {
            return Err(format!("the name `{}` is taken", safe_text(name)));
        }
        if self.witnesses.len() + self.groups.len() >= MAX_ITEMS {
            return Err(format!("a policy has at most {MAX_ITEMS} witnesses and groups"));
        }
        self.free.insert(name.to_owned());
        Ok(())
    }

    fn add_key(&mut self, is_witness: bool, key: &str) -> Result<(), String> {
        let public =
            public_key(key).ok_or_else(|| format!("`{}` is not a key `<name>+<id>+<base64>`", safe_text(key)))?;
        if self.keys.len() >= MAX_ITEMS {
            return Err(format!("a policy has at most {MAX_ITEMS} keys"));
        }
        if !self.public.insert((is_witness, public)) {
            return Err("the same key is in a line above".into());
        }
        Ok(())
    }
}

/// The public key in `<name>+<id>+<base64>` without its algorithm; `None` if the id is not that of name and key.
fn public_key(key: &str) -> Option<Vec<u8>> {
    let (name, rest) = key.split_once('+')?;
    let (id, encoded) = rest.split_once('+')?;
    let decoded = BASE64_STANDARD.decode(encoded).ok()?;
    let is_id = id.len() == 8 && u32::from_str_radix(id, 16).ok()? == signed_note::key_id(name, &decoded);
    let (_, public) = decoded.split_first()?;
    (is_id && signed_note::is_key_name_valid(name) && !public.is_empty()).then(|| public.to_vec())
}
