//! What changed between two releases.

use super::plain_text::{duration, paragraph};
use super::story::Story;
use bifrost_core::audit::{CallOutcome, Event};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Two deploys, compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// The releases, or the directories of the records where a release is not known.
    pub names: [String; 2],
    /// What is different.
    pub different: Vec<Difference>,
    /// What is the same, with its value.
    pub same: Vec<SameValue>,
    /// The changes that they made, by operation.
    pub changes: Vec<ChangeDifference>,
    /// Which records were left out, because no log entry covers them yet, in a sentence each.
    pub left_out: Vec<String>,
}

/// A property with two values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The property.
    pub name: &'static str,
    /// Its values. `None` where it is not recorded.
    pub values: [Option<String>; 2],
}

/// A property with one value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SameValue {
    /// The property.
    pub name: &'static str,
    /// Its value.
    pub value: String,
}

/// The changes by one operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangeDifference {
    /// The operation.
    pub operation: String,
    /// The account and region.
    pub place: String,
    /// Resources that only the first changed.
    pub only_a: Vec<String>,
    /// Resources that only the second changed.
    pub only_b: Vec<String>,
    /// Resources that both changed.
    pub both: Vec<String>,
}

type Property = (&'static str, fn(&Story) -> Option<String>);

const PROPERTIES: &[Property] = &[
    ("Project", |it| it.deploy.project_name.clone()),
    ("Config", |it| it.deploy.config_name.clone()),
    ("Account", |it| it.deploy.aws_account_id.clone()),
    ("Region", |it| it.deploy.aws_region.clone()),
    ("Outcome", |it| Some(it.deploy.outcome_name().to_owned())),
    ("Refusal", |it| it.refusal.as_ref().map(|refusal| refusal.code.clone().unwrap_or_else(|| refusal.error.clone()))),
    ("Duration", |it| Some(duration(it.deploy.ended? - it.deploy.started?))),
    ("Release SHA-256", |it| Some(it.deploy.release_sha256?.to_string())),
    ("Plan SHA-256", |it| {
        let plans: Vec<String> = it.plans.iter().map(ToString::to_string).collect();
        (!plans.is_empty()).then(|| plans.join(", "))
    }),
    ("Started by (claimed)", |it| it.claims.started_by.clone()),
    ("Approved by (claimed)", |it| it.claims.approved_by.clone()),
    ("Ticket (claimed)", |it| it.claims.ticket.clone()),
    ("Commit (claimed)", |it| it.claims.commit.clone()),
    ("Deployer", |it| Some(it.deploy.deployer.clone())),
    ("Deployer version", |it| it.deployer.as_ref()?.version.clone()),
    ("Deployer code SHA-256", |it| Some(it.deployer.as_ref()?.code_sha256?.to_string())),
    ("Definition SHA-256", |it| Some(it.definition_sha256?.to_string())),
];

impl Comparison {
    /// Compares two deploys.
    #[must_use]
    pub fn new(a: &Story, b: &Story) -> Self {
        let (mut different, mut same) = (Vec::new(), Vec::new());
        for (name, value) in PROPERTIES {
            match (value(a), value(b)) {
                (None, None) => {}
                (Some(a), Some(b)) if a == b => same.push(SameValue { name, value: a }),
                (a, b) => different.push(Difference { name, values: [a, b] }),
            }
        }
        let left_out = [("A", a), ("B", b)].map(|(letter, story)| Some(format!("{letter}: {}", story.uncommitted()?)));
        let left_out = left_out.into_iter().flatten().collect();
        Self { names: [name(a), name(b)], different, same, changes: changes(a, b), left_out }
    }

    /// The comparison as text of 80 columns. Control characters are escaped.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        let [a, b] = &self.names;
        paragraph(&mut out, "A  ", a);
        paragraph(&mut out, "B  ", b);
        out.push_str("\nDifferent\n");
        if self.different.is_empty() {
            out.push_str("  nothing\n");
        }
        for Difference { name, values } in &self.different {
            paragraph(&mut out, "  ", name);
            for (letter, value) in ["A", "B"].iter().zip(values) {
                paragraph(&mut out, &format!("    {letter}  "), value.as_deref().unwrap_or("(not recorded)"));
            }
        }
        out.push_str("\nThe same\n");
        for SameValue { name, value } in &self.same {
            paragraph(&mut out, &format!("  {name:<22}  "), value);
        }
        out.push_str("\nChanges that took effect, or may have\n");
        if self.changes.is_empty() {
            out.push_str("  none\n");
        }
        for change in &self.changes {
            paragraph(&mut out, "  ", &format!("{} ({})", change.operation, change.place));
            for (mark, resources) in [("A", &change.only_a), ("B", &change.only_b), ("=", &change.both)] {
                for resource in resources {
                    paragraph(&mut out, &format!("    {mark}  "), resource);
                }
            }
        }
        if !self.left_out.is_empty() {
            out.push_str("\nLeft out\n");
        }
        for left_out in &self.left_out {
            paragraph(&mut out, "  ", left_out);
        }
        out
    }
}

fn name(story: &Story) -> String {
    let deploy = &story.deploy;
    deploy.release_id.clone().unwrap_or_else(|| deploy.records.clone())
}

fn changes(a: &Story, b: &Story) -> Vec<ChangeDifference> {
    let (a, b) = (made(a), made(b));
    let keys: BTreeSet<_> = a.keys().chain(b.keys()).collect();
    let none = BTreeSet::new();
    let compared = keys.into_iter().map(|key| {
        let (a, b) = (a.get(key).unwrap_or(&none), b.get(key).unwrap_or(&none));
        let all = |resources: Vec<&&str>| resources.into_iter().map(|it| (*it).to_owned()).collect();
        ChangeDifference {
            operation: key.0.to_owned(),
            place: format!("account {}, {}", key.1, key.2),
            only_a: all(a.difference(b).collect()),
            only_b: all(b.difference(a).collect()),
            both: all(a.intersection(b).collect()),
        }
    });
    compared.collect()
}

/// The resources that each operation changed, or may have, by operation, account and region.
fn made(story: &Story) -> BTreeMap<(&str, &str, &str), BTreeSet<&str>> {
    let mut all: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
    for step in story.steps.iter().filter(|step| step.is_committed) {
        if let Event::Change { operation, resource, account, region, outcome, .. } = &step.event
            && *outcome != CallOutcome::Refused
        {
            let key = (operation.as_str(), account.as_str(), region.as_str());
            all.entry(key).or_default().insert(resource.as_str());
        }
    }
    all
}
