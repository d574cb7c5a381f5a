//! Intrinsic functions, anywhere in a template: which there may be, and that what they refer to exists.
//!
//! `Fn::ImportValue` may read what other stacks export, and outputs may be exported, as with the original: exports are
//! made to be shared, and CloudFormation sees to it that each has one owner. Where a rule demands something of this
//! template, an import is refused like anything else.

use super::rule_context::RuleContext;
use crate::template::{Content, Intrinsic, Mapping, Node, Span, nearest};

/// What every template may refer to.
const PSEUDO_PARAMETERS: [&str; 8] = [
    "AWS::AccountId",
    "AWS::NoValue",
    "AWS::NotificationARNs",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
];

/// The functions that need nothing but their arguments.
const FUNCTIONS: [&str; 8] =
    ["Fn::Base64", "Fn::Cidr", "Fn::GetAZs", "Fn::ImportValue", "Fn::Join", "Fn::Select", "Fn::Split", "Fn::Sub"];

/// The functions that are refused, and why.
const REFUSED: [(&str, &str); 12] = [
    ("Fn::Transform", "a macro would change the template after it was checked: write out what it makes"),
    ("Fn::If", NO_CONDITIONS),
    ("Fn::And", NO_CONDITIONS),
    ("Fn::Equals", NO_CONDITIONS),
    ("Fn::Not", NO_CONDITIONS),
    ("Fn::Or", NO_CONDITIONS),
    ("Condition", NO_CONDITIONS),
    ("Fn::FindInMap", "there are no mappings, as each config has a template of its own: write the value"),
    ("Fn::ForEach", NO_EXTENSIONS),
    ("Fn::Length", NO_EXTENSIONS),
    ("Fn::ToJsonString", NO_EXTENSIONS),
    ("Fn::GetStackOutput", "write the value, or export it and use `!ImportValue`"),
];
const NO_CONDITIONS: &str = "there are no conditions, as each config has a template of its own: write the value";
const NO_EXTENSIONS: &str =
    "it needs the transform AWS::LanguageExtensions, and SAM's is the only one: write the value";

/// What SAM makes of a resource is called after it, with one of these behind.
const GENERATED: [&str; 8] =
    ["Alias", "Deployment", "DeploymentGroup", "EventInvokeConfig", "Role", "Stage", "Url", "Version"];

/// Searches a value, and all that is in it.
pub(super) fn check(context: &mut RuleContext<'_, '_>, node: &Node) {
    match (&node.content, node.intrinsic()) {
        (Content::Null, _) => context.refuse_with(node.span, "is null", "write a value, or leave the name out"),
        (_, Some(call)) => check_call(context, node.span, call),
        (Content::String(text), None) => check_text(context, node.span, text),
        (Content::Mapping(entries), None) => check_entries(context, entries),
        (Content::Sequence(nodes), None) => check_all(context, nodes),
        _ => {}
    }
}

/// A name that is written by hand tells CloudFormation nothing of which resource comes first.
fn check_text(context: &mut RuleContext<'_, '_>, span: Option<Span>, text: &str) {
    if let Some(logical_id) = context.check.names.get(text).copied() {
        let message = format!("`{text}` is the name that Fenrir gives to `{logical_id}`");
        context.warn(span, message, format!("write `!Ref {logical_id}`, or an attribute of it by `!GetAtt`"));
    }
}

fn check_entries(context: &mut RuleContext<'_, '_>, entries: &Mapping) {
    for (name, entry) in entries {
        // Among other names CloudFormation still carries out `Fn::Transform`, and no other function.
        if name.starts_with("Fn::") {
            let help = "a macro would change the template after it was checked, and any other function stands alone";
            context.refuse_with(entry.key_span, format!("`{name}` is not supported among other names"), help);
        }
        check(&mut context.within(name), &entry.value);
    }
}

fn check_all(context: &mut RuleContext<'_, '_>, nodes: &[Node]) {
    nodes.iter().enumerate().for_each(|(position, node)| check(&mut context.at(position), node));
}

fn check_call(context: &mut RuleContext<'_, '_>, span: Option<Span>, call: Intrinsic<'_>) {
    let Intrinsic { name, argument } = call;
    // A statement of a policy may hold nothing but its condition.
    if name == "Condition" && argument.as_str().is_none() {
        return check(&mut context.within(name), argument);
    }
    if let Some((_, why)) = REFUSED.iter().find(|(refused, _)| *refused == name) {
        return context.refuse_with(span, format!("`{name}` is not supported"), *why);
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
        || format!("these are known: {}", known.collect::<Vec<_>>().join(", ")),
        |meant| format!("did you mean `{meant}`?"),
    );
    context.refuse_with(span, format!("there is no intrinsic function `{name}`"), help);
}

fn check_ref(context: &mut RuleContext<'_, '_>, argument: &Node) {
    match argument.as_str() {
        Some(name) => require_one(context, argument.span, name),
        None => refuse_argument(context, argument, "`!Ref` takes a logical id"),
    }
}

fn check_get_att(context: &mut RuleContext<'_, '_>, argument: &Node) {
    match attribute(argument) {
        Some((logical_id, _)) => require_one(context, argument.span, logical_id),
        None => refuse_argument(context, argument, "`!GetAtt` takes a logical id and the name of an attribute"),
    }
}

fn refuse_argument(context: &mut RuleContext<'_, '_>, argument: &Node, message: &str) {
    context.refuse_with(argument.span, message, "write it out: it names something of this template");
}

/// What `!GetAtt` names: a logical id and an attribute.
pub(super) fn attribute(argument: &Node) -> Option<(&str, &str)> {
    match (&argument.content, argument.as_sequence()) {
        (Content::String(text), _) => text.split_once('.'),
        (_, Some([logical_id, attribute])) => Some((logical_id.as_str()?, attribute.as_str().unwrap_or_default())),
        _ => None,
    }
}

fn check_sub(context: &mut RuleContext<'_, '_>, argument: &Node) {
    let (text, variables) = match argument.as_sequence() {
        Some([text, variables]) => (text, Some(variables)),
        Some(_) => return refuse_argument(context, argument, "`!Sub` takes a text, or a list of a text and a mapping"),
        None => (argument, None),
    };
    let Some(template) = text.as_str() else { return refuse_argument(context, text, "`!Sub` takes a text") };
    for name in substituted(template) {
        if variables.is_none_or(|variables| variables.get(name).is_none()) {
            require_one(context, text.span, name);
        }
    }
    if let Some(variables) = variables {
        check(&mut context.within("Fn::Sub").at(1), variables);
    }
}

/// The names in `${…}`, without the literal `${!…}`.
fn substituted(template: &str) -> impl Iterator<Item = &str> {
    let names = template.split("${").skip(1).filter_map(|rest| rest.split_once('}'));
    names.map(|(name, _)| name.trim()).filter(|name| !name.starts_with('!'))
}

/// Says so unless there is a resource of that logical id.
pub(super) fn require_one(context: &mut RuleContext<'_, '_>, span: Option<Span>, name: &str) {
    let logical_id = name.split_once('.').map_or(name, |(logical_id, _)| logical_id);
    let resources = context.check.resources;
    let exists = resources.contains_key(logical_id) || PSEUDO_PARAMETERS.contains(&name);
    if exists || is_generated(resources, logical_id) {
        return;
    }
    let known = resources.keys().map(String::as_str).chain(PSEUDO_PARAMETERS);
    let help = match nearest(logical_id, known) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "name a resource of this template, by its logical id".to_owned(),
    };
    context.refuse_with(span, format!("there is no resource `{logical_id}`"), help);
}

/// Whether SAM makes something of that logical id, of a resource or of a function's event.
fn is_generated(resources: &Mapping, logical_id: &str) -> bool {
    resources.iter().any(|(of, entry)| {
        let kind = entry.value.get("Type").and_then(Node::as_str).unwrap_or_default();
        let events = entry.value.get("Properties").and_then(|properties| properties.get("Events"));
        let mut events = events.and_then(Node::as_mapping).into_iter().flatten();
        logical_id.strip_prefix(of.as_str()).filter(|_| kind.starts_with("AWS::Serverless::")).is_some_and(|rest| {
            GENERATED.iter().any(|part| rest.starts_with(part) || rest.ends_with(part))
                || events.any(|(event, _)| rest.starts_with(event.as_str()))
        })
    })
}

#[cfg(test)]
mod tests {
    use crate::rules::fixture::{RulesFixture, function};
    use serde_json::{Value, json};

    fn with_variable(value: &Value) -> Value {
        json!({
            "hello": function(json!({"Environment": {"Variables": {"A": value}}})),
            "things": {"Type": "AWS::Serverless::SimpleTable"},
        })
    }

    #[test]
    fn what_exists_may_be_referred_to() {
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
    fn what_sam_makes_may_be_too() {
        let resources = json!({
            "hello": function(json!({"AutoPublishAlias": "live", "Environment": {"Variables": {
                "A": {"Ref": "helloRole"}, "B": {"Ref": "hello.Version"}, "C": {"Ref": "helloAliaslive"},
                "D": {"Fn::GetAtt": ["apidevStage", "x"]},
            }}})),
            "api": {"Type": "AWS::Serverless::Api", "Properties": {"StageName": "dev"}},
        });
        RulesFixture::default().accepts(resources);
    }

    #[test]
    fn what_does_not_exist_is_refused_with_the_nearest_name() {
        for (value, message) in [
            (json!({"Ref": "thing"}), "there is no resource `thing`; did you mean `things`?"),
            (json!({"Ref": "AWS::Regio"}), "did you mean `AWS::Region`?"),
            (json!({"Ref": "helloWorld"}), "there is no resource `helloWorld`"),
            (json!({"Fn::GetAtt": ["thing", "Arn"]}), "there is no resource `thing`"),
            (json!({"Fn::Sub": "a ${thing.Arn} b"}), "there is no resource `thing`"),
            (json!({"Fn::Sub": ["${a}", {"b": "c"}]}), "there is no resource `a`"),
            (json!({"Fn::Join": ["", [{"Ref": "thing"}]]}), "there is no resource `thing`"),
            (json!({"Ref": ["things"]}), "`!Ref` takes a logical id"),
            (json!({"Fn::GetAtt": ["things"]}), "`!GetAtt` takes"),
            (json!({"Fn::Sub": 3}), "`!Sub` takes"),
        ] {
            RulesFixture::default().refuses(with_variable(&value), "hello.Properties.Environment.Variables.A", message);
        }
    }

    #[test]
    fn functions_that_need_what_there_is_not_are_refused() {
        for (value, message) in [
            (json!({"Fn::Transform": {"Name": "AWS::Include"}}), "`Fn::Transform` is not supported; a macro would"),
            (json!({"Fn::If": ["a", "b", "c"]}), "there are no conditions"),
            (json!({"Condition": "a"}), "there are no conditions"),
            (json!({"Fn::FindInMap": ["a", "b", "c"]}), "there are no mappings"),
            (json!({"Fn::ToJsonString": {}}), "AWS::LanguageExtensions"),
            (json!({"Fn::Joi": []}), "there is no intrinsic function `Fn::Joi`; did you mean `Fn::Join`?"),
        ] {
            RulesFixture::default().refuses(with_variable(&value), "hello.Properties.Environment.Variables.A", message);
        }
    }

    #[test]
    fn a_macro_among_other_names_is_refused() {
        let mixed = json!({"a": 1, "b": [{"Fn::Transform": {"Name": "AWS::Include"}, "c": 2}]});
        let api = json!({"StageName": "dev", "DefinitionBody": mixed});
        let resources = json!({"api": {"Type": "AWS::Serverless::Api", "Properties": api}});
        RulesFixture::default().refuses(
            resources,
            "api.Properties.DefinitionBody.b.0",
            "`Fn::Transform` is not supported among",
        );
        let attribute = json!({"jobs": {"Type": "AWS::SQS::Queue", "Fn::Transform": {"Name": "AWS::Include"}}});
        RulesFixture::default().refuses(attribute, "jobs", "`Fn::Transform` is not supported among");
    }

    #[test]
    fn a_generated_name_that_is_written_by_hand_is_a_warning() {
        let by_hand = with_variable(&json!("fenrir-org-shop-development-things"));
        RulesFixture::default().warns(by_hand, "hello.Properties.Environment.Variables.A", "write `!Ref things`");
        RulesFixture::default().accepts(with_variable(&json!("fenrir-org-shop-development-other")));
    }

    #[test]
    fn null_is_refused_wherever_it_is() {
        RulesFixture::default().refuses(
            with_variable(&Value::Null),
            "hello.Properties.Environment.Variables.A",
            "is null",
        );
    }
}
