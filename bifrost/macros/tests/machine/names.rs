//! What errors are called on the wire.

use bifrost::TaskError;
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
fn the_names_are_known_before_anything_is_raised() {
    let expected = [
        ("Unit", "UnitError"),
        ("Tuple", "TupleError"),
        ("Fields", "FieldsError"),
        ("Transparent", "TransparentError"),
        ("Renamed", "Custom.Name-1"),
    ];
    assert_eq!(EveryFailure::<u8>::NAMES, expected);
}
