mod filters;
mod reference;

use serde_json::{Map, Value, json};

use super::*;

fn data() -> Value {
    json!({
        "store": {
            "book": [
                {"title": "A", "price": 8.95, "category": "reference", "isbn": "0-1"},
                {"title": "B", "price": 12.99, "category": "fiction"},
                {"title": "C", "price": 8, "category": "fiction", "isbn": "0-3", "tags": ["x", "y"]},
                {"title": "D", "price": 22.99, "category": "fiction", "isbn": null}
            ],
            "bicycle": {"color": "red", "price": 19.95}
        },
        "my key": 1,
        "a.b": {"c": 2},
        "delivery-partner": "UQS",
        "ns:tag@x": true,
        "empty": [],
        "nothing": null,
        "numbers": [1, 2, 3, 4],
        "limit": 10,
        "odd": {"a\\\"b": 4, "a(b)": 5, "it's": 6}
    })
}

fn eval(text: &str) -> Result<Value, PathFailure> {
    let (input, context) = (data(), json!({"Execution": {"Id": "arn"}, "Map": {"Item": {"Index": 3}}}));
    let mut variables = Map::new();
    variables.insert("list".to_owned(), json!([10, 20]));
    let scope = Scope { input: &input, context: &context, variables: &variables };
    Path::parse(text).unwrap_or_else(|error| panic!("{error}")).evaluate(&scope).map(Cow::into_owned)
}

#[test]
fn definite_path_returns_the_value() {
    for (text, expected) in [
        ("$", data()),
        ("$.limit", json!(10)),
        ("$['limit']", json!(10)),
        ("$[\"limit\"]", json!(10)),
        ("$.['limit']", json!(10)),
        ("$[ 'limit' ]", json!(10)),
        ("$['my key']", json!(1)),
        ("$['a.b'].c", json!(2)),
        ("$.delivery-partner", json!("UQS")),
        ("$.ns:tag@x", json!(true)),
        ("$.nothing", json!(null)),
        ("$.store.book[1].title", json!("B")),
        ("$.store.book[(@.length-1)].title", json!("D")),
        ("$.store.book[(@.size() - 2)].title", json!("C")),
        ("$.odd['a\\\"b']", json!(4)),
        ("$.odd['a(b)']", json!(5)),
        ("$.odd[\"it's\"]", json!(6)),
        ("$['store']['book'][0]['price']", json!(8.95)),
        ("$.store.bicycle['color','price']", json!({"color": "red", "price": 19.95})),
        ("$.store.bicycle['color','none']", json!({"color": "red"})),
        ("$$.Execution.Id", json!("arn")),
        ("$$.Map.Item.Index", json!(3)),
        ("$$.Execution", json!({"Id": "arn"})),
        ("$list", json!([10, 20])),
        ("$list[1]", json!(20)),
    ] {
        assert_eq!(eval(text), Ok(expected), "{text}");
    }
}

#[test]
fn indefinite_path_returns_a_list() {
    for (text, expected) in [
        ("$.store.book[*].title", json!(["A", "B", "C", "D"])),
        ("$.store.bicycle.*", json!(["red", 19.95])),
        ("$.store.bicycle[*]", json!(["red", 19.95])),
        ("$.numbers[0,2]", json!([1, 3])),
        ("$.numbers[3, 0]", json!([4, 1])),
        ("$.numbers[1:3]", json!([2, 3])),
        ("$.numbers[1:]", json!([2, 3, 4])),
        ("$.numbers[:1]", json!([1])),
        ("$.numbers[-2:]", json!([3, 4])),
        ("$.numbers[:-3]", json!([1])),
        ("$.numbers[-9:]", json!([1, 2, 3, 4])),
        ("$.numbers[:-9]", json!([])),
        ("$.numbers[2:99]", json!([3, 4])),
        ("$.numbers[3:1]", json!([])),
        ("$..isbn", json!(["0-1", "0-3", null])),
        ("$..tags[0]", json!(["x"])),
        ("$.store.book[:2]['title','isbn']", json!([{"title": "A", "isbn": "0-1"}, {"title": "B"}])),
        ("$.store.book[*].tags[0]", json!(["x"])),
        ("$.store.book[*].tags[(@.length-1)]", json!(["y"])),
        ("$.empty[*]", json!([])),
        ("$.missing[*]", json!([])),
        ("$.missing.items[1:5].itemValue", json!([])),
        ("$.limit[*]", json!([])),
        ("$.missing[?(@.x)]", json!([])),
        ("$.missing.deep[1:].x", json!([])),
        ("$list[*]", json!([10, 20])),
    ] {
        assert_eq!(eval(text), Ok(expected), "{text}");
    }
    assert_eq!(eval("$..*").map(|all| all.as_array().map(Vec::len)), Ok(Some(44)));
}

#[test]
fn missing_value_has_the_cause_of_aws() {
    for (text, message) in [
        ("$.none", "No results for path: $['none']"),
        ("$.store.none", "No results for path: $['store']['none']"),
        ("$.none.some.more", "Missing property in path $['none']"),
        ("$.numbers[0,9]", "Index out of bounds when evaluating path $['numbers'][9]"),
        ("$.numbers[9][*]", "Index out of bounds when evaluating path $['numbers'][9]"),
        ("$.store.book[1:].isbn", "No results for path: $['store']['book'][1]['isbn']"),
        ("$.store.book[?(@.price>10)].tags", "No results for path: $['store']['book'][1]['tags']"),
        ("$.store.book[0:2].title.x", "Property ['x'] not found in path $['store']['book'][0]['title']"),
        ("$..price.x", "Property ['x'] not found in path $['store']['book'][0]['price']"),
        ("$.numbers[9]", "Index out of bounds when evaluating path $['numbers'][9]"),
        ("$.numbers[-1]", "Index out of bounds when evaluating path $['numbers'][-1]"),
        ("$.numbers[(@.length-9)]", "Index out of bounds when evaluating path $['numbers'][-5]"),
        ("$.store.book[(@.length-1)].none", "No results for path: $['store']['book'][3]['none']"),
        ("$.limit.x", "Property ['x'] not found in path $['limit']"),
        ("$.limit['x','y']", "Property ['x', 'y'] not found in path $['limit']"),
        ("$.limit.x[*]", "Property ['x'] not found in path $['limit']"),
        ("$.nothing[0]", "The path $['nothing'] is null"),
        ("$.limit[0]", "Filter: [0] can only be applied to arrays. Current context is: 10"),
        ("$.limit[0].a[*]", "Filter: [0]['a'][*] can only be applied to arrays. Current context is: 10"),
        ("$['a.b'][1:]", "Filter: [1:] can only be applied to arrays. Current context is: {\"c\":2}"),
        ("$.limit[0,1]", "Filter: [0,1] can only be applied to arrays. Current context is: 10"),
        ("$.store.book[*].title[0]", "Filter: [0] can only be applied to arrays. Current context is: \"A\""),
        (
            "$.store.*[1:]",
            "Filter: [1:] can only be applied to arrays. Current context is: \
          {\"color\":\"red\",\"price\":19.95}",
        ),
        ("$.limit[?(@.a)]", "Filter: [?] can not be applied to primitives. Current context is: 10"),
        ("$none.x", "The variable 'none' is not defined: no state that ran before assigned it."),
    ] {
        assert_eq!(eval(text).map_err(|failure| failure.to_string()), Err(message.to_owned()), "{text}");
    }
}

#[test]
fn invalid_path_is_refused_by_position() {
    for (text, column) in [
        ("", 1),
        ("name", 1),
        (" $.a", 1),
        ("$.", 3),
        ("$..", 4),
        ("$.a.", 5),
        ("$.a..", 6),
        ("$...a", 4),
        ("$.a b", 4),
        ("$.a ", 4),
        ("$$23", 3),
        ("$$$", 3),
        ("$23", 2),
        ("$.a[", 5),
        ("$.a[]", 5),
        ("$.a[x]", 5),
        ("$.a['x]", 5),
        ("$.a['x'", 8),
        ("$.a['x',]", 9),
        ("$.a[1", 6),
        ("$.a[1:2:3]", 8),
        ("$.a[1,]", 7),
        ("$.a[99999999999999999999]", 5),
    ] {
        let error = Path::parse(text).expect_err(text);
        assert_eq!(error.column, column, "{error}");
    }
}

#[test]
fn path_that_finds_nothing_on_aws_is_refused_by_position() {
    for (text, column) in [
        // Functions are names of fields.
        ("$.a.length()", 5),
        ("$.a.sum()", 5),
        ("$.a.frobnicate(1)", 5),
        ("$.a[*].max()", 8),
        // Several names are the end of a path.
        ("$['a','b'].v", 11),
        ("$.x[*]['a','b'][0]", 16),
        // Escapes in names.
        (r"$['it\'s']", 8),
        // Slices without bounds, or with two from the end.
        ("$.a[:]", 6),
        ("$.a[-3:-1]", 5),
        ("$.a[0:-1]", 5),
        ("$.a[(@.length)]", 14),
        ("$.a[(@.length+1)]", 14),
        ("$.a[(@.count-1)]", 8),
        ("$.a[(@.length-)]", 15),
    ] {
        let error = Path::parse(text).expect_err(text);
        assert_eq!(error.column, column, "{error}");
    }
}

proptest::proptest! {
    #[test]
    fn parser_never_panics(text in "[$@.\\[\\]()?*'\"ab0-9,: <>=~/!&|\\\\-]{0,40}") {
        if let Ok(path) = Path::parse(&text) {
            proptest::prop_assert_eq!(path.as_str(), text.as_str());
            let (value, variables) = (data(), Map::new());
            let _ = path.evaluate(&Scope { input: &value, context: &value, variables: &variables });
        }
        let _ = ReferencePath::parse(&text);
    }

    #[test]
    fn inserted_value_is_found(names in proptest::collection::vec("[a-z ]{1,5}", 1..5), value in 0..100_i32) {
        let text: String = std::iter::once("$".to_owned()).chain(names.iter().map(|name| format!("['{name}']"))).collect();
        let path = ReferencePath::parse(&text).unwrap();
        let mut target = json!({});
        path.insert(&mut target, json!(value)).unwrap();
        let scope = Scope { input: &target, context: &Value::Null, variables: &Map::new() };
        proptest::prop_assert_eq!(Path::parse(&text).unwrap().evaluate(&scope).map(Cow::into_owned), Ok(json!(value)));
    }
}
