use super::*;

fn error(text: &str) -> ParseError {
    parse(text.as_bytes()).unwrap_err()
}

#[test]
fn digits_and_key_order_are_kept() {
    let text = r#"{"z":[1,-0.80,9007199254740993,1e400],"a":{"":"\"\\\/\b\f\n\r\t\u00fc\ud83d\ude00ü😀"},"b":[true,false,null,{},[]]}"#;
    let value = parse(text.as_bytes()).unwrap();
    assert_eq!(value, serde_json::from_str::<Value>(text).unwrap());
    assert_eq!(value["z"][1].to_string(), "-0.80");
    assert_eq!(value.as_object().unwrap().keys().collect::<Vec<_>>(), ["z", "a", "b"]);
}

#[test]
fn duplicate_key_is_refused_at_its_second_position() {
    let text = "{\n  \"services\": {\n    \"web\": {\"ami\": \"a\",\n      \"ami\": \"b\"}\n  }\n}";
    for (text, line, column, path) in [(text, 4, 7, "services.web.ami"), (r#"{"a":1,"\u0061":1}"#, 1, 8, "a")] {
        let path = path.to_owned();
        assert_eq!(error(text), ParseError { line, column, path, problem: ParseProblem::DuplicateKey });
    }
}

#[test]
fn other_notations_are_refused_with_a_hint() {
    for (text, line, column, path, hint) in [
        ("{\n  // the project\n  \"a\": 1\n}", 2, 3, "", "comments"),
        ("{\"a\": 1,\n}", 2, 1, "", "trailing commas"),
        ("{\"subnets\": [\"a\",]}", 1, 18, "subnets[1]", "trailing commas"),
        ("{a: 1}", 1, 2, "", "double quotes"),
        ("{'a': 1}", 1, 2, "", "double quotes"),
        ("{\"a\": 'x'}", 1, 7, "a", "double quotes"),
        ("{\"a\": NaN}", 1, 7, "a", "NaN"),
        ("{\"a\": +1}", 1, 7, "a", "digit"),
        ("{\"a\": \"x\ny\"}", 1, 9, "a", "escapes"),
        ("{\"a\": True}", 1, 7, "a", "true"),
        ("\u{feff}{}", 1, 1, "", "byte order mark"),
    ] {
        let error = error(text);
        assert_eq!((error.line, error.column, error.path.as_str()), (line, column, path), "{text}");
        let ParseProblem::Unexpected { hint: Some(found), .. } = error.problem else { panic!("{text}: {error}") };
        assert!(found.contains(hint), "{text}: {found}");
    }
}

#[test]
fn text_that_is_not_json_is_refused_with_its_position() {
    for (text, line, column, path) in [
        ("", 1, 1, ""),
        ("{\"a\": 1} {", 1, 10, ""),
        ("{\"a\": {\"b\": [1, 2}}", 1, 18, "a.b"),
        ("{\"ü\": \"ü\" \"b\": 2}", 1, 11, ""),
        ("[\"abc", 1, 6, "[0]"),
    ] {
        let error = error(text);
        assert_eq!((error.line, error.column, error.path.as_str()), (line, column, path), "{text}");
        assert!(matches!(error.problem, ParseProblem::Unexpected { .. }), "{text}: {error}");
    }
    for (text, problem) in [
        ("[\"\\x\"]", ParseProblem::Escape),
        ("[\"\\ud83d\"]", ParseProblem::Escape),
        ("[ 0x1F]", ParseProblem::Number),
    ] {
        let error = error(text);
        assert_eq!((error.line, error.column, error.path.as_str()), (1, 3, "[0]"), "{text}");
        assert_eq!(error.problem, problem, "{text}");
    }
    let error = parse(b"{\"a\": \"\xff\"}").unwrap_err();
    assert_eq!((error.column, error.problem), (8, ParseProblem::NotUtf8));
}

#[test]
fn messages() {
    let texts = [
        "",
        "{\"a\": 1} {",
        "{\"a\": {\"b\": [1, 2}}",
        "\u{feff}{}",
        "{'a': 1}",
        "{\"a\": \"x\ny\"}",
        "{\"a\": {\"b\": 1, \"b\": 2}}",
        "[\"\\x\"]",
        "[0x1F]",
    ];
    let not_utf8 = parse(b"{\"a\": \"\xff\"}").unwrap_err();
    let deep = error(&"[".repeat(200));
    let errors = texts.map(error).into_iter().chain([not_utf8, deep]);
    insta::assert_snapshot!(errors.map(|error| error.to_string()).collect::<Vec<_>>().join("\n"));
}

#[test]
fn numbers_have_the_form_of_json() {
    for valid in ["0", "-0", "10", "0.10", "1e5", "1E+5", "1.5e-3", "123456789012345678901234567890"] {
        assert!(parse(valid.as_bytes()).is_ok(), "{valid}");
    }
    for invalid in ["-", "01", "1.", ".5", "1e", "1e+", "--1", "1_000", "1.2.3", "-Infinity", "1a"] {
        assert!(parse(invalid.as_bytes()).is_err(), "{invalid}");
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
