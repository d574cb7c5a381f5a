//! Finds deploys by a name that people have, and reads their stories.

use super::chain::ExecutionRecords;
use super::error::ShowError;
use super::index::Index;
use super::rows::Deploy;
use super::story::{CauseOf, Story};
use crate::source::LogSource;

/// The stories of a release's deploys, or of one execution, the oldest first. `name` is a release id, the name or ARN of an execution,
/// or the directory of its records.
///
/// # Errors
/// [`ShowError`], but not [`Ambiguous`](ShowError::Ambiguous).
pub async fn show(
    source: &dyn LogSource,
    index: &mut Index,
    name: &str,
    cause_of: CauseOf<'_>,
) -> Result<Vec<Story>, ShowError> {
    let mut stories = Vec::new();
    for deploy in find(index, name)? {
        stories.push(Story::read(source, index, deploy, cause_of).await?);
    }
    Ok(stories)
}

/// The story of the only deploy with this name, as for [`show`].
///
/// # Errors
/// [`ShowError`].
pub async fn show_one(
    source: &dyn LogSource,
    index: &mut Index,
    name: &str,
    cause_of: CauseOf<'_>,
) -> Result<Story, ShowError> {
    match <[Deploy; 1]>::try_from(find(index, name)?) {
        Ok([deploy]) => Story::read(source, index, deploy, cause_of).await,
        Err(found) => {
            let found = found.into_iter().map(|deploy| deploy.records).collect();
            Err(ShowError::Ambiguous { name: name.to_owned(), found })
        }
    }
}

fn find(index: &Index, name: &str) -> Result<Vec<Deploy>, ShowError> {
    let found = index.find(name)?;
    if found.is_empty() { Err(ShowError::NotFound(name.to_owned())) } else { Ok(found) }
}

impl Story {
    /// Reads the story of a deploy that the index has.
    ///
    /// # Errors
    /// [`ShowError::Index`], [`ShowError::Source`].
    pub async fn read(
        source: &dyn LogSource,
        index: &mut Index,
        deploy: Deploy,
        cause_of: CauseOf<'_>,
    ) -> Result<Self, ShowError> {
        let entries = index.entries(&deploy.records)?;
        // A bundle has the executions that ended on its day.
        let days: Vec<_> = deploy.ended.into_iter().chain([deploy.time]).collect();
        let records = ExecutionRecords::read_bundled(source, &deploy.records, index.bundles(), &days).await?;
        Ok(Self::new(deploy, &entries, &records, cause_of))
    }
}
