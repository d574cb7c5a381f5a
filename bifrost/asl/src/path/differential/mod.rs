//! Paths against Jayway's rules: a table of published examples, and generated paths over generated data, which an
//! independent evaluator computes from the rules, however the path is written.

mod rules;
mod syntax;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{Path, Scope};
use rules::selected;
use syntax::{Condition, Literal, Part, Style};

/// The example of Jayway's README.
fn store() -> Value {
    json!({
        "store": {
            "book": [
                {"category": "reference", "author": "Nigel Rees", "title": "Sayings of the Century", "price": 8.95},
                {"category": "fiction", "author": "Evelyn Waugh", "title": "Sword of Honour", "price": 12.99},
                {
                    "category": "fiction", "author": "Herman Melville", "title": "Moby Dick",
                    "isbn": "0-553-21311-3", "price": 8.99
                },
                {
                    "category": "fiction", "author": "J. R. R. Tolkien", "title": "The Lord of the Rings",
                    "isbn": "0-395-19395-8", "price": 22.99
                }
            ],
            "bicycle": {"color": "red", "price": 19.95}
        },
        "expensive": 10
    })
}

fn evaluated(path: &str, input: &Value) -> Option<Value> {
    let scope = Scope { input, context: &Value::Null, variables: &Map::new() };
    let path = Path::parse(path).unwrap_or_else(|error| panic!("{error}"));
    path.evaluate(&scope).map(std::borrow::Cow::into_owned).ok()
}

#[test]
fn published_examples_have_their_results() {
    let store = store();
    let books = &store["store"]["book"];
    let some = |indices: &[usize]| json!(indices.iter().map(|index| books[index].clone()).collect::<Vec<_>>());
    for (path, expected) in [
        ("$.store.book[0].title", json!("Sayings of the Century")),
        ("$['store']['book'][0]['title']", json!("Sayings of the Century")),
        ("$.store.book[*].author", json!(["Nigel Rees", "Evelyn Waugh", "Herman Melville", "J. R. R. Tolkien"])),
        ("$..author", json!(["Nigel Rees", "Evelyn Waugh", "Herman Melville", "J. R. R. Tolkien"])),
        ("$.store.*", json!([books, store["store"]["bicycle"]])),
        ("$.store..price", json!([8.95, 12.99, 8.99, 22.99, 19.95])),
        ("$..book[2]", some(&[2])),
        ("$..book[(@.length-1)]", some(&[3])),
        ("$..book[0,1]", some(&[0, 1])),
        ("$..book[:2]", some(&[0, 1])),
        ("$..book[1:2]", some(&[1])),
        ("$..book[-2:]", some(&[2, 3])),
        ("$..book[2:]", some(&[2, 3])),
        ("$..book[?(@.isbn)]", some(&[2, 3])),
        ("$.store.book[?(@.price < 10)]", some(&[0, 2])),
        ("$.store.book[?(@.price<10)]", some(&[0, 2])),
        ("$..book[?(@.price <= $['expensive'])]", some(&[0, 2])),
        ("$..book[?(@.author =~ /.*REES/i)]", some(&[0])),
        ("$.store.book[?(@.price < 10 && @.category == 'fiction')]", some(&[2])),
        ("$.store.book[?(@.category == 'reference' || @.price > 10)]", some(&[0, 1, 3])),
    ] {
        assert_eq!(evaluated(path, &store), Some(expected), "{path}");
    }
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![6 => "[abk]", 1 => Just("x.y".to_owned()), 1 => Just("x y".to_owned())]
}

fn data() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        (-1_i32..4).prop_map(|number| json!(number)),
        (0_i32..4).prop_map(|half| json!(f64::from(half) / 2.0)),
        "[xy]{0,2}|a\\.b|1".prop_map(|text| json!(text)),
        any::<bool>().prop_map(|flag| json!(flag)),
        Just(Value::Null),
    ];
    scalar.prop_recursive(4, 48, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((name(), inner), 0..4).prop_map(|fields| fields.into_iter().collect()),
        ]
    })
}

fn condition() -> impl Strategy<Value = Condition> {
    let names = || prop::collection::vec(name(), 1..3);
    let literal = prop_oneof![
        (-1_i32..4).prop_map(Literal::Number),
        "[xy]{1,2}|a\\.b|x y".prop_map(Literal::Text),
        any::<bool>().prop_map(Literal::Bool),
        Just(Literal::Null),
    ];
    let operator = prop::sample::select(vec!["==", "!=", "<", "<=", ">", ">="]);
    let leaf = prop_oneof![
        2 => (names(), any::<bool>()).prop_map(|(names, expected)| Condition::Exists(names, expected)),
        6 => (names(), operator, literal).prop_map(|(names, operator, to)| Condition::Compare(names, operator, to)),
        1 => (names(), prop::sample::select(vec!["/x.*/", "/X/i", "/.*/"]))
            .prop_map(|(names, pattern)| Condition::Matches(names, pattern)),
    ];
    // Alternatives of conjunctions: AWS ignores parentheses.
    let conjunction = leaf.clone().prop_recursive(1, 2, 2, |inner| {
        (inner.clone(), inner).prop_map(|(left, right)| Condition::And(Box::new(left), Box::new(right)))
    });
    conjunction.prop_recursive(1, 2, 2, |inner| {
        (inner.clone(), inner).prop_map(|(left, right)| Condition::Or(Box::new(left), Box::new(right)))
    })
}

fn part() -> impl Strategy<Value = Part> {
    prop_oneof![
        6 => name().prop_map(Part::Name),
        1 => (0_usize..3).prop_map(Part::Index),
        1 => (1_usize..3).prop_map(Part::FromEnd),
        1 => prop::collection::vec(0_usize..3, 2..4).prop_map(Part::Union),
        1 => (0_usize..3).prop_map(Part::From),
        1 => (1_usize..3).prop_map(Part::Last),
        1 => (0_usize..3).prop_map(Part::Before),
        1 => (1_usize..3).prop_map(Part::Without),
        1 => (0_usize..3, 0_usize..4).prop_map(|(from, to)| Part::Between(from, to)),
        2 => Just(Part::Wildcard),
        1 => name().prop_map(Part::ScanName),
        1 => Just(Part::ScanAll),
        1 => condition().prop_map(Part::ScanFilter),
        4 => condition().prop_map(Part::Filter),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn generated_paths_select_what_the_rules_say(input in data(), parts in prop::collection::vec(part(), 1..5)) {
        let expected = selected(&parts, &input);
        for bits in 0..8 {
            let style = Style { blanks: bits & 1 > 0, brackets: bits & 2 > 0, bare_words: bits & 4 > 0 };
            let text: String = std::iter::once("$".to_owned()).chain(parts.iter().map(|part| style.part(part))).collect();
            let is_definite = Path::parse(&text).unwrap().is_definite();
            let expected = expected.clone().ok().map(|found| match (is_definite, found.as_slice()) {
                (true, [value]) => value.clone(),
                _ => Value::Array(found),
            });
            prop_assert_eq!(evaluated(&text, &input), expected, "{} of {}", text, input);
        }
    }
}
