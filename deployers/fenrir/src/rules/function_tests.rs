use crate::rules::fixture::{RulesFixture, function, own_tags, tags};
use crate::rules::{Answer, Lookup, Role};
use crate::template::FindingCode;
use serde_json::{Value, json};

fn hello(properties: Value) -> Value {
    json!({"hello": function(properties)})
}

fn emitted(properties: Value) -> Value {
    RulesFixture::default().accepts(hello(properties))["Resources"]["hello"]["Properties"].take()
}

#[test]
fn function_gets_name_tags_and_boundary() {
    let hello = emitted(json!({"Tags": {"Team": "a"}}));
    assert_eq!(hello["FunctionName"], "fenrir-org-shop-development-hello");
    let tags = json!({"Team": "a", "ProjectName": "org/shop", "ConfigName": "development", "ServiceName": "hello"});
    assert_eq!(hello["Tags"], tags);
    assert_eq!(hello["PermissionsBoundary"], "arn:aws:iam::000000000000:policy/fenrir-permissions-boundary");
}

#[test]
fn values_that_fenrir_sets_are_refused_or_overwritten() {
    let fixture = RulesFixture::default();
    let named = hello(json!({"FunctionName": "x"}));
    fixture.refuses(named, "hello.Properties.FunctionName", FindingCode::NotAllowed);
    let others = hello(json!({"Tags": {"ProjectName": "org/other"}}));
    fixture.warns(others, "hello.Properties.Tags", FindingCode::Overwritten);
    let wider = hello(json!({"PermissionsBoundary": "arn:aws:iam::aws:policy/AdministratorAccess"}));
    fixture.warns(wider, "hello.Properties.PermissionsBoundary", FindingCode::Overwritten);
}

#[test]
fn role_and_policies_exclude_each_other() {
    let fixture = RulesFixture::default();
    fixture.refuses(hello(json!({"Role": "x"})), "hello.Properties", FindingCode::Conflict);
    fixture.needs(hello(json!({"Role": "x", "Policies": []})));
}

#[test]
fn function_without_role_and_policies_has_the_boundary() {
    for without in [json!({"Policies": null}), json!({"Policies": []})] {
        let hello = emitted(without);
        assert_eq!(hello["PermissionsBoundary"], "arn:aws:iam::000000000000:policy/fenrir-permissions-boundary");
        assert_eq!(hello.get("Role"), None);
    }
}

fn with_role(role: &Value) -> Value {
    hello(json!({"Policies": null, "Role": role}))
}

fn knows_role(role: Option<Role>) -> RulesFixture {
    RulesFixture::default().knows(Lookup::Role("shop".to_owned()), Answer::Role(role))
}

#[test]
fn role_with_service_tags_becomes_its_arn() {
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
        knows_role(role(wrong)).refuses(with_role(&json!("shop")), path, FindingCode::OtherProject);
    }
    knows_role(None).refuses(with_role(&json!("shop")), path, FindingCode::NotFound);
    assert_eq!(RulesFixture::default().needs(with_role(&json!("shop"))), [Lookup::Role("shop".to_owned())]);
}

#[test]
fn role_is_a_plain_name() {
    let (fixture, path) = (RulesFixture::default(), "hello.Properties.Role");
    fixture.refuses(with_role(&json!({"Ref": "hello"})), path, FindingCode::NotALiteral);
    let arn = json!("arn:aws:iam::000000000000:role/shop");
    fixture.proposes(with_role(&arn), path, FindingCode::InvalidName, "Role: shop");
    let computed = json!({"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/path/shop"});
    fixture.proposes(with_role(&computed), path, FindingCode::NotALiteral, "Role: shop");
    fixture.refuses(with_role(&json!("")), path, FindingCode::InvalidName);
}

#[test]
fn code_without_a_hash_is_refused() {
    let fixture = RulesFixture::default();
    let inline = hello(json!({"InlineCode": "x", "CodeUri": null}));
    fixture.refuses(inline, "hello.Properties.InlineCode", FindingCode::NotAllowed);
    fixture.refuses(hello(json!({"PackageType": "Jar"})), "hello.Properties.PackageType", FindingCode::InvalidValue);
    fixture.refuses(hello(json!({"CodeUri": null})), "hello.Properties", FindingCode::MissingProperty);
    emitted(json!({"PackageType": "Zip"}));
}

#[test]
fn function_in_an_image_is_one_finding() {
    let image = json!({"PackageType": "Image", "ImageUri": "x", "ImageConfig": {"Command": ["app.handler"]}});
    let mut without_code = image.clone();
    without_code
        .as_object_mut()
        .unwrap()
        .extend(["CodeUri", "Handler", "Runtime"].map(|name| (name.to_owned(), Value::Null)));
    for (properties, name) in [
        (image, "PackageType"),
        (without_code, "PackageType"),
        (json!({"ImageUri": "x"}), "ImageUri"),
        (json!({"PackageType": "Zip", "ImageConfig": {}}), "ImageConfig"),
    ] {
        let findings = RulesFixture::default().with(hello(properties.clone())).findings;
        assert_eq!(findings.all().len(), 1, "{findings}");
        RulesFixture::default().refuses(
            hello(properties),
            &format!("hello.Properties.{name}"),
            FindingCode::NotAllowed,
        );
    }
}

#[test]
fn trust_policy_and_role_path_are_refused() {
    let policy = json!({"Statement": [{"Principal": "*"}]});
    for (name, value) in [("AssumeRolePolicyDocument", policy), ("RolePath", json!("/x/"))] {
        let path = &format!("hello.Properties.{name}");
        RulesFixture::default().refuses(hello(json!({name: value})), path, FindingCode::NotAllowed);
    }
}

#[test]
fn auth_type_of_a_url_is_explicit() {
    let url = |config: Value| hello(json!({"FunctionUrlConfig": config}));
    let fixture = RulesFixture::default();
    for explicit in ["AWS_IAM", "NONE"] {
        fixture.accepts(url(json!({"AuthType": explicit, "Cors": {"AllowOrigins": ["*"]}})));
    }
    let path = "hello.Properties.FunctionUrlConfig";
    fixture.refuses(url(json!({})), path, FindingCode::MissingProperty);
    let path = "hello.Properties.FunctionUrlConfig.AuthType";
    fixture.refuses(url(json!({"AuthType": {"Ref": "hello"}})), path, FindingCode::NotALiteral);
    fixture.proposes(url(json!({"AuthType": "None"})), path, FindingCode::InvalidValue, "NONE");
}

#[test]
fn deployment_preference_requires_an_alias() {
    let preference = json!({
        "Type": "Linear10PercentEvery1Minute", "Alarms": [{"Ref": "errors"}],
    });
    let errors = json!({"Type": "AWS::CloudWatch::Alarm", "Properties": {"MetricName": "Errors", "ComparisonOperator": "LessThanThreshold"}});
    let with = |alias: Value| {
        json!({
            "hello": function(json!({"AutoPublishAlias": alias, "DeploymentPreference": preference})), "errors": errors,
        })
    };
    let emitted = RulesFixture::default().accepts(with(json!("live")));
    assert_eq!(emitted["Resources"]["hello"]["Properties"]["DeploymentPreference"], preference);
    let path = "hello.Properties.DeploymentPreference";
    RulesFixture::default().refuses(with(Value::Null), path, FindingCode::MissingProperty);
    let misspelt = hello(json!({"AutoPublishAlias": "live", "DeploymentPreference": {"Typ": "x"}}));
    RulesFixture::default().proposes(misspelt, &format!("{path}.Typ"), FindingCode::UnknownProperty, "Type");
}

fn with_deployment(preference: &Value) -> Value {
    hello(json!({"AutoPublishAlias": "live", "DeploymentPreference": preference}))
}

#[test]
fn hook_has_a_name_that_code_deploy_may_call() {
    let with = |hook: Value| with_deployment(&json!({"Type": "AllAtOnce", "Hooks": {"PreTraffic": hook}}));
    let path = "hello.Properties.DeploymentPreference.Hooks.PreTraffic";
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:CodeDeployHook_smoke".to_owned();
    let knows = |tags| RulesFixture::default().knows(Lookup::Tags(arn.clone()), Answer::Tags(tags));
    let smoke = || with(json!("CodeDeployHook_smoke"));
    knows(Some(own_tags("x"))).accepts(smoke());
    knows(Some(tags([("ProjectName", "org/other")]))).refuses(smoke(), path, FindingCode::OtherProject);
    knows(None).refuses(smoke(), path, FindingCode::NotFound);
    for other in [json!({"Ref": "hello"}), json!("smoke")] {
        RulesFixture::default().refuses(with(other), path, FindingCode::NotAllowed);
    }
}

#[test]
fn what_fenrir_has_no_permissions_for_is_refused() {
    let role = with_deployment(&json!({"Role": "arn:aws:iam::000000000000:role/x"}));
    RulesFixture::default().refuses(role, "hello.Properties.DeploymentPreference.Role", FindingCode::NotAllowed);
    let config = json!({"Arn": "x", "LocalMountPath": "/mnt/x", "S3FilesConfig": {"DirectS3Read": "AUTO"}});
    let path = "hello.Properties.FileSystemConfigs.0.S3FilesConfig";
    RulesFixture::default().refuses(hello(json!({"FileSystemConfigs": [config]})), path, FindingCode::NotAllowed);
}

#[test]
fn values_of_another_shape_are_refused() {
    for (name, value, path, code) in [
        ("Timeout", json!([3]), "", FindingCode::WrongType),
        ("Timeout", json!("soon"), "", FindingCode::WrongType),
        ("MemorySize", json!(1.5), "", FindingCode::WrongType),
        ("Handler", json!({"a": 1}), "", FindingCode::WrongType),
        ("Layers", json!("a"), "", FindingCode::WrongType),
        ("Environment", json!({"Variables": []}), ".Variables", FindingCode::WrongType),
        ("Environment", json!({"Variables": {"A": {"b": "c"}}}), ".Variables.A", FindingCode::WrongType),
        ("VpcConfig", json!({"Ref": "AWS::Region"}), "", FindingCode::NotALiteral),
        ("Events", json!({"Ref": "AWS::Region"}), "", FindingCode::NotALiteral),
        ("Tags", json!([]), "", FindingCode::WrongType),
    ] {
        let path = &format!("hello.Properties.{name}{path}");
        RulesFixture::default().refuses(hello(json!({name: value})), path, code);
    }
    let misspelt = hello(json!({"Architectures": ["arm46"]}));
    let path = "hello.Properties.Architectures.0";
    RulesFixture::default().proposes(misspelt, path, FindingCode::InvalidValue, "arm64");
    emitted(json!({"Timeout": "30", "Description": 3, "PropagateTags": true}));
}

#[test]
fn all_findings_are_reported_at_once() {
    let resources = json!({
        "hello": function(json!({"Runtme": "x", "FunctionName": "x", "Timeout": []})),
        "x-y": {"Type": "AWS::S3::Bucket"},
    });
    assert_eq!(RulesFixture::default().with(resources).findings.all().len(), 5);
}

#[test]
fn fault_in_globals_is_one_finding() {
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

#[test]
fn memory_and_timeout_have_more_on_instances_of_a_capacity_provider() {
    for (name, most, most_on_instances) in [("MemorySize", 10240, 32768), ("Timeout", 1800, 5400)] {
        let path = &format!("hello.Properties.{name}");
        emitted(json!({name: most}));
        RulesFixture::default().refuses(hello(json!({name: most + 1})), path, FindingCode::InvalidValue);
        let on_instances = |value: i32| hello(json!({name: value, "CapacityProviderConfig": {"Arn": "arn:x"}}));
        let refused = |value| RulesFixture::default().with(on_instances(value)).findings.to_string().contains(name);
        assert_eq!((refused(most_on_instances), refused(most_on_instances + 1)), (false, true), "{name}");
    }
}

#[test]
fn log_levels_need_json() {
    for name in ["ApplicationLogLevel", "SystemLogLevel"] {
        let config = json!({"LogFormat": "Text", name: "INFO"});
        let path = format!("hello.Properties.LoggingConfig.{name}");
        RulesFixture::default().refuses(hello(json!({"LoggingConfig": config})), &path, FindingCode::Conflict);
        emitted(json!({"LoggingConfig": {"LogFormat": "JSON", name: "INFO"}}));
    }
}

#[test]
fn function_isolated_by_tenant_has_no_url_and_only_events_of_apis() {
    let tenant = json!({"TenantIsolationMode": "PER_TENANT"});
    let url = hello(json!({"TenancyConfig": tenant, "FunctionUrlConfig": {"AuthType": "AWS_IAM"}}));
    RulesFixture::default().refuses(url, "hello.Properties.FunctionUrlConfig", FindingCode::Conflict);
    let event = json!({"hourly": {"Type": "Schedule", "Properties": {"Schedule": "rate(1 hour)"}}});
    let path = "hello.Properties.Events.hourly.Type";
    RulesFixture::default().refuses(
        hello(json!({"TenancyConfig": tenant, "Events": event})),
        path,
        FindingCode::Conflict,
    );
}

#[test]
fn destination_that_sam_does_not_create_is_given() {
    let with = |kind: &str| hello(json!({"EventInvokeConfig": {"DestinationConfig": {"OnFailure": {"Type": kind}}}}));
    let path = "hello.Properties.EventInvokeConfig.DestinationConfig.OnFailure";
    RulesFixture::default().refuses(with("Lambda"), path, FindingCode::MissingProperty);
    RulesFixture::default().accepts(with("SQS"));
}

#[test]
fn deployment_that_is_off_needs_no_alias() {
    emitted(json!({"DeploymentPreference": {"Enabled": false, "Type": "AllAtOnce"}}));
    let on = hello(json!({"DeploymentPreference": {"Enabled": true, "Type": "AllAtOnce"}}));
    RulesFixture::default().refuses(on, "hello.Properties.DeploymentPreference", FindingCode::MissingProperty);
}

#[test]
fn snapshots_need_a_runtime_that_has_them() {
    let snap_start = json!({"ApplyOn": "PublishedVersions"});
    for runtime in ["nodejs22.x", "provided.al2023", "python3.11", "java8.al2"] {
        let function = hello(json!({"SnapStart": snap_start, "Runtime": runtime}));
        RulesFixture::default().refuses(function, "hello.Properties.SnapStart", FindingCode::Conflict);
    }
    for runtime in ["python3.13", "java21", "dotnet10"] {
        emitted(json!({"SnapStart": snap_start, "Runtime": runtime}));
    }
    emitted(json!({"SnapStart": {"ApplyOn": "None"}, "Runtime": "provided.al2023"}));
}
