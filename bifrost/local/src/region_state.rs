//! An account and region, as the effect of a call sees it.

use super::changes::Changes;
use super::error::ServiceError;
use super::state::{Bucket, LocalState, Resources, no_account};
use bifrost_core::release::{AccountId, BucketName, Region};
use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One account and region, as the effect of a call sees it.
pub struct RegionState<'w, R> {
    /// The deployer's own resources in the account, in all regions.
    pub resources: &'w mut R,
    /// The account.
    pub account: &'w AccountId,
    /// The region of the call.
    pub region: &'w Region,
    /// The time of the local cloud.
    pub now: DateTime<Utc>,
    ids: &'w mut u64,
    /// The buckets of all accounts: services read any bucket whose owner allows it.
    buckets: Vec<&'w BTreeMap<BucketName, Bucket>>,
}

impl<'w, R: Resources> RegionState<'w, R> {
    pub(super) fn new(
        local_state: &'w mut LocalState<R>,
        account: &'w AccountId,
        region: &'w Region,
        ids: &'w mut u64,
    ) -> Result<Self, ServiceError> {
        let now = local_state.clock;
        let (mut buckets, mut resources) = (Vec::with_capacity(local_state.accounts.len()), None);
        for (id, content) in &mut local_state.accounts {
            // Others stay as they are: they are not copied.
            if id == account {
                let content = &mut **content;
                buckets.push(&content.buckets);
                resources = Some(&mut content.resources);
            } else {
                buckets.push(&content.buckets);
            }
        }
        let resources = resources.ok_or_else(|| no_account(account))?;
        Ok(Self { resources, account, region, now, ids, buckets })
    }
}

impl<R> RegionState<'_, R> {
    /// The bytes of an object in S3, in a bucket of any account, as a service reads it.
    #[must_use]
    pub fn object(&self, bucket: &str, key: &str) -> Option<&[u8]> {
        let bucket = bucket.parse::<BucketName>().ok()?;
        self.buckets.iter().find_map(|buckets| buckets.get(&bucket))?.objects.get(key).map(|object| &*object.body)
    }

    /// A new id in the format of EC2: the prefix and 17 hexadecimal digits.
    pub fn new_id(&mut self, prefix: &str) -> String {
        *self.ids = self.ids.saturating_add(1);
        format!("{prefix}-{:017x}", self.ids)
    }
}

impl<R: Regional> RegionState<'_, R> {
    /// The resources of the region of the call.
    #[must_use]
    pub fn here(&self) -> &R::Region {
        self.resources.regions().of(self.region)
    }

    /// The resources of the region of the call, to change them.
    pub fn here_mut(&mut self) -> &mut R::Region {
        self.resources.regions_mut().of_mut(self.region)
    }
}

/// Resources of an account of which each region has its own, beside those that all regions share. A call reaches those of its
/// region with [`RegionState::here`] and [`RegionState::here_mut`].
pub trait Regional: Resources {
    /// What each region has.
    type Region: Resources;

    /// The resources of all regions.
    fn regions(&self) -> &ByRegion<Self::Region>;

    /// The resources of all regions, to change them.
    fn regions_mut(&mut self) -> &mut ByRegion<Self::Region>;
}

impl<T: Resources> Regional for ByRegion<T> {
    type Region = T;

    fn regions(&self) -> &Self {
        self
    }

    fn regions_mut(&mut self) -> &mut Self {
        self
    }
}

/// Resources that each region has for itself: `type Resources = ByRegion<Table>`, or a field if regions share others
/// ([`Regional`]).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(
    from = "BTreeMap<Region, T>",
    into = "BTreeMap<Region, T>",
    bound(serialize = "T: Clone + Serialize", deserialize = "T: Default + Deserialize<'de>")
)]
pub struct ByRegion<T> {
    regions: BTreeMap<Region, T>,
    /// What a region has in which nothing was created.
    nothing: T,
}

impl<T> ByRegion<T> {
    /// The resources of a region.
    #[must_use]
    pub fn of(&self, region: &Region) -> &T {
        self.regions.get(region).unwrap_or(&self.nothing)
    }

    /// The resources of a region, to change them.
    pub fn of_mut(&mut self, region: &Region) -> &mut T
    where
        T: Default,
    {
        self.regions.entry(region.clone()).or_default()
    }

    /// Advances the resources of each region, as [`Resources::advance`] does, where they depend on the region, or on what all regions
    /// share.
    pub fn advance_each(&mut self, mut advance: impl FnMut(&Region, &mut T))
    where
        T: PartialEq,
    {
        self.regions.iter_mut().for_each(|(region, resources)| advance(region, resources));
        // What was deleted is as if it had never been.
        self.regions.retain(|_, resources| *resources != self.nothing);
    }

    /// Whether no region has resources.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.regions.is_empty()
    }
}

impl<T: Default> From<BTreeMap<Region, T>> for ByRegion<T> {
    fn from(regions: BTreeMap<Region, T>) -> Self {
        Self { regions, nothing: T::default() }
    }
}

impl<T> From<ByRegion<T>> for BTreeMap<Region, T> {
    fn from(resources: ByRegion<T>) -> Self {
        resources.regions
    }
}

impl<T: Resources> Resources for ByRegion<T> {
    fn advance(&mut self, now: DateTime<Utc>) {
        self.advance_each(|_, resources| resources.advance(now));
    }

    fn save(&self, saved: &mut Self, changes: &mut Changes) {
        changes.own_nested(&self.regions, &mut saved.regions, |changes, new, saved| new.save(saved, changes));
    }
}

/// Resources that are one map, such as the items of a table by their key.
impl<V: Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static> Resources for BTreeMap<String, V> {
    fn save(&self, saved: &mut Self, changes: &mut Changes) {
        changes.own_entries(self, saved);
    }
}
