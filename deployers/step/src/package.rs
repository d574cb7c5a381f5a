//! The code of a function, a zip file: whether Lambda can run it in that function.

use crate::cloud::Function;
use crate::rules::{ARCHITECTURE, PACKAGE};
use bifrost::architecture::Architecture;
use bifrost::findings::Findings;
use std::io::{Cursor, Read};
use zip::ZipArchive;

/// The largest zip file that a request to Lambda may have, in bytes
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
pub const MAX_ZIP_BYTES: u64 = 50 * 1024 * 1024;

/// The largest size of all files of a function together, in bytes, from the same page.
const MAX_UNPACKED_BYTES: u64 = 250 * 1024 * 1024;

/// What a custom runtime (`provided.…`) starts.
const BOOTSTRAP: &str = "bootstrap";

/// The place of the findings in the release.
const PLACE: &str = "lambda_sha256";

/// The files in which a runtime looks for a module, by the beginning of its name.
const MODULES: &[(&str, &[&str])] =
    &[("python", &[".py", "/__init__.py"]), ("nodejs", &[".js", ".mjs", ".cjs"]), ("ruby", &[".rb"])];

type Archive<'z> = ZipArchive<Cursor<&'z [u8]>>;

/// Why Lambda could not run the code in this function; nothing if it can, as far as the zip file shows.
#[must_use]
pub fn check(zip: &[u8], function: &Function) -> Findings {
    let mut findings = Findings::default();
    match ZipArchive::new(Cursor::new(zip)) {
        Ok(mut archive) => {
            check_size(&mut archive, &mut findings);
            check_start(&mut archive, function, &mut findings);
        }
        Err(error) => findings.add(PACKAGE, PLACE, format!("the code is not a zip file: {error}")),
    }
    findings
}

fn check_size(archive: &mut Archive<'_>, findings: &mut Findings) {
    let unpacked = archive.decompressed_size().unwrap_or(u128::MAX);
    findings.require(unpacked <= u128::from(MAX_UNPACKED_BYTES), PACKAGE, PLACE, || {
        format!("the files of the code have {unpacked} bytes, and Lambda accepts {MAX_UNPACKED_BYTES}: leave some out, or use a layer")
    });
}

/// Checks that the code has what the runtime starts. It may be in a layer, too.
fn check_start(archive: &mut Archive<'_>, function: &Function, findings: &mut Findings) {
    let runtime = function.runtime.as_deref().unwrap_or_default();
    if runtime.starts_with("provided") {
        return check_bootstrap(archive, function, findings);
    }
    let endings = MODULES.iter().find(|(family, _)| runtime.starts_with(family)).map(|(_, endings)| *endings);
    let module = function.handler.as_deref().and_then(|handler| handler.rsplit_once('.')).map(|(module, _)| module);
    let (Some(endings), Some(module), 0) = (endings, module, function.layers) else { return };
    let base = if runtime.starts_with("python") { module.replace('.', "/") } else { module.to_owned() };
    let found = endings.iter().any(|ending| archive.index_for_name(&format!("{base}{ending}")).is_some());
    findings.require(found, PACKAGE, PLACE, || {
        let (handler, file) =
            (function.handler.as_deref().unwrap_or_default(), endings.first().copied().unwrap_or_default());
        format!("the handler of the function is {handler}, and the code has no file {base}{file}")
    });
}

fn check_bootstrap(archive: &mut Archive<'_>, function: &Function, findings: &mut Findings) {
    let Ok(file) = archive.by_name(BOOTSTRAP) else {
        findings.require(function.layers > 0, PACKAGE, PLACE, || {
            format!("the code has no file `{BOOTSTRAP}` at its top level, which the runtime starts")
        });
        return;
    };
    findings.require(file.unix_mode().is_none_or(|mode| mode & 0o111 != 0), PACKAGE, PLACE, || {
        format!("`{BOOTSTRAP}` is not executable: set its mode to 755 before it is zipped")
    });
    let mut header = Vec::new();
    if let Err(error) = file.take(Architecture::HEADER_BYTES as u64).read_to_end(&mut header) {
        return findings.add(PACKAGE, PLACE, format!("`{BOOTSTRAP}` cannot be unpacked: {error}"));
    }
    match Architecture::of_executable(&header) {
        Some(built_for) if built_for.name() != function.architecture => findings.add(
            ARCHITECTURE,
            PLACE,
            format!(
                "the code was built for {built_for}, and the function has {}: build it for that",
                function.architecture
            ),
        ),
        None if !header.starts_with(b"#!") => findings.add(
            PACKAGE,
            PLACE,
            format!(
                "`{BOOTSTRAP}` is neither a Linux executable for x86_64 or arm64 nor a script that begins with `#!`"
            ),
        ),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    fn elf(machine: u8) -> Vec<u8> {
        let mut file = vec![0; 64];
        file[..6].copy_from_slice(b"\x7fELF\x02\x01");
        file[18] = machine;
        file
    }

    fn zip(name: &str, mode: u32, content: &[u8]) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file(name, SimpleFileOptions::default().unix_permissions(mode)).unwrap();
        zip.write_all(content).unwrap();
        zip.finish().unwrap().into_inner()
    }

    fn function(runtime: &str, handler: &str, layers: usize) -> Function {
        Function {
            runtime: Some(runtime.into()),
            handler: Some(handler.into()),
            architecture: "arm64".into(),
            package_type: "Zip".into(),
            layers,
            code_sha256: None,
            code_size_bytes: 0,
            state: "Active".into(),
            last_update_status: "Successful".into(),
            last_update_reason: None,
            revision_id: "1".into(),
        }
    }

    fn codes(zip: &[u8], function: &Function) -> Vec<&'static str> {
        check(zip, function).iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn executable_of_the_functions_architecture_runs() {
        let provided = function("provided.al2023", "bootstrap", 0);
        assert_eq!(codes(&zip("bootstrap", 0o755, &elf(183)), &provided), [""; 0]);
        assert_eq!(codes(&zip("bootstrap", 0o755, b"#!/bin/sh\n"), &provided), [""; 0]);
        assert_eq!(codes(&zip("bootstrap", 0o755, &elf(62)), &provided), ["step/wrong-architecture"]);
        assert_eq!(codes(&zip("bootstrap", 0o755, b"\xcf\xfa\xed\xfe"), &provided), ["step/invalid-package"]);
        assert_eq!(codes(&zip("bootstrap", 0o644, &elf(183)), &provided), ["step/invalid-package"]);
    }

    #[test]
    fn bootstrap_may_be_in_a_layer() {
        let zip = zip("bin/bootstrap", 0o755, &elf(183));
        assert_eq!(codes(&zip, &function("provided.al2", "x", 0)), ["step/invalid-package"]);
        assert_eq!(codes(&zip, &function("provided.al2", "x", 1)), [""; 0]);
    }

    #[test]
    fn module_of_the_handler_is_in_the_code() {
        for (file, runtime, handler, works) in [
            ("app.py", "python3.13", "app.handler", true),
            ("deploy/app.py", "python3.13", "deploy.app.handler", true),
            ("deploy/app.py", "python3.13", "deploy/app.handler", true),
            ("app/__init__.py", "python3.13", "app.handler", true),
            ("main.py", "python3.13", "app.handler", false),
            ("index.mjs", "nodejs22.x", "index.handler", true),
            ("index.ts", "nodejs22.x", "index.handler", false),
            ("Main.class", "java21", "example.Main::handle", true),
        ] {
            let found = codes(&zip(file, 0o644, b""), &function(runtime, handler, 0));
            assert_eq!(found.is_empty(), works, "{file} {handler}: {found:?}");
        }
    }

    #[test]
    fn what_is_no_zip_file_is_refused() {
        assert_eq!(codes(b"PK", &function("provided.al2023", "x", 0)), ["step/invalid-package"]);
    }
}
