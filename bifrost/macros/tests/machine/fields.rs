//! `#[fields]` and `#[field_type]`: what serde and the framework do with such a type.

use bifrost::error_code::CodedError;
use bifrost::json;
use bifrost::release::{Fields, Release};
use bifrost::shape::{Optional, Shape, Values};
use serde_json::{Value, json};
use std::any::type_name;
use std::collections::BTreeMap;

#[bifrost::fields(check = check, max_timeout_seconds = 60 * 60)]
pub(crate) struct Order {
    parcels: BTreeMap<String, Parcel>,
    #[serde(default)]
    returns: Vec<Parcel>,
    gift: Option<Box<Parcel>>,
    #[serde(rename = "note")]
    remark: Option<String>,
    #[set_by_deployer]
    packed: u32,
    #[set_by_deployer(cleared_at_end)]
    #[serde(rename = "currentStep")]
    step: Option<String>,
}

#[bifrost::field_type]
#[derive(Default)]
struct Parcel {
    weight: Option<u32>,
    #[serde(default)]
    speed: Speed,
    #[set_by_deployer]
    label: Option<String>,
    #[serde(default)]
    stops: Stops,
}

#[bifrost::field_type]
#[derive(Default)]
struct Stops(Vec<Stop>);

#[bifrost::field_type]
#[serde(try_from = "StopFields")]
struct Stop {
    city: String,
    #[set_by_deployer]
    reached: bool,
}

/// A stop before it is checked.
#[bifrost::field_type]
struct StopFields {
    city: String,
    #[serde(default)]
    reached: bool,
}

impl TryFrom<StopFields> for Stop {
    type Error = &'static str;

    fn try_from(StopFields { city, reached }: StopFields) -> Result<Self, &'static str> {
        if city.is_empty() { Err("a stop needs a city") } else { Ok(Self { city, reached }) }
    }
}

#[bifrost::field_type]
#[derive(Copy, Default, Eq)]
#[serde(rename_all = "snake_case")]
enum Speed {
    #[default]
    AnyDay,
    #[serde(rename = "24h")]
    NextDay,
}

/// serde buffers its fields until it knows the tag.
#[bifrost::field_type]
#[serde(tag = "by")]
enum Carrier {
    Van { limits: Limits, spare: Option<Limits> },
    Train(Line),
}

#[bifrost::field_type]
struct Line {
    limits: Limits,
}

/// serde buffers it until a variant fits.
#[bifrost::field_type]
#[serde(untagged)]
enum Load {
    One(Limits),
    Many { all: Vec<Limits> },
}

/// Its default is not that of its parts.
#[bifrost::field_type]
#[serde(default)]
struct Limits {
    kilos: Option<u32>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { kilos: Some(30) }
    }
}

fn check(release: &Release<Order>) -> Result<(), CodedError> {
    if release.fields.parcels.is_empty() {
        return Err(CodedError::from_parts("order/empty", "parcels: name at least one"));
    }
    Ok(())
}

fn read(order: Value) -> Result<Order, String> {
    serde_json::from_value(order).map_err(|error| error.to_string())
}

#[test]
fn absent_options_are_left_out_and_marked_fields_have_defaults() {
    let order = read(json!({"parcels": {"a": {"weight": 3}}})).unwrap();
    assert_eq!(
        serde_json::to_value(&order).unwrap(),
        json!({"parcels": {"a": {"weight": 3, "speed": "any_day", "stops": []}}, "returns": [], "packed": 0}),
    );
}

#[test]
fn unknown_fields_are_refused_everywhere() {
    for order in [
        json!({"parcels": {}, "remark": "x"}),
        json!({"parcels": {"a": {"mass": 3}}}),
        json!({"parcels": {"a": {"stops": [{"city": "Ulm", "street": "x"}]}}}),
    ] {
        let error = read(order).unwrap_err();
        assert!(error.contains("unknown field"), "{error}");
    }
}

#[test]
fn arrays_are_no_structs_even_where_serde_buffers() {
    let limits = json!({"kilos": 7});
    for carrier in [json!({"by": "Van", "limits": limits}), json!({"by": "Train", "limits": limits})] {
        assert!(json::read::<Carrier>(&carrier).is_ok(), "{carrier}");
    }
    for carrier in [
        json!({"by": "Van", "limits": [7]}),
        json!({"by": "Van", "limits": limits, "spare": [7]}),
        json!({"by": "Train", "limits": [7]}),
        json!(["Van", limits, limits]),
        json!(["Train", limits]),
    ] {
        assert!(json::read::<Carrier>(&carrier).is_err(), "{carrier}");
    }
    for (load, is_valid) in [
        (limits.clone(), true),
        (json!({"all": [limits]}), true),
        (json!([7]), false),
        (json!({"all": [[7]]}), false),
        (json!([[limits]]), false),
    ] {
        assert_eq!(json::read::<Load>(&load).is_ok(), is_valid, "{load}");
    }
}

#[test]
fn what_only_the_deployer_sets_is_cleared_wherever_it_is() {
    let parcel = json!({"label": "forged", "stops": [{"city": "Ulm", "reached": true}]});
    let mut order = read(json!({
        "parcels": {"a": parcel}, "returns": [parcel], "gift": parcel, "note": "kept", "packed": 7, "currentStep": "forged",
    }))
    .unwrap();
    order.clear_deployer_fields();
    let cleared = json!({"speed": "any_day", "stops": [{"city": "Ulm", "reached": false}]});
    assert_eq!(
        serde_json::to_value(&order).unwrap(),
        json!({"parcels": {"a": cleared}, "returns": [cleared], "gift": cleared, "note": "kept", "packed": 0}),
    );
}

#[test]
fn end_clears_only_what_says_so() {
    let mut order = read(json!({"parcels": {}, "packed": 7, "currentStep": "tape"})).unwrap();
    order.clear_working_fields();
    assert_eq!((order.packed, order.step), (7, None));
}

#[test]
fn rules_and_the_longest_timeout_are_the_authors() {
    assert_eq!(Order::MAX_TIMEOUT_SECONDS, 3600);
    assert_eq!(Nothing::MAX_TIMEOUT_SECONDS, 172_800);
}

#[bifrost::fields]
struct Nothing {}

#[test]
fn default_of_a_whole_type_is_kept() {
    assert_eq!(serde_json::from_value::<Limits>(json!({})).unwrap(), Limits { kilos: Some(30) });
}

#[test]
fn enum_knows_the_texts_that_serde_writes() {
    assert_eq!(Speed::TEXTS, Some(["any_day", "24h"].as_slice()));
    let written = [Speed::AnyDay, Speed::NextDay].map(|speed| serde_json::to_value(speed).unwrap());
    assert_eq!(written, ["any_day", "24h"]);
    assert_eq!(type_name::<<Option<Speed> as Shape>::Shape>(), type_name::<Optional<<Speed as Shape>::Shape>>());
}

/// A meal, with values that its clean-up does not use.
#[bifrost::fields]
struct Meal {
    name: String,
    #[serde(default)]
    courses: Vec<Course>,
    #[serde(default, rename = "extras")]
    #[unused_by_clean_up]
    more: Option<Extras>,
}

#[bifrost::field_type]
struct Course {
    size: u32,
    #[unused_by_clean_up]
    style: Option<String>,
}

#[bifrost::field_type]
struct Extras(BTreeMap<String, Course>);

#[test]
fn innermost_value_that_clean_up_does_not_use_is_found() {
    for (path, steps) in [
        (vec!["name"], None),
        (vec!["courses"], None),
        (vec!["courses", "3"], None),
        (vec!["courses", "3", "size"], None),
        (vec!["courses", "3", "style"], Some(3)),
        (vec!["courses", "3", "style", "colour", "0"], Some(3)),
        (vec!["more"], None),
        (vec!["extras"], Some(1)),
        (vec!["extras", "salt", "size"], Some(1)),
        (vec!["extras", "salt", "style"], Some(3)),
        (vec![], None),
    ] {
        assert_eq!(<Meal as Shape>::unused_by_clean_up(&path), steps, "{path:?}");
    }
}
