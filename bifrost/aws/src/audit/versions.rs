//! Lists the versions of the objects of an audit log.

use super::objects::AuditBucket;
use crate::error::Incomplete;
use aws_sdk_s3::operation::list_object_versions::ListObjectVersionsOutput;
use aws_smithy_types::DateTime as SdkDateTime;
use bifrost_core::cloud::{CloudError, ErrorKind, ObjectVersion, VersionsPage};
use chrono::{DateTime, Utc};

const LIST: &str = "s3:ListObjectVersions";

/// Where a page begins: after this version of this key, or after all versions of the key.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Marker {
    key: String,
    version: Option<String>,
}

/// A version, and whether S3 says that it is the current one.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Listed {
    version: ObjectVersion,
    is_latest: bool,
}

impl AuditBucket {
    pub(super) async fn versions(&self, prefix: &str) -> Result<Vec<ObjectVersion>, CloudError> {
        let (mut listed, mut marker) = (Vec::new(), None);
        loop {
            let (page, next) = self.listed(prefix, marker.as_ref()).await?;
            listed.extend(page);
            if next.is_none() {
                return Ok(in_order(listed));
            }
            marker = next;
        }
    }

    /// A page of whole keys: S3 may end a page between two versions of a key.
    pub(super) async fn versions_page(&self, prefix: &str, after: Option<&str>) -> Result<VersionsPage, CloudError> {
        let mut marker = after.map(|key| Marker { key: key.to_owned(), version: None });
        let mut listed = Vec::new();
        loop {
            let (page, next) = self.listed(prefix, marker.as_ref()).await?;
            listed.extend(page);
            let Some(next) = next else { return Ok(VersionsPage { versions: in_order(listed), next: None }) };
            let cut = last_key(&listed);
            if let Some(complete) = last_key(listed.iter().filter(|one| Some(one.version.key.as_str()) != cut)) {
                let complete = complete.to_owned();
                listed.retain(|one| one.version.key <= complete);
                return Ok(VersionsPage { versions: in_order(listed), next: Some(complete) });
            }
            // All of the page are versions of one key.
            marker = Some(next);
        }
    }

    async fn listed(&self, prefix: &str, marker: Option<&Marker>) -> Result<(Vec<Listed>, Option<Marker>), CloudError> {
        let list = self.client.list_object_versions().bucket(&self.name).prefix(prefix);
        let list = list.expected_bucket_owner(self.owner.as_str());
        let list = list.set_key_marker(marker.map(|marker| marker.key.clone()));
        let list = list.set_version_id_marker(marker.and_then(|marker| marker.version.clone()));
        let answer = self.session.call(LIST, prefix, list.send()).await;
        let output = answer.map_err(|error| self.explain(error))?;
        let next = output.next_key_marker.clone().filter(|_| output.is_truncated == Some(true));
        let next = next.map(|key| Marker { key, version: output.next_version_id_marker.clone() });
        if output.is_truncated == Some(true) && (next.is_none() || next.as_ref() == marker) {
            return Err(endless(prefix));
        }
        Ok((read(prefix, output)?, next))
    }
}

fn last_key<'a>(listed: impl IntoIterator<Item = &'a Listed>) -> Option<&'a str> {
    listed.into_iter().map(|one| one.version.key.as_str()).max()
}

/// The versions of an answer, for each key the newest first. S3 lists delete markers separately.
fn read(prefix: &str, output: ListObjectVersionsOutput) -> Result<Vec<Listed>, CloudError> {
    let mut listed = Vec::new();
    for found in output.versions.unwrap_or_default() {
        let size = found.size.and_then(|size| u64::try_from(size).ok());
        let version = ObjectVersion {
            key: found.key.present(LIST, prefix, "Key")?,
            version: found.version_id.present(LIST, prefix, "VersionId")?,
            last_modified: time(prefix, found.last_modified)?,
            is_delete_marker: false,
            size: size.present(LIST, prefix, "Size")?,
        };
        listed.push(Listed { version, is_latest: found.is_latest == Some(true) });
    }
    for found in output.delete_markers.unwrap_or_default() {
        let version = ObjectVersion {
            key: found.key.present(LIST, prefix, "Key")?,
            version: found.version_id.present(LIST, prefix, "VersionId")?,
            last_modified: time(prefix, found.last_modified)?,
            is_delete_marker: true,
            size: 0,
        };
        listed.push(Listed { version, is_latest: found.is_latest == Some(true) });
    }
    Ok(listed)
}

fn time(prefix: &str, time: Option<SdkDateTime>) -> Result<DateTime<Utc>, CloudError> {
    let time = time.and_then(|time| DateTime::from_timestamp(time.secs(), time.subsec_nanos()));
    time.present(LIST, prefix, "LastModified")
}

/// Sorts by key, the oldest version first. S3 gives times in seconds: of versions of one second, the order of its list counts,
/// the current version is the last, and an object comes before a delete marker.
fn in_order(mut listed: Vec<Listed>) -> Vec<ObjectVersion> {
    listed.reverse();
    listed.sort_by(|one, other| {
        let place = |listed: &Listed| (listed.version.last_modified, listed.is_latest, listed.version.is_delete_marker);
        one.version.key.cmp(&other.version.key).then_with(|| place(one).cmp(&place(other)))
    });
    listed.into_iter().map(|one| one.version).collect()
}

fn endless(prefix: &str) -> CloudError {
    CloudError {
        operation: LIST,
        resource: prefix.to_owned(),
        kind: ErrorKind::Unavailable,
        code: "IncompleteAnswer".into(),
        message: "the list has more pages, but S3 does not say where the next one begins".into(),
        request_id: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(key: &str, version: &str, second: i64, is_latest: bool) -> Listed {
        let last_modified = DateTime::from_timestamp(second, 0).unwrap();
        let is_delete_marker = version.starts_with('d');
        let (key, version) = (key.into(), version.into());
        Listed { version: ObjectVersion { key, version, last_modified, is_delete_marker, size: 1 }, is_latest }
    }

    fn order(listed: Vec<Listed>) -> Vec<String> {
        in_order(listed).into_iter().map(|version| version.key + &version.version).collect()
    }

    #[test]
    fn versions_are_sorted_by_key_and_age() {
        let all = vec![
            listed("b", "1", 5, true),
            listed("a", "3", 9, true),
            listed("a", "1", 7, false),
            listed("a", "d2", 8, false),
        ];
        assert_eq!(order(all), ["a1", "ad2", "a3", "b1"]);
    }

    #[test]
    fn versions_of_one_second_keep_the_order_of_the_list() {
        // S3's lists: the newest first.
        let versions = [listed("a", "3", 7, false), listed("a", "2", 7, false), listed("a", "1", 7, false)];
        let deleted = [versions.to_vec(), vec![listed("a", "d4", 7, true)]].concat();
        assert_eq!(order(deleted), ["a1", "a2", "a3", "ad4"]);
        let created_again = vec![listed("a", "3", 7, true), listed("a", "1", 7, false), listed("a", "d2", 7, false)];
        assert_eq!(order(created_again), ["a1", "ad2", "a3"]);
    }
}
