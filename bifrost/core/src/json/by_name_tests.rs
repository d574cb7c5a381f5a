use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Number, json};

use super::super::{ReadErrorKind, read, read_members};
use super::*;

/// A struct with every place in which another struct can stand, and with arrays that are no structs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Outer {
    inner: Inner,
    #[serde(skip_serializing_if = "Option::is_none")]
    option: Option<Inner>,
    boxed: Box<Newtype>,
    list: Vec<Inner>,
    map: BTreeMap<String, Inner>,
    pair: (u8, Inner),
    place: Place,
    tagged: Tagged,
    exact: Number,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Inner {
    size: u32,
    names: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Newtype(Inner);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Place {
    Nowhere,
    Named { name: String, inner: Inner },
    At(i64, i64),
    In(Inner),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Tagged {
    Held {
        #[serde(deserialize_with = "by_name")]
        by: Inner,
    },
    Free,
}

fn inner() -> impl Strategy<Value = Inner> {
    (any::<u32>(), prop::collection::vec("[a-c]{0,2}", 0..3)).prop_map(|(size, names)| Inner { size, names })
}

fn place() -> impl Strategy<Value = Place> {
    prop_oneof![
        Just(Place::Nowhere),
        ("[a-c]{0,2}", inner()).prop_map(|(name, inner)| Place::Named { name, inner }),
        any::<(i64, i64)>().prop_map(|(x, y)| Place::At(x, y)),
        inner().prop_map(Place::In),
    ]
}

prop_compose! {
    fn outer()(
        inner in inner(),
        option in prop::option::of(self::inner()),
        boxed in self::inner(),
        list in prop::collection::vec(self::inner(), 0..3),
        map in prop::collection::btree_map("[a-c]", self::inner(), 0..3),
        pair in (any::<u8>(), self::inner()),
        place in place(),
        tagged in prop_oneof![Just(Tagged::Free), self::inner().prop_map(|by| Tagged::Held { by })],
        exact in "0\\.[0-9]{30}[1-9]",
    ) -> Outer {
        let (boxed, exact) = (Box::new(Newtype(boxed)), serde_json::from_str(&exact).unwrap());
        Outer { inner, option, boxed, list, map, pair, place, tagged, exact }
    }
}

/// The value with one object replaced by the array of its values, once for each object.
fn replaced(value: &Value) -> Vec<Value> {
    let within = |children: Vec<(String, &Value)>| -> Vec<Value> {
        let each = children.into_iter().flat_map(|(step, child)| {
            replaced(child).into_iter().map(move |child| (step.clone(), child)).collect::<Vec<_>>()
        });
        let put = each.map(|(step, child)| {
            let mut changed = value.clone();
            *changed.pointer_mut(&format!("/{step}")).unwrap() = child;
            changed
        });
        put.collect()
    };
    match value {
        Value::Object(members) => {
            let mut all = within(members.iter().map(|(name, child)| (name.clone(), child)).collect());
            all.push(Value::Array(members.values().cloned().collect()));
            all
        }
        Value::Array(elements) => {
            within(elements.iter().enumerate().map(|(index, child)| (index.to_string(), child)).collect())
        }
        _ => Vec::new(),
    }
}

proptest! {
    #[test]
    fn array_is_never_an_object(outer in outer()) {
        let written = serde_json::to_value(&outer).unwrap();
        let text = serde_json::to_vec(&outer).unwrap();
        prop_assert_eq!(&from_value::<Outer>(written.clone()).unwrap(), &outer);
        prop_assert_eq!(&read::<Outer>(&written).unwrap(), &outer);
        prop_assert_eq!(&from_slice::<Outer>(&text).unwrap(), &outer);
        let replaced = replaced(&written);
        prop_assert!(replaced.len() >= 5);
        for value in replaced {
            prop_assert!(from_value::<Outer>(value.clone()).is_err(), "{}", value);
            prop_assert!(from_slice::<Outer>(&serde_json::to_vec(&value).unwrap()).is_err(), "{}", value);
            prop_assert!(read::<Outer>(&value).is_err(), "{}", value);
        }
    }
}

#[test]
fn serde_alone_takes_arrays() {
    assert!(serde_json::from_value::<Inner>(json!([1, []])).is_ok());
    assert!(serde_json::from_value::<Tagged>(json!(["Held", {"size": 1, "names": []}])).is_ok());
}

#[test]
fn error_says_where() {
    let error = read::<BTreeMap<String, Inner>>(&json!({"web": [1, []]})).unwrap_err();
    assert_eq!((error.path.as_str(), error.kind), ("web", ReadErrorKind::Type));
    assert_eq!(error.message, "expected an object, found an array");
    let error = read_members::<BTreeMap<String, Inner>>(&json!({"web": [1, []]}), |_| true, &[]).unwrap_err();
    assert_eq!((error.path.as_str(), error.kind), ("web", ReadErrorKind::Type));
    let error = from_slice::<Vec<Inner>>(b"[\n[1, []]]").unwrap_err();
    assert_eq!(error.line(), 2);
    assert!(error.to_string().starts_with("invalid type: an array, expected an object"), "{error}");
}

#[test]
fn text_is_read_to_its_end() {
    assert!(from_slice::<Inner>(br#"{"size":1,"names":[]} "#).is_ok());
    assert!(from_slice::<Inner>(br#"{"size":1,"names":[]}x"#).is_err());
}

#[test]
fn null_and_raw_values_are_read() {
    assert_eq!(from_slice::<Option<Inner>>(b"null").unwrap(), None);
    let raw = from_slice::<Vec<&serde_json::value::RawValue>>(b"[[1, 2 ]]").unwrap();
    assert_eq!(raw[0].get(), "[1, 2 ]");
    let exact = "{\"a\":[1.00000000000000000000000001,1e400]}";
    assert_eq!(from_slice::<Value>(exact.as_bytes()).unwrap(), serde_json::from_str::<Value>(exact).unwrap());
}
