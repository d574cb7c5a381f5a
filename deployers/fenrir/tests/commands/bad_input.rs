//! Templates that cannot be deployed: an error that says what is wrong, where and what to do, and nothing is uploaded.

use crate::fixture::Application;
use std::fmt::Write;

/// A template that is ten thousand times as large as it looks, if it is believed.
fn bomb() -> String {
    let mut bomb = "ProjectName: a/b\nConfigName: c\nMetadata:\n  a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (name, before) in ["b", "c", "d", "e"].iter().zip(["a", "b", "c", "d"]) {
        let nine = vec![format!("*{before}"); 10].join(", ");
        writeln!(bomb, "  {name}: &{name} [{nine}]").unwrap();
    }
    bomb
}

/// What is changed in the sample template, where it is refused, and what is said.
const BAD: [(&str, &str, &str, &str, &str); 8] = [
    ("tab", "  api:\n", "\tapi:\n", "9:1", "a tab indents this line"),
    ("twice", "ConfigName: development\n", "ConfigName: a\nConfigName: b\n", "3:1", "`ConfigName` is there twice"),
    ("anchor", "  api:\n", "  api: &api\n", "9:8", "Resources.api: CloudFormation takes no anchors and aliases"),
    ("climbs", "CodeUri: src", "CodeUri: ../../etc", "18:16", "`../../etc` leads out of the template's folder"),
    ("name", "  hello:\n", "  ../x:\n", "15:3", "\"../x\" is no logical id"),
    (
        "intrinsic-name",
        "coinbase/deploy-test",
        "!Ref hello",
        "1:14",
        "ProjectName: should be a text, but is an intrinsic function",
    ),
    (
        "intrinsic-code",
        "CodeUri: src",
        "CodeUri: !Ref greetings",
        "18:16",
        "should be a path, but is an intrinsic function",
    ),
    ("misspelt", "      Timeout: 10", "      Timeot: 10", "21:7", "there is no `Timeot` here"),
];

#[test]
fn each_bad_template_gives_one_clear_error_with_its_place_and_uploads_nothing() {
    let application = Application::new("bad-input");
    for (name, from, to, place, says) in BAD {
        application.template(&format!("{name}.yml"), &[(from, to)]);
        let complaint = application.complaint(&format!("deploy {name}.yml --local"));
        assert!(complaint.starts_with("error: "), "{complaint}");
        assert_eq!(complaint.matches("\n  x ").count(), 1, "{complaint}");
        assert!(
            complaint.contains(says) && complaint.contains(&format!(",-[{name}.yml:{place}]")),
            "{name}: {complaint}"
        );
        assert!(complaint.contains("\n  help: "), "{complaint}");
    }
    assert!(!application.folder.join(".bifrost").exists(), "a refused deploy makes no world");
}

#[test]
fn a_bomb_is_not_unfolded() {
    let application = Application::new("bomb");
    application.write("template.yml", bomb());
    let complaint = application.complaint("deploy --local");
    let found = complaint.lines().filter(|line| line.starts_with("  x "));
    assert!(found.clone().all(|line| line.ends_with(": CloudFormation takes no anchors and aliases")), "{complaint}");
    assert_eq!(found.count(), 5, "once for each anchor: {complaint}");
    assert!(!application.folder.join(".bifrost").exists());
}

#[test]
fn what_is_no_template_at_all_is_refused_in_a_line() {
    let application = Application::new("no-template");
    application.write("large.yml", "#".repeat(2_000_000));
    application.write("binary.yml", b"ProjectName: \xff\n");
    for (file, says) in [
        ("absent.yml", "the template absent.yml cannot be read: "),
        ("src", "the template src cannot be read: "),
        ("large.yml", "the template large.yml is larger than 1000000 bytes, which is all that CloudFormation takes"),
        ("binary.yml", "the template binary.yml:1:14 is not UTF-8"),
    ] {
        let refusal = application.refused(&format!("deploy {file} --local"));
        assert!(refusal.starts_with(&format!("error: {says}")), "{refusal}");
    }
    assert!(!application.folder.join(".bifrost").exists());
}

#[test]
fn a_zip_that_is_missing_is_named_with_its_function() {
    let application = Application::deployed("missing-zip");
    let objects = application.objects();
    application.template("template.yml", &[("CodeUri: src", "CodeUri: code.zip")]);
    let complaint = application.complaint("deploy --local");
    assert!(
        complaint.starts_with(
            "error: template.yml: 1 of 1 could not be packaged\nhello: CodeUri \"code.zip\" cannot be read, seen from the \
             template's folder: "
        ),
        "{complaint}"
    );
    assert_eq!(application.objects(), objects, "nothing was uploaded");
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let application = Application::new("all-at-once");
    application.template("template.yml", &[("REGIONAL", "EVERYWHERE"), ("      Timeout: 10", "      Timeot: 10")]);
    let complaint = application.complaint("deploy --local");
    insta::assert_snapshot!(complaint);
}
