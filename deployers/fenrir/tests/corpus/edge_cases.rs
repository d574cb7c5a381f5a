//! Random templates: reader and rules reach a verdict for each of them.
//!
//! Each property is tried with 256 cases, or with `PROPTEST_CASES`.

use crate::{Verdict, account, judge, templates};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fenrir::rules::{self, Header};
use fenrir::template::{ReportStyle, Source, of_release};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

/// The texts of the templates of the corpus, except empty ones.
static CORPUS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let paths = templates("accepted").into_iter().chain(templates("refused"));
    paths.map(|path| std::fs::read_to_string(path).unwrap()).filter(|text| !text.is_empty()).collect()
});

/// Snippets with a meaning in YAML or CloudFormation, which are inserted into templates.
const SNIPPETS: [&str; 32] = [
    "\n",
    "\t",
    "  ",
    "- ",
    ": ",
    "? ",
    "{",
    "}",
    "[",
    "]",
    ",",
    "'",
    "\"",
    "|",
    ">",
    "#",
    "---\n",
    "...\n",
    "&a ",
    "*a",
    "<<: ",
    "!Ref ",
    "!GetAtt a.b",
    "!Sub ${",
    "!!str ",
    "!<x> ",
    "%TAG ! x:\n",
    "\u{feff}",
    "é",
    "\u{1f600}",
    "~",
    "\0",
];

/// Names and values with a meaning in a template.
const WORDS: [&str; 46] = [
    "ProjectName",
    "ConfigName",
    "Transform",
    "AWS::Serverless-2016-10-31",
    "Globals",
    "Function",
    "Resources",
    "Outputs",
    "Value",
    "Export",
    "Type",
    "Properties",
    "DeletionPolicy",
    "DependsOn",
    "Metadata",
    "AWS::Serverless::Function",
    "AWS::Serverless::Api",
    "AWS::Serverless::HttpApi",
    "AWS::Serverless::LayerVersion",
    "AWS::Serverless::SimpleTable",
    "AWS::SQS::Queue",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudFront::Distribution",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    "AWS::ElasticLoadBalancingV2::Listener",
    "AWS::ElasticLoadBalancingV2::ListenerRule",
    "AWS::Lambda::Permission",
    "CodeUri",
    "Policies",
    "Events",
    "Role",
    "VpcConfig",
    "SecurityGroupIds",
    "SubnetIds",
    "Tags",
    "Targets",
    "Actions",
    "DistributionConfig",
    "Ref",
    "Fn::GetAtt",
    "Fn::Sub",
    "Condition",
    "shop-x",
    "../x",
    "",
];

/// Reads, checks and reports a text. All spans of findings have to be in it.
fn try_text(text: &str) {
    let source = Source::new("template.yml", text);
    let (Verdict::Accepted(findings) | Verdict::Refused(findings)) = judge(&source, false);
    for finding in findings.all() {
        assert!(finding.span.is_none_or(|span| text.get(span.start..span.end).is_some()), "{finding:?}");
    }
    let report = source.report(&findings, ReportStyle::Plain);
    assert_eq!(report.is_empty(), findings.all().is_empty());
}

/// Reads and checks a template of a release. Returns only if the rules stop asking for look-ups.
fn try_json(template: &Value, is_uploaded: bool) {
    let Ok(node) = of_release(template) else { return };
    let _ = (rules::header(&node), rules::code_references(&node));
    let (project, config) = ("org/shop".parse().unwrap(), "development".parse().unwrap());
    account::apply(&node, &Header { project, config, account: None, region: None }, is_uploaded);
}

/// A change of a text: replaces a part of it.
#[derive(Debug, Clone)]
struct Change {
    from: Index,
    length: usize,
    insertion: Insertion,
}

/// What replaces the part.
#[derive(Debug, Clone)]
enum Insertion {
    Nothing,
    Text(String),
    /// A part of a template of the corpus.
    Part(Index, Index, usize),
}

impl Change {
    fn of(&self, text: &str) -> String {
        let start = boundary(text, self.from.index(text.len() + 1));
        let end = boundary(text, start + self.length);
        let inserted = match &self.insertion {
            Insertion::Nothing => "",
            Insertion::Text(text) => text,
            Insertion::Part(template, from, length) => {
                let template = template.get(&CORPUS);
                let start = boundary(template, from.index(template.len()));
                &template[start..boundary(template, start + length)]
            }
        };
        [&text[..start], inserted, &text[end..]].concat()
    }
}

/// The last character boundary up to a position.
fn boundary(text: &str, at: usize) -> usize {
    text.floor_char_boundary(at)
}

fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => select(&WORDS[..]).prop_map(str::to_owned),
        1 => select(&SNIPPETS[..]).prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let insertion = prop_oneof![
        Just(Insertion::Nothing),
        words().prop_map(Insertion::Text),
        (any::<Index>(), any::<Index>(), 0..200_usize)
            .prop_map(|(template, from, length)| Insertion::Part(template, from, length)),
    ];
    let change = (any::<Index>(), 0..40_usize, insertion).prop_map(|(from, length, insertion)| Change {
        from,
        length,
        insertion,
    });
    vec(change, 1..6)
}

/// Any value.
fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        words().prop_map(Value::from),
        select(&WORDS[..]).prop_map(|name| json!({"Ref": name})),
        select(&WORDS[..]).prop_map(|name| json!({"Fn::GetAtt": [name, "Arn"]})),
        select(&WORDS[..]).prop_map(|name| json!(STANDARD.encode(json!({"Fn::Sub": name}).to_string()))),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((words(), inner), 0..5).prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// A template with resources of known types and any properties.
fn templates_of_anything() -> impl Strategy<Value = Value> {
    let resource =
        (select(&WORDS[..]), vec((words(), values()), 0..6), values()).prop_map(|(kind, properties, other)| {
            let properties: Map<String, Value> = properties.into_iter().collect();
            json!({"Type": kind, "Properties": properties, "Metadata": other})
        });
    (vec((words(), resource), 0..4), values(), values()).prop_map(|(resources, globals, outputs)| {
        json!({
            "ProjectName": "org/shop", "ConfigName": "development", "Transform": "AWS::Serverless-2016-10-31",
            "Globals": {"Function": globals}, "Outputs": outputs,
            "Resources": resources.into_iter().collect::<Map<_, _>>(),
        })
    })
}

proptest! {
    #[test]
    fn any_text_gets_a_verdict(text in any::<String>(), soup in vec(words(), 0..40)) {
        try_text(&text);
        try_text(&soup.concat());
    }

    #[test]
    fn any_changed_template_gets_a_verdict(template in any::<Index>(), changes in changes()) {
        let changed = changes.iter().fold(template.get(&CORPUS).clone(), |text, change| change.of(&text));
        try_text(&changed);
    }

    #[test]
    fn any_value_gets_a_verdict(value in values(), template in templates_of_anything(), is_uploaded in any::<bool>()) {
        try_json(&value, is_uploaded);
        try_json(&template, is_uploaded);
        try_text(&template.to_string());
    }
}
