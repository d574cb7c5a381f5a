//! What a type looks like once serialised, for the compiler alone.
//!
//! A chart says `$.healthy`: a JSON path, so the name that serde writes, not the field's name in Rust. [`Shape`] maps a
//! type to one whose fields have the serialised names. No value of such a type is ever made: the compiler looks up the
//! field, and says "no field `helthy`" in its own words.

mod types;

#[doc(inline)]
/// Derives [`Shape`](trait@Shape) from what serde is told: `rename`, `rename_all`, `skip`, `skip_serializing_if`,
/// `flatten`, `transparent`, `into`. The shape has a field for each name that is written.
///
/// ```
/// # extern crate bifrost_core as bifrost;
/// #[derive(serde::Serialize, bifrost::Shape)]
/// #[serde(rename_all = "camelCase")]
/// struct Parcel {
///     pick_up: u32, // `$.pickUp` in a chart
///     #[serde(skip_serializing_if = "Option::is_none")]
///     fragile: Option<bool>, // may be absent: a `choice` asks whether it is, a `wait` refuses it
/// }
/// ```
///
/// Where the crate `bifrost` has another name, `#[shape(crate = path)]` says which.
pub use bifrost_macros::Shape;

use serde_json::Value;
use std::marker::PhantomData;

/// What a type looks like once serialised.
#[diagnostic::on_unimplemented(
    message = "the serialised names of `{Self}` are not known",
    label = "it has no `Shape`",
    note = "add `#[derive(bifrost::Shape)]` to `{Self}`"
)]
pub trait Shape {
    /// A type with the serialised fields of this one, or one that a chart can compare.
    type Shape;
}

/// What a type adds to an object that it is flattened into (`#[serde(flatten)]`).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be flattened into an object whose fields a chart reads",
    label = "it has no fields with names",
    note = "add `#[derive(bifrost::Shape)]` to `{Self}`, a struct with named fields"
)]
pub trait Flatten: Shape {
    /// A type with the serialised fields of this one, and by `Deref` those of `Rest`.
    type Over<Rest>;
}

/// The shape of a field that may be absent from the JSON.
pub struct Optional<S>(PhantomData<S>);

/// The shape of what a chart cannot look into: a list, a map, any JSON.
pub struct Opaque;

/// A text in a chart, such as `"CREATE"`.
pub struct TextLiteral(#[doc(hidden)] pub &'static str);

/// A number in a chart, such as `5` or `0.8`.
pub struct NumberLiteral(#[doc(hidden)] pub Value);

/// `true` or `false` in a chart.
pub struct BooleanLiteral(#[doc(hidden)] pub bool);

impl From<TextLiteral> for Value {
    fn from(TextLiteral(text): TextLiteral) -> Self {
        text.into()
    }
}

impl From<NumberLiteral> for Value {
    fn from(NumberLiteral(number): NumberLiteral) -> Self {
        number
    }
}

impl From<BooleanLiteral> for Value {
    fn from(BooleanLiteral(boolean): BooleanLiteral) -> Self {
        boolean.into()
    }
}

/// A field that a `choice` may compare with a literal, and a `pass` may set to it.
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` cannot be compared with a `{Literal}`",
    label = "`{Self}` against `{Literal}`"
)]
pub trait Compare<Literal> {
    /// How the language's operators for this type begin: `String` in `StringEquals`.
    const FAMILY: &'static str;

    /// Whether it may be absent. An absent variable fails the whole execution, so it is asked for first.
    const OPTIONAL: bool = false;
}

/// A field that has an order: `<` and its like, beside `==`.
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` has no order to compare it by with a `{Literal}`",
    label = "only `==`, `!=` and `in` fit here"
)]
pub trait Order<Literal>: Compare<Literal> {}

/// A field that `wait for … seconds` may read: a whole number that is always there and never negative.
#[diagnostic::on_unimplemented(
    message = "`wait for … seconds` cannot read a field of type `{Self}`",
    label = "not a number that is always there",
    note = "the field must be an unsigned integer that is always present, such as `u32`"
)]
pub trait Seconds {}

/// A field that `wait until …` may read: a point in time that is always there.
#[diagnostic::on_unimplemented(
    message = "`wait until …` cannot read a field of type `{Self}`",
    label = "not a point in time that is always there",
    note = "the field must be a `chrono::DateTime` that is always present"
)]
pub trait Timestamp {}

/// The shape of the field `error`, where a `catch` puts what was caught: `{"Error", "Cause"}`.
#[diagnostic::on_unimplemented(
    message = "the field `error` cannot hold what a `catch` puts there",
    note = "make it an optional `serde_json::Value`, absent while there is no error"
)]
pub trait HoldsCaughtError {}
