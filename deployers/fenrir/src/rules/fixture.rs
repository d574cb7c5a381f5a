//! Templates held against the rules, for tests.

use super::{Answer, Answers, CheckedTemplate, Facts, Lookup, Tags, apply};
use crate::template::{Severity, TemplateFinding};
use bifrost::release::{ProjectName, Sha256};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A release of `org/shop` in `development`, to account 000000000000.
#[derive(Clone, Default)]
pub(super) struct RulesFixture {
    answers: Answers,
    files: Option<BTreeMap<String, Sha256>>,
}

/// Calls something with what is known of a release of a project.
pub(super) fn facts_of<T>(project: &str, with: impl FnOnce(&Facts<'_>) -> T) -> T {
    let facts = Facts {
        project: &project.parse::<ProjectName>().unwrap(),
        config: &"development".parse().unwrap(),
        account: &"000000000000".parse().unwrap(),
        region: &"us-east-1".parse().unwrap(),
        bucket: &"bucket".parse().unwrap(),
        files: None,
    };
    with(&facts)
}

/// A function that the rules accept, with these properties over its own; `null` takes one away.
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

/// A resource of that type.
pub(super) fn resource(kind: &str, properties: Value) -> Value {
    let mut resource = json!({"Type": kind});
    resource["Properties"] = properties;
    resource
}

/// Tags, from pairs.
pub(super) fn tags<const N: usize>(pairs: [(&str, &str); N]) -> Tags {
    pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

/// The tags that a thing of the lab's release has.
pub(super) fn own_tags(service: &str) -> Tags {
    tags([("ProjectName", "org/shop"), ("ConfigName", "development"), ("ServiceName", service)])
}

impl RulesFixture {
    /// With an answer.
    pub(super) fn knows(mut self, lookup: Lookup, answer: Answer) -> Self {
        self.answers.insert(lookup, answer);
        self
    }

    /// With a file that is uploaded.
    pub(super) fn file(mut self, uri: &str) -> Self {
        self.files.get_or_insert_default().insert(uri.to_owned(), Sha256::of(b""));
        self
    }

    /// What the rules make of a template.
    pub(super) fn apply(&self, template: &Value) -> CheckedTemplate {
        facts_of("org/shop", |facts| {
            let facts = Facts { files: self.files.as_ref(), ..facts.clone() };
            apply(&template.into(), &facts, &self.answers)
        })
    }

    /// What the rules make of resources.
    pub(super) fn with(&self, resources: Value) -> CheckedTemplate {
        let mut template = json!({"Transform": "AWS::Serverless-2016-10-31"});
        template["Resources"] = resources;
        self.apply(&template)
    }

    /// The template for CloudFormation; there are no findings, and all is known that has to be.
    pub(super) fn accepts(&self, resources: Value) -> Value {
        let outcome = self.with(resources);
        assert_eq!(outcome.findings.all(), []);
        assert_eq!(outcome.needs, BTreeSet::new());
        outcome.template
    }

    /// What has to be looked up; there are no findings.
    pub(super) fn needs(&self, resources: Value) -> Vec<Lookup> {
        let outcome = self.with(resources);
        assert_eq!(outcome.findings.all(), []);
        outcome.needs.into_iter().collect()
    }

    /// There is an error whose path ends or goes on after `path` and which says the message, or one of several between
    /// `|`.
    pub(super) fn refuses(&self, resources: Value, path: &str, message: &str) {
        self.finds(Severity::Error, resources, path, message);
    }

    /// There is such a warning, and no error.
    pub(super) fn warns(&self, resources: Value, path: &str, message: &str) {
        let outcome = self.with(resources.clone());
        assert!(!outcome.findings.refuse(), "{}", outcome.findings);
        self.finds(Severity::Warning, resources, path, message);
    }

    fn finds(&self, severity: Severity, resources: Value, path: &str, message: &str) {
        let findings = self.with(resources).findings;
        let is_it = |finding: &TemplateFinding| {
            let said = format!("{}; {}", finding.message, finding.help.as_deref().unwrap_or_default());
            finding.severity == severity
                && finding.path.contains(path)
                && message.split('|').any(|one| said.contains(one))
        };
        assert!(findings.all().iter().any(is_it), "at {path} there is no {severity:?} {message:?}, but:\n{findings}");
    }
}
