use super::{Content, Node, Source, Span, TemplateFinding, read};
use serde_json::{Value, json};

fn json_of(text: &str) -> Value {
    match read(&Source::new("template.yml", text)) {
        Ok(node) => Value::from(&node),
        Err(findings) => panic!("{findings}"),
    }
}

/// Each finding as `line:column path: message; help`.
fn findings_of(text: &str) -> Vec<String> {
    let source = Source::new("template.yml", text);
    let findings = read(&source).expect_err("it should be refused");
    findings.all().iter().map(|finding| placed(&source, finding)).collect()
}

fn placed(source: &Source, TemplateFinding { span, path, message, help, .. }: &TemplateFinding) -> String {
    let place = span.map(|span| source.position(span));
    let place = place.map_or(String::new(), |(line, column)| format!("{line}:{column} "));
    let path = if path.is_empty() { String::new() } else { format!("{path}: ") };
    let help = help.as_ref().map_or(String::new(), |help| format!("; {help}"));
    format!("{place}{path}{message}{help}")
}

/// The text of a node's span.
fn spanned<'t>(text: &'t str, node: &Node) -> &'t str {
    let Span { start, end } = node.span.unwrap();
    &text[start..end]
}

#[test]
fn short_forms_become_long_ones() {
    let cases = [
        ("!Ref a", json!({"Ref": "a"})),
        ("!Condition a", json!({"Condition": "a"})),
        ("!GetAtt a.b", json!({"Fn::GetAtt": ["a", "b"]})),
        ("!GetAtt a.Outputs.b", json!({"Fn::GetAtt": ["a", "Outputs.b"]})),
        ("!GetAtt [a, b]", json!({"Fn::GetAtt": ["a", "b"]})),
        ("!Sub 'x-${a}'", json!({"Fn::Sub": "x-${a}"})),
        ("!Sub ['x-${b}', {b: !Ref c}]", json!({"Fn::Sub": ["x-${b}", {"b": {"Ref": "c"}}]})),
        ("!Join ['', [a, !Ref b]]", json!({"Fn::Join": ["", ["a", {"Ref": "b"}]]})),
        ("!If [a, b, !Ref 'AWS::NoValue']", json!({"Fn::If": ["a", "b", {"Ref": "AWS::NoValue"}]})),
        ("!Select [0, !GetAZs '']", json!({"Fn::Select": [0, {"Fn::GetAZs": ""}]})),
        ("!Split [',', 'a,b']", json!({"Fn::Split": [",", "a,b"]})),
        ("!ImportValue a", json!({"Fn::ImportValue": "a"})),
        ("!Base64 yes", json!({"Fn::Base64": "yes"})),
        ("!Cidr [10.0.0.0/16, 6, 5]", json!({"Fn::Cidr": ["10.0.0.0/16", 6, 5]})),
        ("!FindInMap [a, b, c]", json!({"Fn::FindInMap": ["a", "b", "c"]})),
        ("!Equals [a, b]", json!({"Fn::Equals": ["a", "b"]})),
        ("!And [!Condition a, !Not [!Condition b]]", {
            json!({"Fn::And": [{"Condition": "a"}, {"Fn::Not": [{"Condition": "b"}]}]})
        }),
        ("!Or [!Condition a]", json!({"Fn::Or": [{"Condition": "a"}]})),
        ("!Transform {Name: a, Parameters: {b: 1}}", json!({"Fn::Transform": {"Name": "a", "Parameters": {"b": 1}}})),
        ("\n  Fn::ImportValue:\n    !Sub '${a}'", json!({"Fn::ImportValue": {"Fn::Sub": "${a}"}})),
        ("!GetAtt\n  - a\n  - b", json!({"Fn::GetAtt": ["a", "b"]})),
    ];
    for (short, long) in cases {
        assert_eq!(json_of(&format!("a: {short}\n")), json!({"a": long}), "{short}");
    }
}

#[test]
fn long_forms_take_their_one_form_too() {
    assert_eq!(json_of("a:\n  Fn::GetAtt: b.Arn\n"), json!({"a": {"Fn::GetAtt": ["b", "Arn"]}}));
    assert_eq!(json_of(r#"{"a": {"Fn::GetAtt": "b.Arn"}}"#), json!({"a": {"Fn::GetAtt": ["b", "Arn"]}}));
}

#[test]
fn plain_texts_mean_what_cloudformation_takes_them_for() {
    let cases = [
        ("2010-09-09", json!("2010-09-09")),
        ("2012-10-17", json!("2012-10-17")),
        ("2001-12-14T21:59:43.10Z", json!("2001-12-14T21:59:43.10Z")),
        ("yes", json!(true)),
        ("On", json!(true)),
        ("TRUE", json!(true)),
        ("no", json!(false)),
        ("off", json!(false)),
        ("y", json!("y")),
        ("~", Value::Null),
        ("", Value::Null),
        ("NULL", Value::Null),
        ("0755", json!(493)),
        ("012345670123", json!(1_402_433_619)),
        ("0918", json!("0918")),
        ("0x1F", json!(31)),
        ("0b101", json!(5)),
        ("1_000", json!(1000)),
        ("1:30", json!(90)),
        ("12:30:45", json!(45_045)),
        ("8080:80", json!("8080:80")),
        ("1:005", json!("1:005")),
        ("1:+5", json!("1:+5")),
        ("0x+5", json!("0x+5")),
        ("0x", json!("0x")),
        ("-5", json!(-5)),
        ("+5", json!(5)),
        ("1e3", json!("1e3")),
        ("nodejs22.x", json!("nodejs22.x")),
        ("10.0.0.0/16", json!("10.0.0.0/16")),
        (".inf", json!(".inf")),
        ("'yes'", json!("yes")),
        ("\"0755\"", json!("0755")),
        ("!!str 0755", json!("0755")),
        ("! 0755", json!("0755")),
        ("!!int 0755", json!(493)),
        ("|\n  yes\n", json!("yes\n")),
    ];
    for (text, value) in cases {
        assert_eq!(json_of(&format!("a: {text}\n")), json!({"a": value}), "{text}");
    }
}

#[test]
fn numbers_keep_their_digits() {
    let cases = [
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("0.10", "0.10"),
        ("-1.50e+20", "-1.50e+20"),
        (".5", "0.5"),
        ("5.", "5.0"),
    ];
    for (text, digits) in cases {
        assert_eq!(json_of(&format!("a: {text}\n")).to_string(), format!("{{\"a\":{digits}}}"));
    }
}

#[test]
fn numbers_and_dates_are_names_as_they_are_written() {
    assert_eq!(
        json_of("200: a\n0755: b\n2012-10-17: c\nyes: d\n"),
        json!({"200": "a", "0755": "b", "2012-10-17": "c", "yes": "d"})
    );
}

#[test]
fn json_is_read_by_the_same_door() {
    let text = "{\n\t\"a\": \"\\u00e9\\n\\/\",\n\t\"b\": [1, 1.5, true, null, {\"Ref\": \"c\"}]\n}\n";
    assert_eq!(json_of(text), json!({"a": "é\n/", "b": [1, 1.5, true, null, {"Ref": "c"}]}));
}

#[test]
fn json_on_one_line_has_positions_too() {
    assert_eq!(
        findings_of("{\"a\": {\"b\": 1, \"b\": 2}}"),
        ["1:16 a.b: `b` is there twice; the first is in line 1: remove one of them"]
    );
}

#[test]
fn spans_are_bytes_whatever_stands_before() {
    let text = "é: ü # naïve\r\nfunction:\r\n  Role: !GetAtt  'röle.Arn'\r\n  List:\r\n  - ä\r\n  - {b: c}\r\n\r\nlast: |\r\n  text\r\n";
    let node = read(&Source::new("template.yml", text)).unwrap();
    let function = node.get("function").unwrap();
    let role = function.get("Role").unwrap();
    let list = function.get("List").unwrap();
    assert_eq!(spanned(text, node.get("é").unwrap()), "ü");
    assert_eq!(spanned(text, role), "!GetAtt  'röle.Arn'");
    assert_eq!(spanned(text, role.intrinsic().unwrap().argument), "'röle.Arn'");
    assert_eq!(spanned(text, list), "ä\r\n  - {b: c");
    assert_eq!(spanned(text, function), "Role: !GetAtt  'röle.Arn'\r\n  List:\r\n  - ä\r\n  - {b: c");
    let key = function.as_mapping().unwrap().get("Role").unwrap().key_span.unwrap();
    assert_eq!(&text[key.start..key.end], "Role");
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    let text = "\u{feff}a: b\n";
    let node = read(&Source::new("template.yml", text)).unwrap();
    assert_eq!(spanned(text, node.get("a").unwrap()), "b");
}

#[test]
fn an_unknown_tag_is_refused_with_the_nearest() {
    assert_eq!(
        findings_of("a: !GetAttr b.c\n"),
        ["1:4 a: CloudFormation knows no tag !GetAttr; did you mean !GetAtt?"]
    );
    assert_eq!(findings_of("a: [!Colour {b: c}]\n"), ["1:5 a.0: CloudFormation knows no tag !Colour"]);
    assert_eq!(findings_of("a: !!binary aGk=\n"), ["1:4 a: CloudFormation knows no tag !!binary"]);
}

#[test]
fn a_bomb_goes_out_at_its_anchors() {
    let bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n";
    assert_eq!(
        findings_of(bomb),
        [
            "1:4 a: CloudFormation takes no anchors and aliases; write out the value wherever it is needed",
            "2:4 b: CloudFormation takes no anchors and aliases; write out the value wherever it is needed",
        ]
    );
}

#[test]
fn a_merge_key_is_refused() {
    assert_eq!(
        findings_of("a:\n  <<: {b: c}\n"),
        ["2:3 a: CloudFormation knows no merge keys (`<<`): write out what it would merge"]
    );
}

#[test]
fn a_name_that_is_there_twice_is_refused_where_it_is_again() {
    assert_eq!(
        findings_of("a:\n  b: 1\n  c: 2\n  b: 3\n"),
        ["4:3 a.b: `b` is there twice; the first is in line 2: remove one of them"]
    );
}

#[test]
fn a_name_is_a_text() {
    assert_eq!(findings_of("[a, b]: c\n"), ["1:1 a name must be a text"]);
    assert_eq!(findings_of("a:\n  ~: c\n"), ["2:3 a: a name is missing here"]);
    assert_eq!(findings_of("!Ref a: c\n"), ["1:1 a function cannot be a name"]);
}

#[test]
fn a_tab_that_indents_is_refused_where_it_stands() {
    let places = [
        ("a:\n  b: c\n\td: e\n", "3:1"),
        ("a:\n\tb: c\n", "2:1"),
        ("a:\n  - b\n  \t- c\n", "3:3"),
        ("a:\n  b: |\n\tc\n", "3:1"),
    ];
    for (text, place) in places {
        assert_eq!(findings_of(text), [format!("{place} a tab indents this line; YAML is indented with spaces")]);
    }
}

#[test]
fn a_second_document_is_refused() {
    assert_eq!(
        findings_of("a: b\n---\nc: d\n"),
        ["2:1 a second document begins here; a template is one document: remove the line, or what follows it"]
    );
}

#[test]
fn nothing_is_no_template() {
    for nothing in ["", "\n\n", "# nothing\n", "---\n", "~\n"] {
        assert_eq!(findings_of(nothing), ["the template is empty"], "{nothing:?}");
    }
}

#[test]
fn what_is_nested_too_deep_is_refused() {
    let lists = "[".repeat(61) + &"]".repeat(61);
    assert_eq!(json_of(&format!("a: {}\n", &lists[1..121])).to_string().len(), 126);
    let findings = findings_of(&format!("a: {lists}\n"));
    assert_eq!(findings.len(), 1);
    assert!(findings[0].starts_with("1:64 a.0.0."), "{findings:?}");
    assert!(findings[0].ends_with("0: nested deeper than 60 values"), "{findings:?}");
}

#[test]
fn however_deep_a_text_is_nested_reading_ends() {
    for part in ["[", "{a: ", "- ", "? ", ": ", "? - ", "- ? ", "- : "] {
        let findings = findings_of(&part.repeat(100_000));
        assert!(
            findings.iter().any(|finding| finding.ends_with("nested deeper than 60 values")),
            "{part}: {findings:?}"
        );
    }
    let keys = (0..1000).map(|depth| " ".repeat(depth) + "[]:\n").collect::<String>();
    assert!(findings_of(&keys).last().unwrap().ends_with("nested deeper than 60 values"));
}

#[test]
fn what_is_no_yaml_is_refused_where_it_ends_to_be() {
    assert_eq!(
        findings_of("a: b: c\n"),
        ["1:5 this is not valid YAML: mapping values are not allowed in this context; \
         a name ends in a colon and a space; a text that has both in it needs quotes"]
    );
    assert_eq!(
        findings_of("a: 'b\n"),
        ["1:4 this is not valid YAML: while scanning a quoted scalar, found unexpected end of stream"]
    );
    assert_eq!(findings_of("a: *b\n"), ["1:4 this is not valid YAML: while parsing node, found unknown anchor"]);
}

#[test]
fn pairs_of_surrogates_are_refused_with_advice() {
    assert_eq!(
        findings_of("{\"a\": \"\\ud83d\\ude00\"}"),
        ["1:7 this is not valid JSON: while parsing a quoted scalar, found invalid Unicode character escape code; \
         write the character itself: YAML knows no pairs of surrogates"]
    );
}

#[test]
fn a_template_is_a_mapping() {
    assert_eq!(findings_of("- a\n"), ["1:1 a template is a mapping, and this is a list"]);
    assert_eq!(findings_of("hello\n"), ["1:1 a template is a mapping, and this is a text"]);
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    assert_eq!(findings_of("a: !Reff b\nc: {d: 1, d: 2}\ne: &f g\n").len(), 3);
}

#[test]
fn reading_ends_after_a_hundred_findings() {
    assert_eq!(findings_of(&"a: b\n".repeat(1000)).len(), 100);
}

#[test]
fn null_stays_null() {
    let node = read(&Source::new("template.yml", "Resources:\n")).unwrap();
    assert_eq!(node.get("Resources").unwrap().content, Content::Null);
}
