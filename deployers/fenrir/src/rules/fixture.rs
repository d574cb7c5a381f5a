//! Applies the rules to templates in tests.

use super::{Answer, Answers, CheckedTemplate, Facts, Lookup, Tags, apply};
use crate::template::{FindingCode, Severity, TemplateFinding};
use bifrost::release::{ProjectName, Sha256};
use chrono::NaiveDate;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A release of `org/shop` in `development` to account 000000000000, with the answers of look-ups.
#[derive(Clone, Default)]
pub(super) struct RulesFixture {
    answers: Answers,
    files: Option<BTreeMap<String, Sha256>>,
    today: Option<NaiveDate>,
}

/// Calls a closure with the facts of a release.
pub(super) fn facts_of<T>(project: &str, with: impl FnOnce(&Facts<'_>) -> T) -> T {
    let facts = Facts {
        project: &project.parse::<ProjectName>().unwrap(),
        config: &"development".parse().unwrap(),
        account: &"000000000000".parse().unwrap(),
        region: &"us-east-1".parse().unwrap(),
        bucket: &"bucket".parse().unwrap(),
        files: None,
        today: NaiveDate::from_ymd_opt(2026, 11, 29).unwrap(),
    };
    with(&facts)
}

/// A function that the rules accept, with other properties; `null` removes one.
pub(super) fn function(properties: Value) -> Value {
    let mut function = json!({
        "CodeUri": ".", "Handler": "bootstrap", "Runtime": "provided.al2023", "Policies": [{"VPCAccessPolicy": {}}],
    });
    let Value::Object(properties) = properties else { panic!("properties are an object") };
    for (name, value) in properties {
        match value {
            Value::Null => drop(function.as_object_mut().unwrap().remove(&name)),
            value => function[name] = value,
        }
    }
    resource("AWS::Serverless::Function", function)
}

pub(super) fn resource(kind: &str, properties: Value) -> Value {
    let mut resource = json!({"Type": kind});
    resource["Properties"] = properties;
    resource
}

pub(super) fn tags<const N: usize>(pairs: [(&str, &str); N]) -> Tags {
    pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

/// Service tags of the fixture's release.
pub(super) fn own_tags(service: &str) -> Tags {
    tags([("ProjectName", "org/shop"), ("ConfigName", "development"), ("ServiceName", service)])
}

impl RulesFixture {
    /// Adds the answer of a look-up.
    pub(super) fn knows(mut self, lookup: Lookup, answer: Answer) -> Self {
        self.answers.insert(lookup, answer);
        self
    }

    /// Adds an uploaded file.
    pub(super) fn file(mut self, uri: &str) -> Self {
        self.files.get_or_insert_default().insert(uri.to_owned(), Sha256::of(b""));
        self
    }

    /// Sets the day of the release.
    pub(super) fn on(mut self, today: &str) -> Self {
        self.today = Some(today.parse().unwrap());
        self
    }

    /// Applies the rules to a template.
    pub(super) fn apply(&self, template: &Value) -> CheckedTemplate {
        facts_of("org/shop", |facts| {
            let facts = Facts { files: self.files.as_ref(), today: self.today.unwrap_or(facts.today), ..facts.clone() };
            apply(&template.into(), &facts, &self.answers)
        })
    }

    /// Applies the rules to a template with these resources.
    pub(super) fn with(&self, resources: Value) -> CheckedTemplate {
        let mut template = json!({"Transform": "AWS::Serverless-2016-10-31"});
        template["Resources"] = resources;
        self.apply(&template)
    }

    /// Asserts that there are no findings and no open look-ups. Returns the template for CloudFormation.
    pub(super) fn accepts(&self, resources: Value) -> Value {
        let outcome = self.with(resources);
        assert_eq!(outcome.findings.all(), []);
        assert_eq!(outcome.needs, BTreeSet::new());
        outcome.template
    }

    /// Asserts that there are no findings. Returns the open look-ups.
    pub(super) fn needs(&self, resources: Value) -> Vec<Lookup> {
        let outcome = self.with(resources);
        assert_eq!(outcome.findings.all(), []);
        outcome.needs.into_iter().collect()
    }

    /// Asserts an error with that code at a path below `Resources`.
    pub(super) fn refuses(&self, resources: Value, path: &str, code: FindingCode) {
        self.find(Severity::Error, resources, path, code);
    }

    /// Asserts such an error whose remedy names `proposed`, such as the nearest known name.
    pub(super) fn proposes(&self, resources: Value, path: &str, code: FindingCode, proposed: &str) {
        let finding = self.find(Severity::Error, resources, path, code);
        assert!(finding.help.as_deref().is_some_and(|help| help.contains(&format!("`{proposed}`"))), "{finding}");
    }

    /// Asserts a warning with that code at a path below `Resources`, and that there are no errors.
    pub(super) fn warns(&self, resources: Value, path: &str, code: FindingCode) {
        let outcome = self.with(resources.clone());
        assert!(!outcome.findings.refuse(), "{}", outcome.findings);
        self.find(Severity::Warning, resources, path, code);
    }

    fn find(&self, severity: Severity, resources: Value, path: &str, code: FindingCode) -> TemplateFinding {
        let findings = self.with(resources).findings;
        let path = format!("Resources.{path}");
        let found = findings
            .all()
            .iter()
            .find(|finding| finding.severity == severity && finding.code == code && finding.path == path);
        found.cloned().unwrap_or_else(|| panic!("no {severity}[{code}] at {path}:\n{findings}"))
    }
}
