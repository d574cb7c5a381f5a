use std::collections::{BTreeMap, BTreeSet};

use bifrost_core::json;
use bifrost_core::release::{
    AccountId, ConfigName, Defaults, ExecutionName, ExecutionNames, ObjectKey, ProjectDir, ProjectName, Release,
    ReleaseDir, ReleaseId, RootDir, replay,
};
use proptest::prelude::*;
use proptest::sample::select;
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

use crate::values::{any_value, respell};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    services: BTreeMap<String, BTreeMap<String, Number>>,
}

fn defaults() -> Defaults {
    Defaults {
        account: account(),
        region: "us-east-1".parse().unwrap(),
        bucket: "coinbase-odin-000000000000".parse().unwrap(),
        allowed_buckets: BTreeSet::new(),
        timeout_seconds: 600,
    }
}

fn account() -> AccountId {
    "000000000000".parse().unwrap()
}

const RELEASE: &str = r#"{"project_name":"a/b","config_name":"c","release_id":"release-1-x",
    "created_at":"2026-11-21T10:00:00Z","timeout":60,"services":{"w\u00e9b":{"spread":0.8,"max":10}}}"#;

/// Names that an attacker might try in order to reach another directory.
fn any_name() -> impl Strategy<Value = String> {
    const STEPS: &[&str] = &["a", "b", "/", "..", "."];
    const TRICKS: &[&str] = &["a", "lock", "halt", "_shared", "/", "//", "..", "\\", "\0", "%2e", "．", " "];
    let of = |pieces| prop::collection::vec(select(pieces), 0..5).prop_map(|pieces| pieces.concat());
    prop_oneof![4 => of(STEPS), 3 => of(TRICKS), 1 => any::<String>()]
}

/// Names of few parts, so that different ones would often share a directory if that were possible.
fn few_names() -> impl Strategy<Value = (ProjectName, ConfigName, ReleaseId)> {
    let part = || select(&["a", "b", "release-1", "release-1b", "lock", "_shared"][..]);
    let project = prop::collection::vec(part(), 1..4).prop_map(|parts| parts.join("/"));
    (project, part(), part()).prop_filter_map("no names", |(project, config, id)| names(&project, config, id))
}

/// The three names, if all are valid.
fn names(project: &str, config: &str, id: &str) -> Option<(ProjectName, ConfigName, ReleaseId)> {
    Some((project.parse().ok()?, config.parse().ok()?, id.parse().ok()?))
}

fn dirs((project, config, id): &(ProjectName, ConfigName, ReleaseId)) -> (RootDir, ReleaseDir) {
    let root = RootDir::new(&account(), project, config);
    let release = root.release_dir(id);
    (root, release)
}

fn keys(root: &RootDir, release: &ReleaseDir) -> [ObjectKey; 7] {
    let file = release.file("userdata");
    [root.lock(), root.freeze(), root.halt(), release.release(), release.log(), release.lock(), file]
}

/// The meaning of a text according to `serde_json` and floating point, independent of the code under test.
fn meaning(text: &[u8]) -> Option<Value> {
    fn floats(value: Value) -> Value {
        match value {
            Value::Number(number) => Value::from(number.as_f64()),
            Value::Array(elements) => elements.into_iter().map(floats).collect(),
            Value::Object(members) => members.into_iter().map(|(key, value)| (key, floats(value))).collect(),
            other => other,
        }
    }
    serde_json::from_slice(text).ok().map(floats)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn names_stay_in_the_root_dir(name in any_name()) {
        let releases = [
            names(&name, "c", "release-1"),
            names("a/b", &name, "release-1"),
            names("a/b", "c", &name),
            names(&name, &name, &format!("release-1{name}")),
        ];
        for (root, release) in releases.iter().flatten().map(dirs) {
            for key in keys(&root, &release) {
                let key = key.as_str();
                let inside = key.strip_prefix(&format!("{root}/"));
                prop_assert!(inside.is_some_and(|rest| rest.split('/').count() <= 2), "{}", key);
                prop_assert!(key.split('/').all(|segment| !matches!(segment, "" | "." | "..")), "{}", key);
                prop_assert!(!key.contains(|c: char| c.is_control() || c == '\\' || !c.is_ascii()), "{}", key);
                prop_assert!(key.len() <= 1024);
            }
        }
    }

    #[test]
    fn releases_share_no_directory_and_no_object(a in few_names(), b in few_names()) {
        let ((root_a, release_a), (root_b, release_b)) = (dirs(&a), dirs(&b));
        prop_assert_eq!(release_a == release_b, a == b);
        prop_assert_eq!(root_a == root_b, (&a.0, &a.1) == (&b.0, &b.1));
        prop_assert_ne!(root_a.to_string(), release_b.to_string());
        if root_a != root_b {
            let keys_a = BTreeSet::from(keys(&root_a, &release_a));
            prop_assert!(keys_a.is_disjoint(&BTreeSet::from(keys(&root_b, &release_b))));
            let shared = format!("{}/", ProjectDir::new(&account(), &b.0).shared());
            prop_assert!(keys_a.iter().all(|key| !key.as_str().starts_with(&shared)));
        }
    }

    #[test]
    fn respelt_release_equals_the_uploaded_one(text in Just(RELEASE).prop_perturb(|text, mut rng| {
        respell(&serde_json::from_str(text).unwrap(), &mut rng)
    })) {
        let sent = json::parse(RELEASE.as_bytes()).unwrap();
        prop_assert_eq!(replay::check_uploaded(&sent, text.as_bytes()), Ok(()));
        let read = |value: &Value| Release::<Fields>::read(value, &defaults()).unwrap();
        let (ours, theirs) = (read(&sent), read(&json::parse(text.as_bytes()).unwrap()));
        prop_assert_eq!(&ours.envelope, &theirs.envelope);
        prop_assert!(json::same(&serde_json::to_value(ours).unwrap(), &serde_json::to_value(theirs).unwrap()));
    }

    #[test]
    fn envelope_never_panics(changes in prop::collection::vec((any::<prop::sample::Index>(), any_value()), 1..3)) {
        let mut release = json::parse(RELEASE.as_bytes()).unwrap();
        let fields = release.as_object_mut().unwrap();
        for (index, value) in changes {
            let (_, field) = fields.iter_mut().nth(index.index(6)).unwrap();
            *field = value;
        }
        if let Ok(read) = Release::<Fields>::read(&release, &defaults()) {
            prop_assert!(ExecutionName::for_release(&read.envelope, ExecutionNames::ProjectAndConfig).as_str().len() <= 80);
        }
    }
}

#[test]
fn altered_byte_is_refused_unless_equal_in_meaning() {
    let sent = json::parse(RELEASE.as_bytes()).unwrap();
    let original = meaning(RELEASE.as_bytes());
    let mut accepted = 0;
    for at in 0..RELEASE.len() {
        for byte in 0..=u8::MAX {
            let mut altered = RELEASE.as_bytes().to_vec();
            altered[at] = byte;
            let alters_nothing = meaning(&altered) == original;
            let (byte, text) = (char::from(byte), String::from_utf8_lossy(&altered));
            assert_eq!(replay::check_uploaded(&sent, &altered).is_ok(), alters_nothing, "{byte:?} at {at}: {text}");
            if let Ok(other) = json::parse(&altered) {
                assert_eq!(
                    replay::check_uploaded(&other, RELEASE.as_bytes()).is_ok(),
                    alters_nothing,
                    "{byte:?} at {at}"
                );
            }
            accepted += usize::from(alters_nothing);
        }
    }
    // Each byte unchanged, white space replaced by other white space, and \u00E9.
    assert!(accepted > RELEASE.len() && accepted < RELEASE.len() + 40, "{accepted} of {}", RELEASE.len());
}
