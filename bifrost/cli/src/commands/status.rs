//! `status`: shows what is deployed and by whom, what is running, and the locks.

use super::all_deployed;
use super::arguments::{CloudArgs, CommandHint, Format, OutputArgs, ProjectArgs};
use super::error::CliError;
use super::report::Paint;
use super::time::{TypedAge, moment};
use super::{ProgramRun, output};
use crate::client::{Address, Client, Deployment, RunningExecution};
use crate::client::{ClientDeployer, Deployed};
use bifrost_core::lifecycle::describe_lock;
use bifrost_core::strip_control::one_line;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    project: Option<ProjectArgs>,
    /// List the deployed releases of all accounts, projects and configs
    #[arg(long, conflicts_with_all = ["first", "account", "region", "bucket"])]
    all: bool,
    /// List only releases that were deployed longer ago, such as 30d, 12h or 90m
    #[arg(long, value_name = "AGE", requires = "all")]
    older_than: Option<TypedAge>,
    #[command(flatten)]
    cloud: CloudArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn examples(name: &str, file: &str) -> String {
    format!(
        "Examples:
  {name} status --local
  {name} status {file} --local
  {name} status coinbase/deploy-test development --local --output json
  {name} status --all --local
  {name} status --all --older-than 30d --output json --local

Without a project it shows the projects of the latest 500 deploys. Who
deployed a release is the claim of the client that deployed it.

--all reads only the lock table of the deployer, not the target accounts. It
needs the permission dynamodb:Scan, which the policy for operators allows.
It does not list what Go deployers deployed.

With --all and --output json each line is an object: aws_account_id,
project_name, config_name, release_id, since, age_seconds, deployer; and
started_by, if it is known."
    )
}

pub(super) async fn run<D: ClientDeployer>(session: &ProgramRun<'_, D>, args: Args) -> Result<u8, CliError> {
    if args.all {
        return all_deployed::run(session, &args.cloud, args.older_than.as_ref(), args.output.format()).await;
    }
    let client = session.client(&args.cloud).await?;
    let addresses = match &args.project {
        Some(project) => vec![project.address::<D>(&client.account.defaults)?],
        None => client.addresses().await?,
    };
    let format = args.output.format();
    let hint = session.hint(&args.cloud).with_defaults(&client.account.defaults);
    if addresses.is_empty() && format == Format::Text {
        output::print("no deploys yet")?;
    }
    for address in &addresses {
        show(&client, address, format, &hint).await?;
    }
    Ok(0)
}

async fn show<D: ClientDeployer>(
    client: &Client<D>,
    address: &Address,
    format: Format,
    hint: &CommandHint,
) -> Result<(), CliError> {
    let deployment = client.deployment(address).await?;
    match format {
        Format::Json => output::print_json(&deployment)?,
        Format::Text => {
            for line in lines(&deployment, hint, Paint::for_stdout()) {
                output::print(&line)?;
            }
        }
    }
    Ok(())
}

fn lines(deployment: &Deployment, hint: &CommandHint, paint: Paint) -> Vec<String> {
    let mut lines = vec![paint.strong(&deployment.address.to_string())];
    for service in &deployment.services {
        lines.extend(service_lines(service, deployment.started_by.get(&service.release_id), paint));
    }
    match &deployment.services_error {
        Some(reason) => lines.push(paint.bad(&format!("  cannot read what is deployed: {}", one_line(reason)))),
        None if deployment.services.is_empty() => lines.push("  nothing is deployed".to_owned()),
        None => {}
    }
    lines.push(deployment.running.as_ref().map_or_else(|| "  no deploy is running".to_owned(), running_line));
    let locks = &deployment.locks;
    lines
        .extend(locks.freeze.iter().map(|freeze| paint.bad(&format!("  frozen by {}", one_line(&freeze.to_string())))));
    for held in &locks.root_locks {
        let remedy = if held.running { String::new() } else { stale_lock(&deployment.address, hint) };
        lines.push(paint.busy(&format!("  locked by {}{remedy}", one_line(&describe_lock(&held.holder)))));
    }
    if locks.freeze.is_none() && locks.root_locks.is_empty() {
        lines.push("  not locked".to_owned());
    }
    lines
}

/// What to do about the lock of a deploy that has ended.
fn stale_lock(address: &Address, hint: &CommandHint) -> String {
    let [failures, unlock] = ["failures", "unlock"].map(|command| hint.project(command, address));
    format!(", whose execution has ended; first do what {failures} shows for it, then run {unlock}")
}

fn service_lines(service: &Deployed, by: Option<&String>, paint: Paint) -> Vec<String> {
    let by = by.map_or_else(String::new, |who| format!(", by {}", one_line(who)));
    let Deployed { service: name, release_id, since, resource, state, parts } = service;
    let state = state.map_or_else(String::new, |state| format!(": {}", state.as_str()));
    let mut lines = vec![
        format!("  {}  {} since {}{by}{state}", paint.good(&one_line(name)), one_line(release_id), moment(*since)),
        paint.dim(&format!("    {}", one_line(resource))),
    ];
    lines.extend(parts.iter().map(|part| paint.dim(&format!("      {}", one_line(part)))));
    lines
}

fn running_line(running: &RunningExecution) -> String {
    let RunningExecution { execution, release_id, started_by, since, state } = running;
    let state = state.as_deref().unwrap_or("its start");
    let by = started_by.as_ref().map_or_else(String::new, |who| format!(", by {who}"));
    let line = format!("{release_id} in {state}, started {}{by} ({execution})", moment(*since));
    format!("  running: {}", one_line(&line))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{DeployedState, LockState, RootLock};
    use bifrost_core::cloud::LockItem;
    use bifrost_core::lifecycle::Freeze;
    use chrono::{DateTime, Utc};

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
    }

    fn deployment() -> Deployment {
        Deployment {
            address: Address {
                account: "000000000000".parse().unwrap(),
                region: "us-east-1".parse().unwrap(),
                bucket: "coinbase-odin-000000000000".parse().unwrap(),
                project: "coinbase/deploy-test".parse().unwrap(),
                config: "development".parse().unwrap(),
            },
            services: Vec::new(),
            services_error: None,
            started_by: [("release-1".to_owned(), "ada@laptop".to_owned())].into(),
            running: None,
            locks: LockState::default(),
        }
    }

    #[test]
    fn empty_status_as_text() {
        insta::assert_snapshot!(lines(&deployment(), &CommandHint::local("odin"), Paint::none()).join("\n"), @r"
        coinbase/deploy-test development in account 000000000000
          nothing is deployed
          no deploy is running
          not locked
        ");
    }

    #[test]
    fn unreadable_account_is_not_an_empty_one() {
        let deployment = Deployment { services_error: Some("AccessDenied".into()), ..deployment() };
        assert_eq!(
            lines(&deployment, &CommandHint::local("odin"), Paint::none())[1],
            "  cannot read what is deployed: AccessDenied"
        );
    }

    #[test]
    fn control_characters_of_a_freeze_are_removed() {
        let lock_reason = "\u{1b}[2J\r\nnot locked".to_owned();
        let freeze = Some(Freeze { user: "eve".into(), lock_reason });
        let locks = LockState { freeze, ..LockState::default() };
        let lines = lines(&Deployment { locks, ..deployment() }, &CommandHint::local("odin"), Paint::none());
        assert_eq!(lines[3], "  frozen by eve: [2Jnot locked");
    }

    #[test]
    fn status_as_text() {
        let holder = LockItem {
            key: "key".into(),
            id: "uuid".into(),
            time: at(60),
            execution: None,
            release_id: Some("release-2".into()),
            started_by: Some("bob@ci".into()),
        };
        let deployment = Deployment {
            services: vec![Deployed {
                service: "web".into(),
                release_id: "release-1".into(),
                since: at(0),
                resource: "coinbase-web".into(),
                state: Some(DeployedState::Serving),
                parts: vec!["i-01 InService Healthy".into()],
            }],
            running: Some(RunningExecution {
                execution: "deploy-2".into(),
                release_id: "release-2".into(),
                started_by: Some("bob@ci".into()),
                since: at(60),
                state: Some("CheckHealthy".into()),
            }),
            locks: LockState {
                freeze: Some(Freeze { user: "carol".into(), lock_reason: "incident".into() }),
                root_locks: vec![RootLock {
                    holder,
                    is_object: false,
                    running: false,
                    execution: None,
                    candidates: Vec::new(),
                    active_for: chrono::TimeDelta::zero(),
                }],
            },
            ..deployment()
        };
        insta::assert_snapshot!(lines(&deployment, &CommandHint::local("odin"), Paint::none()).join("\n"), @r"
        coinbase/deploy-test development in account 000000000000
          web  release-1 since 2027-01-15T08:00:00Z, by ada@laptop: serving
            coinbase-web
              i-01 InService Healthy
          running: release-2 in CheckHealthy, started 2027-01-15T08:01:00Z, by bob@ci (deploy-2)
          frozen by carol: incident
          locked by release release-2, started by bob@ci since 2027-01-15T08:01:00Z, whose execution has ended; first do what `odin failures coinbase/deploy-test development --account 000000000000 --local` shows for it, then run `odin unlock coinbase/deploy-test development --account 000000000000 --local`
        ");
    }
}
