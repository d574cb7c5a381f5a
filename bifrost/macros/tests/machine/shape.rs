//! `$.field` is the name that serde writes, with every attribute of serde.

use bifrost::Shape;
use bifrost::shape::{Compare, OneOf, Opaque, Optional, TextLiteral};
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::any::type_name;
use std::collections::BTreeMap;

/// The type of a field of a shape.
fn kind<S, F>(_: fn(&S) -> &F) -> &'static str {
    type_name::<F>()
}

type Of<T> = <T as Shape>::Shape;

#[derive(Serialize, Shape)]
#[serde(rename_all = "camelCase")]
#[shape(read_elsewhere)]
struct Outer<T> {
    snake_case: u32,
    r#type: bool,
    #[serde(rename = "Renamed")]
    other: String,
    #[serde(rename(serialize = "written", deserialize = "read"))]
    two_ways: i8,
    #[serde(skip_serializing_if = "Option::is_none")]
    maybe: Option<u8>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    many: Vec<u8>,
    #[serde(skip_serializing_if = "is_zero")]
    #[shape(present)]
    promised: u32,
    #[serde(serialize_with = "as_text")]
    custom: u64,
    nested: Inner,
    newtype: Newtype,
    choice: Plain,
    tagged: Tagged,
    time: DateTime<Utc>,
    map: BTreeMap<String, u8>,
    #[serde(skip)]
    _hidden: std::marker::PhantomData<T>,
    #[serde(flatten)]
    inner: Inner,
    #[serde(flatten)]
    rest: BTreeMap<String, String>,
    #[serde(flatten)]
    generic: T,
}

#[derive(Default, Serialize, Shape)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[shape(read_elsewhere)]
struct Inner {
    deep_down: u16,
}

#[derive(Default, Serialize, Shape)]
#[shape(read_elsewhere)]
struct Last {
    last: f64,
}

#[derive(Default, Serialize, Shape)]
struct Newtype(String);

#[derive(Serialize, Shape)]
#[serde(into = "String")]
#[derive(Clone)]
struct Converted(u8);

impl From<Converted> for String {
    fn from(Converted(number): Converted) -> Self {
        number.to_string()
    }
}

#[derive(Default, Serialize, Shape)]
enum Plain {
    #[default]
    One,
}

#[derive(Default, Serialize, Shape)]
#[serde(tag = "kind")]
enum Tagged {
    #[default]
    One,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn as_text<S: serde::Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(number)
}

#[test]
fn fields_are_found_by_their_serialized_names() {
    let outer = Outer {
        snake_case: 1,
        r#type: true,
        other: String::new(),
        two_ways: 2,
        maybe: Some(1),
        many: vec![1],
        promised: 1,
        custom: 3,
        nested: Inner::default(),
        newtype: Newtype::default(),
        choice: Plain::default(),
        tagged: Tagged::default(),
        time: DateTime::UNIX_EPOCH,
        map: BTreeMap::new(),
        _hidden: std::marker::PhantomData,
        inner: Inner::default(),
        rest: BTreeMap::new(),
        generic: Last::default(),
    };
    let written = serde_json::to_value(outer).unwrap();
    let mut names: Vec<_> = written.as_object().unwrap().keys().map(String::as_str).collect();
    // The compiler looks up each of these, and serde wrote them.
    macro_rules! found {
        ($($name:ident),*) => {{
            $(let _ = |shape: &Of<Outer<Last>>| { let _ = &shape.$name; };)*
            [$(stringify!($name).trim_start_matches("r#")),*]
        }};
    }
    let mut found = found![
        snakeCase, r#type, Renamed, written, maybe, many, promised, custom, nested, newtype, choice, tagged, time, map,
        DEEP_DOWN, last
    ];
    names.sort_unstable();
    found.sort_unstable();
    assert_eq!(names, found);
}

#[test]
fn shapes_have_comparable_types() {
    assert_eq!(kind(|shape: &Of<Outer<Last>>| &shape.snakeCase), type_name::<u32>());
    assert_eq!(kind(|shape: &Of<Outer<Last>>| &shape.maybe), type_name::<Optional<u8>>());
    assert_eq!(kind(|shape: &Of<Outer<Last>>| &shape.many), type_name::<Optional<Opaque>>());
    assert_eq!(kind(|shape: &Of<Outer<Last>>| &shape.promised), type_name::<u32>());
    assert_eq!(kind(|shape: &Of<Outer<Last>>| &shape.custom), type_name::<Opaque>());
    assert_eq!(kind(|shape: &Of<Outer<Last>>| &shape.nested.DEEP_DOWN), type_name::<u16>());
    assert_eq!(kind(|shape: &Of<Outer<Last>>| &shape.newtype), type_name::<String>());
    assert_eq!(kind(|shape: &Of<Outer<Last>>| &shape.choice), type_name::<OneOf<Plain>>());
    assert_eq!(kind(|shape: &Of<Outer<Last>>| &shape.tagged), type_name::<Opaque>());
    assert_eq!(kind(|shape: &Of<Outer<Last>>| &shape.time), type_name::<DateTime<Utc>>());
    assert_eq!(kind(|shape: &Of<Outer<Last>>| &shape.last), type_name::<f64>());
    assert_eq!(type_name::<Of<Converted>>(), type_name::<String>());
    assert_eq!(<Optional<DateTime<Utc>> as Compare<TextLiteral>>::FAMILY, "Timestamp");
}

#[test]
fn release_has_the_fields_of_envelope_and_deployer() {
    type Release = bifrost::release::Release<Last>;
    assert_eq!(kind(|shape: &Of<Release>| &shape.release_id), type_name::<String>());
    assert_eq!(kind(|shape: &Of<Release>| &shape.success), type_name::<Optional<bool>>());
    assert_eq!(kind(|shape: &Of<Release>| &shape.timeout), type_name::<u32>());
    assert_eq!(kind(|shape: &Of<Release>| &shape.last), type_name::<f64>());
}
