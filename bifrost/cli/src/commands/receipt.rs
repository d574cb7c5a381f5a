//! `deploy --receipt`: saves the proof that the audit log has a deploy, when the deploy has ended.

use super::arguments::{CloudArgs, CommandHint, shell_quoted};
use super::audit::{AuditCliError, Deployed, ReceiptArgs, check_receipt_file, save_receipt};
use super::error::CliError;
use super::{ProgramRun, output};
use crate::client::{AuditTrail, Client, ClientDeployer, DeployOutcome, Prepared};
use bifrost_audit::source::StoreSource;
use bifrost_core::cloud::{AuditStore, limit_bytes};
use bifrost_core::deployer::AuditOptions;
use bifrost_core::error_code::{Coded as _, full_message};
use chrono::TimeDelta;
use std::path::Path;
use std::sync::Arc;

/// Checks, before a deploy, that there will be a receipt, and that it can be written.
pub(super) async fn check<D: ClientDeployer>(client: &Client<D>, file: &Path) -> Result<(), CliError> {
    check_receipt_file(file)?;
    match client.audit_trail().await {
        AuditTrail::Off => Err(AuditCliError::NoLogForReceipt { deployer: D::NAME }.into()),
        AuditTrail::Enabled | AuditTrail::NotRecorded | AuditTrail::Unknown => Ok(()),
    }
}

/// Saves the receipt of a deploy that has ended. That it cannot be saved does not change how the deploy ended, so it is a warning.
pub(super) async fn save<D: ClientDeployer>(
    session: &ProgramRun<'_, D>,
    client: &Client<D>,
    cloud: &CloudArgs,
    args: &ReceiptArgs,
    (outcome, prepared): (&DeployOutcome, &Prepared<D::Fields>),
    file: &Path,
    hint: &CommandHint,
) {
    if !outcome.is_ours {
        output::note("warning: no receipt was saved, because your release was not deployed");
        return;
    }
    match try_save(session, client, cloud, args, (outcome, prepared), file).await {
        Ok(note) => output::note(&note),
        Err(error) => {
            let later = hint.audit(&format!("receipt {}", shell_quoted(&outcome.release_id)));
            let never =
                matches!(&error, CliError::Audit(error) if matches!(**error, AuditCliError::NothingToProve { .. }));
            let later = if never { String::new() } else { format!("; get it later with {later}") };
            output::note(&format!("warning[{}]: no receipt was saved: {}{later}", error.code(), full_message(&error)));
        }
    }
}

async fn try_save<D: ClientDeployer>(
    session: &ProgramRun<'_, D>,
    client: &Client<D>,
    cloud: &CloudArgs,
    args: &ReceiptArgs,
    (outcome, prepared): (&DeployOutcome, &Prepared<D::Fields>),
    file: &Path,
) -> Result<String, CliError> {
    let source = StoreSource::new(store(session, client, cloud, args).await?);
    let envelope = &prepared.release.envelope;
    let stored =
        client.account.objects.get(&envelope.bucket, &envelope.release_dir().release(), limit_bytes::RELEASE).await?;
    // Deployers read the release with the same limits, so it is there.
    let release = stored.map_or_else(|| prepared.document.to_string().into_bytes(), |object| object.body);
    let deployed = Deployed {
        execution: &client.account.identity.execution_arn(&outcome.execution),
        since: outcome.time - TimeDelta::seconds(outcome.seconds),
        release: &release,
    };
    let release = save_receipt(&source, deployed, file).await?;
    let [file, release] = [file, release.as_path()].map(|path| shell_quoted(&path.to_string_lossy()).into_owned());
    Ok(format!(
        "saved the receipt {file}; to verify it: `bifrost audit verify --receipt {file} --release {release} --policy FILE`"
    ))
}

/// The bucket of the audit log, with the rights of the user.
async fn store<D: ClientDeployer>(
    session: &ProgramRun<'_, D>,
    client: &Client<D>,
    cloud: &CloudArgs,
    args: &ReceiptArgs,
) -> Result<Arc<dyn AuditStore>, CliError> {
    if let (true, Some(ports)) = (cloud.is_local(), &client.account.audit.ports) {
        return Ok(Arc::clone(&ports.store));
    }
    let identity = &client.account.identity;
    let options = AuditOptions {
        prefix: identity.prefix().to_owned(),
        account: Some(identity.account.clone()),
        region: Some(identity.region.clone()),
        bucket: args.audit_bucket.clone(),
    };
    Ok(session.connect_audit(&options).await?.store)
}
