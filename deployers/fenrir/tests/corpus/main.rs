//! Checks a corpus of templates with reader and rules.
//!
//! The templates in `accepted` have to pass, those in `refused` have to be refused. The findings of each are pinned in
//! `snapshots/corpus__accepted.snap` and `snapshots/corpus__refused.snap`: the file, and below it each finding with line and
//! column. The reports of those in `mistakes`, the most common ones, are pinned as users see them. A file `uploaded…` refers to uploaded files, any other to files beside it.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod account;
mod edge_cases;
mod fifty_functions;

use fenrir::rules;
use fenrir::template::{Findings, ReportStyle, Source, TemplateFinding, read};
use std::fs;
use std::path::{Path, PathBuf};

/// The result for a template.
enum Verdict {
    /// It can be deployed. The findings are warnings.
    Accepted(Findings),
    /// It is refused.
    Refused(Findings),
}

/// Reads a template and its header, and applies the rules with all look-ups.
fn judge(source: &Source, is_uploaded: bool) -> Verdict {
    let judged = read(source).and_then(|node| Ok(account::apply(&node, &rules::header(&node)?, is_uploaded).findings));
    match judged {
        Ok(findings) if !findings.refuse() => Verdict::Accepted(findings),
        Ok(findings) | Err(findings) => Verdict::Refused(findings),
    }
}

/// The templates of a folder, sorted by name.
fn templates(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(folder);
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// The name of a template, its verdict, and its findings, one on each line.
fn judged(path: &Path) -> (String, Verdict, String) {
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let source = Source::open(path).unwrap();
    let verdict = judge(&source, name.starts_with("uploaded"));
    let (Verdict::Accepted(findings) | Verdict::Refused(findings)) = &verdict;
    let lines = findings.all().iter().map(|finding| line(&source, finding)).collect();
    (name, verdict, lines)
}

/// `line:column severity[code]: path: message; help`.
fn line(source: &Source, finding: &TemplateFinding) -> String {
    let position = finding.span.map(|span| source.position(span));
    let position = position.map_or_else(String::new, |(line, column)| format!("{line}:{column} "));
    format!("    {position}{finding}\n")
}

/// The findings of the templates of a folder, each below the name of the template, and the names of the templates with another
/// verdict than expected.
fn judge_all(folder: &str, is_expected: fn(&Verdict) -> bool) -> (String, Vec<String>) {
    let (mut report, mut unexpected) = (String::new(), vec![]);
    for path in templates(folder) {
        let (name, verdict, findings) = judged(&path);
        report.extend([&name, "\n", &findings]);
        if !is_expected(&verdict) {
            unexpected.push(name);
        }
    }
    (report, unexpected)
}

#[test]
fn accepted_templates_pass() {
    let (report, refused) = judge_all("accepted", |verdict| matches!(verdict, Verdict::Accepted(_)));
    insta::assert_snapshot!("accepted", report);
    assert_eq!(refused, [""; 0]);
}

#[test]
fn refused_templates_have_errors() {
    let (report, accepted) = judge_all("refused", |verdict| matches!(verdict, Verdict::Refused(_)));
    insta::assert_snapshot!("refused", report);
    assert_eq!(accepted, [""; 0]);
}

#[test]
fn common_mistakes_have_a_remedy() {
    for path in templates("mistakes") {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let source = Source::new("template.yml", fs::read_to_string(path).unwrap());
        let Verdict::Refused(findings) = judge(&source, false) else { panic!("{name} is accepted") };
        insta::assert_snapshot!(format!("mistake_{name}"), source.report(&findings, ReportStyle::Plain));
    }
}

#[test]
fn every_finding_names_its_file() {
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
