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
        "limit": 10
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
        ("$.store.book[-1].title", json!("D")),
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
        ("$.numbers[0, -1]", json!([1, 4])),
        ("$.numbers[1:3]", json!([2, 3])),
        ("$.numbers[1:]", json!([2, 3, 4])),
        ("$.numbers[:1]", json!([1])),
        ("$.numbers[-2:]", json!([3, 4])),
        ("$.numbers[:-3]", json!([1])),
        ("$.numbers[-9:2]", json!([1, 2])),
        ("$.numbers[2:99]", json!([3, 4])),
        ("$.numbers[3:1]", json!([])),
        ("$..isbn", json!(["0-1", "0-3", null])),
        ("$..tags[0]", json!(["x"])),
        ("$.store.book[1:]['title','category'].none", json!([])),
        ("$.store.book[:2]['title','isbn']", json!([{"title": "A", "isbn": "0-1"}, {"title": "B"}])),
        ("$.store.book[*]['title','price'][0]", json!([])),
        ("$.empty[*]", json!([])),
        ("$.missing[*]", json!([])),
        ("$.missing.items[1:5].itemValue", json!([])),
        ("$.limit[*]", json!([])),
        ("$.store.book[9,10]", json!([])),
        ("$list[*]", json!([10, 20])),
    ] {
        assert_eq!(eval(text), Ok(expected), "{text}");
    }
    assert_eq!(eval("$..*").map(|all| all.as_array().map(Vec::len)), Ok(Some(40)));
}

#[test]
fn filter_keeps_matching_items() {
    for (filter, titles) in [
        ("@.price == 8", "C"),
        ("@.price == 8.0", "C"),
        ("@.price == '8'", "C"),
        ("@.price != 8", "ABD"),
        ("@.price < 10", "AC"),
        ("@.price <= 8.95", "AC"),
        ("@.price > 12.99", "D"),
        ("@.price >= 12.99", "BD"),
        ("@.title > 'B'", "CD"),
        ("10 > @.price", "AC"),
        ("@.isbn", "ACD"),
        ("!@.isbn", "B"),
        ("!(@.isbn)", "B"),
        ("@.isbn == null", "D"),
        ("@.category == 'fiction' && @.price < 20", "BC"),
        ("@.category == \"reference\" || @.price > 20", "AD"),
        ("@.category == 'fiction' && (@.title == 'B' || @.title == 'D')", "BD"),
        ("@.title == 'A' || @.category == 'fiction' && @.isbn", "ACD"),
        ("@.price < $.limit", "AC"),
        ("@.title in ['A', 'D']", "AD"),
        ("@.title nin ['A', 'D']", "BC"),
        ("@.tags contains 'x'", "C"),
        ("@.tags[?(@ == 'y')]", "C"),
        ("@.title =~ /[a-b]/i", "AB"),
        ("@.category =~ /ref/", ""),
        ("@.category =~ /ref.*/", "A"),
        ("@.price =~ /2.*/", "D"),
        ("@['title'] == A", "A"),
        ("@.title == true", ""),
        ("@.missing < 3", ""),
        ("@.missing != 3", "ABCD"),
        ("@.title.length", ""),
    ] {
        let expected: Vec<String> = titles.chars().map(|title| title.to_string()).collect();
        assert_eq!(eval(&format!("$.store.book[?({filter})].title")), Ok(json!(expected)), "{filter}");
    }
}

#[test]
fn function_is_applied_at_the_end() {
    for (text, expected) in [
        ("$.numbers.length()", json!(4)),
        ("$.store.length()", json!(2)),
        ("$.store.book[?(@.price > 10)].length()", json!(2)),
        ("$.numbers.min()", json!(1.0)),
        ("$.numbers.max()", json!(4.0)),
        ("$.numbers.sum()", json!(10.0)),
        ("$.numbers.avg()", json!(2.5)),
        ("$.numbers.first()", json!(1)),
        ("$.numbers.last()", json!(4)),
        ("$.store.bicycle.keys()", json!(["color", "price"])),
    ] {
        assert_eq!(eval(text), Ok(expected), "{text}");
    }
    let failure = eval("$.limit.length()").unwrap_err();
    assert_eq!(failure.to_string(), "Aggregation function 'length' cannot be applied to: 10");
}

#[test]
fn missing_value_has_the_cause_of_aws() {
    for (text, message) in [
        ("$.none", "No results for path: $['none']"),
        ("$.store.none", "No results for path: $['store']['none']"),
        ("$.none.some.more", "Missing property in path $['none']"),
        ("$.numbers[9]", "No results for path: $['numbers'][9]"),
        ("$.numbers[-9]", "No results for path: $['numbers'][-9]"),
        ("$.limit.x", "Expected to find an object with property ['x'] in path $['limit'] but found 'a number'."),
        ("$.limit[0]", "Filter: [0] can only be applied to arrays. Current context is: 10"),
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
        ("$.a[?]", 6),
        ("$.a[?()]", 7),
        ("$.a[?(@.x ==)]", 13),
        ("$.a[?(@.x == 1]", 15),
        ("$.a[?(@.x =~ abc)]", 14),
        ("$.a[?(@.x =~ /(/)]", 14),
        ("$.a[99999999999999999999]", 5),
        ("$.a.frobnicate()", 5),
        ("$.a.length(1)", 5),
        ("$.a.length().b", 13),
    ] {
        let error = Path::parse(text).expect_err(text);
        assert_eq!(error.column, column, "{error}");
    }
}

#[test]
fn deep_filters_are_refused() {
    let nested = |open: &str, close: &str| format!("$[?({}@.x{})]", open.repeat(5000), close.repeat(5000));
    for text in [nested("(", ")"), nested("!", ""), nested("@[?(", ")]")] {
        assert!(Path::parse(&text).is_err());
    }
}

#[test]
fn reference_path_has_one_place() {
    for text in ["$", "$.a", "$.a.b", "$['a']", "$.a[0].b", "$$.Execution.Id", "$variable.x"] {
        assert!(ReferencePath::parse(text).is_ok(), "{text}");
    }
    for text in ["$.a[*]", "$.a[1:]", "$..a", "$.a[-1]", "$.a[0,1]", "$['a','b']", "$.a[?(@.b)]", "$.a.length()", "a"] {
        assert!(ReferencePath::parse(text).is_err(), "{text}");
    }
}

#[test]
fn value_is_inserted_at_the_path() {
    for (path, target, expected) in [
        ("$", json!(5), json!("new")),
        ("$.a", json!({"b": 1}), json!({"b": 1, "a": "new"})),
        ("$.a", json!({"a": {"x": 1}, "b": 2}), json!({"a": "new", "b": 2})),
        ("$.a.b.c", json!({}), json!({"a": {"b": {"c": "new"}}})),
        ("$.a.b", json!({"a": {"x": 1}}), json!({"a": {"x": 1, "b": "new"}})),
        ("$.a[1]", json!({"a": [1, 2]}), json!({"a": [1, "new"]})),
        ("$[0].x", json!([{}]), json!([{"x": "new"}])),
    ] {
        let mut value = target.clone();
        assert_eq!(ReferencePath::parse(path).unwrap().insert(&mut value, json!("new")), Ok(()), "{path} in {target}");
        assert_eq!(value, expected, "{path} in {target}");
    }
}

#[test]
fn failed_insert_changes_nothing() {
    for (path, target) in [
        ("$.a", json!(5)),
        ("$.a", json!(null)),
        ("$.a", json!([1])),
        ("$.a.b", json!({"a": 5})),
        ("$.a[2]", json!({"a": [1, 2]})),
        ("$.a[0]", json!({})),
        ("$[0]", json!({"0": 1})),
    ] {
        let mut value = target.clone();
        let failure = ReferencePath::parse(path).unwrap().insert(&mut value, json!("new")).expect_err(path);
        assert_eq!(failure.to_string(), format!("Unable to apply ReferencePath {path} to input {target}"));
        assert_eq!(value, target);
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
