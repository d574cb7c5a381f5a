//! What users read about a syntax error. The parser's messages presume knowledge of how YAML is parsed.

use granit_parser::ErrorKind;

/// The remedy for an error of the parser.
pub(super) fn advice(error: &ErrorKind) -> &'static str {
    match error {
        ErrorKind::MappingValueNotAllowed => {
            "end a key with a colon and a space; quote a string that contains a colon and a space"
        }
        ErrorKind::ExpectedBlockMappingKey => "begin all keys of a mapping in the same column",
        ErrorKind::UnclosedQuotedScalar => "end the string with the quote that it begins with",
        ErrorKind::UnclosedFlowCollection { .. }
        | ErrorKind::MismatchedFlowCollectionEnd { .. }
        | ErrorKind::MisplacedFlowCollectionEnd => "close each bracket with one of its kind",
        ErrorKind::MissingLowSurrogate
        | ErrorKind::UnpairedLowSurrogate
        | ErrorKind::InvalidLowSurrogate
        | ErrorKind::InvalidLowSurrogateHexEscape => "write the character itself, or both halves of its surrogate pair",
        ErrorKind::CommentNotSeparated => "write a space in front of the comment",
        ErrorKind::FlowMappingValueAdjacentCollection => "write a space after the colon",
        _ => "fix the syntax here, or in the lines above",
    }
}

/// Whether the parser stopped at a tab that indents a line.
pub(super) fn is_about_tab(error: &ErrorKind) -> bool {
    matches!(
        error,
        ErrorKind::TabNotAllowed
            | ErrorKind::TabInBlockIndentation
            | ErrorKind::TabAtBlockScalarStart
            | ErrorKind::TabInIndentation
            | ErrorKind::TabInPlainScalar
            | ErrorKind::InvalidBlockEntryWhitespace
            | ErrorKind::InvalidMappingValueWhitespace
    )
}
