//! Checks the chain of one execution: its objects, its records, and the entries that commit to them.

use super::differing::Differing;
use super::ending;
use super::entries::{ChainId, Commitment, Entries};
use super::line::{Kind, Line, RecordObject, read_object};
use super::problem::{Problem, Severity};
use super::report::Finding;
use super::uncommitted;
use bifrost_core::audit::{LogEntry, Record};
use bifrost_core::release::{Hasher, Sha256};
use chrono::{DateTime, Utc};
use tlog_tiles::record_hash;

/// The objects of a chain.
#[derive(Debug, Clone, Default)]
pub(super) struct ChainObjects {
    /// Its directory, or the key of the object of an act.
    pub(super) dir: String,
    /// Its objects, by number.
    pub(super) objects: Vec<RecordObject>,
}

/// The hash of the hashes of a chain's lines, and of where they are: lines are hashed anyway, and need not be hashed twice.
#[derive(Default)]
pub(super) struct ChainDigest(Hasher);

impl ChainDigest {
    /// Adds a line of the object with this number.
    pub(super) fn add(&mut self, object: u32, line: &Sha256) {
        self.0.update(&object.to_be_bytes());
        self.0.update(line.as_bytes());
    }

    pub(super) fn finish(self) -> Sha256 {
        self.0.finish()
    }
}

/// What was found in a chain.
pub(super) struct CheckedChain {
    pub(super) findings: Vec<Finding>,
    pub(super) records: u64,
    /// Records that no entry covers.
    pub(super) uncommitted: u64,
    /// Whether entries commit to no record of it.
    pub(super) is_unproven: bool,
    /// The time of the last record that ends the execution, and to which an entry commits. `None` if the name of the execution was used
    /// again after it.
    pub(super) committed_end: Option<DateTime<Utc>>,
    /// Whether entries commit to records after the last one.
    pub(super) lacks_tail: bool,
    /// Entries that are not the ones of their records by their bytes, with what they should say.
    pub(super) differing: Vec<Differing>,
    /// What identifies the content of all objects, if all their lines are records.
    pub(super) digest: Sha256,
    /// Records with entries, for the checks of acts.
    pub(super) records_with_entries: Vec<(Record, bool)>,
}

impl CheckedChain {
    fn new() -> Self {
        Self {
            findings: Vec::new(),
            records: 0,
            uncommitted: 0,
            is_unproven: false,
            committed_end: None,
            lacks_tail: false,
            differing: Vec::new(),
            digest: ChainDigest::default().finish(),
            records_with_entries: Vec::new(),
        }
    }

    pub(super) fn first_error(&self) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.severity == Severity::Error)
    }
}

/// Checks a chain. Whether it counts, so that its entries have their records, is for the caller to say.
pub(super) fn check(chain: &ChainObjects, entries: &Entries) -> CheckedChain {
    let id = ChainId::of(&chain.dir);
    let commitments: Vec<(u32, Commitment)> = entries.of_chain(id).map(|(index, entry)| (index, *entry)).collect();
    let mut checker = Checker { chain, entries, commitments, lines: Vec::new(), checked: CheckedChain::new() };
    checker.run();
    let Checker { mut checked, lines, .. } = checker;
    if !checked.findings.is_empty()
        && let Some(first) = lines.first()
    {
        let (execution, release) = first.subject();
        let findings = checked.findings.into_iter();
        checked.findings = findings.map(|finding| finding.of(execution.as_deref(), release.as_deref())).collect();
    }
    checked
}

struct Checker<'c> {
    chain: &'c ChainObjects,
    entries: &'c Entries,
    commitments: Vec<(u32, Commitment)>,
    lines: Vec<Line<'c>>,
    checked: CheckedChain,
}

impl Checker<'_> {
    fn run(&mut self) {
        self.read();
        self.checked.records = self.lines.len() as u64;
        let mut digest = ChainDigest::default();
        for line in &self.lines {
            digest.add(self.chain.objects.get(line.object).map_or(0, |object| object.number), &line.sha256);
        }
        self.checked.digest = digest.finish();
        let covered = self.commitments.last().map_or(0, |(_, entry)| entry.number);
        self.checked.uncommitted = self.lines.iter().filter(|line| line.number > covered).count() as u64;
        self.checked.is_unproven = self.commitments.is_empty();
        let is_whole = self.checked.findings.is_empty();
        // Of both what comes first: the other follows from it.
        let wrong = [self.structure(), self.altered()].into_iter().flatten().min_by_key(|(index, _)| *index);
        let is_sound = wrong.is_none();
        self.checked.findings.extend(wrong.map(|(_, finding)| finding));
        self.checked.committed_end = self.committed_end();
        self.compare_entries();
        if is_whole && is_sound {
            self.tail();
        }
        let found = ending::check(&self.lines, &self.checked.records_with_entries, |line| self.key(line));
        self.checked.findings.extend(found);
    }

    fn key(&self, line: &Line<'_>) -> String {
        self.chain.objects.get(line.object).map(|object| object.key.clone()).unwrap_or_default()
    }

    fn finding(&self, problem: &Problem, line: &Line<'_>) -> Finding {
        Finding::at(problem, &self.key(line)).line(line.at)
    }

    /// Reads the records. Of an object only the first line that cannot be read is reported.
    fn read(&mut self) {
        let chain = self.chain;
        let mut is_hole = false;
        let mut expected = 1;
        for (index, object) in chain.objects.iter().enumerate() {
            if object.number > expected {
                if self.is_squatted(object) {
                    self.checked.findings.push(Finding::at(&Problem::ObjectSquatted, &object.key));
                    break;
                }
                let key = format!("{}/{expected:06}", chain.dir);
                self.checked.findings.push(Finding::at(&Problem::ObjectMissing, &key));
                is_hole = true;
            }
            expected = object.number + 1;
            let mut first = None;
            read_object(&object.body, index, |number, line| match line {
                Ok(mut line) => {
                    line.after_hole = std::mem::take(&mut is_hole);
                    self.lines.push(line);
                }
                Err(problem) => {
                    first.get_or_insert((number, problem));
                    is_hole = true;
                }
            });
            if let Some((number, problem)) = first {
                self.checked.findings.push(Finding::at(&problem, &object.key).line(number));
            }
        }
    }

    /// Whether an object after a gap was put there, and none before it is missing: entries commit to nothing after the gap, and the
    /// object does not continue records that are missing.
    fn is_squatted(&self, object: &RecordObject) -> bool {
        let last = self.lines.last().map_or(0, |line| line.number);
        let covered = self.commitments.last().map_or(0, |(_, entry)| entry.number);
        let is_ended = self.committed_end().is_some();
        let mut first = None;
        read_object(&object.body, 0, |_, line| {
            first.get_or_insert(line.map_or(0, |line| line.number));
        });
        covered <= last && (is_ended || first.unwrap_or_default() <= last.saturating_add(1))
    }

    /// The first record that is not in its place, and its index.
    fn structure(&self) -> Option<(usize, Finding)> {
        let mut expected = 1;
        for (index, line) in self.lines.iter().enumerate() {
            let found = line.number;
            let is_after_hole = line.after_hole && found > expected;
            if found == expected || is_after_hole {
                expected = found.saturating_add(1);
                continue;
            }
            let others =
                |lines: Option<&[Line<'_>]>, number| lines.unwrap_or_default().iter().any(|line| line.number == number);
            let problem = if found < expected && others(self.lines.get(..index), found) {
                Problem::RecordDuplicated(found)
            } else if found < expected || others(self.lines.get(index..), expected) {
                Problem::RecordReordered { expected, found }
            } else {
                Problem::RecordMissing { from: expected, to: found - 1 }
            };
            return Some((index, self.finding(&problem, line)));
        }
        None
    }

    /// Whether entries commit to this record: `None` if there is none for its number.
    fn commits(&self, line: &Line<'_>) -> Option<bool> {
        let mut of_number = self.commitments.iter().filter(|(_, entry)| entry.number == line.number).peekable();
        of_number.peek()?;
        Some(of_number.any(|(_, entry)| entry.sha256 == line.sha256))
    }

    /// The time of the last record that ends the execution that began last, if an entry commits to it.
    fn committed_end(&self) -> Option<DateTime<Utc>> {
        let mut bounds = self.lines.iter().rev().filter(|line| line.kind == Kind::Start || line.kind.is_end());
        let last = bounds.find(|line| self.commits(line) == Some(true))?;
        last.kind.is_end().then_some(last.time)
    }

    /// The first record that is not the one that was written, and its index. An entry proves its record, and a proven record proves the
    /// one before.
    fn altered(&self) -> Option<(usize, Finding)> {
        let lines = &self.lines;
        let pairs = lines.iter().zip(lines.iter().skip(1));
        let follows = |(line, next): (&Line<'_>, &Line<'_>)| {
            let is_next = !next.after_hole && line.number.checked_add(1) == Some(next.number);
            is_next.then_some(next.previous == Some(line.sha256))
        };
        // Whether the record after a record has its hash, if it is in its place.
        let has_next_hash: Vec<Option<bool>> = pairs.map(follows).chain([None]).collect();
        let commits: Vec<Option<bool>> = lines.iter().map(|line| self.commits(line)).collect();
        let mut is_proven = false;
        let mut proven = vec![false; lines.len()];
        for ((proven, commits), link) in proven.iter_mut().zip(&commits).zip(&has_next_hash).rev() {
            is_proven = *commits == Some(true) || (is_proven && *link == Some(true));
            *proven = is_proven;
        }
        let is_proven = |index: usize| proven.get(index).copied().unwrap_or_default();
        if let Some(first) = lines.first().filter(|line| line.number == 1 && line.previous.is_some()) {
            return Some((0, self.name_altered(first, 1)));
        }
        let mut from = 1;
        for (index, line) in lines.iter().enumerate() {
            if has_next_hash.get(index) == Some(&Some(false)) {
                let next_is_broken =
                    [commits.get(index + 1), has_next_hash.get(index + 1)].contains(&Some(&Some(false)));
                let next_is_foreign = || lines.get(index + 1).map(Line::subject) != lines.first().map(Line::subject);
                let is_next = !is_proven(index + 1) && (is_proven(index) || next_is_broken || next_is_foreign());
                let (index, line) = if is_next { (index + 1, lines.get(index + 1)?) } else { (index, line) };
                return Some((index, self.name_altered(line, line.number)));
            }
            if commits.get(index) == Some(&Some(false)) {
                return Some((index, self.name_altered(line, from)));
            }
            if is_proven(index) {
                from = line.number + 1;
            }
        }
        None
    }

    fn name_altered(&self, line: &Line<'_>, from: u64) -> Finding {
        let is_of_other = || {
            let of_other = self.entries.of_record(&line.sha256);
            let is_ours = |index: u32| self.commitments.iter().any(|(ours, _)| *ours == index);
            let execution = self.lines.first().and_then(|first| first.subject().0);
            of_other.is_some_and(|index| !is_ours(index)) || line.subject().0 != execution
        };
        let to = line.number;
        let problem = if is_of_other() { Problem::RecordMoved(to) } else { Problem::RecordAltered { from, to } };
        self.finding(&problem, line)
    }

    /// Entries commit to records that the chain does not have any more, or to nothing of the chain, or not to its last records.
    fn tail(&mut self) {
        let Some(last) = self.lines.last() else { return };
        let committed = self.commitments.last().map(|(_, entry)| entry.number);
        let finding = match committed {
            None => Some(Finding::at(&uncommitted::chain(&self.chain.dir, &self.lines, self.entries), &self.chain.dir)),
            Some(to) if to > last.number => {
                self.checked.lacks_tail = true;
                Some(self.finding(&Problem::RecordMissing { from: last.number + 1, to }, last))
            }
            Some(covered) => uncommitted::tail(&self.lines, covered, self.checked.committed_end)
                .map(|(line, problem)| self.finding(&problem, line)),
        };
        self.checked.findings.extend(finding);
    }

    /// Compares entries with the records that they commit to.
    fn compare_entries(&mut self) {
        let covered = self.commitments.last().map_or(0, |(_, entry)| entry.number);
        for index in 0..self.lines.len() {
            let Some(line) = self.lines.get(index) else { continue };
            let entries = self.commitments.iter().filter(|(_, entry)| entry.number == line.number);
            let committed: Vec<u32> =
                entries.filter(|(_, entry)| entry.sha256 == line.sha256).map(|(index, _)| *index).collect();
            if !line.kind.has_entry() && committed.is_empty() {
                continue;
            }
            let record = match line.record() {
                Ok(record) => record,
                Err(problem) => {
                    self.checked.findings.push(self.finding(&problem, line));
                    continue;
                }
            };
            if committed.is_empty() && line.number < covered && self.commits(line).is_none() {
                self.checked.findings.push(self.finding(&Problem::EntryMissing(line.number), line));
            }
            self.compare(index, &record, &committed);
            self.checked.records_with_entries.push((record, !committed.is_empty()));
        }
    }

    fn compare(&mut self, index: usize, record: &Record, committed: &[u32]) {
        let Some(line) = self.lines.get(index) else { return };
        let (key, at) = (self.key(line), line.at);
        for index in committed {
            let Some(expected) = LogEntry::for_record(&self.chain.dir, record, line.bytes) else {
                let problem =
                    Problem::EntryForged { index: u64::from(*index), number: record.number, fields: "kind".into() };
                self.checked.findings.push(Finding::at(&problem, &key).line(at).entry(u64::from(*index)));
                continue;
            };
            let leaf = serde_json::to_vec(&expected).ok().map(|bytes| record_hash(&bytes));
            if leaf != self.entries.leaf(*index) {
                self.checked.differing.push(Differing { index: *index, expected, key: key.clone(), line: at });
            }
        }
    }
}
