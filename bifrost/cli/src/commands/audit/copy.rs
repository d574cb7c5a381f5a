//! `bifrost audit copy`: downloads a log into a folder, so that it can be read and verified without network.

use super::arguments::LogArgs;
use super::files::write_file;
use super::opened::OpenedLog;
use super::progress::ProgressLine;
use super::{AuditCliError, AuditProgram};
use crate::commands::arguments::{Format, OutputArgs, shell_quoted};
use crate::commands::error::CliError;
use crate::commands::output;
use bifrost_audit::reader::counted;
use bifrost_core::cloud::{CHECKPOINT_KEY, ObjectVersion};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use serde_json::json;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

/// How many objects are downloaded at a time.
const MAX_CONCURRENT_CALLS: usize = 16;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Folder to write to
    folder: PathBuf,
    /// Read all objects, and replace files that have other bytes
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    output: OutputArgs,
    #[command(flatten)]
    log: LogArgs,
}

pub(super) const EXAMPLES: &str = "Examples:
  bifrost audit copy log-2026
  bifrost audit verify --copy log-2026 --policy log.policy
  bifrost audit list --copy log-2026

If it is interrupted, or later, run it again: it downloads only what is new.
Objects of the log never change, except its checkpoint. A file of the right
length counts as there already: if the folder may have been altered, copy into
an empty folder, or use --check, which compares the content of all files.";

/// What was copied.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Copied {
    downloaded: usize,
    /// Of those that were downloaded, the files that had other bytes.
    replaced: usize,
    unchanged: usize,
}

/// What became of one object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Copy {
    New,
    Replaced,
    Unchanged,
}

pub(super) async fn run(program: &AuditProgram, args: Args) -> Result<u8, CliError> {
    let log = program.open(&args.log).await?;
    // First the checkpoint: everything that it commits to exists by then.
    let checkpoint = log.checkpoint().await?;
    let Copied { downloaded, replaced, unchanged } = download(&log, &args.folder, args.check).await?;
    // Last, so that an interrupted copy has none.
    write_file(&path_of(&args.folder, CHECKPOINT_KEY)?, &checkpoint)?;
    let folder = shell_quoted(&args.folder.to_string_lossy()).into_owned();
    match args.output.format() {
        Format::Json => {
            let counts =
                json!({"folder": args.folder, "downloaded": downloaded, "replaced": replaced, "unchanged": unchanged});
            output::print_json(&counts)?;
        }
        Format::Text => output::print_escaped(&format!(
            "copied the log to {folder}: {} downloaded, {unchanged} there already\n\
             verify it with `bifrost audit verify --copy {folder} --policy FILE`",
            counted(downloaded, "object", "objects")
        ))?,
    }
    if replaced > 0 {
        output::note(&format!(
            "warning: the copy had other bytes than the log in {}, now replaced: find out who changed them",
            counted(replaced, "file", "files")
        ));
    }
    Ok(0)
}

/// Downloads the first version of each object, which is the one that counts, except the checkpoint.
async fn download(log: &OpenedLog, folder: &Path, check: bool) -> Result<Copied, CliError> {
    let (mut pages, mut total) = (log.source.pages("").await?, Copied::default());
    let progress = ProgressLine::new("copying");
    while let Some(mut page) = pages.next().await? {
        // A page has all versions of each of its keys, the oldest first.
        page.retain(|object| !object.is_delete_marker && object.key != CHECKPOINT_KEY);
        page.dedup_by(|next, first| next.key == first.key);
        let downloads = page.iter().map(|object| async {
            let is_new = copy(log, folder, object, check).await;
            progress.advance();
            is_new
        });
        let copied: Vec<Copy> = stream::iter(downloads).buffer_unordered(MAX_CONCURRENT_CALLS).try_collect().await?;
        let count = |kind: Copy| copied.iter().filter(|one| **one == kind).count();
        total.downloaded += count(Copy::New) + count(Copy::Replaced);
        total.replaced += count(Copy::Replaced);
        total.unchanged += count(Copy::Unchanged);
    }
    Ok(total)
}

async fn copy(log: &OpenedLog, folder: &Path, object: &ObjectVersion, check: bool) -> Result<Copy, CliError> {
    let path = path_of(folder, &object.key)?;
    let found = fs::metadata(&path).ok().filter(fs::Metadata::is_file);
    if !check && found.as_ref().is_some_and(|found| found.len() == object.size) {
        return Ok(Copy::Unchanged);
    }
    // It may have been deleted since it was listed: then `verify` says so.
    let Some(body) = log.source.read(object).await? else { return Ok(Copy::Unchanged) };
    if check && found.is_some() && fs::read(&path).is_ok_and(|stored| stored == body) {
        return Ok(Copy::Unchanged);
    }
    write_file(&path, &body)?;
    Ok(if check && found.is_some() { Copy::Replaced } else { Copy::New })
}

/// Keys come from a bucket: none may lead out of the folder.
fn path_of(folder: &Path, key: &str) -> Result<PathBuf, AuditCliError> {
    let relative = Path::new(key);
    let is_plain =
        |part: Component<'_>| matches!(part, Component::Normal(name) if !name.to_string_lossy().contains(['\\', ':']));
    if key.is_empty() || key.ends_with('/') || !relative.components().all(is_plain) {
        let source = io::Error::new(io::ErrorKind::InvalidInput, "this key of the bucket is not a valid file name");
        return Err(AuditCliError::Unwritable { path: relative.into(), source });
    }
    Ok(folder.join(relative))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_does_not_leave_the_folder() {
        let folder = Path::new("copy");
        assert_eq!(path_of(folder, "log/tile/0/000").unwrap(), folder.join("log").join("tile").join("0").join("000"));
        for key in ["", "../x", "a/../../x", "/etc/passwd", "a/", "a\\..\\x", "C:x"] {
            assert!(path_of(folder, key).is_err(), "{key}");
        }
    }
}
