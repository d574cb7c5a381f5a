//! The context of a rule: its position in the template, what is known, and the findings so far.

use super::cycles::References;
use super::limits::Patterns;
use super::routes::Route;
use super::{Answer, Answers, Facts, Lookup, resource};
use crate::sam::{Expanded, expand_resources};
use crate::template::{FindingCode, Findings, Mapping, Node, Severity, Span, TemplateFinding};
use serde_json::Value;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The state of a check of a template against the rules.
pub(super) struct Check<'t> {
    pub(super) facts: &'t Facts<'t>,
    /// The resources, with `Globals` merged into them.
    pub(super) resources: &'t Mapping,
    /// `Parameters`, which are refused, for the findings about references to them.
    parameters: Option<&'t Mapping>,
    /// Logical ids by the names that Fenrir generates.
    pub(super) names: BTreeMap<String, &'t str>,
    /// The references between the resources.
    pub(super) references: References,
    /// The resources after SAM's expansion, once they are needed.
    expanded: OnceCell<Expanded>,
    answers: &'t Answers,
    needs: BTreeSet<Lookup>,
    /// The ARNs and URLs of resources outside of the template that the rules let it use.
    allowed: BTreeSet<String>,
    findings: Vec<TemplateFinding>,
    /// Where values are refused: the start and end of each.
    refused: BTreeSet<Option<(usize, usize)>>,
    /// The routes of events so far.
    pub(super) routes: BTreeSet<Route>,
    /// The regular expressions of AWS's limits.
    pub(super) patterns: Patterns,
}

impl<'t> Check<'t> {
    pub(super) fn new(facts: &'t Facts<'t>, template: &'t Node, resources: &'t Mapping, answers: &'t Answers) -> Self {
        let names = resource::names(facts, resources);
        Self {
            facts,
            resources,
            parameters: template.get("Parameters").and_then(Node::as_mapping),
            names,
            references: References::default(),
            expanded: OnceCell::new(),
            answers,
            needs: BTreeSet::new(),
            allowed: BTreeSet::new(),
            findings: Vec::new(),
            refused: BTreeSet::new(),
            routes: BTreeSet::new(),
            patterns: Patterns::default(),
        }
    }

    /// The type of a resource. None if the template has no such resource, or it has no type.
    pub(super) fn type_of(&self, logical_id: &str) -> Option<&'t str> {
        self.resources.get(logical_id)?.value.get("Type")?.as_str()
    }

    /// Whether a finding refuses the value at a position. One about what the value lacks does not. Without positions, any does.
    pub(super) fn has_refused(&self, span: Option<Span>) -> bool {
        self.refused.contains(&span.map(|span| (span.start, span.end)))
    }

    /// The declaration of a parameter.
    pub(super) fn parameter(&self, name: &str) -> Option<&'t Node> {
        self.parameters?.get(name).map(|entry| &entry.value)
    }

    /// The resources after SAM's expansion.
    pub(super) fn expanded(&self) -> &Expanded {
        self.expanded.get_or_init(|| {
            let resources = self.resources.iter().map(|(name, entry)| (name.clone(), Value::from(&entry.value)));
            expand_resources(&resources.collect(), self.facts.region.partition())
        })
    }

    /// Lets the template after SAM's expansion contain an ARN or URL.
    pub(super) fn allow(&mut self, name: &str) {
        self.allowed.insert(name.to_owned());
    }

    /// The findings in the order of the text, the look-ups that have no answer yet, and the allowed names. A fault in `Globals`
    /// concerns many resources, but is one finding.
    pub(super) fn into_parts(self) -> (Findings, BTreeSet<Lookup>, BTreeSet<String>) {
        let mut found = without_consequences(self.findings);
        found.sort_by_key(|finding| finding.span.map_or(usize::MAX, |span| span.start));
        let mut seen = BTreeSet::new();
        found.retain(|finding| {
            finding.span.is_none_or(|span| seen.insert((span.start, span.end, finding.message.clone())))
        });
        let mut findings = Findings::default();
        for finding in found {
            findings.push(finding);
        }
        (findings, self.needs, self.allowed)
    }
}

/// Findings without those that a reference is not what a property takes, where another says that it refers to nothing.
fn without_consequences(mut findings: Vec<TemplateFinding>) -> Vec<TemplateFinding> {
    let causes = [FindingCode::Parameter, FindingCode::UnknownResource];
    let consequences = [FindingCode::NotALiteral, FindingCode::NotAReference, FindingCode::WrongType];
    let paths = findings.iter().filter(|finding| causes.contains(&finding.code)).map(|finding| finding.path.clone());
    let paths: Vec<_> = paths.collect();
    let is_inside = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(".Fn::"))
    };
    findings.retain(|finding| {
        !consequences.contains(&finding.code) || !paths.iter().any(|path| is_inside(path, &finding.path))
    });
    findings
}

/// A position in a template. Findings get its path.
pub(super) struct RuleContext<'p, 't> {
    pub(super) check: &'p mut Check<'t>,
    steps: PathSteps<'p>,
}

/// The steps to a position. The path is only formatted for a finding.
#[derive(Clone, Copy)]
struct PathSteps<'p> {
    before: Option<&'p PathSteps<'p>>,
    step: Step<'p>,
}

#[derive(Clone, Copy)]
enum Step<'p> {
    Name(&'p str),
    Position(usize),
}

impl<'p, 't> RuleContext<'p, 't> {
    /// The template as a whole.
    pub(super) fn whole(check: &'p mut Check<'t>) -> Self {
        Self::top(check, "")
    }

    /// A section of the template.
    pub(super) fn top(check: &'p mut Check<'t>, name: &'p str) -> Self {
        Self { check, steps: PathSteps { before: None, step: Step::Name(name) } }
    }

    /// The value of a key here.
    pub(super) fn within<'s>(&'s mut self, name: &'s str) -> RuleContext<'s, 't> {
        RuleContext { check: &mut *self.check, steps: PathSteps { before: Some(&self.steps), step: Step::Name(name) } }
    }

    /// An item of the list here.
    pub(super) fn at(&mut self, position: usize) -> RuleContext<'_, 't> {
        RuleContext {
            check: &mut *self.check,
            steps: PathSteps { before: Some(&self.steps), step: Step::Position(position) },
        }
    }

    /// The logical id of the resource around this position.
    pub(super) fn logical_id(&self) -> &'p str {
        let names: Vec<&str> = self.steps.steps().filter_map(Step::name).collect();
        names.iter().rev().nth(1).copied().unwrap_or_default()
    }

    /// Whether this is the API of an event of a function.
    pub(super) fn is_api_of_event(&self) -> bool {
        if !matches!(self.name(), "RestApiId" | "ApiId") {
            return false;
        }
        let mut steps = self.steps.steps().skip(1).map(|step| step.name().unwrap_or_default());
        steps.next() == Some("Properties") && steps.nth(1) == Some("Events")
    }

    /// The key of this position. Empty for an item of a list.
    pub(super) fn name(&self) -> &'p str {
        self.steps.step.name().unwrap_or_default()
    }

    pub(super) fn facts(&self) -> &'t Facts<'t> {
        self.check.facts
    }

    /// The answer of a look-up. None if it has to be made first.
    pub(super) fn look_up(&mut self, lookup: Lookup) -> Option<&'t Answer> {
        let answer = self.check.answers.get(&lookup);
        if answer.is_none() {
            self.check.needs.insert(lookup);
        }
        answer
    }

    /// Adds an error.
    pub(super) fn refuse(
        &mut self,
        code: FindingCode,
        span: Option<Span>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(Severity::Error, code, span, message.into(), Some(help.into()));
    }

    /// Adds an error whose message contains the expected value, so that it needs no remedy.
    pub(super) fn refuse_value(&mut self, code: FindingCode, span: Option<Span>, message: impl Into<String>) {
        self.push(Severity::Error, code, span, message.into(), None);
    }

    /// Adds a warning.
    pub(super) fn warn(
        &mut self,
        code: FindingCode,
        span: Option<Span>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(Severity::Warning, code, span, message.into(), Some(help.into()));
    }

    fn push(
        &mut self,
        severity: Severity,
        code: FindingCode,
        span: Option<Span>,
        message: String,
        help: Option<String>,
    ) {
        if severity == Severity::Error && code != FindingCode::MissingProperty {
            self.check.refused.insert(span.map(|span| (span.start, span.end)));
        }
        let path = self.steps.to_string();
        self.check.findings.push(TemplateFinding { severity, code, path, span, message, help });
    }
}

impl<'p> PathSteps<'p> {
    /// The steps, the last one first.
    fn steps(&self) -> impl Iterator<Item = Step<'p>> {
        std::iter::successors(Some(*self), |steps| steps.before.copied()).map(|steps| steps.step)
    }
}

impl<'p> Step<'p> {
    fn name(self) -> Option<&'p str> {
        match self {
            Self::Name(name) => Some(name),
            Self::Position(_) => None,
        }
    }
}

impl fmt::Display for PathSteps<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(before) = self.before {
            write!(f, "{before}.")?;
        }
        match self.step {
            Step::Name(name) => f.write_str(name),
            Step::Position(position) => write!(f, "{position}"),
        }
    }
}
