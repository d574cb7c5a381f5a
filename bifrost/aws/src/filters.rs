//! Values of EC2's filters.

/// The maximum number of values of a filter.
pub const FILTER_VALUES_LIMIT: usize = 200;

/// A filter value that matches exactly this text. EC2 treats `*` and `?` as wildcards unless a backslash precedes them.
#[must_use]
pub fn literal(text: &str) -> String {
    text.chars().flat_map(|c| matches!(c, '*' | '?' | '\\').then_some('\\').into_iter().chain([c])).collect()
}

#[cfg(test)]
mod tests {
    use super::literal;

    #[test]
    fn wildcards_are_escaped() {
        assert_eq!(literal("ami-*"), r"ami-\*");
        assert_eq!(literal(r"a?\"), r"a\?\\");
        assert_eq!(literal("private_a"), "private_a");
    }
}
