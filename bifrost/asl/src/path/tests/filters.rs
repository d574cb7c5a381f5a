//! Filters: what they match, and what is refused.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use super::eval;
use crate::path::{Path, Scope};

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
        ("@.isbn", "AC"),
        ("!@.isbn", "BD"),
        ("(@.isbn)", "AC"),
        ("@.isbn == null", "D"),
        ("@.isbn != null", "AC"),
        ("@.isbn > null", "AC"),
        ("@.isbn >= null", "AC"),
        ("@.isbn < null", ""),
        ("@.isbn <= 'x'", "AC"),
        ("@.isbn == '0-1'", "A"),
        ("@.category == 'fiction' && @.price < 20", "BC"),
        ("@.category == \"reference\" || @.price > 20", "AD"),
        ("@.category == 'fiction' && @.title == 'B' || @.title == 'A'", "AB"),
        ("(@.category == 'fiction' && (@.title == 'B')) || ((@.title == 'A'))", "AB"),
        ("@.title == 'A' || @.category == 'fiction' && @.isbn", "AC"),
        ("@.price < $.limit", "AC"),
        ("@.tags[0] == x", "C"),
        ("@.tags[(@.length-1)] == y", "C"),
        ("@.title =~ /[a-b]/i", "AB"),
        ("@.category =~ /ref/", ""),
        ("@.category =~ /ref.*/", "A"),
        ("@.price =~ /2.*/", "D"),
        ("@.isbn =~ /0\\-.*/", "AC"),
        ("@['title'] == A", "A"),
        ("@.title == true", ""),
        ("@.missing < 3", ""),
        ("@.missing != 3", ""),
        ("@.tags != 3", ""),
        ("@.title.length", ""),
    ] {
        let expected: Vec<String> = titles.chars().map(|title| title.to_string()).collect();
        assert_eq!(eval(&format!("$.store.book[?({filter})].title")), Ok(json!(expected)), "{filter}");
    }
}

#[test]
fn filter_text_may_have_any_character() {
    let texts = ["a.b", "a b", "a)b", "a]b", "a==b", "a&&b", "a||b", "a'b", "a\\b", "$.x", "@", "/x/", "a\"b"];
    let input = json!(texts.map(|text| json!({"k": text})));
    let scope = Scope { input: &input, context: &Value::Null, variables: &Map::new() };
    for text in texts {
        for path in [
            format!("$[?(@.k=='{}')].k", text.replace('\'', "\\'")),
            format!("$[?( @.k == \"{}\" )].k", text.replace('"', "\\\"")),
        ] {
            let found = Path::parse(&path).unwrap().evaluate(&scope).map(Cow::into_owned);
            assert_eq!(found, Ok(json!([text])), "{path}");
        }
    }
}

#[test]
fn filter_after_a_descent_finds_each_object_once() {
    let input = json!({"l": [{"k": "x", "n": {"k": "x"}}, {"k": "y"}], "o": {"k": "x"}});
    let scope = Scope { input: &input, context: &Value::Null, variables: &Map::new() };
    let found = Path::parse("$..[?(@.k=='x')]").unwrap().evaluate(&scope).map(Cow::into_owned);
    assert_eq!(found, Ok(json!([{"k": "x", "n": {"k": "x"}}, {"k": "x"}, {"k": "x"}])));
}

#[test]
fn invalid_filter_is_refused_by_position() {
    for (filter, column) in [
        ("", 1),
        ("@.x ==", 7),
        ("@.x = 1", 5),
        ("@.x === 1", 7),
        ("@.x == 1 &", 10),
        ("@.x && ", 8),
        ("@.x =~ abc", 8),
        ("@.x =~ /(/", 8),
        ("@.x =~ /a/g", 11),
        ("@.x == /a/", 8),
        ("@.x == 'a", 8),
        ("@.x == [1]", 8),
        ("@.x == 1 'b'", 10),
        // A bare item, and operators that are words.
        ("@ == 1", 1),
        ("@", 1),
        ("!@", 2),
        ("@.x == @", 8),
        ("@.x in ['a']", 5),
        ("@.x nin ['a']", 5),
        ("@.x contains 'a'", 5),
        ("@.x subsetof ['a']", 5),
        ("@.x size 2", 5),
        ("@.x empty true", 5),
        // Paths to several values, a literal on the left, negated comparisons.
        ("@.x[*] == 1", 1),
        ("@..x", 1),
        ("@.x[?(@.y)]", 5),
        ("@.x.length() == 1", 5),
        ("1 < @.x", 1),
        ("'a' == @.x", 1),
        ("!(@.x)", 2),
        // Parentheses that AWS ignores.
        ("(@.x || @.y) && @.z", 1),
        ("@.z&&(@.x||@.y)", 6),
        ("@.a || @.z && ((@.x || @.y))", 15),
        ("!@.x == 1", 6),
    ] {
        let error = Path::parse(&format!("$[?({filter})]")).expect_err(filter);
        assert_eq!(error.column, column + "$[?(".len(), "{error}");
    }
    for (text, column) in [("$.a[?]", 6), ("$.a[?@.x]", 6), ("$.a[?(@.x == 1]", 15), ("$.a[?(@.x)", 11)] {
        let error = Path::parse(text).expect_err(text);
        assert_eq!(error.column, column, "{error}");
    }
}

#[test]
fn deep_filters_are_refused() {
    let nested = |open: &str, close: &str| format!("$[?({}@.x{})]", open.repeat(5000), close.repeat(5000));
    for text in [nested("(", ")"), nested("!", ""), nested("@[?(", ")]"), nested("(@.x&&", ")")] {
        assert!(Path::parse(&text).is_err());
    }
}
