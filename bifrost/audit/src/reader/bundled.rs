//! Finds records in the bundles of a copy that does not have their own objects.

use crate::bundle::{BUNDLES, read_bundle};
use crate::source::{LogSource, SourceError};
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::BTreeMap;

/// The objects in the bundles of one day. They are kept, because stories of one day are often read one after the other.
#[derive(Debug, Default)]
pub(super) struct BundledDay {
    day: Option<NaiveDate>,
    objects: BTreeMap<String, Vec<u8>>,
}

impl BundledDay {
    /// The objects whose keys begin with the prefix, in the bundles of the day of this time.
    pub(super) async fn objects(
        &mut self,
        source: &dyn LogSource,
        time: DateTime<Utc>,
        prefix: &str,
    ) -> Result<impl Iterator<Item = (&String, &Vec<u8>)>, SourceError> {
        let day = time.date_naive();
        if self.day != Some(day) {
            *self = Self::default();
            for bundle in source.list(&format!("{BUNDLES}{}/", day.format("%Y-%m-%d"))).await? {
                let Some(body) = source.read(&bundle).await? else { continue };
                // Lines that cannot be read are for `verify`.
                for object in read_bundle(&body).flatten() {
                    self.objects.entry(object.key).or_insert(object.body);
                }
            }
            self.day = Some(day);
        }
        let from = self.objects.range(prefix.to_owned()..);
        Ok(from.take_while(move |(key, _)| key.starts_with(prefix)))
    }
}
