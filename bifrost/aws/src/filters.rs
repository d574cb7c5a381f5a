//! What EC2's filters take.

/// How many values a filter may have.
pub const FILTER_VALUES_LIMIT: usize = 200;

/// A filter's value for exactly this text: EC2 takes `*` and `?` for wildcards, unless a backslash stands before them.
#[must_use]
pub fn literal(text: &str) -> String {
    text.chars()
        .flat_map(|letter| matches!(letter, '*' | '?' | '\\').then_some('\\').into_iter().chain([letter]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::literal;

    #[test]
    fn a_name_is_no_pattern() {
        assert_eq!(literal("ami-*"), r"ami-\*");
        assert_eq!(literal(r"a?\"), r"a\?\\");
        assert_eq!(literal("private_a"), "private_a");
    }
}
