//! Checks the chains in bundles. Those that are right need not be read from their objects.

use super::chain::{ChainDigest, ChainObjects, check};
use super::differing::compare;
use super::entries::ChainId;
use super::line::RecordObject;
use super::listing::Role;
use super::problem::{Problem, Severity};
use super::records::{ListedChain, Walk};
use super::report::Finding;
use super::{Stage, VerifyError};
use crate::bundle::{BundledObject, read_bundle};
use bifrost_core::cloud::ObjectVersion;
use bifrost_core::release::Sha256;

/// A chain whose records a bundle has, and the entries prove.
pub(super) struct Bundled {
    objects: usize,
    bytes: u64,
    /// What identifies the content of all objects.
    sha256: Sha256,
    pub(super) records: u64,
    pub(super) uncommitted: u64,
    pub(super) is_seen: bool,
}

impl Bundled {
    /// Whether the listing shows the objects that the bundle has.
    pub(super) fn is_listed_as(&self, chain: &ListedChain) -> bool {
        self.objects == chain.objects.len() && self.bytes == chain.bytes
    }

    pub(super) fn is_same(&self, chain: &ChainObjects) -> bool {
        let mut digest = ChainDigest::default();
        for object in &chain.objects {
            let Some(lines) = object.body.strip_suffix(b"\n") else { return false };
            lines.split(|byte| *byte == b'\n').for_each(|line| digest.add(object.number, &Sha256::of(line)));
        }
        self.objects == chain.objects.len() && self.sha256 == digest.finish()
    }
}

impl Walk<'_> {
    /// Reads a bundle, and checks the chains in it.
    pub(super) async fn bundle(&mut self, day: String, number: u32, object: &ObjectVersion) -> Result<(), VerifyError> {
        let before = if self.last_bundle.0 == day { self.last_bundle.1 } else { 0 };
        if number > before + 1 {
            let key = format!("bundles/{day}/{:06}", before + 1);
            self.findings.add(Finding::at(&Problem::ObjectMissing, &key));
        }
        self.last_bundle = (day, number);
        let Some(body) = self.read(object).await? else { return Ok(()) };
        let mut chain = ChainObjects::default();
        let mut line = 0;
        for read in read_bundle(&body) {
            line += 1;
            match read {
                Ok(BundledObject { key, body }) => {
                    let Role::Record { dir, number } = Role::of(&key) else {
                        let problem = Problem::BundleMalformed(format!("`{key}` is no object with records"));
                        self.findings.add(Finding::at(&problem, &object.key).line(line));
                        continue;
                    };
                    if chain.dir != dir {
                        self.bundled_chain(&object.key, line - 1, &chain).await?;
                        chain = ChainObjects { dir, objects: Vec::new() };
                    }
                    chain.objects.push(RecordObject { key, number, body });
                }
                Err(error) => {
                    self.findings
                        .add(Finding::at(&Problem::BundleMalformed(error.problem), &object.key).line(error.line));
                }
            }
        }
        self.bundled_chain(&object.key, line, &chain).await
    }

    /// Checks a chain of a bundle as the objects are checked. If it is not right, the objects are read.
    async fn bundled_chain(&mut self, bundle: &str, line: usize, chain: &ChainObjects) -> Result<(), VerifyError> {
        if chain.objects.is_empty() {
            return Ok(());
        }
        let checked = check(chain, &self.entries);
        // The execution went on after the bundle was made: its objects say all.
        let went_on = checked.lacks_tail && checked.committed_end.is_some();
        let mut problem = checked.first_error().map(|finding| finding.message.clone()).filter(|_| !went_on);
        if problem.is_none() && !went_on && checked.committed_end.is_none() {
            problem = Some("no entry commits to its end".into());
        }
        for differing in checked.differing {
            let finding = compare(self.source, self.size, differing).await?;
            problem = problem.or(finding.map(|finding| finding.message));
        }
        let id = ChainId::of(&chain.dir);
        match problem {
            Some(problem) => {
                self.bundled.remove(&id);
                let problem = Problem::BundleAltered { chain: chain.dir.clone(), problem };
                self.findings.add(Finding::at(&problem, bundle).line(line));
            }
            None if went_on => {}
            None => {
                self.findings.extend(checked.findings.into_iter().filter(|one| one.severity == Severity::Warning));
                let bytes = chain.objects.iter().map(|object| object.body.len() as u64).sum();
                let (records, uncommitted, is_seen) = (checked.records, checked.uncommitted, false);
                let sha256 = checked.digest;
                let objects = chain.objects.len();
                self.bundled.insert(id, Bundled { objects, bytes, sha256, records, uncommitted, is_seen });
                (self.progress)(Stage::Bundles, self.bundled.len() as u64);
            }
        }
        Ok(())
    }
}
