//! Makes text from outside safe for logs and terminals: it may contain anything, and have any length.

/// The maximum number of characters that are kept.
const MAX_LEN: usize = 500;

/// Removes control characters, which could move a terminal's cursor or forge log lines, and truncates the text.
pub(crate) fn strip_control(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MAX_LEN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_and_long_text_are_cut() {
        assert_eq!(strip_control("bad \x1b[31mbuild\n"), "bad [31mbuild");
        assert_eq!(strip_control(&"é".repeat(501)).chars().count(), MAX_LEN);
    }
}
