//! Goes through all objects of a log, and checks the chains of its executions.

use super::bundled::Bundled;
use super::chain::{ChainObjects, CheckedChain, check};
use super::differing::compare;
use super::entries::{AT_ONCE, ChainId, Entries, read_entry};
use super::line::RecordObject;
use super::listing::{Listed, Role, objects};
use super::people::People;
use super::problem::Problem;
use super::report::{Finding, Findings, Report};
use super::stored_tiles::StoredTiles;
use super::tree::Level;
use super::{Progress, Stage, VerifyError};
use crate::source::{LogSource, SourceError};
use bifrost_core::audit::{Event, LogEntry};
use bifrost_core::cloud::ObjectVersion;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use std::collections::HashMap;
use tlog_tiles::Tile;

/// How many objects of chains are read before they are checked, and how many bytes.
const BATCH_OBJECTS: usize = 512;
const BATCH_BYTES: u64 = 16 * 1024 * 1024;

/// The largest chain that is read, in bytes.
const MAX_CHAIN_BYTES: u64 = 128 * 1024 * 1024;

/// The objects of a chain as they are listed.
#[derive(Default)]
pub(super) struct ListedChain {
    dir: String,
    pub(super) objects: Vec<(u32, ObjectVersion)>,
    pub(super) bytes: u64,
}

/// Checks all objects but the checkpoint, and the tiles that were read before.
pub(super) struct Walk<'w> {
    pub(super) source: &'w dyn LogSource,
    pub(super) size: u64,
    pub(super) entries: Entries,
    tiles: StoredTiles<'w>,
    pub(super) findings: &'w mut Findings,
    report: &'w mut Report,
    pub(super) progress: &'w Progress<'w>,
    people: People,
    pub(super) bundled: HashMap<ChainId, Bundled>,
    /// The number of the bundle before, and its day.
    pub(super) last_bundle: (String, u32),
    chain: ListedChain,
    batch: Vec<ListedChain>,
    batch_bytes: u64,
    batch_objects: usize,
}

impl<'w> Walk<'w> {
    pub(super) fn new(
        source: &'w dyn LogSource,
        (size, entries, levels): (u64, Entries, &'w [Level]),
        findings: &'w mut Findings,
        report: &'w mut Report,
        progress: &'w Progress<'w>,
    ) -> Self {
        Self {
            source,
            size,
            entries,
            tiles: StoredTiles::new(levels, size),
            findings,
            report,
            progress,
            people: People::default(),
            bundled: HashMap::new(),
            last_bundle: (String::new(), 0),
            chain: ListedChain::default(),
            batch: Vec::new(),
            batch_bytes: 0,
            batch_objects: 0,
        }
    }

    /// Goes through all objects. Returns whether there were any.
    pub(super) async fn run(mut self) -> Result<bool, VerifyError> {
        let source = self.source;
        let mut pages = source.pages("").await?;
        let mut found_any = false;
        while let Some(page) = pages.next().await? {
            for listed in objects(page) {
                found_any |= self.object(listed).await?;
            }
        }
        self.end_chain();
        self.flush().await?;
        self.finish().await?;
        Ok(found_any)
    }

    /// Takes an object. Returns whether it belongs to a log.
    async fn object(&mut self, listed: Listed) -> Result<bool, VerifyError> {
        let Listed { object, problem } = listed;
        let role = Role::of(&object.key);
        if let Some(problem) = problem
            && !matches!(role, Role::Signed | Role::Foreign)
        {
            self.findings.add(Finding::at(&problem, &object.key));
            if matches!(problem, Problem::ObjectTooLarge(_)) {
                return Ok(true);
            }
        }
        match role {
            Role::Record { dir, number } => self.record(dir, number, object).await?,
            Role::Act => self.act(object).await?,
            Role::Tile(tile) => self.tile(&tile, &object).await?,
            Role::Bundle { day, number } => self.bundle(day, number, &object).await?,
            Role::Signed => {}
            Role::Foreign => {
                self.findings.add(Finding::at(&Problem::ForeignObject, &object.key));
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Reads an object. One that is too large is reported, and one that was deleted since it was listed counts as missing.
    pub(super) async fn read(&mut self, object: &ObjectVersion) -> Result<Option<Vec<u8>>, VerifyError> {
        match self.source.read(object).await {
            Ok(body) => Ok(body),
            Err(SourceError::TooLarge { key, size }) => {
                self.findings.add(Finding::at(&Problem::ObjectTooLarge(size), &key));
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn tile(&mut self, tile: &Tile, object: &ObjectVersion) -> Result<(), VerifyError> {
        if self.tiles.is_unread(tile, object.size)
            && let Some(body) = self.read(object).await?
        {
            self.tiles.check(tile, &object.key, &body, self.findings);
        }
        Ok(())
    }

    async fn record(&mut self, dir: String, number: u32, object: ObjectVersion) -> Result<(), VerifyError> {
        if self.chain.dir != dir {
            self.end_chain();
            if self.batch_objects >= BATCH_OBJECTS || self.batch_bytes >= BATCH_BYTES {
                self.flush().await?;
            }
            self.chain.dir = dir;
        }
        self.chain.bytes += object.size;
        self.chain.objects.push((number, object));
        Ok(())
    }

    /// Puts the chain that was listed into the batch.
    fn end_chain(&mut self) {
        let chain = std::mem::take(&mut self.chain);
        if chain.objects.is_empty() {
            return;
        }
        if chain.bytes > MAX_CHAIN_BYTES {
            self.findings.add(Finding::at(&Problem::ObjectTooLarge(chain.bytes), &chain.dir));
            return;
        }
        if !self.source.has_versions()
            || !self.bundled.get(&ChainId::of(&chain.dir)).is_some_and(|bundled| bundled.is_listed_as(&chain))
        {
            self.batch_bytes += chain.bytes;
            self.batch_objects += chain.objects.len();
            self.batch.push(chain);
            return;
        }
        // What the bundle has is proven, and the bucket has objects of the same sizes, each with one version.
        if let Some(bundled) = self.bundled.get_mut(&ChainId::of(&chain.dir)) {
            bundled.is_seen = true;
        }
    }

    /// Reads and checks the chains of the batch.
    async fn flush(&mut self) -> Result<(), VerifyError> {
        let (batch, source) = (std::mem::take(&mut self.batch), self.source);
        (self.batch_bytes, self.batch_objects) = (0, 0);
        let read = stream::iter(batch).map(|chain| async move { read_chain(source, chain).await }).buffered(AT_ONCE);
        let chains: Vec<(ChainObjects, Vec<Finding>)> = read.try_collect().await?;
        for (chain, unread) in chains {
            self.findings.extend(unread);
            if let Some(bundled) = self.bundled.get_mut(&ChainId::of(&chain.dir))
                && bundled.is_same(&chain)
            {
                bundled.is_seen = true;
                continue;
            }
            // The objects count, not the bundle.
            self.bundled.remove(&ChainId::of(&chain.dir));
            self.entries.set_seen(ChainId::of(&chain.dir));
            let checked = check(&chain, &self.entries);
            self.count(checked.records, checked.uncommitted, checked.committed_end.is_some());
            self.take(checked).await?;
        }
        Ok(())
    }

    fn count(&mut self, records: u64, uncommitted: u64, has_committed_end: bool) {
        self.report.records += records;
        self.report.uncommitted += uncommitted;
        self.report.executions += 1;
        self.report.open += u64::from(!has_committed_end);
        (self.progress)(Stage::Records, self.report.records);
    }

    /// Takes the findings of a chain.
    async fn take(&mut self, checked: CheckedChain) -> Result<(), VerifyError> {
        let mut is_wrong = checked.first_error().is_some();
        self.report.unproven += u64::from(checked.is_unproven && !is_wrong);
        self.findings.extend(checked.findings);
        for differing in checked.differing {
            if let Some(finding) = compare(self.source, self.size, differing).await? {
                self.findings.add(finding);
                is_wrong = true;
            }
        }
        self.report.wrong += u64::from(is_wrong);
        Ok(())
    }

    async fn act(&mut self, object: ObjectVersion) -> Result<(), VerifyError> {
        let Some(body) = self.read(&object).await? else { return Ok(()) };
        let key = object.key;
        let objects = vec![RecordObject { key: key.clone(), number: 1, body }];
        self.entries.set_seen(ChainId::of(&key));
        let mut checked = check(&ChainObjects { dir: key.clone(), objects }, &self.entries);
        // The chain of an act has no start.
        checked.findings.retain(|finding| finding.code != "audit/without-start");
        if checked.records > 1 {
            let problem = Problem::RecordMalformed("the object of an act has one record".into());
            checked.findings.push(Finding::at(&problem, &key).line(2));
        }
        self.report.records += checked.records;
        self.report.uncommitted += checked.uncommitted;
        for (record, is_committed) in std::mem::take(&mut checked.records_with_entries) {
            self.report.acts += u64::from(!matches!(record.draft.event, Event::ActResult { .. }));
            if is_committed {
                self.people.add(&key, record);
            }
        }
        self.take(checked).await
    }

    async fn finish(self) -> Result<(), VerifyError> {
        let Self { source, size, mut entries, tiles, findings, report, people, bundled, .. } = self;
        let mut unlisted = Vec::new();
        for (id, bundled) in bundled {
            report.records += bundled.records;
            report.uncommitted += bundled.uncommitted;
            report.executions += 1;
            report.bundled += 1;
            // Only now: another bundle, or the objects, may have shown that this one does not count.
            entries.set_seen(id);
            if !bundled.is_seen {
                unlisted.extend(entries.of_chain(id).map(|(index, _)| index).next());
            }
        }
        unlisted.sort_unstable();
        if !unlisted.is_empty() && !source.has_versions() {
            let count = unlisted.len();
            report
                .limits
                .push(format!("the copy has no objects of {count} executions: their records were read from bundles"));
            unlisted.clear();
        }
        for index in unlisted {
            let entry = read_entry(source, index, size).await?;
            let key = entry.as_ref().map_or("records/", |entry| &entry.records);
            findings.add(Finding::at(&Problem::ObjectMissing, key).entry(index.into()));
        }
        for (index, commitment) in entries.unseen() {
            let problem = Problem::ChainMissing { index: index.into(), number: commitment.number };
            let entry = read_entry(source, index, size).await?;
            let finding = match &entry {
                Some(LogEntry { records, execution, release_id, .. }) => {
                    Finding::at(&problem, records).of(execution.as_deref(), release_id.as_deref())
                }
                None => Finding::new(&problem),
            };
            findings.add(finding.entry(index.into()));
        }
        people.check(findings);
        report.entries = entries.count();
        tiles.finish(report);
        Ok(())
    }
}

/// Reads the objects of a chain. One that was deleted since it was listed is missing.
async fn read_chain(source: &dyn LogSource, chain: ListedChain) -> Result<(ChainObjects, Vec<Finding>), SourceError> {
    let mut read = ChainObjects { dir: chain.dir, objects: Vec::with_capacity(chain.objects.len()) };
    let mut findings = Vec::new();
    for (number, object) in chain.objects {
        match source.read(&object).await {
            Ok(Some(body)) => read.objects.push(RecordObject { key: object.key, number, body }),
            Ok(None) => {}
            Err(SourceError::TooLarge { key, size }) => {
                findings.push(Finding::at(&Problem::ObjectTooLarge(size), &key));
            }
            Err(error) => return Err(error),
        }
    }
    Ok((read, findings))
}
