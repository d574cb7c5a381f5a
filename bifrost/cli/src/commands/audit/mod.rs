//! The program `bifrost`: `new`, and `audit`, what auditors use to read and verify the audit log, one file a command or pair of commands.
//!
//! Exit codes: 0 success; 1 `verify` or the review of acts found something; 2 the command line is wrong, or the log cannot be read.

mod acts;
mod arguments;
mod copy;
mod error;
mod export;
mod files;
mod keys;
mod list;
mod opened;
mod program;
mod progress;
mod receipt;
mod report;
mod sample;
mod seen;
mod show;
mod verify;
mod verify_receipt;
mod when;

pub(super) use error::AuditCliError;
pub use program::AuditProgram;
pub(super) use receipt::{Deployed, ReceiptArgs, check as check_receipt_file, save as save_receipt};

use super::{completions, new};
use clap::{CommandFactory, Parser, Subcommand};

/// The name of the program.
const NAME: &str = "bifrost";

#[derive(Debug, Parser)]
#[command(name = NAME, disable_help_subcommand = true, subcommand_required = true, version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Read and verify the audit log: who deployed what, where, when, and how it ended
    Audit(Box<AuditArgs>),
    /// Write a new deployer that builds, passes its tests, and deploys into the local cloud
    New(new::Args),
    /// Print a completion script for a shell
    Completions(completions::Args),
}

#[derive(Debug, clap::Args)]
#[command(disable_help_subcommand = true, subcommand_required = true, arg_required_else_help = true)]
struct AuditArgs {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// List deploys
    List(list::Args),
    /// Tell one deploy as a story, with its evidence
    Show(show::Args),
    /// Compare two deploys
    Diff(show::DiffArgs),
    /// Draw a random sample of deploys that can be drawn again
    Sample(sample::Args),
    /// List acts that went around a protection and that nobody has reviewed
    Open(acts::OpenArgs),
    /// Review an act of another person
    Review(acts::ReviewArgs),
    /// Write a report: one HTML file with all deploys, for a browser or for printing
    Report(report::Args),
    /// Export deploys as CSV, JSON lines or in-toto statements
    Export(export::Args),
    /// Verify that nobody altered, removed or reordered anything, or verify a receipt
    Verify(verify::Args),
    /// Print the receipt of a deploy: a proof that it is in the log
    Receipt(receipt::Args),
    /// Print the policy of the log: its name and its public key
    Policy(keys::PolicyArgs),
    /// Download the log, to read and verify it without network
    Copy(copy::Args),
    /// Append the ends of deploys that could not record them
    Reconcile(acts::ReconcileArgs),
    /// Create a key for signing a log
    Keygen(keys::KeygenArgs),
    /// Print the JSON schema of the records
    Schema(export::SchemaArgs),
}

/// The command line.
fn command() -> clap::Command {
    let examples = [
        ("list", list::EXAMPLES),
        ("show", show::EXAMPLES),
        ("diff", show::DIFF_EXAMPLES),
        ("sample", sample::EXAMPLES),
        ("open", acts::OPEN_EXAMPLES),
        ("review", acts::REVIEW_EXAMPLES),
        ("report", report::EXAMPLES),
        ("export", export::EXAMPLES),
        ("verify", verify::EXAMPLES),
        ("receipt", receipt::EXAMPLES),
        ("policy", keys::POLICY_EXAMPLES),
        ("copy", copy::EXAMPLES),
        ("reconcile", acts::RECONCILE_EXAMPLES),
        ("keygen", keys::KEYGEN_EXAMPLES),
        ("schema", export::SCHEMA_EXAMPLES),
    ];
    Cli::command()
        .max_term_width(80)
        .about("Writes new deployers, and reads and verifies the audit log of deployers")
        .after_help("Try `bifrost new --help`, or `bifrost audit --help`.")
        .mut_subcommand("new", |command| command.after_help(new::EXAMPLES))
        .mut_subcommand("audit", |audit| {
            let audit = audit.after_help("Try `bifrost audit list --help`, or `bifrost audit --help` for examples.");
            examples.into_iter().fold(audit.after_long_help(GUIDE), |audit, (name, text)| {
                audit.mut_subcommand(name, |command| command.after_help(text))
            })
        })
}

const GUIDE: &str = "Examples:
  bifrost audit list --since 30d             deploys of the last 30 days
  bifrost audit list --person ada@laptop     deploys that one person started
  bifrost audit show RELEASE                 what happened in a deploy
  bifrost audit sample --count 25 --from 2026-01-01 --to 2026-12-31 --seed 7
  bifrost audit open                         acts that wait for a review
  bifrost audit report --html report.html    all of it, for a browser
  bifrost audit verify --policy log.policy   has anybody altered the log?

Which log:
  With --local the log of the local cloud, with --copy FOLDER a copy of the
  log's bucket, otherwise the log in AWS, with your credentials.

What is proven:
  The log is a Merkle tree. Its checkpoints are signed with a key that only
  deployers can use. Who started or approved a deploy is what the client
  claimed; the rest is what the deployer saw AWS answer. docs/auditors.md says
  what this proves, and what it does not.

Exit codes:
  0  success
  1  `verify`: something is wrong; `open`: an act waits for a review
  2  the command line is wrong, or the log cannot be read

Output:
  Text on a terminal, otherwise JSON, one object per line; --output selects one.
  `policy`, `receipt` and `schema` print a file: JSON only with --output json.";

#[cfg(test)]
mod tests;
