//! Reads the fleet: what the lock table says is deployed, the releases, and the groups in the target accounts.

use super::groups::{GroupCount, ReleaseKey, RunningRelease, count};
use super::{AgeSource, Fleet, FleetRelease};
use crate::concurrently::each;
use crate::machine::Odin;
use bifrost::client::{
    AllDeployedError, Client, DeployedRelease, ReleaseName, TargetAccountError, UnreadableItem, UploadedRelease,
    UploadedReleaseError,
};
use bifrost::cloud::CloudError;
use bifrost::error_code::{Coded, full_message};
use bifrost::release::{AccountId, Region};
use chrono::{DateTime, Utc};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Why a fleet may have instances that were not counted.
#[derive(Debug, thiserror::Error, Coded)]
pub enum FleetGap {
    /// A target account cannot be read.
    #[error(transparent)]
    #[code(source)]
    Account(TargetAccountError),
    /// The groups of a target account cannot be listed.
    #[error("cannot read the groups of account {account} in {region}: {source}")]
    #[code(source)]
    Groups {
        /// The target account.
        account: AccountId,
        /// The region.
        region: Region,
        /// The answer of Auto Scaling.
        source: Box<CloudError>,
    },
    /// The release cannot be read, and only the release says in which region its groups are.
    #[error("the region of {} is not known: {source}", about(deployed))]
    #[code(source)]
    Region {
        /// The release that is deployed.
        deployed: ReleaseName,
        /// Why it cannot be read.
        source: Box<UploadedReleaseError>,
    },
    /// An item `deployed/…` of the lock table cannot be read. No deployer writes such items.
    #[error(
        "cannot read the item {key} of the lock table: {reason}; find out who wrote it, remove it, and deploy its project again"
    )]
    #[code(
        "odin/deployed-item",
        "find out who wrote the item of the lock table, remove it, and deploy its project again"
    )]
    Item {
        /// The key of the item.
        key: String,
        /// What is wrong with it.
        reason: String,
    },
}

fn about(ReleaseName { account, project, config, .. }: &ReleaseName) -> String {
    format!("{project} {config} in account {account}")
}

/// An account and region with groups.
type Place = (AccountId, Region);

/// The groups of each release.
type Counts = BTreeMap<RunningRelease, GroupCount>;

type Uploaded = Result<UploadedRelease, UploadedReleaseError>;

/// Reads the instances of all projects in the accounts and regions that this deployer deployed to, also those of Go Odin.
///
/// An account that cannot be read is a gap, and hides no other.
///
/// # Errors
/// If the lock table cannot be read, which lists the accounts.
pub async fn survey(client: &Client<Odin>) -> Result<Fleet, AllDeployedError> {
    let all = client.all_deployed(None).await?;
    let unreadable = all.unreadable.into_iter().map(|UnreadableItem { key, reason }| FleetGap::Item { key, reason });
    let mut gaps: Vec<_> = unreadable.collect();
    // Deployers of other kinds may share the table.
    let deployed: Vec<_> =
        all.releases.into_iter().filter(|release| release.deployer == client.account.identity.name).collect();
    let uploaded = each(&deployed, async |release| client.uploaded_release(&release.name()).await).await;
    let counted = each(places(client, &deployed, &uploaded), async |place| {
        let counts = count_in(client, &place).await;
        (place, counts)
    });
    let Found { counts, read, gaps: unread } = Found::of(counted.await);
    gaps.extend(unread);
    let mut releases = running(client, &deployed, &counts).await;
    let with_groups: BTreeSet<_> = counts.keys().map(RunningRelease::key).collect();
    let without_groups = deployed.iter().zip(uploaded).filter(|(release, _)| !with_groups.contains(&key(release)));
    for (release, uploaded) in without_groups {
        match uploaded {
            Ok(uploaded) if read.contains(&(release.account.clone(), uploaded.region.clone())) => {
                releases.push(without_instances(release, uploaded.region));
            }
            // The account is a gap.
            Ok(_) => {}
            Err(source) => gaps.push(FleetGap::Region { deployed: release.name(), source: Box::new(source) }),
        }
    }
    releases.sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
    Ok(Fleet { releases, gaps, now: client.account.now() })
}

fn key(release: &DeployedRelease) -> ReleaseKey<'_> {
    let DeployedRelease { account, project, config, release_id, .. } = release;
    [account.as_str(), project.as_str(), config.as_str(), release_id.as_str()]
}

/// Oldest first, then those with most instances, then by name.
fn sort_key(release: &FleetRelease) -> impl Ord {
    let FleetRelease { account, region, project, config, created_at, instances, .. } = release;
    (*created_at, Reverse(*instances), account, region, project, config)
}

/// Where the deployed releases are. One that cannot be read is probably in the deployer's own region, or in a region of another release.
fn places(client: &Client<Odin>, deployed: &[DeployedRelease], uploaded: &[Uploaded]) -> BTreeSet<Place> {
    let regions = uploaded.iter().map(|release| match release {
        Ok(release) => release.region.clone(),
        Err(_) => client.account.defaults.region.clone(),
    });
    deployed.iter().map(|release| release.account.clone()).zip(regions).collect()
}

/// What was found in the places, which of them were read, and why the others were not.
#[derive(Debug, Default)]
struct Found {
    counts: Counts,
    read: BTreeSet<Place>,
    gaps: Vec<FleetGap>,
}

impl Found {
    fn of(counted: Vec<(Place, Result<Counts, FleetGap>)>) -> Self {
        let (mut found, mut refused) = (Self::default(), BTreeSet::new());
        for (place, counted) in counted {
            match counted {
                Ok(counts) => {
                    found.counts.extend(counts);
                    found.read.insert(place);
                }
                // One role for all regions of an account: it is reported once.
                Err(FleetGap::Account(_)) if !refused.insert(place.0) => {}
                Err(gap) => found.gaps.push(gap),
            }
        }
        found
    }
}

async fn count_in(client: &Client<Odin>, (account, region): &Place) -> Result<Counts, FleetGap> {
    let ports = client.target_ports(account, region).await.map_err(FleetGap::Account)?;
    match ports.groups.groups(&[]).await {
        Ok(groups) => Ok(count(account, region, &groups)),
        Err(source) => {
            Err(FleetGap::Groups { account: account.clone(), region: region.clone(), source: Box::new(source) })
        }
    }
}

/// The releases that have groups. The lock table has the times of deployed ones; the times of others are read from the releases.
async fn running(client: &Client<Odin>, deployed: &[DeployedRelease], counts: &Counts) -> Vec<FleetRelease> {
    let created: BTreeMap<_, _> = deployed.iter().map(|release| (key(release), release.created_at)).collect();
    each(counts, async |(running, count)| {
        let (created_at, age_source) = match created.get(&running.key()) {
            Some(created_at) => (*created_at, AgeSource::Release),
            None => created_at(client, running, count.created_time).await,
        };
        let RunningRelease { account, region, project, config, release_id } = running.clone();
        let instances = count.instances;
        FleetRelease { account, region, project, config, release_id, created_at, age_source, instances }
    })
    .await
}

/// When a release was created, according to the release, or else to its first group.
async fn created_at(
    client: &Client<Odin>,
    running: &RunningRelease,
    created_time: DateTime<Utc>,
) -> (DateTime<Utc>, AgeSource) {
    let name = match running.name() {
        Ok(name) => name,
        Err(error) => return (created_time, AgeSource::Group(error.to_string())),
    };
    match client.uploaded_release(&name).await {
        Ok(release) => (release.created_at, AgeSource::Release),
        Err(error) => (created_time, AgeSource::Group(full_message(&error))),
    }
}

fn without_instances(release: &DeployedRelease, region: Region) -> FleetRelease {
    FleetRelease {
        account: release.account.clone(),
        region,
        project: release.project.to_string(),
        config: release.config.to_string(),
        release_id: release.release_id.to_string(),
        created_at: release.created_at,
        age_source: AgeSource::Release,
        instances: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bifrost::cloud::ErrorKind;

    fn denied(operation: &'static str) -> CloudError {
        CloudError {
            operation,
            resource: "resource".into(),
            kind: ErrorKind::AccessDenied,
            code: "AccessDenied".into(),
            message: "not allowed".into(),
            request_id: None,
        }
    }

    fn place(account: &str, region: &str) -> Place {
        (account.parse().unwrap(), region.parse().unwrap())
    }

    fn unlisted(place: Place) -> (Place, Result<Counts, FleetGap>) {
        let (account, region) = place.clone();
        (
            place,
            Err(FleetGap::Groups {
                account,
                region,
                source: Box::new(denied("autoscaling:DescribeAutoScalingGroups")),
            }),
        )
    }

    fn refused(place: Place) -> (Place, Result<Counts, FleetGap>) {
        let (role, account) = ("coinbase-odin-assumed".into(), place.0.clone());
        (place, Err(FleetGap::Account(TargetAccountError { role, account, source: denied("sts:AssumeRole") })))
    }

    #[test]
    fn place_that_cannot_be_read_hides_no_other() {
        let read = place("111111111111", "us-east-1");
        let found = Found::of(vec![
            unlisted(place("111111111111", "eu-west-1")),
            (read.clone(), Ok(Counts::new())),
            refused(place("222222222222", "us-east-1")),
        ]);
        assert_eq!(found.read, [read].into());
        assert_eq!(found.gaps.len(), 2);
        let message = found.gaps[0].to_string();
        assert!(message.contains("account 111111111111 in eu-west-1"), "{message}");
        assert_eq!(found.gaps[0].code(), "aws/access-denied");
    }

    #[test]
    fn refused_account_is_reported_once_and_each_unlisted_region() {
        let places = || [place("111111111111", "eu-west-1"), place("111111111111", "us-east-1")];
        assert_eq!(Found::of(places().map(refused).into()).gaps.len(), 1);
        assert_eq!(Found::of(places().map(unlisted).into()).gaps.len(), 2);
    }
}
