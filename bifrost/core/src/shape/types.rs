//! The shapes of types of other crates.
//!
//! rustc does not list these implementations where a type has no shape: the list would be longer than the error.

use super::{
    BooleanLiteral, Compare, Flatten, NumberLiteral, Opaque, Optional, Order, Seconds, Shape, TextLiteral, Timestamp,
};
use chrono::{DateTime, TimeZone};
use serde_json::{Map, Number, Value};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
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
    [T: Shape] Option<T> => Optional<T::Shape>;
    [T: Shape + ?Sized] &T => T::Shape;
    [T: Shape + ?Sized] Box<T> => T::Shape;
    [T: Shape + ?Sized] Rc<T> => T::Shape;
    [T: Shape + ?Sized] Arc<T> => T::Shape;
    [] Value => Opaque;
    [T] Vec<T> => Opaque;
    [T] [T] => Opaque;
    [T] BTreeSet<T> => Opaque;
    [T, S] HashSet<T, S> => Opaque;
    [K, V] BTreeMap<K, V> => Opaque;
    [K, V] Map<K, V> => Opaque;
    [K, V, S] HashMap<K, V, S> => Opaque;
    [K, V, S] indexmap::IndexMap<K, V, S> => Opaque;
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
    [K, V] BTreeMap<K, V>;
    [K, V] Map<K, V>;
    [K, V, S] HashMap<K, V, S>;
    [K, V, S] indexmap::IndexMap<K, V, S>;
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
