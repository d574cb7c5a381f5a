use super::*;

fn project(name: &str) -> Result<ProjectName, NameFault> {
    name.parse().map_err(|error: InvalidName| error.fault)
}

fn config(name: &str) -> Result<ConfigName, NameFault> {
    name.parse().map_err(|error: InvalidName| error.fault)
}

fn release_id(name: &str) -> Result<ReleaseId, NameFault> {
    name.parse().map_err(|error: InvalidName| error.fault)
}

#[test]
fn ordinary_names_are_accepted() {
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
fn project_with_dot_segments_is_refused() {
    for climbing in ["../x", "..", ".", "a/..", "a/./b", "a/../../b"] {
        assert_eq!(project(climbing), Err(NameFault::Climbs), "{climbing}");
    }
}

#[test]
fn empty_segment_is_refused() {
    for empty in ["", "/", "a//b", "a/", "/coinbase/x"] {
        assert_eq!(project(empty), Err(NameFault::Empty), "{empty:?}");
    }
    assert_eq!((config("").err(), release_id("").err()), (Some(NameFault::Empty), Some(NameFault::Empty)));
}

#[test]
fn harmful_characters_are_refused() {
    let cases =
        ["\0", "\n", "\u{7f}", "\u{85}", "\\", ":", "$", "`", "ü", "\u{2024}", "%", "*", "\u{202e}", " ", "\u{1b}"];
    for text in cases {
        let found = text.chars().next().unwrap();
        let is_refused = |fault: Option<NameFault>| matches!(fault, Some(NameFault::Character(c, _)) if c == found);
        assert!(is_refused(project(&format!("a/b{text}")).err()), "{text:?}");
        assert!(is_refused(config(&format!("b{text}")).err()), "{text:?}");
        assert!(is_refused(release_id(&format!("release-2{text}")).err()), "{text:?}");
    }
}

#[test]
fn config_and_release_id_are_one_segment() {
    assert!(config("a/b").is_err());
    assert!(release_id("release-2/b").is_err());
}

#[test]
fn reserved_name_is_refused() {
    for reserved in ["lock", "user-lock", "halt", "_shared"] {
        assert_eq!(config(reserved), Err(NameFault::Reserved), "{reserved}");
        assert_eq!(release_id(reserved), Err(NameFault::Reserved), "{reserved}");
    }
    assert_eq!(project("a/_shared"), Err(NameFault::Reserved));
}

#[test]
fn config_must_not_look_like_a_release_id() {
    assert_eq!(config("release-2018-07-20T01-30-27Z-abcdefg"), Err(NameFault::LikeRelease));
    assert!(matches!(release_id("development"), Err(NameFault::Form(_))));
}

#[test]
fn long_name_is_refused_with_a_short_message() {
    assert!(project(&"a".repeat(128)).is_ok());
    let error = "a".repeat(1_000_000).parse::<ProjectName>().unwrap_err();
    assert_eq!(error.fault, NameFault::TooLong(128));
    assert!(error.to_string().len() < 200);
    assert!(config(&"a".repeat(64)).is_ok() && config(&"a".repeat(65)).is_err());
    let id = format!("release-2{}", "a".repeat(55));
    assert!(release_id(&id).is_ok() && release_id(&(id + "a")).is_err());
}

#[test]
fn messages() {
    let errors = [
        "../x".parse::<ProjectName>().unwrap_err(),
        "/coinbase/x".parse::<ProjectName>().unwrap_err(),
        "coinbase/deploy test".parse::<ProjectName>().unwrap_err(),
        "a".repeat(200).parse::<ProjectName>().unwrap_err(),
        "dev\u{1b}[31m".parse::<ConfigName>().unwrap_err(),
        "user-lock".parse::<ConfigName>().unwrap_err(),
        "release-2018-07-20T01-30-27Z-abcdefg".parse::<ConfigName>().unwrap_err(),
        "development".parse::<ReleaseId>().unwrap_err(),
    ];
    insta::assert_snapshot!(errors.map(|error| error.to_string()).join("\n"));
}

#[test]
fn release_id_has_time_and_random() {
    let new = |time: &str, random| ReleaseId::new(time.parse().unwrap(), random);
    assert_eq!(new("2026-11-21T10:00:00.9Z", 0).as_str(), "release-2026-11-21T10-00-00Z-00000000");
    assert_eq!(new("2026-11-21T10:00:00Z", u64::MAX).time_and_random(), "2026-11-21T10-00-00Z-fsgs4621");
    for time in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC, DateTime::UNIX_EPOCH] {
        let id = ReleaseId::new(time, 1);
        assert_eq!(id.as_str().parse(), Ok(id.clone()));
    }
}

#[test]
fn name_is_read_as_it_is_written() {
    let name: ProjectName = "coinbase/deploy-test".parse().unwrap();
    let json = serde_json::to_value(&name).unwrap();
    assert_eq!(json, "coinbase/deploy-test");
    assert_eq!(crate::json::read(&json), Ok(name));
}
