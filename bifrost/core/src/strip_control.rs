//! Text of strangers, made fit for a log and a terminal: it may hold anything, and be of any length.

/// How many characters of such a text are kept.
const MAX_LEN: usize = 500;

/// The text without control characters, which could move a terminal's cursor or forge lines of a log, and cut.
pub(crate) fn strip_control(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MAX_LEN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_control_character_and_no_long_text_gets_through() {
        assert_eq!(strip_control("bad \x1b[31mbuild\n"), "bad [31mbuild");
        assert_eq!(strip_control(&"é".repeat(501)).chars().count(), MAX_LEN);
    }
}
