//! `package`, and what `deploy` uploads.

use crate::fixture::Application;
use crate::shell::{error_code, text};
use bifrost::release::Sha256;
use serde_json::{Value, json};

#[test]
fn changed_function_is_built_again() {
    let application = Application::new("package");
    let origin = |line: &str| {
        let [packaged] = application.json(line).try_into().unwrap();
        let Value::String(path) = &packaged["path"] else { panic!("{packaged}") };
        assert_eq!(packaged["sha256"], Sha256::of(&std::fs::read(path).unwrap()).to_string());
        (packaged["origin"].clone(), packaged["sha256"].clone())
    };
    let (built, first) = origin("package");
    let (cached, same) = origin("package template.yml");
    let (forced, again) = origin("package --force --jobs 1");
    assert_eq!([built, cached, forced], ["built", "cached", "built"]);
    assert_eq!((&same, &again), (&first, &first), "the same files make the same zip");
    application.change_code();
    let (built, second) = origin("package --jobs 4");
    assert_eq!(built, "built");
    assert_ne!(first, second);
    assert!(application.folder.join("template.yml.hello.zip").exists());
    assert!(!application.folder.join(".bifrost/cloud.sqlite").exists(), "packaging needs no cloud");
}

#[test]
fn text_output_is_one_line_a_function() {
    let application = Application::new("package-text");
    let (shown, code) = application.shown("package");
    assert!(code == 0 && shown.starts_with("hello                    built  ") && shown.ends_with(" s\n"), "{shown}");
    assert!(application.shown("package").0.starts_with("hello                    unchanged  "));
}

#[test]
fn unbuildable_template_is_refused() {
    let application = Application::new("package-refused");
    let built = "    Metadata: {BuildMethod: makefile}\n    Properties:\n      CodeUri: src\n";
    application.template("fails.yml", &[("    Properties:\n      CodeUri: src\n", built)]);
    application.write("src/Makefile", "build-hello:\n\tfalse\n");
    let complaint = application.complaint("package fails.yml");
    assert_eq!(error_code(&complaint), "package/tool-failed", "{complaint}");
    assert!(complaint.contains("\nhello [package/tool-failed]: "), "{complaint}");
    application.template("bad.yml", &[("Handler:", "Handlr:")]);
    let complaint = application.complaint("package bad.yml");
    assert!(error_code(&complaint).starts_with("template/") && complaint.contains("\n\n  x "), "{complaint}");
    assert_eq!(application.run("package --jobs 0").status.code(), Some(2));
}

#[test]
fn zips_layers_and_definitions_are_uploaded() {
    let application = Application::new("uploads");
    application.json("package");
    std::fs::rename(application.folder.join("template.yml.hello.zip"), application.folder.join("code.zip")).unwrap();
    std::fs::create_dir_all(application.folder.join("shared/python")).unwrap();
    application.write("shared/python/greeting.py", "GREETING = 'hello'\n");
    let definition = json!({"openapi": "3.0.1", "info": {"title": "hello", "version": "1"}, "paths": {}});
    application.write("api.json", definition.to_string());
    let layer = "  shared:
    Type: AWS::Serverless::LayerVersion
    Properties:
      ContentUri: shared
      CompatibleRuntimes: [python3.13]
  described:
    Type: AWS::Serverless::Api
    Properties:
      StageName: development
      EndpointConfiguration: REGIONAL
      DefinitionUri: api.json
  greetings:\n    Type";
    application.template("template.yml", &[("CodeUri: src", "CodeUri: code.zip"), ("  greetings:\n    Type", layer)]);
    let (end, code) = application.deploy("template.yml");
    assert_eq!(code, 0, "{end}");
    let folder = format!("000000000000/coinbase/deploy-test/development/{}", end["release_id"].as_str().unwrap());
    let objects = application.objects();
    let release: Value = serde_json::from_slice(&objects[&format!("{folder}/release")]).unwrap();
    let hashes = release["s3_uris_sha256s"].as_object().unwrap();
    assert_eq!(hashes.len(), 3, "{hashes:?}");
    for name in ["hello.zip", "shared.zip", "described.json"] {
        let key = format!("{folder}/release/{name}");
        let stated = &hashes[&format!("s3://coinbase-fenrir-000000000000/{key}")];
        assert_eq!(stated, &Sha256::of(&objects[&key]).to_string(), "{name}");
    }
    assert_eq!(objects[&format!("{folder}/release/described.json")], definition.to_string().into_bytes());
}

#[test]
fn deploy_reports_packaging_on_stderr() {
    let application = Application::new("packages-itself");
    let output = application.run("deploy --local --speed 100000");
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stderr).starts_with("packaged hello in "), "{}", text(&output.stderr));
    assert_eq!(text(&application.run("deploy --local --speed 100000").stderr), "", "it was packaged already");
}
