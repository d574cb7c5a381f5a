use super::*;

fn refusal(text: &str) -> String {
    parse(text.as_bytes()).unwrap_err().to_string()
}

#[test]
fn json_is_read_with_all_its_digits_and_in_its_order() {
    let text = r#"{"z":[1,-0.80,9007199254740993,1e400],"a":{"":"\"\\\/\b\f\n\r\t\u00fc\ud83d\ude00ü😀"},"b":[true,false,null,{},[]]}"#;
    let value = parse(text.as_bytes()).unwrap();
    assert_eq!(value, serde_json::from_str::<Value>(text).unwrap());
    assert_eq!(value["z"][1].to_string(), "-0.80");
    assert_eq!(value.as_object().unwrap().keys().collect::<Vec<_>>(), ["z", "a", "b"]);
}

#[test]
fn a_key_that_stands_twice_is_refused_where_it_stands_again() {
    let text = "{\n  \"services\": {\n    \"web\": {\"ami\": \"a\",\n      \"ami\": \"b\"}\n  }\n}";
    insta::assert_snapshot!(refusal(text), @"line 4, column 7, in services.web.ami: this key stands twice in its object: remove one of the two");
    insta::assert_snapshot!(refusal(r#"{"a":1,"\u0061":1}"#), @"line 1, column 8, in a: this key stands twice in its object: remove one of the two");
}

#[test]
fn what_json5_would_take_is_refused_with_a_hint() {
    insta::assert_snapshot!(refusal("{\n  // the project\n  \"a\": 1\n}"), @"line 2, column 3: expected a key in double quotes, found `/` (JSON has no comments)");
    insta::assert_snapshot!(refusal("{\"a\": 1,\n}"), @"line 2, column 1: expected a key in double quotes, found `}` (JSON has no trailing commas)");
    insta::assert_snapshot!(refusal("{\"subnets\": [\"a\",]}"), @"line 1, column 18, in subnets[1]: expected a value, found `]` (JSON has no trailing commas)");
    insta::assert_snapshot!(refusal("{a: 1}"), @"line 1, column 2: expected a key in double quotes, found `a` (keys and strings stand in double quotes)");
    insta::assert_snapshot!(refusal("{'a': 1}"), @"line 1, column 2: expected a key in double quotes, found `'` (JSON has strings in double quotes only)");
    insta::assert_snapshot!(refusal("{\"a\": 'x'}"), @"line 1, column 7, in a: expected a value, found `'` (JSON has strings in double quotes only)");
    insta::assert_snapshot!(refusal("{\"a\": NaN}"), @"line 1, column 7, in a: expected a value, found `N` (JSON has no NaN, Infinity or undefined)");
    insta::assert_snapshot!(refusal("{\"a\": +1}"), @"line 1, column 7, in a: expected a value, found `+` (a JSON number begins with a digit or `-`)");
    insta::assert_snapshot!(refusal("{\"a\": 0x1F}"), @"line 1, column 7, in a: this is no JSON number: write it as in 0, -1, 0.8 or 2.5e-3");
    insta::assert_snapshot!(refusal("{\"a\": \"x\ny\"}"), @r#"line 1, column 9, in a: expected the end of the string, `"`, found a line break (JSON has such characters in strings as escapes only: \n \r \t)"#);
    insta::assert_snapshot!(refusal("{\"a\": True}"), @"line 1, column 7, in a: expected a value, found `T` (JSON writes true, false and null)");
}

#[test]
fn what_is_no_json_is_refused_with_line_and_column() {
    insta::assert_snapshot!(refusal(""), @"line 1, column 1: expected a value, found the end of the text");
    insta::assert_snapshot!(refusal("{\"a\": 1} {"), @"line 1, column 10: expected the end of the text, found `{`");
    insta::assert_snapshot!(refusal("{\"a\": {\"b\": [1, 2}}"), @"line 1, column 18, in a.b: expected `,` or `]`, found `}`");
    insta::assert_snapshot!(refusal("{\"ü\": \"ü\" \"b\": 2}"), @r#"line 1, column 11: expected `,` or `}`, found `"`"#);
    insta::assert_snapshot!(refusal("\u{feff}{}"), @"line 1, column 1: expected a value, found the character U+FEFF (save the text without a byte order mark)");
    insta::assert_snapshot!(refusal("[\"\\x\"]"), @r#"line 1, column 3, in [0]: this escape is none that JSON has: use \" \\ \/ \b \f \n \r \t or \uXXXX"#);
    insta::assert_snapshot!(refusal("[\"\\ud83d\"]"), @r#"line 1, column 3, in [0]: this escape is none that JSON has: use \" \\ \/ \b \f \n \r \t or \uXXXX"#);
    insta::assert_snapshot!(refusal("[\"abc"), @r#"line 1, column 6, in [0]: expected the end of the string, `"`, found the end of the text"#);
    insta::assert_snapshot!(parse(b"{\"a\": \"\xff\"}").unwrap_err(), @"line 1, column 8: the text is not UTF-8: save it as UTF-8");
}

#[test]
fn numbers_are_spelt_as_json_spells_them() {
    for right in ["0", "-0", "10", "0.10", "1e5", "1E+5", "1.5e-3", "123456789012345678901234567890"] {
        assert!(parse(right.as_bytes()).is_ok(), "{right}");
    }
    for wrong in ["-", "01", "1.", ".5", "1e", "1e+", "--1", "1_000", "1.2.3", "-Infinity", "1a"] {
        assert!(parse(wrong.as_bytes()).is_err(), "{wrong}");
    }
}

#[test]
fn nesting_has_a_limit() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(parse(nested(128).as_bytes()).is_ok());
    let error = parse(nested(129).as_bytes()).unwrap_err();
    assert_eq!((error.problem, error.column), (ParseProblem::TooDeep, 129));
    assert!(parse("[".repeat(1_000_000).as_bytes()).is_err());
}
