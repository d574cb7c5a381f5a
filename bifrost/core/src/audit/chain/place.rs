//! Where the objects of a chain are, and where it ends.

use super::Chain;
use super::lines::{Line, stored_lines};
use crate::audit::record::SCHEMA;
use crate::audit::safe_text;
use crate::cloud::CloudError;
use std::collections::BTreeSet;

/// The largest object with records, in bytes. An attempt writes less than a thousandth of it.
pub const MAX_OBJECT_BYTES: u64 = 32 * 1024 * 1024;

/// The highest number of an object: keys have six digits.
pub(super) const MAX_OBJECT: u32 = 999_999;

/// How many objects are listed at once: as many as S3 lists in one request.
const BLOCK: u32 = 1000;

/// The end of a chain.
#[derive(Debug, Clone, Default)]
pub(super) struct ChainEnd {
    /// The number of its last object; 0 if there is none.
    pub(super) object: u32,
    /// The number of the last object that can be read; 0 if there is none.
    pub(super) readable: u32,
    /// The records of that object.
    pub(super) last: Vec<Line>,
}

impl Chain {
    /// Finds the end of the chain. The first call asks S3, later ones share its answer.
    pub(super) async fn end(&mut self) -> Result<&ChainEnd, CloudError> {
        let end = match self.end.take() {
            Some(end) => end,
            None => self.find_end().await?,
        };
        Ok(self.end.insert(end))
    }

    async fn find_end(&self) -> Result<ChainEnd, CloudError> {
        let object = self.last_object().await?;
        let (mut readable, mut last) = (object, Vec::new());
        while readable > 0 {
            last = self.object(readable).await?;
            if !last.is_empty() {
                break;
            }
            readable -= 1;
        }
        Ok(ChainEnd { object, readable, last })
    }

    /// The number of the last object of the chain. An object after a gap is not part of it: nobody can end a chain by writing the highest
    /// number.
    ///
    /// A deploy of a day may have thousands of objects, so they are listed by thousands: those that may be the last.
    pub(super) async fn last_object(&self) -> Result<u32, CloudError> {
        let mut last = self.run_in_block(0).await?;
        let (mut full, mut step) = (0, 1);
        while last == end_of_block(full) {
            let next = self.run_in_block(full + step).await?;
            if next > 0 && (step == 1 || self.run_in_block(full + step - 1).await? == end_of_block(full + step - 1)) {
                (last, full, step) = (next, full + step, step * 2);
            } else if step == 1 {
                break;
            } else {
                step = 1;
            }
        }
        Ok(last)
    }

    /// The last number of those in a block of a thousand numbers that follow each other from its start. 0 if there is none.
    async fn run_in_block(&self, block: u32) -> Result<u32, CloudError> {
        let first = (block * BLOCK).max(1);
        if first > MAX_OBJECT {
            return Ok(0);
        }
        let keys = self.ports.store.list(&format!("{}/{block:03}", self.dir)).await?;
        let numbers: BTreeSet<u32> =
            keys.iter().filter_map(|key| self.object_number(key)).filter(|number| *number >= first).collect();
        let run = (first..).zip(&numbers).take_while(|(expected, number)| expected == *number);
        Ok(run.last().map_or(0, |(number, _)| number))
    }

    /// The records of an object. None, if it does not exist, or somebody else wrote it.
    pub(super) async fn object(&self, number: u32) -> Result<Vec<Line>, CloudError> {
        let key = self.object_key(number);
        let body = self.ports.store.get(&key, MAX_OBJECT_BYTES).await;
        let problem = match body {
            Ok(Some(body)) => match stored_lines(&body) {
                Ok(lines) => {
                    warn_of_newer(&key, &lines);
                    return Ok(lines);
                }
                Err((line, error)) => format!("line {line} is not a record: {}", safe_text(&error.to_string())),
            },
            Ok(None) => "it does not exist".to_owned(),
            Err(error) if error.is_too_large() => error.message,
            Err(error) => return Err(error),
        };
        tracing::error!(%key, problem, "an object of the audit log is damaged; find out what happened with `audit verify`");
        Ok(Vec::new())
    }

    pub(super) fn object_key(&self, number: u32) -> String {
        format!("{}/{number:06}", self.dir)
    }

    fn object_number(&self, key: &str) -> Option<u32> {
        let number = key.strip_prefix(&self.dir)?.strip_prefix('/')?;
        number.parse().ok().filter(|_| number.len() == 6 && number.bytes().all(|byte| byte.is_ascii_digit()))
    }
}

/// Says that a newer version of the deployer wrote records: it is the one that appends their entries.
fn warn_of_newer(key: &str, lines: &[Line]) {
    if let Some((record, _)) = lines.iter().find(|(record, _)| record.schema > SCHEMA) {
        tracing::warn!(%key, schema = record.schema, known = SCHEMA, "a newer version wrote records of this chain, and this one adds to them");
    }
}

fn end_of_block(block: u32) -> u32 {
    block * BLOCK + (BLOCK - 1)
}
