//! Reads a [`Value`] as a Rust type, strictly: a [`Deserializer`] whose errors have a path and a kind.

use serde::de::value::{BorrowedStrDeserializer, MapAccessDeserializer};
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error as _, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Number, Value};

use super::by_name::{ByName, by_name};
use super::decimal::Decimal;
use super::path::Step;
use super::read_error::{ReadError, ValueError};

/// Reads a value as `T`.
///
/// Unlike `serde_json::from_value`, it refuses `null` everywhere and arrays for structs, and accepts a whole number as `600.0` or
/// `6e2`, because [`same`](super::same) treats them as equal. `serde_json::Number` keeps its digits.
///
/// # Errors
/// A [`ReadError`] for the first fault, with its path and kind. `#[serde(flatten)]` inside `T` would lose the path. Unknown
/// fields are faults if `T` denies them (`#[serde(deny_unknown_fields)]`).
pub fn read<'de, T: Deserialize<'de>>(value: &'de Value) -> Result<T, ReadError> {
    by_name(Node(value)).map_err(|error| error.into_error(&[]))
}

/// Reads the members of an object whose keys `takes` accepts as `T`, like [`read`]. The others can be read as another type.
///
/// `also` has the field names of the other type, so that a misspelt one gets the suggestion of the right name.
///
/// # Errors
/// As [`read`]; kind [`Type`](super::ReadErrorKind::Type) if the value is not an object.
pub fn read_members<'de, T: Deserialize<'de>>(
    object: &'de Value,
    takes: impl Fn(&str) -> bool,
    also: &[&str],
) -> Result<T, ReadError> {
    members(object, takes).map_err(|error| error.into_error(also))
}

pub(super) fn members<'de, T: Deserialize<'de>>(
    object: &'de Value,
    takes: impl Fn(&str) -> bool,
) -> Result<T, ValueError> {
    let Value::Object(members) = object else { return Err(not_an_object(object)) };
    let members = members.iter().filter(|(key, _)| takes(key));
    T::deserialize(ByName(MapAccessDeserializer::new(Members { rest: members, value: None })))
}

fn not_an_object(value: &Value) -> ValueError {
    let found = match value {
        Value::Null => return ValueError::null(),
        Value::Bool(value) => Unexpected::Bool(*value),
        Value::Number(number) => Unexpected::Other(number.as_str()),
        Value::String(text) => Unexpected::Str(text),
        Value::Array(_) => Unexpected::Seq,
        Value::Object(_) => Unexpected::Map,
    };
    ValueError::invalid_type(found, &"an object")
}

/// A value of the document, as a deserializer.
#[derive(Clone, Copy)]
struct Node<'de>(&'de Value);

impl<'de> Node<'de> {
    /// Reads this value, which is one `step` below its container.
    fn read_at<S: DeserializeSeed<'de>>(self, seed: S, step: impl FnOnce() -> Step) -> Result<S::Value, ValueError> {
        seed.deserialize(self).map_err(|error| {
            let error = if self.0 == "" { error.of_empty_text() } else { error };
            error.within(step())
        })
    }
}

/// Types that a number cannot become. Without them, `deserialize_any` would offer a number with many digits as the object that
/// `serde_json::Number` reads, and the message would mention an object.
macro_rules! not_from_a_number {
    ($($method:ident)*) => { $(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
            match self.0 {
                Value::Number(number) => Err(ValueError::invalid_type(Unexpected::Other(number.as_str()), &visitor)),
                _ => self.deserialize_any(visitor),
            }
        }
    )* };
}

macro_rules! integers {
    ($($method:ident)*) => { $(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
            match self.0 {
                Value::Number(number) => visit_integer(number, visitor),
                _ => self.deserialize_any(visitor),
            }
        }
    )* };
}

macro_rules! floats {
    ($($method:ident)*) => { $(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
            match self.0 {
                Value::Number(number) => match number.as_f64().filter(|float| float.is_finite()) {
                    Some(float) => visitor.visit_f64(float),
                    None => Err(ValueError::invalid_value(Unexpected::Other(number.as_str()), &visitor)),
                },
                _ => self.deserialize_any(visitor),
            }
        }
    )* };
}

impl<'de> Deserializer<'de> for Node<'de> {
    type Error = ValueError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match self.0 {
            Value::Null => Err(ValueError::null()),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(number) => visit_number(number, visitor),
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Array(elements) => visit_array(elements, visitor),
            Value::Object(members) => visitor.visit_map(Members { rest: members.iter(), value: None }),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        match self.0 {
            Value::Null => Err(ValueError::null()),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, ValueError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        match self.0 {
            Value::String(variant) => visitor.visit_enum(variant.as_str().into_deserializer()),
            Value::Object(members) if members.len() == 1 => {
                visitor.visit_enum(MapAccessDeserializer::new(Members { rest: members.iter(), value: None }))
            }
            Value::Object(_) => Err(ValueError::invalid_value(Unexpected::Map, &"an object of one member")),
            _ => self.deserialize_string(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        self.deserialize_map(visitor)
    }

    integers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
    }

    floats! { deserialize_f32 deserialize_f64 }

    not_from_a_number! {
        deserialize_bool deserialize_char deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf
        deserialize_unit deserialize_seq deserialize_map
    }

    forward_to_deserialize_any! { unit_struct tuple tuple_struct identifier ignored_any }
}

/// A number for a visitor of any value: exact, even if no Rust number type can hold it.
fn visit_number<'de, V: Visitor<'de>>(number: &'de Number, visitor: V) -> Result<V::Value, ValueError> {
    match (number.as_u64(), number.as_i64()) {
        (Some(integer), _) => visitor.visit_u64(integer),
        (None, Some(integer)) => visitor.visit_i64(integer),
        (None, None) => number.deserialize_any(visitor).map_err(ValueError::custom),
    }
}

fn visit_integer<'de, V: Visitor<'de>>(number: &Number, visitor: V) -> Result<V::Value, ValueError> {
    if let Some(integer) = number.as_u64() {
        return visitor.visit_u64(integer);
    }
    let decimal = Decimal::parse(number.as_str());
    let Some(decimal) = decimal.filter(Decimal::is_whole) else {
        return Err(ValueError::invalid_type(Unexpected::Other(number.as_str()), &visitor));
    };
    let integer = decimal.to_integer();
    if let Some(integer) = integer.and_then(|integer| u64::try_from(integer).ok()) {
        visitor.visit_u64(integer)
    } else if let Some(integer) = integer.and_then(|integer| i64::try_from(integer).ok()) {
        visitor.visit_i64(integer)
    } else {
        Err(ValueError::invalid_value(Unexpected::Other(number.as_str()), &visitor))
    }
}

fn visit_array<'de, V: Visitor<'de>>(elements: &'de [Value], visitor: V) -> Result<V::Value, ValueError> {
    let mut rest = Elements { rest: elements.iter().enumerate() };
    let read = visitor.visit_seq(&mut rest)?;
    match rest.rest.len() {
        0 => Ok(read),
        // A tuple reads only as many elements as it has.
        more => Err(ValueError::invalid_length(
            elements.len(),
            &format!("an array of {} elements", elements.len() - more).as_str(),
        )),
    }
}

struct Elements<'de> {
    rest: std::iter::Enumerate<std::slice::Iter<'de, Value>>,
}

impl<'de> SeqAccess<'de> for Elements<'de> {
    type Error = ValueError;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, ValueError> {
        let Some((index, value)) = self.rest.next() else {
            return Ok(None);
        };
        Node(value).read_at(seed, || Step::Index(index)).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

struct Members<'de, I> {
    rest: I,
    /// The member whose key was read, but not its value.
    value: Option<(&'de String, &'de Value)>,
}

impl<'de, I: Iterator<Item = (&'de String, &'de Value)>> MapAccess<'de> for Members<'de, I> {
    type Error = ValueError;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, ValueError> {
        self.value = self.rest.next();
        let Some((key, _)) = self.value else { return Ok(None) };
        let read = seed.deserialize(MemberKey(key));
        read.map(Some).map_err(|error: ValueError| error.of_member(key))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, ValueError> {
        let (key, value) =
            self.value.take().ok_or_else(|| ValueError::custom("a value was requested before its key"))?;
        Node(value).read_at(seed, || Step::Key(key.clone()))
    }
}

/// The key of a member. Maps may have whole numbers as keys, which JSON writes as strings.
struct MemberKey<'de>(&'de str);

macro_rules! integer_keys {
    ($($method:ident($integer:ty) => $visit:ident)*) => { $(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
            // Only the form that is written: `01` and `+1` would be second keys of the same member.
            match self.0.parse::<$integer>() {
                Ok(integer) if integer.to_string() == self.0 => visitor.$visit(integer),
                _ => self.deserialize_any(visitor),
            }
        }
    )* };
}

impl<'de> Deserializer<'de> for MemberKey<'de> {
    type Error = ValueError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        BorrowedStrDeserializer::new(self.0).deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, ValueError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        BorrowedStrDeserializer::new(self.0).deserialize_enum(name, variants, visitor)
    }

    integer_keys! {
        deserialize_u8(u8) => visit_u8
        deserialize_u16(u16) => visit_u16
        deserialize_u32(u32) => visit_u32
        deserialize_u64(u64) => visit_u64
        deserialize_i8(i8) => visit_i8
        deserialize_i16(i16) => visit_i16
        deserialize_i32(i32) => visit_i32
        deserialize_i64(i64) => visit_i64
    }

    forward_to_deserialize_any! {
        bool i128 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier
        ignored_any
    }
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
