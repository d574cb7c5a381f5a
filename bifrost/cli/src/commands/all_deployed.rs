//! `status --all`: shows what is deployed in all accounts, projects and configs.

use super::arguments::{CloudArgs, Format};
use super::error::CliError;
use super::report::Paint;
use super::table::{Cell, Table, columns};
use super::time::{Age, TypedAge, moment};
use super::{ProgramRun, output};
use crate::client::{AllDeployed, ClientDeployer, DeployedRelease, UnreadableItem};
use chrono::TimeDelta;

const HEADINGS: [&str; COLUMNS] = ["ACCOUNT", "PROJECT", "CONFIG", "RELEASE", "SINCE", "BY"];
const COLUMNS: usize = 6;

pub(super) async fn run<D: ClientDeployer>(
    session: &ProgramRun<'_, D>,
    cloud: &CloudArgs,
    older_than: Option<&TypedAge>,
    format: Format,
) -> Result<u8, CliError> {
    let client = session.client(cloud).await?;
    let read = client.all_deployed(older_than.map(|typed| typed.age().0)).await;
    let AllDeployed { releases, unreadable } = read?;
    for UnreadableItem { key, reason } in &unreadable {
        output::note(&format!("warning: the item {key} of the lock table is left out: {reason}"));
    }
    match format {
        Format::Json => releases.iter().try_for_each(output::print_json)?,
        Format::Text => output::print(&lines(&releases, older_than, Paint::for_stdout(), columns()).join("\n"))?,
    }
    Ok(0)
}

/// A table with a row for each release.
fn lines(releases: &[DeployedRelease], older_than: Option<&TypedAge>, paint: Paint, columns: usize) -> Vec<String> {
    if releases.is_empty() {
        return vec![match older_than {
            None => "nothing is deployed".to_owned(),
            Some(age) => format!("nothing was deployed more than {age} ago"),
        }];
    }
    let mut table = Table::new(HEADINGS);
    for release in releases {
        table.add(row(release).map(Cell::from));
    }
    table.lines(paint, columns)
}

fn row(release: &DeployedRelease) -> [String; COLUMNS] {
    let DeployedRelease { account, project, config, release_id, since, age_seconds, started_by, .. } = release;
    let age = Age(TimeDelta::seconds(*age_seconds));
    [
        account.to_string(),
        project.to_string(),
        config.to_string(),
        release_id.to_string(),
        format!("{} ({age})", moment(*since)),
        started_by.clone().unwrap_or_default(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    fn release(project: &str, age: &str, by: Option<&str>) -> DeployedRelease {
        let age = age.parse::<Age>().unwrap().0;
        DeployedRelease {
            account: "000000000000".parse().unwrap(),
            project: project.parse().unwrap(),
            config: "development".parse().unwrap(),
            release_id: "release-1".parse().unwrap(),
            created_at: DateTime::from_timestamp(1_800_000_000, 0).unwrap() - age - TimeDelta::minutes(6),
            since: DateTime::from_timestamp(1_800_000_000, 0).unwrap() - age,
            age_seconds: age.num_seconds(),
            started_by: by.map(ToOwned::to_owned),
            deployer: "coinbase-odin".into(),
        }
    }

    #[test]
    fn all_deployed_as_text() {
        let releases = [
            release("coinbase/deploy-test", "40d", Some("ada@laptop")),
            release("coinbase/echo", "90m", Some("eve\u{1b}[2J\nbob")),
            release("web", "1m", None),
        ];
        insta::assert_snapshot!(lines(&releases, None, Paint::none(), usize::MAX).join("\n"), @r"
        ACCOUNT       PROJECT               CONFIG       RELEASE    SINCE                       BY
        000000000000  coinbase/deploy-test  development  release-1  2026-12-06T08:00:00Z (40d)  ada@laptop
        000000000000  coinbase/echo         development  release-1  2027-01-15T06:30:00Z (1h)   eve\u{1b}[2J\nbob
        000000000000  web                   development  release-1  2027-01-15T07:59:00Z (1m)   -
        ");
    }

    #[test]
    fn empty_list_says_so() {
        assert_eq!(lines(&[], None, Paint::none(), usize::MAX), ["nothing is deployed"]);
        for age in ["30d", "90m", "36h"] {
            let typed = age.parse().unwrap();
            assert_eq!(
                lines(&[], Some(&typed), Paint::none(), usize::MAX),
                [format!("nothing was deployed more than {age} ago")]
            );
        }
    }

    #[test]
    fn deployed_release_as_json() {
        insta::assert_json_snapshot!(release("coinbase/deploy-test", "40d", Some("ada@laptop")), @r#"
        {
          "aws_account_id": "000000000000",
          "project_name": "coinbase/deploy-test",
          "config_name": "development",
          "release_id": "release-1",
          "since": "2026-12-06T08:00:00Z",
          "age_seconds": 3456000,
          "deployer": "coinbase-odin",
          "started_by": "ada@laptop"
        }
        "#);
        let unknown = serde_json::to_value(release("web", "1d", None)).unwrap();
        assert!(unknown.get("started_by").is_none() && unknown.get("deployer").is_some(), "{unknown}");
    }
}
