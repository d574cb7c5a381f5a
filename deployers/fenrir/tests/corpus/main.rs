//! Templates of all kinds, held against reader and rules.
//!
//! `accepted` holds templates that must pass, `refused` those that must not. What is said of each is pinned, in
//! `snapshots/corpus__accepted.snap` and `snapshots/corpus__refused.snap`: the file, and below it each finding with its
//! line and column. A file called `uploaded…` refers to what was uploaded, any other to what lies beside it.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test that cannot go on says where by panicking")]

mod account;
mod edge_cases;
mod fifty_functions;

use fenrir::rules;
use fenrir::template::{Findings, ReportStyle, Severity, Source, TemplateFinding, read};
use std::fs;
use std::path::{Path, PathBuf};

/// What a template comes to.
enum Verdict {
    /// It can be deployed; the findings are warnings.
    Accepted(Findings),
    /// It is refused.
    Refused(Findings),
}

/// Goes the way of a template: it is read, says whose it is, and is held against the rules with what they look up.
fn judge(source: &Source, is_uploaded: bool) -> Verdict {
    let judged = read(source).and_then(|node| Ok(account::apply(&node, rules::header(&node)?, is_uploaded).findings));
    match judged {
        Ok(findings) if !findings.refuse() => Verdict::Accepted(findings),
        Ok(findings) | Err(findings) => Verdict::Refused(findings),
    }
}

/// The templates of a folder, in the order of their names.
fn templates(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(folder);
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// The name of a template, what it comes to, and what is said of it, a line for each finding.
fn judged(path: &Path) -> (String, Verdict, String) {
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let source = Source::open(path).unwrap();
    let verdict = judge(&source, name.starts_with("uploaded"));
    let (Verdict::Accepted(findings) | Verdict::Refused(findings)) = &verdict;
    let said = findings.all().iter().map(|finding| line(&source, finding)).collect();
    (name, verdict, said)
}

/// `line:column path: message; help`.
fn line(source: &Source, TemplateFinding { severity, path, span, message, help }: &TemplateFinding) -> String {
    let place = span.map(|span| source.position(span));
    let place = place.map_or_else(String::new, |(line, column)| format!("{line}:{column} "));
    let severity = if *severity == Severity::Warning { "warning: " } else { "" };
    let path = if path.is_empty() { String::new() } else { format!("{path}: ") };
    let help = help.as_ref().map_or_else(String::new, |help| format!("; {help}"));
    format!("    {place}{severity}{path}{message}{help}\n")
}

/// What is said of each template of a folder, below its name, and the names of those that are not as they should be.
fn judge_all(folder: &str, is_as_it_should_be: fn(&Verdict) -> bool) -> (String, Vec<String>) {
    let (mut said, mut wrong) = (String::new(), vec![]);
    for path in templates(folder) {
        let (name, verdict, findings) = judged(&path);
        said.extend([&name, "\n", &findings]);
        if !is_as_it_should_be(&verdict) {
            wrong.push(name);
        }
    }
    (said, wrong)
}

#[test]
fn what_is_in_order_is_accepted() {
    let (said, refused) = judge_all("accepted", |verdict| matches!(verdict, Verdict::Accepted(_)));
    insta::assert_snapshot!("accepted", said);
    assert_eq!(refused, [""; 0]);
}

#[test]
fn what_is_wrong_is_refused_with_all_that_is_wrong_and_where() {
    let (said, accepted) = judge_all("refused", |verdict| matches!(verdict, Verdict::Refused(_)));
    insta::assert_snapshot!("refused", said);
    assert_eq!(accepted, [""; 0]);
}

#[test]
fn every_finding_is_shown_with_its_file() {
    for path in templates("refused") {
        let source = Source::new("template.yml", fs::read_to_string(path).unwrap());
        let (Verdict::Accepted(findings) | Verdict::Refused(findings)) = judge(&source, false);
        let report = source.report(&findings, ReportStyle::Plain);
        assert_eq!(report.matches("template.yml").count(), findings.all().len(), "{report}");
    }
}

#[test]
fn fifty_functions_are_accepted() {
    let verdict = judge(&Source::new("template.yml", fifty_functions::template()), false);
    let (Verdict::Accepted(findings) | Verdict::Refused(findings)) = verdict;
    assert_eq!(findings.to_string(), "");
}
