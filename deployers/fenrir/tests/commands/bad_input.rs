//! Templates that cannot be deployed: one error with code and position, and nothing is uploaded.

use crate::fixture::Application;
use crate::shell::error_code;
use std::fmt::Write;

/// A template that becomes ten thousand times larger if aliases are expanded.
fn bomb() -> String {
    let mut bomb = "ProjectName: a/b\nConfigName: c\nMetadata:\n  a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (name, before) in ["b", "c", "d", "e"].iter().zip(["a", "b", "c", "d"]) {
        let nine = vec![format!("*{before}"); 10].join(", ");
        writeln!(bomb, "  {name}: &{name} [{nine}]").unwrap();
    }
    bomb
}

/// Changes to the sample template, the position of the error, and its code.
const BAD: [(&str, &str, &str, &str, &str); 8] = [
    ("tab", "  api:\n", "\tapi:\n", "9:1", "template/syntax"),
    ("twice", "ConfigName: development\n", "ConfigName: a\nConfigName: b\n", "3:1", "template/duplicate-key"),
    ("anchor", "  api:\n", "  api: &api\n", "9:8", "template/anchor"),
    ("climbs", "CodeUri: src", "CodeUri: ../../etc", "18:16", "template/invalid-path"),
    ("name", "  hello:\n", "  ../x:\n", "15:3", "template/invalid-name"),
    ("intrinsic-name", "coinbase/deploy-test", "!Ref hello", "1:14", "template/wrong-type"),
    ("intrinsic-code", "CodeUri: src", "CodeUri: !Ref greetings", "18:16", "template/wrong-type"),
    ("misspelt", "      Timeout: 10", "      Timeot: 10", "21:7", "template/unknown-property"),
];

#[test]
fn bad_template_gives_one_error_with_its_position() {
    let application = Application::new("bad-input");
    for (name, from, to, position, code) in BAD {
        application.template(&format!("{name}.yml"), &[(from, to)]);
        let complaint = application.complaint(&format!("deploy {name}.yml --local"));
        assert_eq!(error_code(&complaint), code, "{complaint}");
        assert_eq!(complaint.matches("\n  x ").count(), 1, "{complaint}");
        assert!(complaint.contains(&format!(",-[{name}.yml:{position}]")), "{name}: {complaint}");
        assert!(complaint.contains("\n  help: "), "{complaint}");
    }
    assert!(!application.folder.join(".bifrost").exists(), "a refused deploy creates no local cloud");
}

#[test]
fn alias_bomb_is_not_expanded() {
    let application = Application::new("bomb");
    application.write("template.yml", bomb());
    let complaint = application.complaint("deploy --local");
    let found = complaint.lines().filter(|line| line.starts_with("  x "));
    assert!(found.clone().all(|line| line.starts_with("  x error[template/anchor]: ")), "{complaint}");
    assert_eq!(found.count(), 5, "one for each anchor: {complaint}");
    assert!(!application.folder.join(".bifrost").exists());
}

#[test]
fn unreadable_template_is_refused_in_one_line() {
    let application = Application::new("no-template");
    application.write("large.yml", "#".repeat(2_000_000));
    application.write("binary.yml", b"ProjectName: \xff\n");
    for (file, code) in [
        ("absent.yml", "template/unreadable"),
        ("src", "template/unreadable"),
        ("large.yml", "template/too-large"),
        ("binary.yml", "template/not-utf8"),
    ] {
        let refusal = application.refused(&format!("deploy {file} --local"));
        assert_eq!(error_code(&refusal), code, "{refusal}");
        assert!(refusal.contains(file), "{refusal}");
    }
    assert!(!application.folder.join(".bifrost").exists());
}

#[test]
fn missing_zip_is_named_with_its_function() {
    let application = Application::deployed("missing-zip");
    let objects = application.objects();
    application.template("template.yml", &[("CodeUri: src", "CodeUri: code.zip")]);
    let complaint = application.complaint("deploy --local");
    assert_eq!(error_code(&complaint), "template/missing-code", "{complaint}");
    assert!(
        complaint.contains(": Resources.hello.Properties.CodeUri: ") && complaint.contains("code.zip"),
        "{complaint}"
    );
    assert_eq!(application.objects(), objects, "nothing was uploaded");
}

#[test]
fn all_findings_are_reported_at_once() {
    let application = Application::new("all-at-once");
    application.template("template.yml", &[("REGIONAL", "EVERYWHERE"), ("      Timeout: 10", "      Timeot: 10")]);
    let complaint = application.complaint("deploy --local");
    insta::assert_snapshot!(complaint);
}
