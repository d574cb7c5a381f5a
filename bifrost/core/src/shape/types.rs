//! The shapes of types of other crates.
//!
//! rustc does not list these implementations where a type has no shape: the list would be longer than the error.

use super::{
    BooleanLiteral, Compare, Flatten, NumberLiteral, OneOf, Opaque, Optional, Order, Seconds, Shape, TextLiteral,
    Timestamp, Values,
};
use chrono::{DateTime, TimeZone};
use serde_json::{Map, Number, Value};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;
use uuid::Uuid;

macro_rules! shapes {
    ($([$($parameters:tt)*] $type:ty => $shape:ty;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($parameters)*> Shape for $type {
            type Shape = $shape;
        }
    )*};
}

macro_rules! unchanged {
    ($($type:ty)*) => { shapes! { $([] $type => $type;)* } };
}

macro_rules! text {
    ($($type:ty)*) => { shapes! { $([] $type => String;)* } };
}

unchanged! { bool u8 u16 u32 u64 usize i8 i16 i32 i64 isize f32 f64 Number }

text! { String str char Uuid }

shapes! {
    [Z: TimeZone] DateTime<Z> => DateTime<Z>;
    [] Value => Opaque;
    [T: Shape] BTreeSet<T> => Opaque;
    [K, V] Map<K, V> => Opaque;
}

/// Pointers: serde writes what they point to.
macro_rules! pointers {
    ($([$($mutable:tt)*] $type:ty;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<T: Shape + ?Sized> Shape for $type {
            type Shape = T::Shape;
            const MAY_BE_NULL: bool = T::MAY_BE_NULL;
            const MAY_HOLD_NULL: bool = T::MAY_HOLD_NULL;

            fn unused_by_clean_up(path: &[&str]) -> Option<usize> {
                T::unused_by_clean_up(path)
            }

            $($mutable)*
        }
    )*};
}

pointers! {
    [] &T;
    [] Rc<T>;
    [] Arc<T>;
    [
        fn clear_deployer_fields(&mut self) {
            (**self).clear_deployer_fields();
        }
    ] Box<T>;
}

#[diagnostic::do_not_recommend]
impl<T: Shape> Shape for Option<T> {
    type Shape = Optional<T::Shape>;
    const MAY_BE_NULL: bool = true;
    const MAY_HOLD_NULL: bool = T::MAY_BE_NULL || T::MAY_HOLD_NULL;

    fn clear_deployer_fields(&mut self) {
        if let Some(value) = self {
            value.clear_deployer_fields();
        }
    }

    fn unused_by_clean_up(path: &[&str]) -> Option<usize> {
        T::unused_by_clean_up(path)
    }
}

/// Containers, in which charts cannot look, but in which values have fields that only the deployer sets.
macro_rules! containers {
    ($([$($parameters:tt)*] $type:ty, $values:ident, $item:ty;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($parameters)*> Shape for $type {
            type Shape = Opaque;
            const MAY_HOLD_NULL: bool = <$item>::MAY_BE_NULL || <$item>::MAY_HOLD_NULL;

            fn clear_deployer_fields(&mut self) {
                self.$values().for_each(Shape::clear_deployer_fields);
            }

            fn unused_by_clean_up(path: &[&str]) -> Option<usize> {
                let (_, rest) = path.split_first()?;
                <$item>::unused_by_clean_up(rest).map(|steps| steps + 1)
            }
        }
    )*};
}

containers! {
    [T: Shape] Vec<T>, iter_mut, T;
    [T: Shape] [T], iter_mut, T;
    [K, V: Shape] BTreeMap<K, V>, values_mut, V;
    [K, V: Shape, S] HashMap<K, V, S>, values_mut, V;
    [K, V: Shape, S] indexmap::IndexMap<K, V, S>, values_mut, V;
}

/// Flattened, these add names that are known only at run time, so charts cannot use them.
macro_rules! nameless {
    ($([$($parameters:tt)*] $type:ty;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($parameters)*> Flatten for $type {
            type Over<Rest> = Rest;
        }
    )*};
}

nameless! {
    [] Value;
    [K, V: Shape] BTreeMap<K, V>;
    [K, V] Map<K, V>;
    [K, V: Shape, S] HashMap<K, V, S>;
    [K, V: Shape, S] indexmap::IndexMap<K, V, S>;
}

macro_rules! comparable {
    ($family:literal, $literal:ty: $([$($parameters:tt)*] $type:ty),+) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($parameters)*> Compare<$literal> for $type {
            const FAMILY: &'static str = $family;
        }
    )+};
}

macro_rules! ordered {
    ($family:literal, $literal:ty: $([$($parameters:tt)*] $type:ty),+) => {
        comparable!($family, $literal: $([$($parameters)*] $type),+);
        $(
            #[diagnostic::do_not_recommend]
            impl<$($parameters)*> Order<$literal> for $type {}
        )+
    };
}

comparable!("Boolean", BooleanLiteral: [] bool);
ordered!("String", TextLiteral: [] String);
ordered!("Timestamp", TextLiteral: [Z: TimeZone] DateTime<Z>);
ordered!("Numeric", NumberLiteral: [] u8, [] u16, [] u32, [] u64, [] usize, [] i8, [] i16, [] i32, [] i64, [] isize);
ordered!("Numeric", NumberLiteral: [] f32, [] f64, [] Number);

#[diagnostic::do_not_recommend]
impl<E: Values> Compare<TextLiteral> for OneOf<E> {
    const FAMILY: &'static str = "String";
}

#[diagnostic::do_not_recommend]
impl<E: Values> Order<TextLiteral> for OneOf<E> {}

macro_rules! any_value {
    ($($type:ty)*) => {$(
        #[diagnostic::do_not_recommend]
        impl Values for $type {}
    )*};
}

macro_rules! whole_numbers {
    ($($type:ident)*) => {$(
        #[diagnostic::do_not_recommend]
        impl Values for $type {
            const RANGE: Option<(i128, i128)> = Some(($type::MIN as i128, $type::MAX as i128));
        }
    )*};
}

any_value! { bool String Number Opaque f32 f64 }

whole_numbers! { u8 u16 u32 u64 usize i8 i16 i32 i64 isize }

#[diagnostic::do_not_recommend]
impl<Z: TimeZone> Values for DateTime<Z> {
    const IS_TIME: bool = true;
}

#[diagnostic::do_not_recommend]
impl<E: Values> Values for OneOf<E> {
    const TEXTS: Option<&'static [&'static str]> = E::TEXTS;
}

#[diagnostic::do_not_recommend]
impl<S: Values> Values for Optional<S> {
    const TEXTS: Option<&'static [&'static str]> = S::TEXTS;
    const RANGE: Option<(i128, i128)> = S::RANGE;
    const IS_TIME: bool = S::IS_TIME;
    const MAY_BE_ABSENT: bool = true;
}

#[diagnostic::do_not_recommend]
impl<S: Compare<Literal>, Literal> Compare<Literal> for Optional<S> {
    const FAMILY: &'static str = S::FAMILY;
    const OPTIONAL: bool = true;
}

#[diagnostic::do_not_recommend]
impl<S: Order<Literal>, Literal> Order<Literal> for Optional<S> {}

macro_rules! marked {
    ($($trait:ident: $([$($parameters:tt)*] $type:ty),+;)*) => {$($(
        #[diagnostic::do_not_recommend]
        impl<$($parameters)*> $trait for $type {}
    )+)*};
}

marked! {
    Seconds: [] u8, [] u16, [] u32, [] u64, [] usize;
    Timestamp: [Z: TimeZone] DateTime<Z>;
}
