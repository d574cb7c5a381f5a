//! Compares the findings over the accepted corpus with those of SAM's transform and of cfn-lint. The snapshot lists each kind of
//! disagreement with an example: a new one is a fault, or a policy that the script does not know.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[test]
fn verdicts_are_those_of_aws_except_by_policy() {
    let Some(mut python) = bifrost_moto::program("python") else { return };
    let folder = |path: &str| format!("{}/tests/{path}", env!("CARGO_MANIFEST_DIR"));
    python.arg(folder("agreement/agreement.py")).args(["--fenrir", env!("CARGO_BIN_EXE_fenrir")]);
    let output = python.arg(folder("corpus/accepted")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    insta::assert_snapshot!("disagreements", String::from_utf8(output.stdout).unwrap());
}
