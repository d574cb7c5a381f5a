use serde_json::{Map, json};

use super::*;

struct Fixed(f64);

impl Random for Fixed {
    fn unit(&self) -> f64 {
        self.0
    }
    fn uuid(&self) -> String {
        "c2d29867-36a2-4e8c-9d3c-0b0b6a9fbf2e".to_owned()
    }
}

fn call(text: &str, input: &Value) -> Result<Value, IntrinsicFailure> {
    let context = json!({"Execution": {"Name": "EXEC"}, "StateMachine": {"Id": "arn", "Name": "a-b"}});
    let scope = Scope { input, context: &context, variables: &Map::new() };
    Intrinsic::parse(text).unwrap_or_else(|error| panic!("{error}")).evaluate(&scope, &Fixed(0.5))
}

fn gives(cases: &[(&str, Value, Value)]) {
    for (text, input, expected) in cases {
        assert_eq!(call(text, input).as_ref(), Ok(expected), "{text} of {input}");
    }
}

fn fails(cases: &[(&str, Value)]) {
    for (text, input) in cases {
        let failure = call(text, input).expect_err(text).to_string();
        let name = text.split('(').next().unwrap();
        assert_eq!(failure, format!("The function '{text}' had the following error: Invalid arguments in {name}"));
    }
}

#[test]
fn arrays() {
    gives(&[
        ("States.Array()", json!({}), json!([])),
        ("States.Array('Foo', 2020, $.x, null)", json!({"x": {"y": 1}}), json!(["Foo", 2020, {"y": 1}, null])),
        ("States.Array(1, States.Array(true, -1.5e3))", json!({}), serde_json::from_str("[1,[true,-1.5e3]]").unwrap()),
        ("States.ArrayLength($.a)", json!({"a": [1, 2]}), json!(2)),
        ("States.ArrayLength($.a[*].b)", json!({"a": [{"b": 1}, {}]}), json!(1)),
        ("States.ArrayGetItem($.a, 1)", json!({"a": [1, 2]}), json!(2)),
        ("States.ArrayGetItem($.a, 1.9)", json!({"a": [1, 2]}), json!(2)),
        ("States.ArrayGetItem($.a, 7)", json!({"a": []}), json!(null)),
        ("States.ArrayPartition($.a, 2)", json!({"a": [1, 2, 3]}), json!([[1, 2], [3]])),
        ("States.ArrayPartition($.a, 2.9)", json!({"a": [1, 2, 3]}), json!([[1, 2], [3]])),
        ("States.ArrayPartition($.a, 9)", json!({"a": [1]}), json!([[1]])),
        ("States.ArrayPartition($.a, 9)", json!({"a": []}), json!([])),
    ]);
    fails(&[
        ("States.ArrayLength($.a)", json!({"a": "no"})),
        ("States.ArrayGetItem($.a, 2)", json!({"a": [1, 2]})),
        ("States.ArrayGetItem($.a, -1)", json!({"a": [1, 2]})),
        ("States.ArrayGetItem($.a, $.i)", json!({"a": [1, 2], "i": "1"})),
        ("States.ArrayPartition($.a, 0)", json!({"a": [1]})),
        ("States.ArrayPartition($.a, 0.6)", json!({"a": [1]})),
        ("States.ArrayPartition($.a, -1)", json!({"a": [1]})),
        ("States.ArrayUnique($.a)", json!({"a": {}})),
    ]);
}

#[test]
fn array_contains_compares_texts() {
    let text = "States.ArrayContains($.a, $.x)";
    gives(&[
        (text, json!({"a": [[1, 2], 3], "x": [1, 2]}), json!(true)),
        (text, json!({"a": [[1, 2], 3], "x": null}), json!(false)),
        (text, json!({"a": [null], "x": null}), json!(true)),
        (text, json!({"a": [{"k": []}], "x": {"k": []}}), json!(true)),
        (text, json!({"a": [{"k": 1, "l": 2}], "x": {"l": 2, "k": 1}}), json!(false)),
        (text, json!({"a": ["true"], "x": true}), json!(true)),
        (text, json!({"a": ["9007199254740991"], "x": 9_007_199_254_740_991_i64}), json!(true)),
        (text, json!({"a": [0, 1], "x": false}), json!(false)),
    ]);
}

#[test]
fn array_range_includes_its_end() {
    gives(&[
        ("States.ArrayRange(1, 9, 2)", json!({}), json!([1, 3, 5, 7, 9])),
        ("States.ArrayRange(1, 10, 2)", json!({}), json!([1, 3, 5, 7, 9])),
        ("States.ArrayRange(5, 1, -2)", json!({}), json!([5, 3, 1])),
        ("States.ArrayRange(3, 3, -1)", json!({}), json!([3])),
        ("States.ArrayRange(5, 1, 1)", json!({}), json!([])),
        ("States.ArrayRange(1, 2, -9)", json!({}), json!([])),
        ("States.ArrayRange(1.6, 1.4, 1)", json!({}), json!([1])),
        ("States.ArrayRange(5.4, -0.6, -2.4)", json!({}), json!([5, 3, 1])),
    ]);
    assert_eq!(call("States.ArrayRange(1000, 1, -1)", &json!({})).unwrap().as_array().unwrap().len(), 1000);
    fails(&[
        ("States.ArrayRange(1, 1001, 1)", json!({})),
        ("States.ArrayRange(1001, 1, -1)", json!({})),
        ("States.ArrayRange(1, 10, 0)", json!({})),
        ("States.ArrayRange(1, 10, 0.49)", json!({})),
        ("States.ArrayRange($.a, 10, 1)", json!({"a": "1"})),
        ("States.ArrayRange(-9223372036854775808, 9223372036854775807, 1)", json!({})),
    ]);
}

#[test]
fn array_unique_has_the_order_of_a_java_set() {
    let text = "States.ArrayUnique($)";
    gives(&[
        (text, json!([1, 2, 3, 3, 3, 4]), json!([1, 2, 3, 4])),
        (text, json!(["a", "b", "a", "c", "b"]), json!(["a", "b", "c"])),
        (text, json!([true, false, true, false]), json!([false, true])),
        (text, json!([null, null, 1, null]), json!([null, 1])),
        (text, json!([1, "1", 1, "01"]), json!([1, "1", "01"])),
        (text, json!([{"a": 1, "b": 2}, {"b": 2, "a": 1}]), json!([{"a": 1, "b": 2}])),
        (text, json!([[1, 2], [1, 2], [2, 1]]), json!([[2, 1], [1, 2]])),
        (text, json!([]), json!([])),
        (
            text,
            json!(["zebra", "apple", "mango", 100, 17, 33, "q", -5, 3_000_000_000_i64, 2.5]),
            json!(["zebra", 3_000_000_000_i64, "apple", 17, 33, "q", 100, -5, 2.5, "mango"]),
        ),
        (
            text,
            json!([
                null, null, true, true, false, false, 1, 1, 1.1, 0, 0, "HelloWorld", "HelloWorld", [], [], [null], [null],
                {"a": 1, "b": 2}, {"a": 1, "b": 2}, {"a": 1, "b": 1}
            ]),
            json!([null, 0, {"a": 1, "b": 2}, 1, [], {"a": 1, "b": 1}, 1.1, true, "HelloWorld", false, [null]]),
        ),
    ]);
}

#[test]
fn format_prints_values_as_java_does() {
    let text = "States.Format('{}|{}', $.a, $.b)";
    gives(&[
        (text, json!({"a": "x", "b": 2}), json!("x|2")),
        (text, json!({"a": null, "b": true}), json!("null|true")),
        (text, json!({"a": [1, "x", null], "b": {"k": [], "l": {"m": 1.5}}}), json!("[1, x, null]|{k=[], l={m=1.5}}")),
        (text, json!({"a": 1.1, "b": 9_007_199_254_740_991_i64}), json!("1.1|9007199254740991")),
        (text, json!({"a": 123_456_789.5, "b": 0.0001}), json!("1.234567895E8|1.0E-4")),
        (text, serde_json::from_str(r#"{"a": 1.0, "b": 1e3}"#).unwrap(), json!("1.0|1000.0")),
        ("States.Format('no places')", json!({}), json!("no places")),
        ("States.Format($.t, $.a)", json!({"t": "Hi {}", "a": "x"}), json!("Hi x")),
        ("States.Format($.t, $.a)", json!({"t": "C:\\dir \\{{}\\}", "a": "x"}), json!("C:\\dir {x}")),
        (r"States.Format('It\'s \{{}\} \\', 1)", json!({}), json!(r"It's {1} \")),
        ("States.Format('{}', $$.StateMachine)", json!({}), json!("{Id=arn, Name=a-b}")),
        ("States.Format('  {}\n', States.Format('<{}>', 1))", json!({}), json!("  <1>\n")),
    ]);
    fails(&[
        ("States.Format($.t, 1)", json!({"t": "{} {}"})),
        ("States.Format($.t, 1)", json!({"t": "no place"})),
        ("States.Format($.t, 1)", json!({"t": "{"})),
        ("States.Format($.t, 1)", json!({"t": 5})),
    ]);
}

#[test]
fn texts() {
    gives(&[
        ("States.StringSplit('1,2,3', ',')", json!({}), json!(["1", "2", "3"])),
        ("States.StringSplit('1+2.3', '.+')", json!({}), json!(["1", "2", "3"])),
        ("States.StringSplit(',a,,b,', ',')", json!({}), json!(["a", "b"])),
        ("States.StringSplit('', ',')", json!({}), json!([])),
        ("States.StringSplit('abc', '')", json!({}), json!(["abc"])),
        ("States.StringSplit('Hello\nWorld', '\n')", json!({}), json!(["Hello", "World"])),
        ("States.ArrayGetItem(States.StringSplit($$.StateMachine.Name, '-'), 1)", json!({}), json!("b")),
        ("States.StringToJson($)", json!(" {\"a\": [1, null]} "), json!({"a": [1, null]})),
        ("States.StringToJson($)", json!(""), json!(null)),
        ("States.StringToJson($)", json!(" \n"), json!(null)),
        ("States.StringToJson($)", json!("null"), json!(null)),
        ("States.StringToJson($)", json!("-0"), json!(0)),
        ("States.StringToJson($)", json!(" 1.1 "), json!(1.1)),
        ("States.StringToJson($)", json!("true"), json!(true)),
        ("States.StringToJson($)", json!("\"HelloWorld\""), json!("HelloWorld")),
        ("States.StringToJson('{\"a\": \"it\\'s\"}')", json!({}), json!({"a": "it's"})),
        ("States.JsonToString($)", json!({"a": [1, "x"]}), json!("{\"a\":[1,\"x\"]}")),
        ("States.JsonToString('x')", json!({}), json!("\"x\"")),
        ("States.UUID()", json!({}), json!("c2d29867-36a2-4e8c-9d3c-0b0b6a9fbf2e")),
    ]);
    fails(&[
        ("States.StringSplit($, ',')", json!(null)),
        ("States.StringToJson($)", json!("{bad json}")),
        ("States.StringToJson($)", json!("HelloWorld")),
        ("States.StringToJson($)", json!({"a": 1})),
    ]);
}

#[test]
fn json_merge_is_shallow() {
    let text = "States.JsonMerge($.a, $.b, false)";
    gives(&[
        (text, json!({"a": {"x": {"y": 1}, "z": 1}, "b": {"x": {}}}), json!({"x": {}, "z": 1})),
        (text, json!({"a": {}, "b": {"x": null}}), json!({"x": null})),
        ("States.JsonMerge($, $, 'false')", json!({"x": 1}), json!({"x": 1})),
    ]);
    fails(&[
        (text, json!({"a": null, "b": {}})),
        (text, json!({"a": {}, "b": []})),
        ("States.JsonMerge($, $, true)", json!({})),
    ]);
}

#[test]
fn math_add_rounds_halves_up() {
    for (left, right, sum) in [
        (1.49, 1.5, 3),
        (1.5, 1.51, 4),
        (-1.49, -1.5, -2),
        (-1.5, -1.51, -3),
        (1.49, -1.49, 0),
        (-0.5, 0.0, 0),
        (-0.5, 0.5, 1),
        (-2.5, 0.0, -2),
        (-3.5, 0.0, -3),
        (2.5, 0.0, 3),
    ] {
        assert_eq!(
            call("States.MathAdd($.l, $.r)", &json!({"l": left, "r": right})),
            Ok(json!(sum)),
            "{left} + {right}"
        );
    }
    gives(&[
        ("States.MathAdd(111, -1)", json!({}), json!(110)),
        ("States.MathAdd(-2147483647, -1)", json!({}), json!(-2_147_483_648_i64)),
    ]);
    fails(&[
        ("States.MathAdd(2147483647, 1)", json!({})),
        ("States.MathAdd(3000000000, 1)", json!({})),
        ("States.MathAdd($.a, 1)", json!({"a": "1"})),
        ("States.MathAdd($.a, 1)", json!({"a": null})),
    ]);
}

#[test]
fn math_random_stays_between_start_and_end() {
    let between = |unit: f64, start: i64, end: i64| {
        let input = json!({"s": start, "e": end});
        let scope = Scope { input: &input, context: &Value::Null, variables: &Map::new() };
        Intrinsic::parse("States.MathRandom($.s, $.e)").unwrap().evaluate(&scope, &Fixed(unit)).unwrap()
    };
    assert_eq!(between(0.0, 1, 10), json!(1));
    assert_eq!(between(0.999_999_999, 1, 10), json!(9));
    assert_eq!(between(1.0, 1, 10), json!(9));
    assert_eq!(between(0.5, -99_999, -9_999), json!(-54_999));
    fails(&[
        ("States.MathRandom(1, 1)", json!({})),
        ("States.MathRandom(10, 5)", json!({})),
        ("States.MathRandom(1.4, 1.6)", json!({})),
        ("States.MathRandom(1, 10, $.seed)", json!({"seed": null})),
    ]);
}

#[test]
fn seeded_random_matches_java() {
    gives(&[
        ("States.MathRandom(0, 100, 42)", json!({}), json!(30)),
        ("States.MathRandom(0, 10, 0)", json!({}), json!(0)),
        ("States.MathRandom(0, 1000, 1)", json!({}), json!(985)),
        ("States.MathRandom(0, 16, 42)", json!({}), json!(11)),
        ("States.MathRandom(-1, 1999999999, -10)", json!({}), json!(579_281_282)),
        ("States.MathRandom(0, 1500000000, 3)", json!({}), json!(1_207_763_660)),
    ]);
}

#[test]
fn encodings() {
    gives(&[
        ("States.Base64Encode('Data to encode')", json!({}), json!("RGF0YSB0byBlbmNvZGU=")),
        ("States.Base64Decode('RGF0YSB0byBlbmNvZGU=')", json!({}), json!("Data to encode")),
        ("States.Base64Decode('4pyT')", json!({}), json!("✓")),
        ("States.Base64Decode('')", json!({}), json!("")),
        ("States.Base64Decode(' YWJj\nZA== ')", json!({}), json!("abcd")),
        ("States.Base64Decode('YWJjZ')", json!({}), json!("abc")),
        ("States.Base64Decode('YWJjZA')", json!({}), json!("abcd")),
        ("States.Base64Decode('YWI=ZZZZ')", json!({}), json!("ab")),
        ("States.Hash('hello', 'MD5')", json!({}), json!("5d41402abc4b2a76b9719d911017c592")),
        ("States.Hash('hello', 'SHA-1')", json!({}), json!("aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d")),
        (
            "States.Hash($, 'SHA-256')",
            json!("input data"),
            json!("b4a697a057313163aee33cd8d40c66e9f0f177e00cac2de32475ffff6169c3e3"),
        ),
        (
            "States.Hash('hello', 'SHA-384')",
            json!({}),
            json!("59e1748777448c69de6b800d7a33bbfb9ff1b463e44354c3553bcdb9c666fa90125a3c79f90397bdf5f6a13de828684f"),
        ),
        ("States.Hash(123, 'MD5')", json!({}), json!("202cb962ac59075b964b07152d234b70")),
    ]);
    let long = json!({"fits": "A".repeat(10_000), "long": "A".repeat(10_001)});
    assert!(call("States.Base64Encode($.fits)", &long).is_ok());
    fails(&[
        ("States.Base64Encode($.long)", long.clone()),
        ("States.Base64Decode($.long)", long.clone()),
        ("States.Hash($.long, 'MD5')", long),
        ("States.Hash('data', 'SHA256')", json!({})),
        ("States.Hash('data', $.a)", json!({"a": 1})),
    ]);
}

#[test]
fn missing_argument_has_the_cause_of_aws() {
    for (text, input, reason) in [
        (
            "States.Format('{}',$.nope)",
            json!({"other": 1}),
            "The JsonPath argument for the field '$.nope' could not be found in the input '{\"other\":1}'",
        ),
        (
            "States.Format('{}', States.Format('{}', $.nope))",
            json!({}),
            "The JsonPath argument for the field '$.nope' could not be found in the input '{}'",
        ),
        (
            "States.Array($.other[0])",
            json!({"other": 1}),
            "Filter: [0] can only be applied to arrays. Current context is: 1",
        ),
    ] {
        let failure = call(text, &input).expect_err(text);
        assert_eq!(failure.to_string(), format!("The function '{text}' had the following error: {reason}"));
    }
}

#[test]
fn filter_in_an_argument_may_have_a_bare_word() {
    let input = json!({"outputs": [{"key": "FooBar", "value": 1}, {"key": "other", "value": 2}]});
    let text = "States.ArrayGetItem($.outputs[?(@.key == FooBar)].value, 0)";
    assert_eq!(call(text, &input), Ok(json!(1)));
}

proptest::proptest! {
    #[test]
    fn numbers_never_panic(a in proptest::num::f64::ANY, b in proptest::num::i64::ANY, c in proptest::num::i64::ANY) {
        let input = json!({"a": a, "b": b, "c": c, "l": [1, 2]});
        for text in [
            "States.MathAdd($.a, $.b)",
            "States.ArrayRange($.a, $.b, $.c)",
            "States.MathRandom($.b, $.c)",
            "States.MathRandom($.b, $.c, $.b)",
            "States.ArrayPartition($.l, $.b)",
            "States.ArrayGetItem($.l, $.a)",
            "States.Format('{}', $.a)",
        ] {
            let _ = call(text, &input);
        }
    }

    #[test]
    fn encoded_string_is_decoded(text in ".{0,60}") {
        let input = json!({"text": text});
        let both = call("States.Base64Decode(States.Base64Encode($.text))", &input);
        proptest::prop_assert_eq!(both, Ok(json!(text)));
    }
}
