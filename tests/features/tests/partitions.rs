//! Checks that product code has no literal of an AWS partition, or of the end of its host names, except in the module
//! for partitions.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod product_code;

/// The module of partitions and service principals, and the placeholder of the contract.
const EXCEPTIONS: [&str; 2] = ["bifrost/core/src/release/partition.rs", "bifrost/cli/src/commands/json.rs"];

fn is_literal(line: &str) -> bool {
    line.contains("arn:aws") || line.contains("amazonaws.")
}

#[test]
fn product_code_has_no_partition_literal() {
    let found = product_code::search(&EXCEPTIONS, is_literal);
    assert!(found.is_empty(), "use Region::arn, Partition and service_principal:\n{}", found.join("\n"));
}

#[test]
fn literal_is_found_only_in_code() {
    let text = "/// arn:aws:sns\nlet arn = \"arn:aws:sns\";\nlet host = \"s3.amazonaws.com\";\n\n#[cfg(test)]\nmod tests {\n\"arn:aws:s3\"";
    let found = product_code::lines(text, is_literal);
    assert_eq!(found.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [2, 3]);
}
