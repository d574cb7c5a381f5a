use super::*;

fn project(name: &str) -> Result<ProjectName, String> {
    name.parse().map_err(|error: InvalidName| error.to_string())
}

fn config(name: &str) -> Result<ConfigName, String> {
    name.parse().map_err(|error: InvalidName| error.to_string())
}

fn release_id(name: &str) -> Result<ReleaseId, String> {
    name.parse().map_err(|error: InvalidName| error.to_string())
}

#[test]
fn ordinary_names_are_taken_as_they_are() {
    for name in ["coinbase/deploy-test", "odin", "a/b/c", "Org_1/x.y", ".github/..a", "halt/lock"] {
        assert_eq!(project(name).unwrap().as_str(), name);
    }
    for name in ["development", "Production-2", "release-candidate", "release", "locks"] {
        assert_eq!(config(name).unwrap().as_str(), name);
    }
    for name in ["release-2018-07-20T01-30-27Z-abcdefg", "release-1532050227-x"] {
        assert_eq!(release_id(name).unwrap().as_str(), name);
    }
}

#[test]
fn a_project_that_climbs_is_told_so() {
    insta::assert_snapshot!(project("../x").unwrap_err(), @r#""../x" is no project name: a segment may not be `.` or `..`, which lead to another directory"#);
    for climbing in ["..", ".", "a/..", "a/./b", "a/../../b"] {
        assert!(project(climbing).unwrap_err().contains("lead to another directory"), "{climbing}");
    }
}

#[test]
fn a_segment_is_never_empty() {
    insta::assert_snapshot!(project("/coinbase/x").unwrap_err(), @r#""/coinbase/x" is no project name: it is empty, or one of its segments is: remove leading, trailing and double slashes"#);
    for empty in ["", "/", "a//b", "a/"] {
        assert!(project(empty).unwrap_err().contains("empty"), "{empty:?}");
    }
    assert!(config("").is_err());
    assert!(release_id("").is_err());
}

#[test]
fn characters_that_do_harm_somewhere_are_named() {
    insta::assert_snapshot!(project("coinbase/deploy test").unwrap_err(), @r#""coinbase/deploy test" is no project name: it may not hold ' ': use ASCII letters, digits and + - = . _ @"#);
    insta::assert_snapshot!(config("dev\u{1b}[31m").unwrap_err(), @r#""dev\u{1b}[31m" is no config name: it may not hold '\u{1b}': use ASCII letters, digits and + - = . _ @"#);
    for c in ["\0", "\n", "\u{7f}", "\u{85}", "\\", ":", "$", "`", "ü", "\u{2024}\u{2024}", "%", "*", "\u{202e}"] {
        assert!(project(&format!("a/b{c}")).is_err(), "{c:?}");
        assert!(config(&format!("b{c}")).is_err(), "{c:?}");
        assert!(release_id(&format!("release-2{c}")).is_err(), "{c:?}");
    }
}

#[test]
fn a_config_or_release_id_is_one_segment() {
    assert!(config("a/b").is_err());
    assert!(release_id("release-2/b").is_err());
}

#[test]
fn what_the_deployer_keeps_in_a_directory_is_no_name_in_it() {
    insta::assert_snapshot!(config("user-lock").unwrap_err(), @r#""user-lock" is no config name: this name is taken by what the deployer keeps there: choose another"#);
    for reserved in ["lock", "user-lock", "halt", "_shared"] {
        assert!(config(reserved).unwrap_err().contains("taken"), "{reserved}");
        assert!(release_id(reserved).unwrap_err().contains("taken"), "{reserved}");
    }
    assert!(project("a/_shared").unwrap_err().contains("taken"));
}

#[test]
fn no_config_could_be_a_release_id() {
    insta::assert_snapshot!(config("release-2018-07-20T01-30-27Z-abcdefg").unwrap_err(), @r#""release-2018-07-20T01-30-27Z-abcdefg" is no config name: `release-` and a digit is how release ids begin: choose another name"#);
    insta::assert_snapshot!(release_id("development").unwrap_err(), @r#""development" is no release id: it should be `release-<time>-<random>`"#);
}

#[test]
fn a_name_that_is_too_long_is_refused_and_not_repeated() {
    assert!(project(&"a".repeat(128)).is_ok());
    let message = project(&"a".repeat(1_000_000)).unwrap_err();
    assert!(message.ends_with("…\" is no project name: it is longer than 128 bytes"), "{message}");
    assert!(message.len() < 200);
    assert!(config(&"a".repeat(64)).is_ok() && config(&"a".repeat(65)).is_err());
    let id = format!("release-2{}", "a".repeat(55));
    assert!(release_id(&id).is_ok() && release_id(&(id + "a")).is_err());
}

#[test]
fn a_release_id_is_made_of_time_and_random() {
    let made = |time: &str, random| ReleaseId::new(time.parse().unwrap(), random);
    assert_eq!(made("2026-11-21T10:00:00.9Z", 0).as_str(), "release-2026-11-21T10-00-00Z-00000000");
    assert_eq!(made("2026-11-21T10:00:00Z", u64::MAX).time_and_random(), "2026-11-21T10-00-00Z-fsgs4621");
    for time in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC, DateTime::UNIX_EPOCH] {
        let id = ReleaseId::new(time, 1);
        assert_eq!(id.as_str().parse(), Ok(id.clone()));
    }
}

#[test]
fn a_name_is_read_as_it_is_written() {
    let name: ProjectName = "coinbase/deploy-test".parse().unwrap();
    let json = serde_json::to_value(&name).unwrap();
    assert_eq!(json, "coinbase/deploy-test");
    assert_eq!(crate::json::read(&json), Ok(name));
}
