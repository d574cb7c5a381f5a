use super::{Content, FindingCode, Node, Source, Span, TemplateFinding, read};
use serde_json::{Value, json};

fn json_of(text: &str) -> Value {
    match read(&Source::new("template.yml", text)) {
        Ok(node) => Value::from(&node),
        Err(findings) => panic!("{findings}"),
    }
}

fn findings_of(source: &Source) -> Vec<TemplateFinding> {
    read(source).expect_err("it should be refused").all().to_vec()
}

/// The findings of a text, each as `line:column path code`.
fn codes_of(text: &str) -> Vec<String> {
    let source = Source::new("template.yml", text);
    let line = |TemplateFinding { code, path, span, .. }: &TemplateFinding| {
        let position = span.map(|span| source.position(span));
        let position = position.map_or("-".to_owned(), |(line, column)| format!("{line}:{column}"));
        format!("{position} {path} {code}")
    };
    findings_of(&source).iter().map(line).collect()
}

/// The remedy of the first finding of a text.
fn help_of(text: &str) -> String {
    findings_of(&Source::new("template.yml", text)).remove(0).help.unwrap()
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
fn get_att_becomes_a_list() {
    assert_eq!(json_of("a:\n  Fn::GetAtt: b.Arn\n"), json!({"a": {"Fn::GetAtt": ["b", "Arn"]}}));
    assert_eq!(json_of(r#"{"a": {"Fn::GetAtt": "b.Arn"}}"#), json!({"a": {"Fn::GetAtt": ["b", "Arn"]}}));
}

#[test]
fn plain_scalars_have_the_types_of_yaml_1_1() {
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
        ("1.5e3", json!("1.5e3")),
        ("-.5", json!("-.5")),
        ("1:30.5", json!(90.5)),
        ("1:2:3_4", json!("1:2:3_4")),
        ("nodejs22.x", json!("nodejs22.x")),
        ("10.0.0.0/16", json!("10.0.0.0/16")),
        (".inf", json!(".inf")),
        ("'yes'", json!("yes")),
        ("\"0755\"", json!("0755")),
        ("!!str 0755", json!("0755")),
        ("! 0755", json!(493)),
        ("! '0755'", json!(493)),
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
fn numbers_and_dates_are_keys_as_written() {
    assert_eq!(
        json_of("200: a\n0755: b\n2012-10-17: c\nyes: d\n"),
        json!({"200": "a", "0755": "b", "2012-10-17": "c", "yes": "d"})
    );
}

#[test]
fn json_is_read_as_yaml() {
    let text = "{\n\t\"a\": \"\\u00e9\\n\\/\",\n\t\"b\": [1, 1.5, true, null, {\"Ref\": \"c\"}]\n}\n";
    assert_eq!(json_of(text), json!({"a": "é\n/", "b": [1, 1.5, true, null, {"Ref": "c"}]}));
}

#[test]
fn json_on_one_line_has_positions() {
    assert_eq!(codes_of("{\"a\": {\"b\": 1, \"b\": 2}}"), ["1:16 a.b template/duplicate-key"]);
}

#[test]
fn spans_are_in_bytes() {
    let text = "é: ü # naïve\r\nfunction:\r\n  Role: !GetAtt  'röle.Arn'\r\n  List:\r\n  - ä\r\n  - {b: c}\r\n\r\nlast: |\r\n  text\r\n";
    let node = read(&Source::new("template.yml", text)).unwrap();
    let function = node.get("function").unwrap();
    let role = function.get("Role").unwrap();
    let list = function.get("List").unwrap();
    assert_eq!(spanned(text, node.get("é").unwrap()), "ü");
    assert_eq!(spanned(text, role), "!GetAtt  'röle.Arn'");
    assert_eq!(spanned(text, role.intrinsic().unwrap().argument), "'röle.Arn'");
    assert_eq!(spanned(text, list), "ä\r\n  - {b: c}");
    assert_eq!(spanned(text, function), "Role: !GetAtt  'röle.Arn'\r\n  List:\r\n  - ä\r\n  - {b: c}");
    let key = function.as_mapping().unwrap().get("Role").unwrap().key_span.unwrap();
    assert_eq!(&text[key.start..key.end], "Role");
}

#[test]
fn byte_order_mark_is_skipped() {
    let text = "\u{feff}a: b\n";
    let node = read(&Source::new("template.yml", text)).unwrap();
    assert_eq!(spanned(text, node.get("a").unwrap()), "b");
}

#[test]
fn unknown_tag_is_refused_with_the_nearest() {
    assert_eq!(codes_of("a: !GetAttr b.c\n"), ["1:4 a template/unknown-tag"]);
    assert!(help_of("a: !GetAttr b.c\n").contains("`!GetAtt`"));
    assert_eq!(codes_of("a: [!Colour {b: c}]\n"), ["1:5 a.0 template/unknown-tag"]);
    assert_eq!(codes_of("a: !!binary aGk=\n"), ["1:4 a template/unknown-tag"]);
}

#[test]
fn anchors_are_refused() {
    let bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n";
    assert_eq!(codes_of(bomb), ["1:4 a template/anchor", "2:4 b template/anchor"]);
    assert_eq!(codes_of("a: *b\n"), ["1:4 a template/anchor"]);
}

#[test]
fn merge_key_is_refused() {
    assert_eq!(codes_of("a:\n  <<: {b: c}\n"), ["2:3 a template/anchor"]);
}

#[test]
fn duplicate_key_is_refused_at_the_second() {
    assert_eq!(codes_of("a:\n  b: 1\n  c: 2\n  b: 3\n"), ["4:3 a.b template/duplicate-key"]);
    assert!(help_of("a:\n  b: 1\n  c: 2\n  b: 3\n").contains("line 2"));
}

#[test]
fn key_that_is_not_a_string_is_refused() {
    assert_eq!(codes_of("[a, b]: c\n"), ["1:1  template/invalid-key"]);
    assert_eq!(codes_of("a:\n  ~: c\n"), ["2:3 a template/invalid-key"]);
    assert_eq!(codes_of("!Ref a: c\n"), ["1:1  template/invalid-key"]);
}

#[test]
fn indenting_tab_is_refused_with_its_position() {
    let positions = [
        ("a:\n  b: c\n\td: e\n", "3:1"),
        ("a:\n\tb: c\n", "2:1"),
        ("a:\n  - b\n  \t- c\n", "3:3"),
        ("a:\n  b: |\n\tc\n", "3:1"),
    ];
    for (text, position) in positions {
        assert_eq!(codes_of(text), [format!("{position}  template/syntax")]);
        assert!(help_of(text).contains("spaces"), "{text:?}");
    }
}

#[test]
fn layout_that_only_yaml_1_1_allows_is_read() {
    let cases = [
        ("a: [\n  b\n]\n", json!({"a": ["b"]})),
        ("a:\n  b: [\nc,\n {d: e\n}]\n", json!({"a": {"b": ["c", {"d": "e"}]}})),
        ("a:\n  b: \"c\n d\"\n", json!({"a": {"b": "c d"}})),
        ("a:\n    b: 'c\nd'\n", json!({"a": {"b": "c d"}})),
        ("a: [b]#c\nd: 'e'#f\n", json!({"a": ["b"], "d": "e"})),
        ("a: {b:[c], d:{e: f}}\n", json!({"a": {"b": ["c"], "d": {"e": "f"}}})),
        ("a: !Join [-, [b, -]]\n", json!({"a": {"Fn::Join": ["-", ["b", "-"]]}})),
        ("a:\n|\n b\nc:\n- !Sub\n- d\n", json!({"a": "b\n", "c": [{"Fn::Sub": ""}, "d"]})),
        ("a: |\n  b", json!({"a": "b"})),
    ];
    for (text, value) in cases {
        assert_eq!(json_of(text), value, "{text:?}");
    }
}

#[test]
fn inserted_characters_do_not_move_positions() {
    let text = "é: {b:[c]}#d\na: [-, ü]#e\nf: !Reff g\nh: {i:[!Sub 'j']}\n";
    assert_eq!(codes_of(text), ["3:4 f template/unknown-tag"]);
    let text = text.replace("!Reff", "!Ref");
    let node = read(&Source::new("template.yml", text.as_str())).unwrap();
    let items = node.get("a").unwrap();
    assert_eq!(spanned(&text, items), "[-, ü]");
    assert_eq!(spanned(&text, &items.as_sequence().unwrap()[0]), "-");
    assert_eq!(spanned(&text, node.get("h").unwrap()), "{i:[!Sub 'j']}");
}

#[test]
fn many_repairs_end_in_a_finding() {
    let text = format!("a: [{}]\n", "{b:[c]}, ".repeat(20_000));
    assert_eq!(findings_of(&Source::new("template.yml", text))[0].code, FindingCode::Syntax);
}

#[test]
fn what_yaml_1_1_does_not_allow_is_refused() {
    let cases = [
        ("a: b\tc\n", "1:5 a template/syntax"),
        ("a: b\n\t\nc: d\n", "2:1  template/syntax"),
        ("a: [b,\tc]\n", "1:7 a.1 template/syntax"),
        ("a: b\t# c\n", "1:5  template/syntax"),
        ("a: |\t\n  b\n", "1:5 a template/syntax"),
        ("a: [b?c]\n", "1:6 a.0 template/syntax"),
        ("a: [:b]\n", "1:5 a.0 template/syntax"),
        ("a: {b\n  : c}\n", "1:5 a template/syntax"),
        ("a: [!Ref]\n", "1:5 a.0 template/syntax"),
        ("a: |#b\n  c\n", "1:5 a template/syntax"),
        ("a: b # c\u{2028}d: e\n", "1:9  template/syntax"),
        ("a: 'b\u{85}c'\n", "1:6 a template/syntax"),
        ("a: b\u{2029}c\n", "1:5 a template/syntax"),
        ("...\na: b\n", "1:1  template/syntax"),
        ("a: !!int b\n", "1:4 a template/wrong-type"),
        ("a: !!str [b]\n", "1:4 a template/wrong-type"),
    ];
    let found = cases.map(|(text, _)| (text, codes_of(text).join(", ")));
    assert_eq!(found, cases.map(|(text, code)| (text, code.to_owned())));
}

#[test]
fn tab_and_line_separator_inside_of_quotes_are_kept() {
    assert_eq!(
        json_of("a: 'b\tc'\nd: \"e\u{2028}f\"\ng: |\n  \th\ti\n"),
        json!({"a": "b\tc", "d": "e\u{2028}f", "g": "\th\ti\n"})
    );
    assert_eq!(json_of("a: b # c\td\n"), json!({"a": "b"}));
}

#[test]
fn second_document_is_refused() {
    assert_eq!(codes_of("a: b\n---\nc: d\n"), ["2:1  template/syntax"]);
}

#[test]
fn empty_text_is_refused() {
    for nothing in ["", "\n\n", "# nothing\n", "---\n", "~\n"] {
        assert_eq!(codes_of(nothing), ["-  template/empty"], "{nothing:?}");
    }
}

#[test]
fn deep_nesting_is_refused() {
    let lists = "[".repeat(61) + &"]".repeat(61);
    assert_eq!(json_of(&format!("a: {}\n", &lists[1..121])).to_string().len(), 126);
    let path = format!("a{}", ".0".repeat(60));
    assert_eq!(codes_of(&format!("a: {lists}\n")), [format!("1:64 {path} template/too-deep")]);
}

#[test]
fn reading_ends_however_deep_a_text_is_nested() {
    let is_too_deep = |text: &str| {
        let findings = findings_of(&Source::new("template.yml", text));
        findings.iter().any(|finding| finding.code == FindingCode::TooDeep)
    };
    for part in ["[", "{a: ", "- ", "? ", ": ", "? - ", "- ? ", "- : "] {
        assert!(is_too_deep(&part.repeat(100_000)), "{part}");
    }
    let keys = (0..1000).map(|depth| " ".repeat(depth) + "[]:\n").collect::<String>();
    assert!(is_too_deep(&keys));
}

#[test]
fn invalid_yaml_is_refused_with_its_position() {
    for (text, position) in [("a: b: c\n", "1:5"), ("a: 'b\n", "1:4")] {
        assert_eq!(codes_of(text), [format!("{position}  template/syntax")]);
    }
}

#[test]
fn surrogate_pair_is_one_character() {
    assert_eq!(json_of("{\"a\": \"\\ud83d\\ude00\"}"), json!({"a": "😀"}));
    assert_eq!(codes_of("{\"a\": \"\\ud83d\"}"), ["1:7  template/syntax"]);
    assert!(help_of("{\"a\": \"\\ude00\"}").contains("surrogate"));
}

#[test]
fn template_has_to_be_a_mapping() {
    assert_eq!(codes_of("- a\n"), ["1:1  template/wrong-type"]);
    assert_eq!(codes_of("hello\n"), ["1:1  template/wrong-type"]);
}

#[test]
fn all_findings_are_reported_at_once() {
    assert_eq!(codes_of("a: !Reff b\nc: {d: 1, d: 2}\ne: &f g\n").len(), 3);
}

#[test]
fn reading_ends_after_100_findings() {
    assert_eq!(codes_of(&"a: b\n".repeat(1000)).len(), 100);
}

#[test]
fn null_stays_null() {
    let node = read(&Source::new("template.yml", "Resources:\n")).unwrap();
    assert_eq!(node.get("Resources").unwrap().content, Content::Null);
}
