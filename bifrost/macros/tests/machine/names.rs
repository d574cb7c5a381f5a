//! Names of errors on the wire.

use bifrost::TaskError;
use bifrost::error_code::{Coded, CodedError};
use bifrost::task::FunctionError;
use std::io;

#[derive(Debug, thiserror::Error, TaskError)]
enum EveryFailure<T: std::fmt::Debug> {
    #[error("unit")]
    Unit,
    #[error("tuple {0:?}")]
    Tuple(T),
    #[error("fields {field}")]
    Fields { field: u8 },
    #[error(transparent)]
    Transparent(#[from] io::Error),
    #[error("renamed")]
    #[task_error(name = "Custom.Name-1")]
    Renamed,
}

#[test]
fn every_kind_of_variant_has_its_name() {
    let names = |failure: EveryFailure<u8>| failure.name();
    assert_eq!(names(EveryFailure::Unit), "UnitError");
    assert_eq!(names(EveryFailure::Tuple(1)), "TupleError");
    assert_eq!(names(EveryFailure::Fields { field: 1 }), "FieldsError");
    assert_eq!(names(EveryFailure::Transparent(io::Error::other("x"))), "TransparentError");
    assert_eq!(names(EveryFailure::Renamed), "Custom.Name-1");
}

#[test]
fn names_are_known_without_an_error() {
    let expected = [
        ("Unit", "UnitError"),
        ("Tuple", "TupleError"),
        ("Fields", "FieldsError"),
        ("Transparent", "TransparentError"),
        ("Renamed", "Custom.Name-1"),
    ];
    assert_eq!(EveryFailure::<u8>::NAMES, expected);
}

/// The store is full.
#[derive(Debug, thiserror::Error, Coded)]
#[error("no space")]
#[code("upload/store-full", "delete old files")]
struct StoreFull;

#[derive(Debug, thiserror::Error, TaskError, Coded)]
enum UploadFailure {
    /// The file is larger
    /// than the limit.
    ///
    /// This paragraph is not a part of the cause.
    #[error("too large")]
    #[code("upload/too-large", "split the file")]
    TooLarge,
    #[error(transparent)]
    #[code(source)]
    Store(#[from] StoreFull),
    #[error("cannot store {file}")]
    #[code(source)]
    File { file: String, source: StoreFull },
}

#[derive(Debug, thiserror::Error, Coded)]
#[error(transparent)]
#[code(source)]
struct Wrapped(UploadFailure);

#[test]
fn codes_come_from_the_error_or_its_source() {
    let file = UploadFailure::File { file: "a".into(), source: StoreFull };
    assert_eq!(file.code(), "upload/store-full");
    assert_eq!(UploadFailure::Store(StoreFull).code(), "upload/store-full");
    assert_eq!(Wrapped(UploadFailure::TooLarge).code(), "upload/too-large");
    assert_eq!(file.error_code(), Some("upload/store-full"));
    assert_eq!(EveryFailure::<u8>::Unit.error_code(), None);
    assert_eq!(FunctionError::raised(&file).message, "[upload/store-full] cannot store a: no space");
}

#[derive(Debug, thiserror::Error, Coded)]
enum Rollout {
    /// The rollout is not finished.
    #[error("1 of 3")]
    #[code("rollout/running", "nothing to do", waiting)]
    Running,
    /// The rollout stopped.
    #[error("stopped")]
    #[code("rollout/stopped", "look why")]
    Stopped,
}

#[derive(Debug, thiserror::Error, TaskError, Coded)]
enum CheckFailure {
    #[error(transparent)]
    #[code(source)]
    Check(#[from] CodedError),
}

#[test]
fn attempt_that_only_waits_says_so() {
    let check = |rollout: Rollout| CheckFailure::from(CodedError::from(rollout));
    assert!(check(Rollout::Running).is_waiting() && !check(Rollout::Stopped).is_waiting());
    assert_eq!(FunctionError::raised(&check(Rollout::Running)).message, "[rollout/running] waiting: 1 of 3");
    assert_eq!(FunctionError::raised(&check(Rollout::Stopped)).message, "[rollout/stopped] stopped");
}

#[test]
fn codes_have_cause_and_remedy() {
    let [too_large] = UploadFailure::CODES else { panic!("one code") };
    assert_eq!(too_large.cause, "The file is larger than the limit.");
    assert_eq!(too_large.remedy, "split the file");
    assert_eq!((StoreFull::CODES.len(), Wrapped::CODES.len()), (1, 0));
}
