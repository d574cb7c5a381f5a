use super::warnings;
use crate::template::{Severity, Source, read};

/// The warnings about a text, each as `line:column path code`.
fn warnings_of(text: &str) -> Vec<String> {
    let source = Source::new("template.yml", text);
    let found = warnings(&source, &read(&source).unwrap());
    let line = |finding: &crate::template::TemplateFinding| {
        assert_eq!(finding.severity, Severity::Warning);
        let (line, column) = source.position(finding.span.unwrap());
        format!("{line}:{column} {} {}", finding.path, finding.code)
    };
    found.all().iter().map(line).collect()
}

/// The value as which CloudFormation reads a text, according to the warning.
fn read_as(text: &str) -> Option<String> {
    let source = Source::new("template.yml", format!("a: {text}\n"));
    let found = warnings(&source, &read(&source).unwrap());
    found.all().first().map(|finding| finding.message.rsplit(' ').next().unwrap_or_default().to_owned())
}

#[test]
fn number_that_is_read_as_another_is_reported() {
    let cases = [
        ("1.10", "1.1"),
        ("2.00", "2.0"),
        ("-1.50", "-1.5"),
        ("010", "8"),
        ("000000000000", "0"),
        ("12:30:45", "45045"),
        ("1:30.50", "90.5"),
        ("0x1F", "31"),
        ("0b11", "3"),
        ("1_000", "1000"),
        ("+5", "5"),
    ];
    for (text, value) in cases {
        assert_eq!(read_as(text).as_deref(), Some(value), "{text}");
    }
}

#[test]
fn value_that_is_read_as_written_is_not_reported() {
    for text in [
        "1", "0", "-5", "1.0", "0.5", "1.25", "1.5e+3", "'010'", "\"1.10\"", "08", "8080:80", "1.2.3", "yes",
        "!Ref 010",
    ] {
        assert_eq!(read_as(text), None, "{text}");
    }
}

#[test]
fn word_in_an_environment_is_reported() {
    let text = "Environment:\n  Variables:\n    COUNTRY: no\n    A: 'no'\n    B: true\nEnabled: yes\n";
    assert_eq!(warnings_of(text), ["3:14 Environment.Variables.COUNTRY template/changed-value"]);
}

#[test]
fn variable_outside_of_sub_is_reported() {
    let text = "Resources:\n  queue: {}\nA: 'arn:${AWS::Region}'\nB: [\"${queue.Arn}\"]\nC: !Join ['', ['${ queue }']]\n\
                D: !Sub ['${x}', {x: '${queue}'}]\n";
    let expected = [
        "3:4 A template/not-substituted",
        "4:5 B.0 template/not-substituted",
        "5:16 C.Fn::Join.1.0 template/not-substituted",
        "6:22 D.Fn::Sub.1.x template/not-substituted",
    ];
    assert_eq!(warnings_of(text), expected);
}

#[test]
fn variable_of_another_service_is_not_reported() {
    let text = "Resources:\n  queue: {}\nA: '${aws:username}'\nB: '${stageVariables.queue}'\nC: '${!queue}'\n\
                D: !Sub '${queue}'\nE: {'Fn::Sub': '${AWS::Region}'}\nF: '${queue'\nG: !Sub ['${queue}', {}]\n";
    assert_eq!(warnings_of(text), [""; 0]);
}
