//! Intrinsic functions anywhere in a template: which ones are allowed, and whether the resources that they refer to exist.
//!
//! `Fn::ImportValue` and exported outputs are allowed, as in Go Fenrir: exports exist to be shared, and CloudFormation lets only
//! one stack export a name. Where a rule requires a resource of this template, an import is refused like any other value.
//! Dynamic references (`{{resolve:…}}`) are refused: parameters and secrets have no tags that a rule could check.

use super::evaluate::{Piece, evaluate};
use super::rule_context::RuleContext;
use super::targets::{require_attribute, require_ref, require_substituted};
use crate::template::{Content, FindingCode, Intrinsic, Mapping, Node, Span, nearest};

/// The allowed functions whose arguments are checked like any value.
const FUNCTIONS: [&str; 8] =
    ["Fn::Base64", "Fn::Cidr", "Fn::GetAZs", "Fn::ImportValue", "Fn::Join", "Fn::Select", "Fn::Split", "Fn::Sub"];

/// The functions that are refused, with the remedy.
const REFUSED: [(&str, &str); 12] = [
    ("Fn::Transform", "write the result: a macro would change the template after the check"),
    ("Fn::If", NO_CONDITIONS),
    ("Fn::And", NO_CONDITIONS),
    ("Fn::Equals", NO_CONDITIONS),
    ("Fn::Not", NO_CONDITIONS),
    ("Fn::Or", NO_CONDITIONS),
    ("Condition", NO_CONDITIONS),
    ("Fn::FindInMap", "write the value: each config has its own template, so that mappings are not needed"),
    ("Fn::ForEach", NO_EXTENSIONS),
    ("Fn::Length", NO_EXTENSIONS),
    ("Fn::ToJsonString", NO_EXTENSIONS),
    ("Fn::GetStackOutput", "write the value, or export it and use `!ImportValue`"),
];
const NO_CONDITIONS: &str = "write the value: each config has its own template, so that conditions are not needed";
const NO_EXTENSIONS: &str =
    "write the value: the function needs the transform AWS::LanguageExtensions, and Fenrir only allows SAM's";

/// Checks a value, and all values inside of it.
pub(super) fn check(context: &mut RuleContext<'_, '_>, node: &Node) {
    match (&node.content, node.intrinsic()) {
        (Content::Null, _) => {
            context.refuse(FindingCode::Null, node.span, "is null", "write a value, or remove the key");
        }
        (_, Some(call)) => {
            check_computed(context, node);
            check_call(context, node.span, call);
        }
        (Content::String(text), None) => check_text(context, node.span, text),
        (Content::Mapping(entries), None) => check_entries(context, entries),
        (Content::Sequence(nodes), None) => check_all(context, nodes),
        _ => {}
    }
}

/// What a dynamic reference starts with.
const RESOLVE: &str = "{{resolve:";

/// Refuses a string that functions put together to a dynamic reference, or could once the stack exists.
fn check_computed(context: &mut RuleContext<'_, '_>, node: &Node) {
    let pieces = evaluate(context.facts(), node);
    let after = |position: usize| pieces.get(position + 1);
    let is_dynamic = pieces.iter().enumerate().any(|(position, piece)| match piece {
        Piece::Text(text) => has_dynamic_reference(text) || after(position).is_some() && ends_like_one(text),
        Piece::TooLong => true,
        _ => false,
    });
    if is_dynamic {
        refuse_dynamic(context, node.span);
    }
}

fn has_dynamic_reference(text: &str) -> bool {
    let is_start = |rest: &str| rest.get(..RESOLVE.len()).is_some_and(|start| start.eq_ignore_ascii_case(RESOLVE));
    text.match_indices("{{").any(|(at, _)| text.get(at..).is_some_and(is_start))
}

/// Whether a text ends in the start of a dynamic reference, so that the next part of the string may continue it.
fn ends_like_one(text: &str) -> bool {
    (2..RESOLVE.len()).any(|length| RESOLVE.get(..length).is_some_and(|start| text.ends_with(start)))
}

fn refuse_dynamic(context: &mut RuleContext<'_, '_>, span: Option<Span>) {
    let message = "dynamic references such as `{{resolve:ssm:name}}` are not allowed";
    let help = "let the code of the function read the parameter or secret, with a role that may";
    context.refuse(FindingCode::NotAllowed, span, message, help);
}

/// Refuses a dynamic reference. Warns of a generated name: unlike a reference, it does not show CloudFormation which resource to create first.
fn check_text(context: &mut RuleContext<'_, '_>, span: Option<Span>, text: &str) {
    if has_dynamic_reference(text) {
        refuse_dynamic(context, span);
    }
    if let Some(logical_id) = context.check.names.get(text).copied() {
        let message = format!("`{text}` is the name that Fenrir generates for `{logical_id}`");
        let help = format!("use `!Ref {logical_id}`, or `!GetAtt` for an attribute");
        context.warn(FindingCode::HardCodedName, span, message, help);
    }
}

fn check_entries(context: &mut RuleContext<'_, '_>, entries: &Mapping) {
    for (name, entry) in entries {
        // CloudFormation executes `Fn::Transform` even beside other keys, but no other function.
        if name.starts_with("Fn::") {
            let message = format!("`{name}` is not allowed beside other keys");
            let help = "write the result of a macro; write any other function without other keys beside it";
            context.refuse(FindingCode::NotAllowed, entry.key_span, message, help);
        }
        check(&mut context.within(name), &entry.value);
    }
}

fn check_all(context: &mut RuleContext<'_, '_>, nodes: &[Node]) {
    nodes.iter().enumerate().for_each(|(position, node)| check(&mut context.at(position), node));
}

fn check_call(context: &mut RuleContext<'_, '_>, span: Option<Span>, call: Intrinsic<'_>) {
    let Intrinsic { name, argument } = call;
    // Not a function, but the condition of a policy statement that has no other key.
    if name == "Condition" && argument.as_str().is_none() {
        return check(&mut context.within(name), argument);
    }
    if let Some((_, help)) = REFUSED.iter().find(|(refused, _)| *refused == name) {
        return context.refuse(FindingCode::NotAllowed, span, format!("`{name}` is not allowed"), *help);
    }
    match name {
        "Ref" => check_ref(context, argument),
        "Fn::GetAtt" => check_get_att(context, argument),
        "Fn::Sub" => check_sub(context, argument),
        _ if FUNCTIONS.contains(&name) => check(&mut context.within(name), argument),
        _ => refuse_unknown(context, span, name),
    }
}

fn refuse_unknown(context: &mut RuleContext<'_, '_>, span: Option<Span>, name: &str) {
    let known = FUNCTIONS.into_iter().chain(["Ref", "Fn::GetAtt"]);
    let help = nearest(name, known.clone()).map_or_else(
        || format!("known functions: {}", known.collect::<Vec<_>>().join(", ")),
        |name| format!("did you mean `{name}`?"),
    );
    context.refuse(FindingCode::UnknownFunction, span, format!("unknown intrinsic function `{name}`"), help);
}

fn check_ref(context: &mut RuleContext<'_, '_>, argument: &Node) {
    match argument.as_str() {
        Some(name) => require_ref(context, argument.span, name),
        None => refuse_argument(context, argument, "`!Ref` takes a logical id", "write `!Ref <logical id>`"),
    }
}

fn check_get_att(context: &mut RuleContext<'_, '_>, argument: &Node) {
    if let Some((logical_id, attribute)) = attribute(argument) {
        return require_attribute(context, argument.span, &format!("{logical_id}.{attribute}"));
    }
    let message = "`!GetAtt` takes a logical id and the name of an attribute";
    refuse_argument(context, argument, message, "write `!GetAtt <logical id>.<attribute>`");
}

fn refuse_argument(context: &mut RuleContext<'_, '_>, argument: &Node, message: &str, help: &str) {
    context.refuse(FindingCode::InvalidArgument, argument.span, message, help);
}

/// The logical id and the attribute of a `!GetAtt`.
pub(super) fn attribute(argument: &Node) -> Option<(&str, &str)> {
    match (&argument.content, argument.as_sequence()) {
        (Content::String(text), _) => text.split_once('.'),
        (_, Some([logical_id, attribute])) => Some((logical_id.as_str()?, attribute.as_str().unwrap_or_default())),
        _ => None,
    }
}

fn check_sub(context: &mut RuleContext<'_, '_>, argument: &Node) {
    const HELP: &str = "write `!Sub '<string>'`, or `!Sub ['<string>', {<variable>: <value>}]`";
    let (text, variables) = match argument.as_sequence() {
        Some([text, variables]) => (text, Some(variables)),
        Some(_) => {
            let message = "`!Sub` takes a string, or a list of a string and a mapping";
            return refuse_argument(context, argument, message, HELP);
        }
        None => (argument, None),
    };
    let Some(template) = text.as_str() else {
        return refuse_argument(context, text, "`!Sub` takes a string", HELP);
    };
    for name in substituted(template) {
        if variables.is_none_or(|variables| variables.get(name.trim()).is_none()) {
            require_substituted(context, text.span, name);
        }
    }
    if let Some(variables) = variables {
        check(&mut context.within("Fn::Sub").at(1), variables);
    }
}

/// The names in `${…}` with the spaces around them, without the literal `${!…}`.
fn substituted(template: &str) -> impl Iterator<Item = &str> {
    let names = template.split("${").skip(1).filter_map(|rest| rest.split_once('}'));
    names.map(|(name, _)| name).filter(|name| !name.starts_with('!'))
}

#[cfg(test)]
mod tests {
    use crate::rules::fixture::{RulesFixture, function};
    use crate::template::FindingCode;
    use serde_json::{Value, json};

    const VARIABLE: &str = "hello.Properties.Environment.Variables.KEY";

    fn with_variable(value: &Value) -> Value {
        json!({
            "hello": function(json!({"Environment": {"Variables": {"KEY": value}}})),
            "things": {"Type": "AWS::Serverless::SimpleTable"},
        })
    }

    #[test]
    fn reference_to_a_resource_is_accepted() {
        for value in [
            json!({"Ref": "things"}),
            json!({"Ref": "AWS::Region"}),
            json!({"Fn::GetAtt": ["things", "Arn"]}),
            json!({"Fn::GetAtt": "things.Arn"}),
            json!({"Fn::Sub": "${things}-${AWS::Region}-${things.Arn}-${!literal}-$x-${"}),
            json!({"Fn::Sub": ["${a}-${things}", {"a": {"Ref": "things"}}]}),
            json!({"Fn::Join": ["-", ["a", {"Ref": "things"}]]}),
            json!({"Fn::ImportValue": {"Fn::Sub": "${AWS::StackName}-x"}}),
        ] {
            RulesFixture::default().accepts(with_variable(&value));
        }
    }

    #[test]
    fn reference_to_an_unknown_resource_is_refused() {
        let fixture = RulesFixture::default();
        for (value, path, code) in [
            (json!({"Ref": "helloWorld"}), "", FindingCode::UnknownResource),
            (json!({"Fn::GetAtt": ["thing", "Arn"]}), "", FindingCode::UnknownResource),
            (json!({"Fn::Sub": "a ${thing.Arn} b"}), "", FindingCode::UnknownResource),
            (json!({"Fn::Sub": ["${a}", {"b": "c"}]}), "", FindingCode::UnknownResource),
            (json!({"Fn::Join": ["", [{"Ref": "thing"}]]}), ".Fn::Join.1.0", FindingCode::UnknownResource),
            (json!({"Ref": ["things"]}), "", FindingCode::InvalidArgument),
            (json!({"Fn::GetAtt": ["things"]}), "", FindingCode::InvalidArgument),
            (json!({"Fn::Sub": 3}), "", FindingCode::InvalidArgument),
        ] {
            fixture.refuses(with_variable(&value), &format!("{VARIABLE}{path}"), code);
        }
        for (value, proposed) in [("thing", "things"), ("AWS::Regio", "AWS::Region")] {
            let value = with_variable(&json!({"Ref": value}));
            fixture.proposes(value, VARIABLE, FindingCode::UnknownResource, proposed);
        }
    }

    #[test]
    fn other_functions_are_refused() {
        let fixture = RulesFixture::default();
        for value in [
            json!({"Fn::Transform": {"Name": "AWS::Include"}}),
            json!({"Fn::If": ["a", "b", "c"]}),
            json!({"Condition": "a"}),
            json!({"Fn::FindInMap": ["a", "b", "c"]}),
            json!({"Fn::ToJsonString": {}}),
        ] {
            fixture.refuses(with_variable(&value), VARIABLE, FindingCode::NotAllowed);
        }
        let misspelt = with_variable(&json!({"Fn::Joi": []}));
        fixture.proposes(misspelt, VARIABLE, FindingCode::UnknownFunction, "Fn::Join");
    }

    #[test]
    fn macro_beside_other_keys_is_refused() {
        let mixed = json!({"a": 1, "b": [{"Fn::Transform": {"Name": "AWS::Include"}, "c": 2}]});
        let api = json!({"StageName": "dev", "DefinitionBody": mixed});
        let resources = json!({"api": {"Type": "AWS::Serverless::Api", "Properties": api}});
        let path = "api.Properties.DefinitionBody.b.0";
        RulesFixture::default().refuses(resources, path, FindingCode::NotAllowed);
        let attribute = json!({"jobs": {"Type": "AWS::SQS::Queue", "Fn::Transform": {"Name": "AWS::Include"}}});
        RulesFixture::default().refuses(attribute, "jobs", FindingCode::NotAllowed);
    }

    #[test]
    fn hard_coded_generated_name_is_a_warning() {
        let by_hand = with_variable(&json!("fenrir-org-shop-development-things"));
        RulesFixture::default().warns(by_hand, VARIABLE, FindingCode::HardCodedName);
        RulesFixture::default().accepts(with_variable(&json!("fenrir-org-shop-development-other")));
    }

    #[test]
    fn null_is_refused_everywhere() {
        RulesFixture::default().refuses(with_variable(&Value::Null), VARIABLE, FindingCode::Null);
    }
}
