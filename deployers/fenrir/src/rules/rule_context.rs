//! A place in a template, and what is said of it there.

use super::{Answer, Answers, Facts, Lookup, resource};
use crate::template::{Findings, Mapping, Severity, Span, TemplateFinding};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What is known while a template is held against the rules, and what was found out so far.
pub(super) struct Check<'t> {
    pub(super) facts: &'t Facts<'t>,
    /// The resources, with the globals in them.
    pub(super) resources: &'t Mapping,
    /// The names that they are given, each with its logical id.
    pub(super) names: BTreeMap<String, &'t str>,
    answers: &'t Answers,
    needs: BTreeSet<Lookup>,
    findings: Vec<TemplateFinding>,
}

impl<'t> Check<'t> {
    pub(super) fn new(facts: &'t Facts<'t>, resources: &'t Mapping, answers: &'t Answers) -> Self {
        let names = resource::names(facts, resources);
        Self { facts, resources, names, answers, needs: BTreeSet::new(), findings: Vec::new() }
    }

    /// The type of the resource of that logical id, if there is one.
    pub(super) fn type_of(&self, logical_id: &str) -> Option<&'t str> {
        self.resources.get(logical_id)?.value.get("Type")?.as_str()
    }

    /// What was found, in the order of the text, and what has to be looked up. What stands in the globals concerns many
    /// resources, and is said once.
    pub(super) fn into_parts(self) -> (Findings, BTreeSet<Lookup>) {
        let mut found = self.findings;
        found.sort_by_key(|finding| finding.span.map_or(usize::MAX, |span| span.start));
        let mut said = BTreeSet::new();
        found.retain(|finding| {
            finding.span.is_none_or(|span| said.insert((span.start, span.end, finding.message.clone())))
        });
        let mut findings = Findings::default();
        for finding in found {
            findings.push(finding);
        }
        (findings, self.needs)
    }
}

/// A place in a template. What is said of it is kept with its path.
pub(super) struct RuleContext<'p, 't> {
    pub(super) check: &'p mut Check<'t>,
    trail: PathSteps<'p>,
}

/// The way to a place: a path is written only where there is something to say.
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
        Self { check, trail: PathSteps { before: None, step: Step::Name(name) } }
    }

    /// What has that name here.
    pub(super) fn within<'s>(&'s mut self, name: &'s str) -> RuleContext<'s, 't> {
        RuleContext { check: &mut *self.check, trail: PathSteps { before: Some(&self.trail), step: Step::Name(name) } }
    }

    /// What stands at that position here.
    pub(super) fn at(&mut self, position: usize) -> RuleContext<'_, 't> {
        RuleContext {
            check: &mut *self.check,
            trail: PathSteps { before: Some(&self.trail), step: Step::Position(position) },
        }
    }

    /// The logical id of the resource that this is a part of.
    pub(super) fn logical_id(&self) -> &'p str {
        let names: Vec<&str> = self.trail.steps().filter_map(Step::name).collect();
        names.iter().rev().nth(1).copied().unwrap_or_default()
    }

    /// What stands here is called in the template; empty for one of a list.
    pub(super) fn name(&self) -> &'p str {
        self.trail.step.name().unwrap_or_default()
    }

    pub(super) fn facts(&self) -> &'t Facts<'t> {
        self.check.facts
    }

    /// What was looked up; if it was not, that has to be done.
    pub(super) fn look_up(&mut self, lookup: Lookup) -> Option<&'t Answer> {
        let answer = self.check.answers.get(&lookup);
        if answer.is_none() {
            self.check.needs.insert(lookup);
        }
        answer
    }

    /// What stands here is wrong.
    pub(super) fn refuse(&mut self, span: Option<Span>, message: impl Into<String>) {
        self.say(Severity::Error, span, message.into(), None);
    }

    /// What stands here is wrong, and this is what to do.
    pub(super) fn refuse_with(&mut self, span: Option<Span>, message: impl Into<String>, help: impl Into<String>) {
        self.say(Severity::Error, span, message.into(), Some(help.into()));
    }

    /// What stands here may be wrong.
    pub(super) fn warn(&mut self, span: Option<Span>, message: impl Into<String>, help: impl Into<String>) {
        self.say(Severity::Warning, span, message.into(), Some(help.into()));
    }

    fn say(&mut self, severity: Severity, span: Option<Span>, message: String, help: Option<String>) {
        let path = self.trail.to_string();
        self.check.findings.push(TemplateFinding { severity, path, span, message, help });
    }
}

impl<'p> PathSteps<'p> {
    /// The steps, the last one first.
    fn steps(&self) -> impl Iterator<Item = Step<'p>> {
        std::iter::successors(Some(*self), |trail| trail.before.copied()).map(|trail| trail.step)
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
