//! The handlers, one for each task. A task may run again after it half succeeded: each looks
//! first, or does what is harmless twice.

use crate::release::{Settings, is_earlier, table_name};
use crate::tables::{Status, Tables};
use bifrost::cloud::found;
use bifrost::lifecycle::{Context, TaskFailure};
use bifrost::release::Release;
use std::sync::Arc;

type Handled = Result<Release<Settings>, TaskFailure>;

pub(crate) async fn create(
    context: &Context<Arc<dyn Tables>>,
    release: Release<Settings>,
) -> Handled {
    let (tables, name) = (
        context.target(&release.envelope).await?,
        table_name(&release.envelope),
    );
    if tables.status(&name).await?.is_none() {
        // Every change needs a proof, here that this deploy still holds the lock.
        let proof = context.lock_proof(&release.envelope).await?;
        tables.create(&proof, &name, &release.fields.key).await?;
    }
    Ok(release)
}

pub(crate) async fn check_table(
    context: &Context<Arc<dyn Tables>>,
    mut release: Release<Settings>,
) -> Handled {
    let tables = context.target(&release.envelope).await?;
    // DynamoDB may not find a table yet that it has just begun to create.
    release.fields.ready =
        tables.status(&table_name(&release.envelope)).await? == Some(Status::Active);
    Ok(release)
}

pub(crate) async fn retire(
    context: &Context<Arc<dyn Tables>>,
    release: Release<Settings>,
) -> Handled {
    let tables = context.target(&release.envelope).await?;
    let earlier: Vec<_> = tables
        .list()
        .await?
        .into_iter()
        .filter(|name| is_earlier(&release.envelope, name))
        .collect();
    if !earlier.is_empty() {
        let proof = context.lock_proof(&release.envelope).await?;
        for name in &earlier {
            // `found`: a table that does not exist any more is no error.
            found(tables.delete(&proof, name).await)?;
        }
    }
    Ok(release)
}

pub(crate) async fn roll_back(
    context: &Context<Arc<dyn Tables>>,
    release: Release<Settings>,
) -> Handled {
    let (tables, name) = (
        context.target(&release.envelope).await?,
        table_name(&release.envelope),
    );
    // A clean-up may have lost the lock, so it changes only what carries the id of its release.
    // The table's name does.
    let ownership = context.ownership(&release.envelope).await?;
    if let Some(proof) = ownership.proof(Some(release.envelope.release_id.as_str())) {
        found(tables.delete(&proof, &name).await)?;
    }
    Ok(release)
}
