//! The serialized form of a type, for the compiler.
//!
//! `$.healthy` in a chart is a JSON path, so it has the name that serde writes, not the Rust name of the field. [`Shape`] maps
//! a type to another one whose fields have the serialized names. No value of that type is ever created: the compiler looks the
//! field up, and reports "no field `helthy`" itself.

mod types;

#[doc(inline)]
/// Derives [`Shape`](trait@Shape) from serde's attributes: `rename`, `rename_all`, `skip`, `skip_serializing_if`, `flatten`,
/// `transparent`, `into`. The shape has a field for each serialized name.
///
/// ```
/// # extern crate bifrost_core as bifrost;
/// #[derive(serde::Serialize, serde::Deserialize, bifrost::Shape)]
/// #[serde(rename_all = "camelCase", deny_unknown_fields)]
/// struct Parcel {
///     pick_up: u32, // `$.pickUp` in a chart
///     #[serde(skip_serializing_if = "Option::is_none")]
///     fragile: Option<bool>, // may be absent: a `choice` checks that, a `wait` refuses it
/// }
/// ```
///
/// A number that is left out only outside of the states that read it, such as at the end of a deploy, gets `#[shape(present)]`: a
/// `wait` then accepts it, and you promise that it is there.
///
/// A type whose unknown fields would be ignored is refused. One that is never read by a `Deserialize` of its own has
/// `#[shape(read_elsewhere)]`.
///
/// If the crate `bifrost` has another name, set it with `#[shape(crate = path)]`.
pub use bifrost_macros::Shape;

use serde_json::Value;
use std::marker::PhantomData;

/// The serialized form of a type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the type of a field of a release",
    label = "it is not known how it is written as JSON",
    note = "write `#[bifrost::field_type]` above `{Self}` if it is yours; of other types, those that JSON has, `Vec`, `BTreeMap`, `DateTime` \
            and `Uuid` can be fields"
)]
pub trait Shape {
    /// A type with the serialized fields of this one, or one that a chart can compare.
    type Shape;

    /// Whether a value may be written as `null`, which the deployer refuses to read back. Such a field must be left out instead,
    /// with `skip_serializing_if`.
    const MAY_BE_NULL: bool = false;

    /// Whether a value inside, such as the element of a list, may be written as `null`.
    const MAY_HOLD_NULL: bool = false;

    /// Clears the fields marked `#[set_by_deployer]`, here and in all values inside: a client may have sent them.
    fn clear_deployer_fields(&mut self) {}

    /// The number of steps of `path`, a place below this value, that lead to the innermost field marked `#[unused_by_clean_up]`.
    /// `None` if the clean-up needs what is there.
    #[must_use]
    fn unused_by_clean_up(path: &[&str]) -> Option<usize> {
        let _ = path;
        None
    }
}

/// The fields that a type adds to an object if it is flattened into it (`#[serde(flatten)]`).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be flattened into an object whose fields a chart reads",
    label = "it has no fields with names",
    note = "add `#[derive(bifrost::Shape)]` to `{Self}`, a struct with named fields"
)]
pub trait Flatten: Shape {
    /// A type with the serialized fields of this one, and by `Deref` those of `Rest`.
    type Over<Rest>;
}

/// The shape of a field that may be absent from the JSON.
pub struct Optional<S>(PhantomData<S>);

/// The shape of values that a chart cannot look into: arrays, maps, any JSON.
pub struct Opaque;

/// The shape of an enum that is written as one of some texts.
pub struct OneOf<E>(PhantomData<E>);

/// The values that a field may have: a chart that compares it with another value, or sets it to one, is refused.
pub trait Values {
    /// All texts that serde writes. `None` if there are too many to list, or if it is no text.
    const TEXTS: Option<&'static [&'static str]> = None;

    /// The smallest and the greatest value of a whole number. `None` for other types.
    const RANGE: Option<(i128, i128)> = None;

    /// Whether it is a point in time.
    const IS_TIME: bool = false;

    /// Whether it may be absent from the JSON.
    const MAY_BE_ABSENT: bool = false;
}

/// A string in a chart, such as `"CREATE"`.
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
    /// The prefix of the language's operators for this type: `String` in `StringEquals`.
    const FAMILY: &'static str;

    /// Whether the field may be absent. An absent variable would fail the execution, so its presence is tested first.
    const OPTIONAL: bool = false;
}

/// A field that also has an order, for `<` and the like.
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` has no order to compare it by with a `{Literal}`",
    label = "only `==`, `!=` and `in` can be used here"
)]
pub trait Order<Literal>: Compare<Literal> {}

/// A field that `wait for … seconds` may read: an unsigned integer that is always present.
#[diagnostic::on_unimplemented(
    message = "`wait for … seconds` cannot read a field of type `{Self}`",
    label = "not a number that is always present",
    note = "the field must be an unsigned integer that is always present, such as `u32`"
)]
pub trait Seconds {}

/// A field that `wait until …` may read: a point in time that is always present.
#[diagnostic::on_unimplemented(
    message = "`wait until …` cannot read a field of type `{Self}`",
    label = "not a point in time that is always present",
    note = "the field must be a `chrono::DateTime` that is always present"
)]
pub trait Timestamp {}
