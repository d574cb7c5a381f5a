//! The objects of a log in the order of their keys, with what their versions tell.

use super::problem::Problem;
use crate::log::parse_tile_key;
use crate::source::MAX_READ_BYTES;
use bifrost_core::audit::{ActId, PEOPLE};
use bifrost_core::cloud::{CHECKPOINT_KEY, ObjectVersion};
use tlog_tiles::Tile;

/// An object with its first version, which is the one that counts.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) object: ObjectVersion,
    /// What its other versions show.
    pub(super) problem: Option<Problem>,
}

/// The objects of a page. An object of which only delete markers are left is no object.
pub(super) fn objects(page: Vec<ObjectVersion>) -> Vec<Listed> {
    let mut objects: Vec<Listed> = Vec::new();
    let mut marked: Option<String> = None;
    for version in page {
        if version.is_delete_marker {
            if let Some(last) = objects.last_mut().filter(|last| last.object.key == version.key)
                && !matches!(last.problem, Some(Problem::ObjectRecreated))
            {
                last.problem = Some(Problem::ObjectDeleted);
            }
            marked = Some(version.key);
            continue;
        }
        if let Some(first) = objects.last_mut().filter(|last| last.object.key == version.key) {
            let is_recreated = matches!(first.problem, Some(Problem::ObjectDeleted | Problem::ObjectRecreated));
            first.problem = Some(if is_recreated { Problem::ObjectRecreated } else { Problem::ObjectOverwritten });
            continue;
        }
        // What was before the delete marker is not there any more.
        let is_recreated = marked.as_ref() == Some(&version.key);
        let too_large = (version.size > MAX_READ_BYTES).then_some(Problem::ObjectTooLarge(version.size));
        let problem = if is_recreated { Some(Problem::ObjectRecreated) } else { too_large };
        objects.push(Listed { object: version, problem });
    }
    objects
}

/// What an object is, by its key.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// An object of the chain in this directory.
    Record { dir: String, number: u32 },
    /// The record of an act of a person.
    Act,
    /// A hash tile or an object with entries.
    Tile(Tile),
    /// A bundle of records, and its number in its day.
    Bundle { day: String, number: u32 },
    /// The checkpoint, or a cosignature. They may be replaced.
    Signed,
    /// None of an audit log.
    Foreign,
}

impl Role {
    pub(super) fn of(key: &str) -> Self {
        if key == CHECKPOINT_KEY || key.starts_with("log/cosignature/") {
            return Self::Signed;
        }
        if key.starts_with(PEOPLE) {
            let act = ActId::of_key(key).or_else(|| ActId::of_key(key.strip_suffix("-result")?));
            return if act.is_some() { Self::Act } else { Self::Foreign };
        }
        if key.starts_with("log/tile/") {
            return parse_tile_key(key).map_or(Self::Foreign, Self::Tile);
        }
        let Some((dir, name)) = key.rsplit_once('/') else { return Self::Foreign };
        let Some(number) = six_digits(name) else { return Self::Foreign };
        match *dir.split('/').collect::<Vec<_>>() {
            ["records", deployer, execution] if !deployer.is_empty() && !execution.is_empty() => {
                Self::Record { dir: dir.to_owned(), number }
            }
            ["bundles", day] if day.len() == 10 => Self::Bundle { day: day.to_owned(), number },
            _ => Self::Foreign,
        }
    }
}

/// The number of an object, from 1.
fn six_digits(name: &str) -> Option<u32> {
    let is_number = name.len() == 6 && name.bytes().all(|byte| byte.is_ascii_digit());
    name.parse().ok().filter(|number| is_number && *number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    fn version(key: &str, is_delete_marker: bool) -> ObjectVersion {
        ObjectVersion {
            key: key.into(),
            version: String::new(),
            last_modified: DateTime::UNIX_EPOCH,
            is_delete_marker,
            size: 1,
        }
    }

    #[test]
    fn versions_tell_what_was_done() {
        let cases: [(&[bool], Option<Option<Problem>>); 7] = [
            (&[false], Some(None)),
            (&[false, false], Some(Some(Problem::ObjectOverwritten))),
            (&[false, true], Some(Some(Problem::ObjectDeleted))),
            (&[false, true, false], Some(Some(Problem::ObjectRecreated))),
            (&[false, true, false, true], Some(Some(Problem::ObjectRecreated))),
            (&[true, false], Some(Some(Problem::ObjectRecreated))),
            (&[true], None),
        ];
        for (markers, expected) in cases {
            let page: Vec<_> =
                markers.iter().map(|marker| version("a", *marker)).chain([version("b", false)]).collect();
            let mut found = objects(page);
            assert_eq!(found.pop().unwrap().problem, None);
            assert_eq!(found.pop().map(|object| object.problem), expected, "{markers:?}");
        }
    }

    #[test]
    fn keys_have_their_roles() {
        assert_eq!(Role::of("records/odin/a/000012"), Role::Record { dir: "records/odin/a".into(), number: 12 });
        assert_eq!(Role::of("bundles/2026-03-01/000001"), Role::Bundle { day: "2026-03-01".into(), number: 1 });
        assert_eq!(Role::of("records/_people/20260301T120000Z-0123456789abcdef"), Role::Act);
        assert_eq!(Role::of("records/_people/20260301T120000Z-0123456789abcdef-result"), Role::Act);
        assert!(matches!(Role::of("log/tile/0/x001/234.p/5"), Role::Tile(_)));
        assert_eq!(Role::of("log/checkpoint"), Role::Signed);
        for foreign in [
            "",
            "a",
            "records",
            "records/odin/000001",
            "records/odin/a/000000",
            "records/odin/a/12",
            "records/odin/a/b/000001",
            "records/odin/a/+00001",
            "records/odin/a/000001.tmp",
            "records//a/000001",
            "records/_people/a/b",
            "records/_people/a",
            "records/_people/20260301T120000Z-0123456789abcdef.6eF12345",
            "log/tile/0/1",
            "log/x",
            ".DS_Store",
        ] {
            assert_eq!(Role::of(foreign), Role::Foreign, "{foreign}");
        }
    }
}
