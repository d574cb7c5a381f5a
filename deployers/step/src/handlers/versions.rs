//! Deletes versions of a function that no execution can run any more.

use super::update::Update;
use crate::cloud::FunctionVersion;
use bifrost::cloud::CloudError;
use bifrost::json;
use bifrost::release::ReleaseId;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

/// How many versions stay, however old they are.
const MIN_VERSIONS: usize = 3;

/// How many versions one deploy deletes at most.
const MAX_DELETED: usize = 10;

/// For how long a version stays after the longest execution that may run it.
const MARGIN: TimeDelta = TimeDelta::days(1);

/// How long an execution may take if its definition does not say: a year.
const MAX_EXECUTION_SECONDS: u64 = 31_536_000;

/// Deletes versions that Step published, and that were replaced longer ago than an execution may take. A failure is only logged: the
/// next deploy deletes them.
pub(super) async fn delete_old(update: &Update<'_>, current: &str) {
    if let Err(error) = try_delete_old(update, current).await {
        tracing::warn!(%error, "old versions of the function were not looked up");
    }
}

async fn try_delete_old(update: &Update<'_>, current: &str) -> Result<(), CloudError> {
    let name = update.function_name();
    let versions = update.ports.functions.versions(name).await?;
    // An execution that began a moment ago has the definition that was deployed before.
    let before = update.previous_definition().await?;
    let before = before.and_then(|text| json::parse(text.as_bytes()).ok()).unwrap_or_default();
    let longest = execution_seconds(&before).max(execution_seconds(&update.definition));
    let longest = TimeDelta::seconds(i64::try_from(longest).unwrap_or(i64::MAX / 1000));
    let replaced_before = update.context.now() - longest - MARGIN;
    for version in unused(versions, current, replaced_before) {
        // An alias may name it. The others are deleted all the same.
        if let Err(error) = update.ports.functions.delete_version(&update.proof, name, &version).await {
            tracing::warn!(%error, version, "an old version of the function was not deleted");
        }
    }
    Ok(())
}

fn execution_seconds(definition: &Value) -> u64 {
    definition.get("TimeoutSeconds").and_then(Value::as_u64).unwrap_or(MAX_EXECUTION_SECONDS)
}

/// The versions that Step published and that the next one replaced before that time, oldest first.
fn unused(mut versions: Vec<FunctionVersion>, current: &str, replaced_before: DateTime<Utc>) -> Vec<String> {
    versions.sort_by_key(|version| version.version.parse::<u64>().unwrap_or(u64::MAX));
    let old = versions.len().saturating_sub(MIN_VERSIONS);
    let pairs = versions.windows(2).take(old).filter_map(|pair| match pair {
        [version, next] if next.published < replaced_before => Some(version),
        _ => None,
    });
    let ours = pairs.filter(|version| version.version != current && version.description.parse::<ReleaseId>().is_ok());
    ours.map(|version| version.version.clone()).take(MAX_DELETED).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions(published_at: &[(u64, &str, i64)]) -> Vec<FunctionVersion> {
        let version = |(number, description, hour): &(u64, &str, i64)| FunctionVersion {
            version: number.to_string(),
            description: (*description).to_owned(),
            published: DateTime::from_timestamp(hour * 3600, 0).unwrap(),
        };
        published_at.iter().map(version).collect()
    }

    fn unused_at(hour: i64, versions: Vec<FunctionVersion>, current: &str) -> Vec<String> {
        unused(versions, current, DateTime::from_timestamp(hour * 3600, 0).unwrap())
    }

    const OURS: &str = "release-2026-01-01T00-00-00Z-abcdefgh";

    #[test]
    fn version_stays_until_its_successor_is_old() {
        let versions = || versions(&[(10, OURS, 6), (9, OURS, 5), (1, OURS, 1), (2, OURS, 3), (3, OURS, 4)]);
        assert_eq!(unused_at(3, versions(), "10"), [""; 0]);
        assert_eq!(unused_at(4, versions(), "10"), ["1"]);
        assert_eq!(unused_at(100, versions(), "10"), ["1", "2"], "three stay");
        assert_eq!(unused_at(100, versions(), "1"), ["2"], "the current one stays");
    }

    #[test]
    fn version_of_others_stays() {
        let versions = versions(&[(1, "by hand", 1), (2, OURS, 2), (3, OURS, 3), (4, OURS, 4), (5, OURS, 5)]);
        assert_eq!(unused_at(100, versions, "5"), ["2"]);
    }
}
