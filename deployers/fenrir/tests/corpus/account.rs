//! A target account with made-up resources. The name of a resource decides on its tags:
//!
//! - `shop-…` belongs to the project, `allowed-…` allows it, `open-…` allows all projects, `foreign-…` belongs to another
//!   project, `bare-…` has no tags;
//! - `all-…` is for all services, `hello-…` and `worker-…` for the function of that name;
//! - no other name exists.

use bifrost::release::Sha256;
use fenrir::rules::{
    self, Answer, Answers, CheckedTemplate, Facts, Header, Key, Lookup, Role, SecurityGroup, Subnet, Tags,
};
use fenrir::template::Node;
use std::collections::BTreeMap;

/// The uploaded files of the release.
pub(crate) const FILES: [&str; 4] = [
    "s3://bucket/000000000000/org/other/hello.zip",
    "s3://bucket/000000000000/org/shop/development/release/api.yml",
    "s3://bucket/000000000000/org/shop/development/release/hello.zip",
    "s3://bucket/000000000000/org/shop/development/release/shared.zip",
];

/// Calls a closure with the facts of a release of a template.
pub(crate) fn with_facts<T>(
    header: &Header,
    files: Option<&BTreeMap<String, Sha256>>,
    with: impl FnOnce(&Facts<'_>) -> T,
) -> T {
    with(&Facts {
        project: &header.project,
        config: &header.config,
        account: &header.account.clone().unwrap_or_else(|| "000000000000".parse().unwrap()),
        region: &header.region.clone().unwrap_or_else(|| "us-east-1".parse().unwrap()),
        bucket: &"bucket".parse().unwrap(),
        files,
        today: "2026-11-29".parse().unwrap(),
    })
}

/// Applies the rules to a template, with all look-ups that they ask for.
pub(crate) fn apply(template: &Node, header: &Header, is_uploaded: bool) -> CheckedTemplate {
    let sha256: Sha256 = "0".repeat(64).parse().unwrap();
    let files = FILES.map(|uri| (uri.to_owned(), sha256)).into();
    with_facts(header, is_uploaded.then_some(&files), |facts| {
        let mut answers = Answers::new();
        loop {
            let outcome = rules::apply(template, facts, &answers);
            if outcome.needs.is_empty() {
                return outcome;
            }
            answers.extend(outcome.needs.iter().map(|lookup| (lookup.clone(), look_up(lookup))));
        }
    })
}

fn look_up(lookup: &Lookup) -> Answer {
    match lookup {
        Lookup::Role(name) => {
            let arn = format!("arn:aws:iam::000000000000:role/{name}");
            Answer::Role(tags_of(name).map(|tags| Role { arn, tags }))
        }
        Lookup::SecurityGroups(name) => {
            let group = |id: &str| SecurityGroup { id: id.to_owned(), tags: tags_of("all-").unwrap_or_default() };
            Answer::SecurityGroups(match (name.as_str(), tags_of(name)) {
                ("twice-web", _) => vec![group("sg-1"), group("sg-2")],
                (_, Some(tags)) => vec![SecurityGroup { id: "sg-0".to_owned(), tags }],
                (_, None) => vec![],
            })
        }
        Lookup::Subnets(name) => Answer::Subnets(subnets(name)),
        Lookup::Key(name) => {
            let name = name.rsplit(':').next().unwrap_or(name);
            let tags = tags_of(&format!("{}-", name.trim_start_matches("alias/").trim_end_matches("-key")));
            Answer::Key(tags.map(|tags| Key { id: "0a1b2c3d".to_owned(), tags }))
        }
        Lookup::TableStream(table) => {
            let stream =
                format!("arn:aws:dynamodb:us-east-1:000000000000:table/{table}/stream/2026-01-01T00:00:00.000");
            Answer::TableStream(tags_of(table).map(|_| stream))
        }
        Lookup::Tags(arn) => Answer::Tags(tags_of(arn.rsplit([':', '/']).find(|part| *part != "*").unwrap_or(arn))),
    }
}

fn subnets(name: &str) -> Vec<Subnet> {
    let subnet = |id: &str, tags: &[(&str, &str)]| Subnet { id: id.to_owned(), tags: tags_from(tags) };
    let deployable = [("DeployWithFenrir", "true")];
    match name {
        "private" => vec![subnet("subnet-1", &deployable), subnet("subnet-2", &deployable)],
        "public" => vec![subnet("subnet-3", &[])],
        "subnet-0a1b2c3d" => vec![subnet(name, &deployable)],
        _ => vec![],
    }
}

/// The tags of a resource by its name. None if it does not exist.
fn tags_of(name: &str) -> Option<Tags> {
    // CodeDeploy calls only functions with this prefix.
    let (prefix, _) = name.trim_start_matches("CodeDeployHook_").split_once('-')?;
    Some(match prefix {
        "shop" => tags_from(&[("ProjectName", "org/shop"), ("ConfigName", "development")]),
        "allowed" => tags_from(&[("FenrirAllowed:org/shop:development", "true")]),
        "open" => tags_from(&[("FenrirAllAllowed", "true")]),
        "foreign" => {
            tags_from(&[("ProjectName", "org/other"), ("ConfigName", "development"), ("ServiceName", "hello")])
        }
        "bare" => Tags::new(),
        "all" => tags_from(&[("ProjectName", "_all"), ("ConfigName", "_all"), ("ServiceName", "_all")]),
        "hello" | "worker" => {
            tags_from(&[("ProjectName", "org/shop"), ("ConfigName", "development"), ("ServiceName", prefix)])
        }
        _ => return None,
    })
}

fn tags_from(pairs: &[(&str, &str)]) -> Tags {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}
