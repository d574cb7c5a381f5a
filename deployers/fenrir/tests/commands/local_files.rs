//! Findings about the files that a template refers to: the same in every command that builds them, and in `validate`.

use crate::fixture::Application;
use crate::shell::{error_code, text};
use serde_json::{Value, json};
use std::fs;

/// The function of the sample with a build method.
fn built_by(application: &Application, method: &str) {
    let function = format!("    Metadata:\n      BuildMethod: {method}\n    Properties:\n      CodeUri: src\n");
    application.template("template.yml", &[("    Properties:\n      CodeUri: src\n", &function)]);
}

/// The only finding of `validate`, and its exit code.
fn finding(application: &Application) -> (Value, i32) {
    let output = application.run("validate");
    let found = text(&output.stdout);
    let [finding] = found.lines().collect::<Vec<_>>()[..] else { panic!("{found}") };
    (serde_json::from_str(finding).unwrap(), output.status.code().unwrap())
}

/// Code, path, line and column of the only finding, which must be an error.
fn error(application: &Application) -> (String, String, u64, u64) {
    let (finding, code) = finding(application);
    assert_eq!((code, &finding["severity"]), (2, &json!("error")), "{finding}");
    let part = |name: &str| finding[name].as_str().unwrap().to_owned();
    let found = (part("code"), part("path"), finding["line"].as_u64().unwrap(), finding["column"].as_u64().unwrap());
    for command in ["package", "deploy --local", "plan --local"] {
        let complaint = text(&application.run(command).stderr);
        assert_eq!(error_code(&complaint), found.0, "{command}: {complaint}");
    }
    found
}

const CODE_URI: &str = "Resources.hello.Properties.CodeUri";

#[test]
fn missing_code_is_found_at_its_path() {
    let application = Application::new("missing-code");
    application.template("template.yml", &[("CodeUri: src", "CodeUri: sources")]);
    assert_eq!(error(&application), ("template/missing-code".into(), CODE_URI.into(), 18, 16));
    let layer =
        "  shared:\n    Type: AWS::Serverless::LayerVersion\n    Properties:\n      ContentUri: layer\n  greetings:\n";
    application.template("template.yml", &[("  greetings:\n", layer)]);
    let path = "Resources.shared.Properties.ContentUri".into();
    assert_eq!(error(&application), ("template/missing-code".into(), path, 43, 19));
    application
        .template("template.yml", &[("      EndpointConfiguration: REGIONAL\n", "      DefinitionUri: api.json\n")]);
    let path = "Resources.api.Properties.DefinitionUri".into();
    assert_eq!(error(&application), ("template/missing-code".into(), path, 13, 22));
}

#[test]
fn missing_code_of_all_functions_is_one_finding() {
    let application = Application::new("missing-globals");
    let second = "  bye:\n    Type: AWS::Serverless::Function\n    Properties: {Handler: bye.handler, Runtime: python3.13, Role: hello-role}\n  greetings:\n    Type";
    let globals = "Globals:\n  Function:\n    CodeUri: gone\n\nResources:\n";
    application.template(
        "template.yml",
        &[("      CodeUri: src\n", ""), ("Resources:\n", globals), ("  greetings:\n    Type", second)],
    );
    assert_eq!(error(&application).2, 10);
}

#[test]
fn empty_folder_is_left_to_the_build() {
    let application = Application::new("empty-folder");
    fs::create_dir(application.folder.join("build")).unwrap();
    application.template("template.yml", &[("CodeUri: src", "CodeUri: build")]);
    assert_eq!(application.shown("validate"), ("template.yml is valid\n".to_owned(), 0));
    assert_eq!(error_code(&application.complaint("package")), "package/empty");
}

#[test]
fn build_method_is_checked_without_a_build() {
    let application = Application::new("build-method");
    let path = "Resources.hello.Metadata.BuildMethod".to_owned();
    for method in ["Makefle", "java21", "python3.12", "nodejs"] {
        built_by(&application, method);
        assert_eq!(error(&application), ("template/build-method".into(), path.clone(), 18, 20), "{method}");
    }
    for method in ["makefile", "python3.13", "python"] {
        built_by(&application, method);
        assert_eq!(error(&application), ("template/not-packaged".into(), CODE_URI.into(), 20, 16), "{method}");
    }
    application.write("src/requirements.txt", "six==1.17.0");
    assert_eq!(application.shown("validate"), ("template.yml is valid\n".to_owned(), 0));
    application.write("src/requirements.txt", "idna==3.10\nsix");
    assert_eq!(finding(&application).0["code"], "template/not-pinned");
}

#[cfg(unix)]
#[test]
fn broken_link_is_named_with_its_target() {
    let application = Application::new("broken-link");
    std::os::unix::fs::symlink("../gone.py", application.folder.join("src/link.py")).unwrap();
    assert_eq!(error(&application).0, "template/not-packaged");
    let (finding, _) = finding(&application);
    let message = finding["message"].as_str().unwrap();
    assert!(message.contains("src/link.py is a broken link: ../gone.py does not exist"), "{message}");
    fs::remove_file(application.folder.join("src/link.py")).unwrap();
    std::os::unix::fs::symlink("gone", application.folder.join("code")).unwrap();
    application.template("template.yml", &[("CodeUri: src", "CodeUri: code")]);
    assert_eq!(error(&application).0, "template/not-packaged");
}

/// The only warning, which every command shows.
fn warning(application: &Application) -> Value {
    let (finding, code) = finding(application);
    assert_eq!((code, &finding["severity"]), (0, &json!("warning")), "{finding}");
    let shown = format!("warning[{}]: {}", finding["code"].as_str().unwrap(), finding["path"].as_str().unwrap());
    for command in ["package --force", "plan --local", "deploy --local --speed 100000", "validate --look-up --local"] {
        let report = text(&application.run(&format!("{command} --output text")).stderr);
        assert_eq!(report.matches(&shown).count(), 1, "{command}: {report}");
    }
    finding
}

#[test]
fn packages_that_nothing_installs_are_a_warning() {
    let application = Application::new("not-installed");
    application.write("src/requirements.txt", "boto3\n");
    assert_eq!(application.shown("validate"), ("template.yml is valid\n".to_owned(), 0), "Lambda has it");
    application.write("src/requirements.txt", "boto3\nPyYAML==6.0\n");
    let found = warning(&application);
    assert_eq!(
        (&found["code"], &found["path"], &found["line"]),
        (&json!("template/not-installed"), &json!(CODE_URI), &json!(18))
    );
    assert!(found["help"].as_str().unwrap().contains("`Metadata: {BuildMethod: python3.13}`"), "{found}");
    application.write("src/package.json", r#"{"dependencies": {"left-pad": "1"}}"#);
    assert_eq!(finding(&application).0, found, "the function is not in Node");
    let shared = "  shared:\n    Type: AWS::Serverless::LayerVersion\n    Properties: {ContentUri: layer}\n  greetings:\n    Type";
    let layers = "      Layers: [!Ref shared]\n      Timeout: 10";
    fs::create_dir(application.folder.join("layer")).unwrap();
    application.write("layer/yaml.py", "");
    application.template("layers.yml", &[("      Timeout: 10", layers), ("  greetings:\n    Type", shared)]);
    assert_eq!(application.shown("validate layers.yml").0, "layers.yml is valid\n", "the layer may have it");
    fs::create_dir(application.folder.join("src/PyYAML-6.0.dist-info")).unwrap();
    application.write("src/PyYAML-6.0.dist-info/METADATA", "");
    assert_eq!(application.shown("validate"), ("template.yml is valid\n".to_owned(), 0), "it is in the folder");
}

#[test]
fn node_packages_that_nothing_installs_are_a_warning() {
    let application = Application::new("not-installed-node");
    application.template("template.yml", &[("python3.13", "nodejs22.x")]);
    application.write("src/package.json", r#"{"dependencies": {"@aws-sdk/client-s3": "3"}}"#);
    assert_eq!(application.shown("validate").1, 0);
    application.write("src/package.json", r#"{"dependencies": {"@aws-sdk/client-s3": "3", "left-pad": "1"}}"#);
    let found = warning(&application);
    assert!(found["message"].as_str().unwrap().contains("`left-pad`"), "{found}");
    assert!(found["help"].as_str().unwrap().contains("`Metadata: {BuildMethod: nodejs22.x}`"), "{found}");
    fs::create_dir_all(application.folder.join("src/node_modules/left-pad")).unwrap();
    application.write("src/node_modules/left-pad/index.js", "");
    assert_eq!(application.shown("validate"), ("template.yml is valid\n".to_owned(), 0));
}

#[test]
fn secrets_in_a_zip_are_a_warning() {
    let application = Application::new("secrets");
    application.write("src/.env", "PASSWORD=x");
    application.write("src/server.pem", "-----BEGIN PRIVATE KEY-----\n");
    application.write("src/ca.pem", "-----BEGIN CERTIFICATE-----\n");
    let found = warning(&application);
    assert_eq!((&found["code"], &found["path"]), (&json!("template/secret-file"), &json!(CODE_URI)));
    let message = found["message"].as_str().unwrap();
    assert!(message.contains("`.env` (environment variables), `server.pem` (a private key)"), "{message}");
    let second = "  bye:\n    Type: AWS::Serverless::Function\n    Properties: {Handler: bye.handler, Runtime: python3.13, Role: hello-role}\n  greetings:\n    Type";
    let globals = "Globals:\n  Function:\n    CodeUri: src\n\nResources:\n";
    application.template(
        "shared.yml",
        &[("      CodeUri: src\n", ""), ("Resources:\n", globals), ("  greetings:\n    Type", second)],
    );
    assert_eq!(application.shown("validate shared.yml").0, "shared.yml is valid: 1 warning\n", "of both functions");
    // A zip that somebody else made is searched, too.
    fs::rename(application.folder.join("template.yml.hello.zip"), application.folder.join("code.zip")).unwrap();
    application.template("template.yml", &[("CodeUri: src", "CodeUri: code.zip")]);
    assert_eq!(finding(&application).0["message"], found["message"]);
}

#[test]
fn secret_in_the_result_of_a_build_is_a_warning() {
    let application = Application::new("built-secret");
    built_by(&application, "makefile");
    application.write("src/.env", "PASSWORD=x");
    application.write("src/Makefile", "build-hello:\n\tcp .env hello.py $(ARTIFACTS_DIR)\n");
    assert_eq!(application.shown("validate"), ("template.yml is valid\n".to_owned(), 0), "not known without a build");
    for command in ["package", "package --output json", "deploy --local --speed 100000"] {
        let output = application.run(command);
        let shown = [output.stdout, output.stderr].map(|output| text(&output)).concat();
        assert!(
            shown.contains("warning: hello: the zip contains `.env` (environment variables)"),
            "{command}: {shown}"
        );
    }
}

#[test]
fn template_with_the_other_extension_is_proposed() {
    let application = Application::new("extension");
    fs::rename(application.folder.join("template.yml"), application.folder.join("template.yaml")).unwrap();
    for command in [
        "validate",
        "package",
        "plan --local",
        "deploy --local",
        "halt template.yml --local",
        "rollback template.yml --local",
    ] {
        let refusal = text(&application.run(command).stderr);
        assert!(refusal.contains("; did you mean template.yaml?"), "{command}: {refusal}");
    }
}

#[test]
fn all_findings_about_files_are_shown_with_their_lines() {
    let application = Application::new("files-report");
    let header = "ProjectName: coinbase/deploy-test\nConfigName: development\nTransform: AWS::Serverless-2016-10-31\nResources:\n";
    let function = |name: &str, code: &str, runtime: &str, method: &str| {
        let metadata =
            if method.is_empty() { String::new() } else { format!("    Metadata: {{BuildMethod: {method}}}\n") };
        format!(
            "  {name}:\n    Type: AWS::Serverless::Function\n{metadata}    Properties:\n      CodeUri: {code}\n      \
             Handler: app.handler\n      Runtime: {runtime}\n      Role: hello-role\n"
        )
    };
    for (path, content) in [
        ("node/package.json", r#"{"dependencies": {"left-pad": "1"}}"#),
        ("listed/requirements.txt", "PyYAML==6.0\n"),
        ("listed/.env", ""),
        ("listed/id_rsa", ""),
    ] {
        fs::create_dir_all(application.folder.join(path).parent().unwrap()).unwrap();
        application.write(path, content);
    }
    let functions = [
        function("missing", "gone", "python3.13", ""),
        function("java", "src", "java21", "java21"),
        function("older", "src", "python3.13", "python3.12"),
        function("misspelt", "src", "python3.13", "Makefle"),
        function("bare", "src", "python3.13", "python"),
        function("unlocked", "node", "nodejs22.x", "nodejs22.x"),
        function("custom", "src", "provided.al2023", ""),
        function("plain", "listed", "python3.13", ""),
    ];
    application.write("template.yml", header.to_owned() + &functions.concat());
    insta::assert_snapshot!(text(&application.run("validate --output text").stderr));
}
