//! `Metadata.BuildMethod`: how an artifact is built.

use super::error::ArtifactError;
use super::{Architecture, Artifact};

/// The values that do not name a version. SAM calls Go `go1.x` for any runtime.
const BUILD_METHODS: [(&str, Method); 4] =
    [("go", Method::Go), ("go1.x", Method::Go), ("makefile", Method::Make), ("rust-cargolambda", Method::Cargo)];

/// The values for messages.
const KNOWN: [&str; 6] = ["go", "go1.x", "makefile", "nodejs", "python", "rust-cargolambda"];

/// The values that build the executable of a custom runtime, for messages.
pub(super) const EXECUTABLES: &str = "go, makefile or rust-cargolambda";

/// How an artifact is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    /// The file is used unchanged.
    AsIs,
    /// The folder or file is zipped.
    Zip,
    /// With the Makefile in its folder.
    Make,
    /// With `go build`.
    Go,
    /// With `cargo lambda`.
    Cargo,
    /// With the Dockerfile beside the template.
    Docker,
    /// The folder, with the packages that pip installs for Python 3.`minor`.
    Python { minor: u8 },
    /// The folder, with the packages that npm installs.
    Node,
}

impl Method {
    /// Finds the method of a value.
    pub(super) fn named(name: &str, artifact: &Artifact) -> Result<Self, ArtifactError> {
        if let Some((_, method)) = BUILD_METHODS.iter().find(|(known, _)| *known == name) {
            return Ok(*method);
        }
        if let Some(language) = Language::of(name) {
            return language.method(name, artifact);
        }
        match line_for_make(name, artifact) {
            Some(line) => Err(ArtifactError::OfSam { found: name.into(), line }),
            None => Err(unknown(name)),
        }
    }

    /// Whether it installs dependencies beside the code.
    pub(super) fn installs(self) -> bool {
        matches!(self, Self::Python { .. } | Self::Node)
    }

    /// Whether it needs a folder, not a file.
    pub(super) fn needs_folder(self) -> bool {
        matches!(self, Self::Make | Self::Go | Self::Cargo) || self.installs()
    }

    /// Whether `BuildInputs` may name inputs outside of the folder.
    pub(super) fn takes_inputs(self) -> bool {
        self == Self::Make || self.installs()
    }
}

/// A language whose packages are installed. Its values are those of `Runtime`, or the bare name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Language {
    Python,
    Node,
}

impl Language {
    /// The language of a runtime, or of its bare name.
    fn of(name: &str) -> Option<Self> {
        let is_version = |version: &str| version.is_empty() || version.bytes().all(|byte| byte.is_ascii_digit());
        if name == "python" || minor(name).is_some() {
            return Some(Self::Python);
        }
        let version = name.strip_prefix("nodejs")?;
        is_version(version.strip_suffix(".x").unwrap_or(version)).then_some(Self::Node)
    }

    fn method(self, name: &str, artifact: &Artifact) -> Result<Method, ArtifactError> {
        let runtime = artifact.runtime.as_deref();
        let is_bare = name == "python" || name == "nodejs";
        let fits = runtime.is_none_or(|runtime| runtime == name || is_bare && Self::of(runtime) == Some(self));
        if !fits {
            let runtime = runtime.unwrap_or_default().to_owned();
            return Err(ArtifactError::OtherRuntime { found: name.into(), runtime });
        }
        match self {
            Self::Node => Ok(Method::Node),
            Self::Python => match minor(name).or_else(|| minor(runtime?)) {
                Some(minor) => Ok(Method::Python { minor }),
                None => Err(ArtifactError::NoVersion { found: name.into() }),
            },
        }
    }
}

/// The minor version of a Python 3 runtime: 13 for `python3.13`.
fn minor(runtime: &str) -> Option<u8> {
    let minor = runtime.strip_prefix("python3.")?;
    minor.bytes().all(|byte| byte.is_ascii_digit()).then(|| minor.parse().ok()).flatten()
}

/// The line of a Makefile that does what SAM does for a build method that Fenrir does not have. None if SAM does not have it,
/// either.
fn line_for_make(name: &str, artifact: &Artifact) -> Option<String> {
    let runtime = match artifact.architecture {
        Architecture::X86_64 => "linux-x64",
        Architecture::Arm64 => "linux-arm64",
    };
    let is_version_of = |language: &str| {
        let version = name.strip_prefix(language);
        version.is_some_and(|version| version.is_empty() || version.starts_with(|first: char| first.is_ascii_digit()))
    };
    let recipe = match name {
        "gradle" => "gradle installDist && cp -R build/install/*/lib $(ARTIFACTS_DIR)".into(),
        "maven" => MAVEN.into(),
        "esbuild" => "npm ci && npx esbuild app.ts --bundle --platform=node --outdir=$(ARTIFACTS_DIR)".into(),
        "python-uv" => {
            "uv pip install --target $(ARTIFACTS_DIR) -r requirements.txt && cp *.py $(ARTIFACTS_DIR)".into()
        }
        "provided" | "provided.al2" | "provided.al2023" => "cp bootstrap $(ARTIFACTS_DIR)".into(),
        _ if is_version_of("java") => MAVEN.into(),
        _ if is_version_of("ruby") => "BUNDLE_PATH=vendor/bundle bundle install && cp -R . $(ARTIFACTS_DIR)".into(),
        _ if is_version_of("dotnet") || is_version_of("dotnetcore") => {
            format!("dotnet publish -c Release -r {runtime} --no-self-contained -o $(ARTIFACTS_DIR)")
        }
        _ => return None,
    };
    let recipe: String = recipe;
    Some(format!("build-{}: ; {recipe}", artifact.logical_id))
}

const MAVEN: &str = "mvn package dependency:copy-dependencies -DincludeScope=runtime && mkdir -p $(ARTIFACTS_DIR)/lib && \
                     cp target/*.jar target/dependency/*.jar $(ARTIFACTS_DIR)/lib";

fn unknown(name: &str) -> ArtifactError {
    let distance = |known: &&&str| strsim::damerau_levenshtein(known, &name.to_lowercase());
    let nearest = KNOWN.iter().min_by_key(distance).copied().unwrap_or("makefile");
    ArtifactError::Method { found: name.into(), nearest, known: KNOWN.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::Kind;
    use bifrost::error_code::Coded;

    fn artifact(runtime: Option<&str>) -> Artifact {
        Artifact {
            logical_id: "hello".into(),
            kind: if runtime.is_some() { Kind::Function } else { Kind::Layer },
            property: "CodeUri".into(),
            source: Some("src".into()),
            runtime: runtime.map(str::to_owned),
            architecture: Architecture::X86_64,
            build_method: None,
            binary: None,
            build_inputs: Vec::new(),
        }
    }

    fn code(name: &str, runtime: Option<&str>) -> &'static str {
        Method::named(name, &artifact(runtime)).unwrap_err().code()
    }

    #[test]
    fn runtime_selects_the_language_and_its_version() {
        for (name, runtime, expected) in [
            ("python3.13", Some("python3.13"), Method::Python { minor: 13 }),
            ("python", Some("python3.9"), Method::Python { minor: 9 }),
            ("python3.14", None, Method::Python { minor: 14 }),
            ("nodejs22.x", Some("nodejs22.x"), Method::Node),
            ("nodejs", Some("nodejs24.x"), Method::Node),
            ("nodejs", None, Method::Node),
            ("go1.x", Some("provided.al2023"), Method::Go),
        ] {
            assert_eq!(Method::named(name, &artifact(runtime)).unwrap(), expected, "{name} {runtime:?}");
        }
    }

    #[test]
    fn packages_for_another_runtime_are_refused() {
        for (name, runtime) in [
            ("python3.12", "python3.13"),
            ("python", "nodejs22.x"),
            ("nodejs20.x", "nodejs22.x"),
            ("nodejs", "python3.13"),
            ("python3.13", "provided.al2023"),
        ] {
            assert_eq!(code(name, Some(runtime)), "package/other-runtime", "{name} {runtime}");
        }
        assert_eq!(code("python", None), "package/no-python-version");
    }

    #[test]
    fn method_of_sam_gets_a_line_for_the_makefile() {
        for name in
            ["java21", "java8.al2", "gradle", "maven", "dotnet8", "dotnetcore3.1", "ruby3.3", "esbuild", "python-uv"]
                .into_iter()
                .chain(["provided", "provided.al2023"])
        {
            let error = Method::named(name, &artifact(Some(name))).unwrap_err();
            let ArtifactError::OfSam { found, line } = &error else { panic!("{name}: {error}") };
            assert_eq!(found, name);
            assert!(line.starts_with("build-hello: ; ") && line.contains("$(ARTIFACTS_DIR)"), "{line}");
        }
        let arm = Artifact { architecture: Architecture::Arm64, ..artifact(Some("dotnet8")) };
        assert!(Method::named("dotnet8", &arm).unwrap_err().to_string().contains(" -r linux-arm64 "));
    }

    #[test]
    fn other_values_are_unknown() {
        for name in ["Makefle", "python2.7", "python3.x", "python3.", "nodejs20.y", "javascript", "rubygems", ""] {
            assert_eq!(code(name, Some("python3.13")), "package/unknown-build-method", "{name}");
        }
    }
}
