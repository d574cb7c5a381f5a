//! Reads `requirements.txt`, as far as needed to know what it refers to. pip itself reads the rest.

/// Options that neither name packages nor files.
const PLAIN_OPTIONS: [&str; 9] = [
    "--index-url",
    "-i",
    "--extra-index-url",
    "--no-index",
    "--require-hashes",
    "--pre",
    "--prefer-binary",
    "--only-binary",
    "--trusted-host",
];

/// The lines, joined where they are continued, without comments.
fn lines(text: &str) -> impl Iterator<Item = String> {
    let joined = text.replace("\\\r\n", " ").replace("\\\n", " ");
    let lines: Vec<String> = joined.lines().map(without_comment).collect();
    lines.into_iter().filter(|line| !line.is_empty())
}

fn without_comment(line: &str) -> String {
    let line = if line.trim_start().starts_with('#') { "" } else { line };
    line.split(" #").next().unwrap_or_default().trim().to_owned()
}

/// Whether the list names only packages of an index, so that it does not depend on other files.
pub(super) fn is_complete(text: &str) -> bool {
    lines(text).all(|line| {
        let word = line.split([' ', '=']).next().unwrap_or_default();
        if word.starts_with('-') {
            return PLAIN_OPTIONS.contains(&word);
        }
        let requirement = line.split(" --").next().unwrap_or_default();
        let lower = requirement.to_ascii_lowercase();
        !requirement.contains(['/', '\\']) && ![".whl", ".zip", ".gz"].iter().any(|ending| lower.contains(ending))
    })
}

/// The names of the required packages, as written. Not those of other lists and of folders.
pub(in crate::package) fn names(text: &str) -> Vec<String> {
    packages(text).map(|line| name(&line).to_owned()).collect()
}

/// The first package whose version the list leaves open, so that it depends on the time which one is installed.
pub(in crate::package) fn unpinned(text: &str) -> Option<String> {
    // The other list may have the versions.
    if lines(text).any(|line| line.starts_with("-c") || line.starts_with("--constraint")) {
        return None;
    }
    let is_pinned = |line: &String| line.contains(" @ ") || line.contains("==") && !line.contains(".*");
    packages(text).find(|line| !is_pinned(line)).map(|line| name(&line).to_owned())
}

/// The lines that name a package.
fn packages(text: &str) -> impl Iterator<Item = String> {
    lines(text).filter(|line| line.starts_with(|first: char| first.is_ascii_alphanumeric()))
}

fn name(line: &str) -> &str {
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    line.split(|c| !is_name(c)).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_of_an_index_are_complete() {
        for text in [
            "",
            "# nothing\n",
            "requests\n",
            "requests[socks]==2.32.3 ; python_version >= \"3.8\"  # comment a/b\n",
            "--index-url https://example.com/simple\n-i https://example.com/simple\n--extra-index-url=https://x/y\nidna\n",
            "idna==3.10 \\\n    --hash=sha256:946d195a0d259cbba61165e88e65941f16e9b36ea6ddb97f00452bae8b1287d3\n",
        ] {
            assert!(is_complete(text), "{text}");
        }
    }

    #[test]
    fn list_that_refers_to_files_is_not_complete() {
        for text in [
            "-r other.txt",
            "-rother.txt",
            "-c constraints.txt",
            "--requirement=other.txt",
            "-e .",
            "--find-links ../wheels",
            "-f wheels",
            "./shared",
            "shared/",
            "six-1.0-py3-none-any.whl",
            "six @ file:///x/six.tar.gz",
            "six @ git+https://example.com/six",
            "idna\\\n\n../x",
        ] {
            assert!(!is_complete(text), "{text}");
        }
    }

    #[test]
    fn package_without_a_version_is_unpinned() {
        for text in [
            "six==1.0\n-r other.txt",
            "six @ https://example.com/six.whl",
            "./lib",
            "-c versions.txt\nsix",
            "six === 1.0",
        ] {
            assert_eq!(unpinned(text), None, "{text}");
        }
        for text in ["six", "idna==3.0\nsix>=1.0", "six==1.*", "six[extra] ~= 1.0 ; python_version > '3.8'"] {
            assert_eq!(unpinned(text).as_deref(), Some("six"), "{text}");
        }
    }

    #[test]
    fn names_are_those_of_packages() {
        let text = "--pre\nBoto3>=1\nzope.interface[test]~=5.0\n./lib\n# six\n\nidna \\\n --hash=sha256:a\n";
        assert_eq!(names(text), ["Boto3", "zope.interface", "idna"]);
    }
}
