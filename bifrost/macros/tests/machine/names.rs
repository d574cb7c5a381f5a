//! Names of errors on the wire.

use bifrost::TaskError;
use bifrost::cloud::{CloudError, ErrorKind};
use bifrost::error_code::{Coded, CodedError};
use bifrost::json::{ReadError, ReadErrorKind};
use bifrost::lifecycle::{Halt, HaltCheckError, LockFailure, LockUnknown, TaskFailure, ValidateFailure};
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

#[derive(Debug, thiserror::Error)]
enum ServiceError {
    #[error(transparent)]
    Cloud(#[from] CloudError),
    #[error(transparent)]
    Io(#[from] io::Error),
}

#[derive(Debug, thiserror::Error, TaskError)]
enum RollOutFailure {
    #[error("no tasks")]
    NoTasks,
    #[error("cannot read the service")]
    #[task_error(from(CloudError, io::Error))]
    Service(#[from] ServiceError),
    #[error(transparent)]
    #[task_error(transparent)]
    Standard(#[from] TaskFailure),
}

fn cloud_error(kind: ErrorKind) -> CloudError {
    let (code, message) = ("Code".into(), "message".into());
    CloudError { operation: "ecs:UpdateService", resource: String::new(), kind, code, message, request_id: None }
}

#[test]
fn standard_failures_keep_their_names_and_codes() {
    let halt = RollOutFailure::from(Halt::Requested("bad build".into()));
    assert_eq!((halt.name(), halt.error_code()), ("HaltError", Some("halt/requested")));
    assert_eq!((RollOutFailure::NoTasks.name(), RollOutFailure::NoTasks.error_code()), ("NoTasksError", None));
    let names = RollOutFailure::NAMES;
    assert_eq!(names[..2], [("NoTasks", "NoTasksError"), ("Service", "ServiceError")]);
    assert_eq!(names[2..], *TaskFailure::NAMES);
}

#[test]
fn own_conversion_comes_before_the_standard_one() {
    let error = cloud_error(ErrorKind::Throttled);
    assert_eq!(RollOutFailure::from(error.clone()).name(), "ServiceError");
    assert_eq!(RollOutFailure::from(io::Error::other("x")).name(), "ServiceError");
    assert_eq!(TaskFailure::from(error.clone()).name(), "TransientError");
    assert_eq!(RollOutFailure::from(HaltCheckError::from(error)).name(), "HealthError");
}

#[test]
fn errors_of_the_framework_have_their_names() {
    let read = |kind| ReadError { path: "ami".into(), kind, message: String::new() };
    let json = serde_json::from_str::<u8>("{").unwrap_err();
    let failures: [(TaskFailure, &str, &str); 12] = [
        (cloud_error(ErrorKind::Conflict).into(), "TransientError", "aws/conflict"),
        (cloud_error(ErrorKind::NotFound).into(), "PermanentError", "aws/not-found"),
        (HaltCheckError::Halt(Halt::Requested("stop".into())).into(), "HaltError", "halt/requested"),
        (HaltCheckError::from(cloud_error(ErrorKind::NotFound)).into(), "HealthError", "aws/not-found"),
        (LockUnknown::NoOwner.into(), "LockError", "lock/no-owner"),
        (LockFailure::from(cloud_error(ErrorKind::Throttled)).into(), "LockError", "aws/throttled"),
        (ValidateFailure::from(cloud_error(ErrorKind::Throttled)).into(), "BadReleaseError", "aws/throttled"),
        (CodedError::from_parts("note/empty", "empty").into(), "BadReleaseError", "note/empty"),
        (CodedError::from(cloud_error(ErrorKind::Throttled)).into(), "TransientError", "aws/throttled"),
        (read(ReadErrorKind::Null).into(), "BadReleaseError", "release/null"),
        (read(ReadErrorKind::Type).into(), "UnmarshalError", "release/wrong-type"),
        (json.into(), "UnmarshalError", "task/unexpected-json"),
    ];
    for (failure, name, code) in failures {
        assert_eq!((failure.name(), failure.error_code()), (name, Some(code)), "{failure}");
    }
}

#[derive(Debug, thiserror::Error, TaskError, Coded)]
enum OnlyStandard {
    #[error(transparent)]
    #[task_error(transparent)]
    Standard(#[from] TaskFailure),
}

#[test]
fn code_of_a_standard_failure_needs_no_attribute() {
    let failure = OnlyStandard::from(LockUnknown::NoOwner);
    assert_eq!((failure.code(), failure.error_code()), ("lock/no-owner", Some("lock/no-owner")));
}
