use crate::rules::fixture::{RulesFixture, function, own_tags, tags};
use crate::rules::{Answer, Lookup, Role};
use serde_json::{Value, json};

fn hello(properties: Value) -> Value {
    json!({"hello": function(properties)})
}

fn emitted(properties: Value) -> Value {
    RulesFixture::default().accepts(hello(properties))["Resources"]["hello"]["Properties"].take()
}

#[test]
fn a_function_is_named_tagged_and_bounded() {
    let hello = emitted(json!({"Tags": {"Team": "a"}}));
    assert_eq!(hello["FunctionName"], "fenrir-org-shop-development-hello");
    let tags = json!({"Team": "a", "ProjectName": "org/shop", "ConfigName": "development", "ServiceName": "hello"});
    assert_eq!(hello["Tags"], tags);
    assert_eq!(hello["PermissionsBoundary"], "arn:aws:iam::000000000000:policy/fenrir-permissions-boundary");
}

#[test]
fn what_fenrir_sets_cannot_be_set_otherwise() {
    RulesFixture::default().refuses(
        hello(json!({"FunctionName": "x"})),
        "hello.Properties.FunctionName",
        "Fenrir names it",
    );
    let others = hello(json!({"Tags": {"ProjectName": "org/other"}}));
    RulesFixture::default().warns(
        others,
        "hello.Properties.Tags",
        "the tag ProjectName is overwritten with `org/shop`",
    );
    let wider = hello(json!({"PermissionsBoundary": "arn:aws:iam::aws:policy/AdministratorAccess"}));
    RulesFixture::default().warns(wider, "hello.Properties.PermissionsBoundary", "is overwritten");
}

#[test]
fn either_a_role_or_policies_have_to_be_there() {
    let path = "hello.Properties";
    RulesFixture::default().refuses(
        hello(json!({"Policies": null})),
        path,
        "either `Role` or `Policies` has to be there",
    );
    RulesFixture::default().refuses(hello(json!({"Role": "x"})), path, "`Role` and `Policies` exclude each other");
}

fn with_role(role: &Value) -> Value {
    hello(json!({"Policies": null, "Role": role}))
}

fn knows_role(role: Option<Role>) -> RulesFixture {
    RulesFixture::default().knows(Lookup::Role("shop".to_owned()), Answer::Role(role))
}

#[test]
fn a_role_is_named_has_service_tags_and_becomes_its_arn() {
    let arn = "arn:aws:iam::000000000000:role/path/shop";
    let role = |tags| Some(Role { arn: arn.to_owned(), tags });
    for right in [
        own_tags("hello"),
        own_tags("_all"),
        tags([("ProjectName", "_all"), ("ConfigName", "_all"), ("ServiceName", "_all")]),
    ] {
        let emitted = knows_role(role(right)).accepts(with_role(&json!("shop")));
        let properties = &emitted["Resources"]["hello"]["Properties"];
        assert_eq!(properties["Role"], arn);
        assert_eq!(properties.get("PermissionsBoundary"), None);
    }
    let path = "hello.Properties.Role";
    for wrong in [own_tags("other"), tags([]), tags([("FenrirAllAllowed", "true")])] {
        knows_role(role(wrong)).refuses(with_role(&json!("shop")), path, "the role `shop` has");
    }
    knows_role(None).refuses(with_role(&json!("shop")), path, "there is no role `shop`");
    assert_eq!(RulesFixture::default().needs(with_role(&json!("shop"))), [Lookup::Role("shop".to_owned())]);
}

#[test]
fn a_role_is_a_plain_name() {
    let path = "hello.Properties.Role";
    RulesFixture::default().refuses(
        with_role(&json!({"Ref": "hello"})),
        path,
        "the name of a role, without an intrinsic function",
    );
    let arn = json!("arn:aws:iam::000000000000:role/shop");
    RulesFixture::default().refuses(with_role(&arn), path, "is not the name of a role; write `Role: shop`");
    RulesFixture::default().refuses(with_role(&json!("")), path, "is not the name of a role");
}

#[test]
fn code_without_a_hash_is_refused() {
    for (name, value) in [("InlineCode", "x"), ("ImageUri", "x"), ("PackageType", "Image")] {
        RulesFixture::default().refuses(hello(json!({name: value})), &format!("hello.Properties.{name}"), "");
    }
    RulesFixture::default().refuses(hello(json!({"CodeUri": null})), "hello.Properties", "`CodeUri` is missing");
    emitted(json!({"PackageType": "Zip"}));
}

#[test]
fn others_cannot_be_let_into_its_role() {
    let policy = json!({"Statement": [{"Principal": "*"}]});
    let path = "hello.Properties.AssumeRolePolicyDocument";
    RulesFixture::default().refuses(
        hello(json!({"AssumeRolePolicyDocument": policy})),
        path,
        "take the function's role",
    );
    RulesFixture::default().refuses(hello(json!({"RolePath": "/x/"})), "hello.Properties.RolePath", "has the path `/`");
}

#[test]
fn a_url_says_who_may_call_it() {
    let url = |config: Value| hello(json!({"FunctionUrlConfig": config}));
    for explicit in ["AWS_IAM", "NONE"] {
        RulesFixture::default().accepts(url(json!({"AuthType": explicit, "Cors": {"AllowOrigins": ["*"]}})));
    }
    let path = "hello.Properties.FunctionUrlConfig";
    RulesFixture::default().refuses(url(json!({})), path, "`AuthType` is missing; it should be `AWS_IAM` or `NONE`");
    RulesFixture::default().refuses(url(json!({"AuthType": {"Ref": "hello"}})), path, "without an intrinsic function");
    RulesFixture::default().refuses(url(json!({"AuthType": "None"})), path, "did you mean `NONE`?");
}

#[test]
fn an_alias_may_be_shifted_to_gradually() {
    let preference = json!({
        "Type": "Linear10PercentEvery1Minute", "Alarms": [{"Ref": "errors"}], "Hooks": {"PreTraffic": {"Ref": "hello"}},
    });
    let errors = json!({"Type": "AWS::CloudWatch::Alarm", "Properties": {}});
    let with = |alias: Value| {
        json!({
            "hello": function(json!({"AutoPublishAlias": alias, "DeploymentPreference": preference})), "errors": errors,
        })
    };
    let emitted = RulesFixture::default().accepts(with(json!("live")));
    assert_eq!(emitted["Resources"]["hello"]["Properties"]["DeploymentPreference"], preference);
    let path = "hello.Properties.DeploymentPreference";
    RulesFixture::default().refuses(with(Value::Null), path, "`DeploymentPreference` needs `AutoPublishAlias`");
    let misspelt = hello(json!({"AutoPublishAlias": "live", "DeploymentPreference": {"Typ": "x"}}));
    RulesFixture::default().refuses(misspelt, "hello.Properties.DeploymentPreference.Typ", "did you mean `Type`?");
}

#[test]
fn values_have_to_be_of_their_shape() {
    for (name, value, message) in [
        ("Timeout", json!([3]), "should be a whole number, but is a list"),
        ("Timeout", json!("soon"), "should be a whole number, but is `soon`"),
        ("MemorySize", json!(1.5), "should be a whole number, but is a number"),
        ("Handler", json!({"a": 1}), "should be a text, but is a mapping"),
        ("Layers", json!("a"), "should be a list, but is a text"),
        ("Architectures", json!(["arm46"]), "should be `x86_64` or `arm64`, but is `arm46`; did you mean `arm64`?"),
        ("Environment", json!({"Variables": []}), "should be a mapping, but is a list"),
        ("Environment", json!({"Variables": {"A": {"b": "c"}}}), "should be a text, a number, true or false"),
        ("VpcConfig", json!({"Ref": "AWS::Region"}), "should be a mapping, without an intrinsic function"),
        ("Events", json!({"Ref": "AWS::Region"}), "should be a mapping, without an intrinsic function"),
        ("Tags", json!([]), "should be a mapping, but is a list"),
    ] {
        RulesFixture::default().refuses(hello(json!({name: value})), &format!("hello.Properties.{name}"), message);
    }
    emitted(json!({"Timeout": "30", "Description": 3, "Layers": [{"Ref": "hello"}], "PropagateTags": "true"}));
}

#[test]
fn all_findings_are_there_at_once() {
    let resources = json!({
        "hello": function(json!({"Runtme": "x", "FunctionName": "x", "Timeout": []})),
        "x-y": {"Type": "AWS::S3::Bucket"},
    });
    assert_eq!(RulesFixture::default().with(resources).findings.all().len(), 5);
}

#[test]
fn what_is_wrong_in_the_globals_is_said_once() {
    let span = crate::template::Span { start: 10, end: 20 };
    let template = json!({
        "Transform": "AWS::Serverless-2016-10-31",
        "Globals": {"Function": {"Timeout": []}},
        "Resources": {"a": function(json!({})), "b": function(json!({}))},
    });
    let mut template = crate::template::Node::from(&template);
    let crate::template::Content::Mapping(top) = &mut template.content else { unreachable!() };
    let crate::template::Content::Mapping(globals) = &mut top["Globals"].value.content else { unreachable!() };
    let crate::template::Content::Mapping(function) = &mut globals["Function"].value.content else { unreachable!() };
    function["Timeout"].value.span = Some(span);
    let findings = crate::rules::fixture::facts_of("org/shop", |facts| {
        crate::rules::apply(&template, facts, &crate::rules::Answers::new()).findings
    });
    let [only] = findings.all() else { panic!("{findings}") };
    assert_eq!((only.path.as_str(), only.span), ("Resources.a.Properties.Timeout", Some(span)));
}
