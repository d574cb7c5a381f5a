//! The files of a new deployer, from the template. The template is a deployer that builds: `tests/template` compiles, lints and tests
//! it with the workspace. So it has no placeholders: its own names are replaced, and what is left out is named here as it is there.

use super::framework::Framework;
use super::name::{Names, type_name};
use crate::commands::arguments::shell_quoted;

/// The text of a file of the template.
macro_rules! template {
    ($file:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/template/", $file))
    };
}

/// The name of the package in the template's manifest.
const PACKAGE: &str = "acme-cache";
/// The template's command, which is also the area of its error codes.
const COMMAND: &str = "cache";
/// The template's prefix.
const PREFIX: &str = "acme-";
/// The template's type that is a deployer.
const TYPE: &str = "Cache";

/// The paths to the framework in the template's manifests, and to its repository in the workflow.
const LIBRARY_PATH: &str = "\"../..\"";
const MOTO_PATH: &str = "\"../../tests/moto\"";
const REPOSITORY_PATH: &str = "../bifrost";

/// What of `main.rs` belongs to AWS, and what replaces it without.
const AWS_IN_MAIN: [(&str, &str); 2] =
    [("#[cfg(feature = \"lambda\")]\nmod aws;\n", ""), ("clouds: [local, aws]", "clouds: [local]")];

/// What of `tests.rs` belongs to the emulated AWS.
const MOTO_IN_TESTS: [(&str, &str); 3] = [
    ("#[cfg(feature = \"lambda\")]\nuse bifrost_moto::MotoAccount;\n", ""),
    (", #[cfg(feature = \"lambda\")] moto: empty_moto_account", ""),
    ("\n#[cfg(feature = \"lambda\")]\nfn empty_moto_account(_: &MotoAccount) {}\n", ""),
];

/// The sources, without those that belong to AWS.
const SOURCES: [(&str, &str); 6] = [
    ("src/release.rs", template!("src/release.rs")),
    ("src/machine.rs", template!("src/machine.rs")),
    ("src/handlers.rs", template!("src/handlers.rs")),
    ("src/tables.rs", template!("src/tables.rs")),
    ("src/local.rs", template!("src/local.rs")),
    ("src/client.rs", template!("src/client.rs")),
];

/// What of a new deployer the user chose.
pub(super) struct Choices {
    pub(super) names: Names,
    pub(super) framework: Framework,
    /// Whether it has the AWS half of its port.
    pub(super) has_aws: bool,
}

/// A file of the new deployer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NewFile {
    /// Its path in the folder of the deployer.
    pub(super) path: &'static str,
    pub(super) text: String,
}

/// All files of the new deployer.
pub(super) fn files(choices: &Choices) -> Vec<NewFile> {
    let Choices { names, framework, has_aws } = choices;
    let has_moto = *has_aws && framework.moto.is_some();
    let main =
        if *has_aws { template!("src/main.rs").to_owned() } else { without(template!("src/main.rs"), &AWS_IN_MAIN) };
    let tests = if has_moto {
        template!("src/tests.rs").to_owned()
    } else {
        without(template!("src/tests.rs"), &MOTO_IN_TESTS)
    };
    let readme = if *has_aws { template!("readme-aws-now.md") } else { template!("readme-aws-later.md") };
    let mut named = vec![
        ("README.md", format!("{}{readme}", template!("README.md"))),
        (".cargo/config.toml", template!("cargo-config.toml").to_owned()),
        (".gitignore", template!("gitignore").to_owned()),
        ("release.json", template!("release.json").to_owned()),
        ("src/main.rs", main),
    ];
    named.extend(SOURCES.map(|(path, text)| (path, text.to_owned())));
    named.extend(has_aws.then(|| ("src/aws.rs", template!("src/aws.rs").to_owned())));
    named.push(("src/tests.rs", tests));

    let type_name = type_name(&names.command, is_taken);
    let renames = [(PREFIX, names.prefix.as_str()), (COMMAND, &names.command), (TYPE, &type_name)];
    let named = named.into_iter().map(|(path, text)| NewFile { path, text: rename(&text, &renames) });
    let workflow = template!("ci.yml").replace(REPOSITORY_PATH, &shell_quoted(&framework.repository));
    let plain = [("Cargo.toml", manifest(choices)), (".github/workflows/ci.yml", workflow)];
    plain.into_iter().map(|(path, text)| NewFile { path, text }).chain(named).collect()
}

fn manifest(Choices { names, framework, has_aws }: &Choices) -> String {
    let quoted = |path: &str| serde_json::Value::from(path).to_string();
    let renamed = rename(template!("manifest.toml"), &[(PACKAGE, &names.package), (COMMAND, &names.command)]);
    let mut text = renamed.replace(LIBRARY_PATH, &quoted(&framework.library));
    if *has_aws {
        text.push_str(template!("manifest-aws.toml"));
        if let Some(moto) = &framework.moto {
            text.push_str(&template!("manifest-moto.toml").replace(MOTO_PATH, &quoted(moto)));
        }
    }
    text
}

/// The text without these parts.
fn without(text: &str, parts: &[(&str, &str)]) -> String {
    parts.iter().fold(text.to_owned(), |text, (part, instead)| text.replacen(part, instead, 1))
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Replaces whole words, in one pass, so that a new name is never replaced again. A word that ends with `-` is the beginning of one.
fn rename(text: &str, renames: &[(&str, &str)]) -> String {
    let (mut written, mut rest, mut is_inside) = (String::with_capacity(text.len()), text, false);
    while let Some(first) = rest.chars().next() {
        let found = renames.iter().find_map(|(word, new)| {
            let after = rest.strip_prefix(word).filter(|_| !is_inside)?;
            (word.ends_with('-') || !after.starts_with(is_of_word)).then_some((*new, after))
        });
        let (new, after) = found.unwrap_or_else(|| rest.split_at(first.len_utf8()));
        written.push_str(new);
        (rest, is_inside) = (after, found.is_none() && is_of_word(first));
    }
    written
}

/// Whether the code of the template, or Rust without an import, uses a name for something else than the deployer.
fn is_taken(name: &str) -> bool {
    const PRELUDE: &str = "AsMut AsRef Box Clone Copy Debug Default Drop Eq Err Extend Fn FnMut FnOnce From Hash Into IntoIterator Iterator \
        None Ok Option Ord PartialEq PartialOrd Result Send Sized Some String Sync ToOwned ToString TryFrom TryInto Unpin Vec";
    let code = [template!("src/main.rs"), template!("src/aws.rs"), template!("src/tests.rs")];
    let texts = code.into_iter().chain(SOURCES.map(|(_, text)| text)).chain([PRELUDE]);
    name != TYPE && texts.flat_map(|text| text.split(|c| !is_of_word(c))).any(|word| word == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn choices(name: &str, prefix: &str, has_aws: bool) -> Choices {
        let framework =
            Framework { library: "../b/bifrost".into(), repository: "../b".into(), moto: Some("../b/m".into()) };
        Choices { names: Names::new(name, prefix).unwrap(), framework, has_aws }
    }

    fn text(files: &[NewFile], path: &str) -> String {
        files.iter().find(|file| file.path == path).unwrap().text.clone()
    }

    #[test]
    fn template_with_its_own_names_is_unchanged() {
        let files = files(&choices("acme-cache", "acme-", true));
        for (path, template) in SOURCES.into_iter().chain([
            ("src/main.rs", template!("src/main.rs")),
            ("src/aws.rs", template!("src/aws.rs")),
            ("src/tests.rs", template!("src/tests.rs")),
        ]) {
            assert_eq!(text(&files, path), template, "{path}");
        }
    }

    #[test]
    fn part_that_is_left_out_occurs_once() {
        for (text, parts) in
            [(template!("src/main.rs"), &AWS_IN_MAIN[..]), (template!("src/tests.rs"), &MOTO_IN_TESTS[..])]
        {
            for (part, _) in parts {
                assert_eq!(text.matches(part).count(), 1, "{part}");
            }
        }
        assert_eq!(template!("manifest.toml").matches(LIBRARY_PATH).count(), 1);
        assert_eq!(template!("manifest-moto.toml").matches(MOTO_PATH).count(), 1);
        assert_eq!(template!("ci.yml").matches(REPOSITORY_PATH).count(), 1);
    }

    #[test]
    fn every_file_of_the_template_is_used() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/template/src");
        let found = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let written = files(&choices("acme-cache", "acme-", true));
        let written = written.iter().filter_map(|file| file.path.strip_prefix("src/")).map(ToOwned::to_owned);
        assert_eq!(written.collect::<BTreeSet<_>>(), found.collect::<BTreeSet<_>>());
    }

    #[test]
    fn nothing_of_aws_is_left_for_later() {
        for file in files(&choices("acme-cache", "acme-", false)) {
            let has_aws = ["aws_sdk", "lambda", "moto"].iter().any(|word| file.text.contains(word));
            assert!(!has_aws || file.path == "README.md", "{}: {}", file.path, file.text);
        }
    }

    #[test]
    fn names_of_the_template_are_replaced() {
        // The workflow has none, but calls an action that is named like the template's command.
        let named = |file: &NewFile| file.path != ".github/workflows/ci.yml";
        for file in files(&choices("team-queue-2", "team-", true)).into_iter().filter(named) {
            let is_left = file.text.split(|c| !is_of_word(c)).any(|word| ["cache", "Cache"].contains(&word));
            assert!(!is_left && !file.text.contains("acme-"), "{}: {}", file.path, file.text);
        }
        let main = text(&files(&choices("team-queue-2", "team-", true)), "src/main.rs");
        for line in [
            "impl Deployer for Queue2 {",
            "const NAME: &'static str = \"queue-2\";",
            "const PREFIX: &'static str = \"team-\";",
        ] {
            assert!(main.contains(line), "{line}");
        }
    }

    #[test]
    fn package_and_command_have_their_own_names() {
        // Each name contains one of the template's, which must not be replaced again.
        for (name, prefix, command) in [
            ("acme-cache-cache", "acme-", "cache-cache"),
            ("x-acme-cache", "x-", "acme-cache"),
            ("cache", "acme-cache-", "cache"),
        ] {
            let files = files(&choices(name, prefix, false));
            let manifest = text(&files, "Cargo.toml");
            assert!(manifest.contains(&format!("[package]\nname = \"{name}\"\n")), "{manifest}");
            assert!(manifest.contains(&format!("[[bin]]\nname = \"{command}\"\n")), "{manifest}");
            let main = text(&files, "src/main.rs");
            assert!(main.contains(&format!("NAME: &'static str = \"{command}\"")), "{main}");
            assert!(main.contains(&format!("PREFIX: &'static str = \"{prefix}\"")), "{main}");
        }
    }

    #[test]
    fn path_is_quoted_for_toml_and_shell() {
        let mut choices = choices("acme-cache", "acme-", true);
        choices.framework.library = "../my \"b\"".into();
        choices.framework.repository = "../my b".into();
        let files = files(&choices);
        assert!(text(&files, "Cargo.toml").contains(r#"path = "../my \"b\"""#));
        assert!(text(&files, ".github/workflows/ci.yml").contains("'../my b'\n"));
    }

    #[test]
    fn type_of_the_deployer_is_new() {
        for (command, name) in
            [("release", "ReleaseMachine"), ("option", "OptionMachine"), ("cache", "Cache"), ("queue", "Queue")]
        {
            assert_eq!(type_name(command, is_taken), name);
        }
    }

    /// `tests/template` is a crate of the same sources, whose manifest cannot be that of a new deployer: versions are those of the
    /// workspace.
    #[test]
    fn crate_that_compiles_the_template_has_its_features() {
        let section = |manifest: &str, name: &str| {
            let lines = manifest.split(&format!("[{name}]\n")).nth(1).unwrap_or_default().lines();
            let lines = lines.take_while(|line| !line.starts_with('[')).filter(|line| !line.starts_with('#'));
            lines.filter(|line| !line.is_empty()).map(ToOwned::to_owned).collect::<BTreeSet<_>>()
        };
        let compiled = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/template/Cargo.toml"));
        let (compiled, written) = (compiled.unwrap(), manifest(&choices("acme-cache", "acme-", true)));
        assert_eq!(section(&compiled, "features"), section(&written, "features"));
        let names = |section: BTreeSet<String>| -> BTreeSet<_> {
            section.iter().filter_map(|line| line.split([' ', '.']).next()).map(ToOwned::to_owned).collect()
        };
        let of_sdk = names(section(&compiled, "dependencies")).into_iter().filter(|name| name != "aws-sdk-dynamodb");
        assert_eq!(of_sdk.collect::<BTreeSet<_>>(), names(section(&written, "dependencies")));
        assert!(written.contains("\n[dependencies.aws-sdk-dynamodb]\n"));
    }
}
