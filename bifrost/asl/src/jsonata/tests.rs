use proptest::prelude::*;

use super::parser::MAX_DEPTH;
use super::{Delimiters, Reference, references};

/// The names that the expression looks up in the input document.
fn input(expression: &str) -> Vec<String> {
    let found = references(&format!("{{% {expression} %}}")).unwrap_or_else(|error| panic!("{error}"));
    let name = |reference| match reference {
        Reference::Input(name) => Some(name),
        Reference::Root | Reference::States(_) | Reference::Eval => None,
    };
    found.into_iter().filter_map(name).collect()
}

/// AWS refuses each of these as a "reference to 'name' at the top level".
#[test]
fn name_outside_of_a_path_is_found() {
    for expression in [
        "name",
        "name[0].b",
        "name.b.c",
        "-name",
        "name ? 1 : 2",
        "$states.input.a ? name : 2",
        "$states.input.a ? 2 : name",
        "name & 'x'",
        "name in $states.input.b",
        "$sum(name)",
        "name(1)",
        "name ~> $string()",
        "[1..name]",
        "(name)",
        "(name).b",
        "[name].b",
        "[1, name]",
        "{name: 1}",
        "{'a': name}",
        "($x := name; $x)",
        "$map($states.input.a, function($y){ name })",
        "$count(name[b])",
        "name.**.b",
        "name^(b)",
        "name{b: c}",
        "name@$x.b",
        "`name`",
        "'name'.b",
        "/* a */ name",
    ] {
        assert_eq!(input(expression), ["name"], "{expression}");
    }
    assert_eq!(input("b + a.c + b"), ["b", "a"]);
    assert_eq!(input("and and or"), ["and", "or"]);
    for expression in ["$", "$.a", "$[0]", "$string($)", "$map($states.input.a, function($x){ $ })"] {
        assert_eq!(input(expression), ["$"], "{expression}");
    }
}

#[test]
fn name_inside_of_a_path_is_free() {
    for expression in [
        "$states.input.a",
        "$states.input.a[0].b",
        "$states.input.items[a > 3]",
        "$states.input.a^(>b, <c)",
        "$states.input.a{'k': b}",
        "$states.input.a.(b)",
        "$states.input.a.$b",
        "$a",
        "$states.input ~> |a|{'b': c}, 'd'|",
        "**.a",
        "{'k': 1}.a",
        "$states.input.a[0][b]",
        "$states.input.a[$ > 1]",
        "function($x){ $x.a }",
        "λ($x, $y)<n-a<s>:n>{ $x + $y }",
        "'a'",
        "1 + 1.5e3",
        "$now()",
        "$f(?, 1)",
        "$states.input.a#$i[$i = 1][]",
        "$contains($states.input.a, /[/](b)/i)",
        "$states.input.a / 2 / 3",
        "true or null",
    ] {
        assert_eq!(input(expression), Vec::<String>::new(), "{expression}");
    }
}

#[test]
fn reserved_variable_and_functions_are_found() {
    let found = |expression: &str| Vec::from_iter(references(&format!("{{%{expression}%}}")).unwrap());
    let states = |field: &str| Reference::States(field.to_owned());
    assert_eq!(found("$states.result.a + $states.result"), [states("result")]);
    assert_eq!(found("$x[$ = $states.errorOutput[0].Cause]"), [states("errorOutput")]);
    assert_eq!(found("$states.'input'"), [states("input")]);
    assert_eq!(found("$other.result"), []);
    assert_eq!(found("$x[a = $$.b]"), [Reference::Root]);
    assert_eq!(found("$eval('1')"), [Reference::Eval]);
    assert_eq!(found("$eval"), []);
}

#[test]
fn invalid_expression_is_refused_by_position() {
    let table = [
        ("{%%}", 3),
        ("{% %}", 4),
        ("{% 1 + %}", 8),
        ("{% 420. %}", 9),
        ("{% 10 + * 2 %}", 11),
        ("{% $.store.book[?(@.price < 10)].title %}", 17),
        ("{% a[1,2) %}", 7),
        ("{% (1 %}", 7),
        ("{% 1) %}", 5),
        ("{% [1,] %}", 7),
        ("{% {'a':} %}", 9),
        ("{% {'a' 1} %}", 9),
        ("{% $x := %}", 10),
        ("{% a := 1 %}", 6),
        ("{% $x[0] := 1 %}", 10),
        ("{% \"open %}", 4),
        ("{% `open %}", 4),
        ("{% /* open %}", 4),
        ("{% /open %}", 4),
        ("{% // %}", 4),
        ("{% '\\q' %}", 5),
        ("{% '\\u12' %}", 5),
        ("{% 1e999 %}", 4),
        ("{% a.1 %}", 5),
        ("{% 1 2 %}", 6),
        ("{% a.b{c: d}{e: f} %}", 13),
        ("{% a{b: c}[0] %}", 11),
        ("{% function(1){ 2 } %}", 12),
        ("{% function($x)<n { 2 } %}", 19),
        ("{% a@b %}", 6),
        ("{% a^b %}", 6),
        ("{% |a|b %}", 9),
        ("{% a ~ b %}", 6),
        ("{% a ?? b %}", 7),
        ("{% a ?: b %}", 7),
        ("{% a..b %}", 5),
    ];
    let mut messages = Vec::new();
    for (text, column) in table {
        let error = references(text).expect_err(text);
        assert_eq!(error.column(), column, "{error}");
        messages.push(error.to_string());
    }
    insta::assert_snapshot!(messages.join("\n"));
}

#[test]
fn deep_nesting_is_refused() {
    let nested = |depth: usize| format!("{{%{}1{}%}}", "(".repeat(depth), ")".repeat(depth));
    assert!(references(&nested(MAX_DEPTH - 1)).is_ok());
    assert!(references(&nested(MAX_DEPTH)).is_err());
    assert!(references(&format!("{{%{}1%}}", "-".repeat(100_000))).is_err());
    assert!(references(&format!("{{%1{}%}}", "+1".repeat(100_000))).is_ok());
}

#[test]
fn delimiters_enclose_the_whole_string() {
    for (text, delimiters) in [
        ("{% 1 %}", Delimiters::Expression),
        ("{%%}", Delimiters::Expression),
        ("{%}", Delimiters::Unbalanced),
        ("{% 1", Delimiters::Unbalanced),
        ("1 %}", Delimiters::Unbalanced),
        (" {% 1 %} ", Delimiters::Literal),
        ("a {% 1 %} b", Delimiters::Literal),
        ("", Delimiters::Literal),
    ] {
        assert_eq!(Delimiters::of(text), delimiters, "{text}");
    }
}

proptest! {
    #[test]
    fn parser_never_panics(text in "[{%}()\\[\\].,;:?+*/|=<>^&!~@#$'\"`a-c0-2 \\\\ä-]{0,40}") {
        let _ = references(&text);
        let _ = references(&format!("{{%{text}%}}"));
    }
}
