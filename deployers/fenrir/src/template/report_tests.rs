use super::{Findings, ReportStyle, Severity, Source, Span, TemplateFinding};
use crate::template::{FindingCode, read};
use insta::assert_snapshot;

const TEMPLATE: &str = "\
ProjectName: org/naïve
Resources:
  hello:
    Type: AWS::Serverless::Function
    Properties:
      Runtme: provided.al2023
      Policies:
        - VPCAccessPolicy: {}
";

/// A finding at a part of the template.
fn finding(severity: Severity, path: &str, at: &str, help: Option<&str>) -> TemplateFinding {
    let start = TEMPLATE.find(at).unwrap();
    let span = Some(Span { start, end: start + at.len() });
    let message = "this is wrong".to_owned();
    let (code, path, help) = (FindingCode::InvalidValue, path.to_owned(), help.map(str::to_owned));
    TemplateFinding { severity, code, path, span, message, help }
}

fn report(source: &Source, findings: impl IntoIterator<Item = TemplateFinding>) -> String {
    let mut all = Findings::default();
    for finding in findings {
        all.push(finding);
    }
    source.report(&all, ReportStyle::Plain)
}

#[test]
fn findings_are_shown_with_their_lines() {
    let path = "Resources.hello.Properties";
    let findings = [
        finding(Severity::Error, &format!("{path}.Runtme"), "Runtme", Some("did you mean `Runtime`?")),
        finding(Severity::Warning, &format!("{path}.Policies"), "- VPCAccessPolicy: {}\n", None),
        finding(Severity::Error, "ProjectName", "naïve", None),
    ];
    assert_snapshot!(report(&Source::new("web/template.yml", TEMPLATE), findings));
}

#[test]
fn finding_without_a_line_names_the_file() {
    let whole = TemplateFinding {
        span: None,
        path: String::new(),
        ..finding(Severity::Error, "", "Resources", Some("write one"))
    };
    assert_snapshot!(report(&Source::new("template.yml", TEMPLATE), [whole]));
}

#[test]
fn long_value_is_shown_by_its_first_line() {
    let value = finding(Severity::Error, "Resources.hello", &TEMPLATE[TEMPLATE.find("Type").unwrap()..], None);
    assert_snapshot!(report(&Source::new("template.yml", TEMPLATE), [value]));
}

#[test]
fn long_line_is_cut_around_the_finding() {
    let text = format!("{{\"a\": [{}], \"b\": 1, \"b\": 2, \"c\": [{}]}}", "1, ".repeat(400), "2, ".repeat(400));
    let source = Source::new("template.json", text);
    assert_snapshot!(source.report(&read(&source).unwrap_err(), ReportStyle::Plain));
}

#[test]
fn long_value_is_cut_at_its_end() {
    let text = format!("a: {}\nb: {}\nb: 2\n", "x".repeat(200), "y".repeat(200));
    let span = Some(Span { start: 3, end: 203 });
    let mut all = Findings::default();
    all.push(TemplateFinding { span, ..finding(Severity::Error, "a", "Runtme", None) });
    let report = Source::new("template.yml", text).report(&all, ReportStyle::Plain);
    assert!(report.contains(&format!("| a: {}...\n", "x".repeat(60))), "{report}");
}

#[test]
fn control_characters_are_escaped() {
    let source = Source::new("tem\u{1b}plate.yml", "\"\\e[2J\": &x '2J\u{202e}'\n");
    let plain = source.report(&read(&source).unwrap_err(), ReportStyle::Plain);
    assert!(!plain.contains(|c: char| (c.is_control() && c != '\n') || c == '\u{202e}'), "{plain:?}");
    assert_snapshot!(plain);
}

#[test]
fn finding_at_the_end_of_the_text_is_shown() {
    for text in ["a: [\n", "a: [", "a: '"] {
        let source = Source::new("template.yml", text);
        let report = source.report(&read(&source).unwrap_err(), ReportStyle::Plain);
        assert!(report.contains("[template.yml:"), "{report}");
    }
}

#[test]
fn graphical_report_has_colours() {
    let mut all = Findings::default();
    all.push(finding(Severity::Error, "a", "Runtme", None));
    let report = Source::new("template.yml", TEMPLATE).report(&all, ReportStyle::Graphical);
    assert!(report.contains("\u{1b}[") && report.contains("╭─["), "{report}");
}

#[test]
fn report_shows_the_first_100_findings() {
    let findings = (0..1000).map(|_| finding(Severity::Error, "a", "Runtme", None));
    let report = report(&Source::new("template.yml", TEMPLATE), findings);
    assert_eq!(report.matches("[template.yml:6:7]").count(), 100);
    assert!(report.ends_with("\nand 900 more\n"));
}
