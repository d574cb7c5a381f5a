//! `bifrost audit keygen` and `bifrost audit policy`: the key that signs a log, and who must have signed it.

use super::arguments::{FileOutputArgs, LogArgs};
use super::{AuditCliError, AuditProgram};
use crate::commands::arguments::{Format, OutputArgs};
use crate::commands::error::CliError;
use crate::commands::output;
use bifrost_audit::key::{LocalKey, verifier_key};
use serde_json::json;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub(super) struct KeygenArgs {
    /// Name of the key: the name of the log that it signs, as in PREFIXaudit/ACCOUNT/REGION
    #[arg(value_parser = key_name)]
    name: String,
    /// File for the private key, which must not exist [default: NAME.key, with - for /]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) const KEYGEN_EXAMPLES: &str = "Examples:
  bifrost audit keygen coinbase-audit/111111111111/us-east-1
  bifrost audit keygen coinbase-audit/111111111111/us-east-1 --out /safe/log.key

The private key is written to a file that only you can read, and is never
printed. Anyone who has it can sign another history of the log. In AWS, the key
is in KMS and cannot be read; a key of your own is for logs outside of KMS.";

pub(super) fn keygen(args: &KeygenArgs) -> Result<u8, CliError> {
    let path = args.out.clone().unwrap_or_else(|| format!("{}.key", args.name.replace('/', "-")).into());
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| CliError::Runtime(io::Error::other(error.to_string())))?;
    let key = LocalKey::generate(&args.name, seed);
    write_private(&path, &format!("{}\n", key.private()))?;
    match args.output.format() {
        Format::Json => output::print_json(&json!({"private_key_file": path, "public_key": key.public()}))?,
        Format::Text => output::print_escaped(&format!(
            "private key: {}, readable only for you\npublic key:  {}\n\n\
             For a policy file, with which `bifrost audit verify --policy FILE` verifies the log:\n\nlog {}",
            path.display(),
            key.public(),
            key.public()
        ))?,
    }
    Ok(0)
}

/// A name that can be part of a signed note, and of a file's name.
fn key_name(text: &str) -> Result<String, &'static str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@".contains(c);
    if text.is_empty() || text.starts_with(['-', '.', '/']) || !text.chars().all(is_plain) {
        return Err("expected letters, digits and - _ . / : @, such as coinbase-audit/111111111111/us-east-1");
    }
    Ok(text.to_owned())
}

/// Writes a new file that only its owner can read. An existing file is kept.
fn write_private(path: &Path, text: &str) -> Result<(), AuditCliError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists => AuditCliError::KeyExists { path: path.into() },
        _ => AuditCliError::Unwritable { path: path.into(), source },
    };
    let mut file = options.open(path).map_err(failed)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    // Half a key would block the next attempt.
    written.inspect_err(|_| drop(fs::remove_file(path))).map_err(failed)
}

#[derive(Debug, clap::Args)]
pub(super) struct PolicyArgs {
    #[command(flatten)]
    output: FileOutputArgs,
    #[command(flatten)]
    log: LogArgs,
}

pub(super) const POLICY_EXAMPLES: &str = "Examples:
  bifrost audit policy > log.policy
  bifrost audit policy --local
  bifrost audit policy --output json | jq -r .public_key

It prints what the log itself says. A log that was replaced as a whole, key
and all, says something else: compare the key with one that you got in another
way, such as from the team that set up the log, and keep the file.";

/// Prints the policy of this log, in the form of a policy file.
pub(super) async fn policy(program: &AuditProgram, args: PolicyArgs) -> Result<u8, CliError> {
    let log = program.open(&args.log).await?;
    let Some(public_key) = &log.public_key else {
        return Err(AuditCliError::NoPublicKey { place: log.place }.into());
    };
    let key = verifier_key(&log.origin, public_key);
    let policy = format!(
        "# The audit log in {}, as the log itself says.\n# Compare the key with one that you got in another way.\nlog {key}",
        log.place
    );
    match args.output.format() {
        Format::Text => output::print_escaped(&policy)?,
        Format::Json => {
            output::print_json(&json!({"origin": log.origin, "public_key": key, "policy": format!("{policy}\n")}))?;
        }
    }
    output::note("warning: this is what the log itself says; compare the key with one that you got in another way");
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_name_has_no_separator_of_notes() {
        for name in ["coinbase-audit/111111111111/us-east-1", "log", "audit.example.com/log"] {
            assert_eq!(key_name(name), Ok(name.to_owned()));
        }
        for name in ["", "a+b", "a b", "a\nb", "../x", "/x", "-x", "naïve"] {
            assert!(key_name(name).is_err(), "{name}");
        }
    }
}
