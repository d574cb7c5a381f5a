//! The parser of calls.

use serde_json::{Number, Value};

use super::format::{self, Piece};
use super::function::Function;
use super::{Argument, Call};
use crate::path::Path;
use crate::syntax::{Cursor, SyntaxError};

/// AWS's limit for nested calls.
const MAX_DEPTH: usize = 10;

pub(super) fn call(cursor: &mut Cursor<'_>) -> Result<Call, SyntaxError> {
    let call = call_at(cursor, 1)?;
    // AWS accepts blanks after a call, but not before it.
    cursor.skip_blanks();
    if cursor.at_end() { Ok(call) } else { Err(unexpected(cursor, "the end of the call")) }
}

fn unexpected(cursor: &Cursor<'_>, expected: &str) -> SyntaxError {
    cursor.unexpected("intrinsic function", expected)
}

fn error(cursor: &Cursor<'_>, problem: String) -> SyntaxError {
    cursor.error("intrinsic function", problem)
}

fn call_at(cursor: &mut Cursor<'_>, depth: usize) -> Result<Call, SyntaxError> {
    let start = cursor.clone();
    let name = cursor.take_while(|c| c.is_ascii_alphanumeric() || c == '.');
    let Some(function) = Function::named(name) else {
        return Err(error(&start, format!("expected the name of a function, one of {}", Function::all_names())));
    };
    if depth > MAX_DEPTH {
        return Err(error(
            &start,
            format!("more than {MAX_DEPTH} nested calls; split the expression between two states"),
        ));
    }
    if !cursor.eat("(") {
        return Err(unexpected(cursor, "`(` after the name of the function"));
    }
    let call = arguments(cursor, function, depth)?;
    check_count(&start, &call)?;
    Ok(call)
}

fn arguments(cursor: &mut Cursor<'_>, function: Function, depth: usize) -> Result<Call, SyntaxError> {
    let mut call = Call { function, template: None, arguments: Vec::new() };
    cursor.skip_blanks();
    if cursor.eat(")") {
        return Ok(call);
    }
    if function == Function::Format && cursor.starts_with("'") {
        call.template = Some(template(cursor)?);
        if end_of_argument(cursor)? {
            return Ok(call);
        }
    }
    loop {
        cursor.skip_blanks();
        let start = cursor.clone();
        let argument = argument(cursor, depth)?;
        check_kind(&start, &call, &argument)?;
        call.arguments.push(argument);
        if end_of_argument(cursor)? {
            return Ok(call);
        }
    }
}

/// Whether the argument was the last one.
fn end_of_argument(cursor: &mut Cursor<'_>) -> Result<bool, SyntaxError> {
    cursor.skip_blanks();
    let last = cursor.eat(")");
    if last || cursor.eat(",") { Ok(last) } else { Err(unexpected(cursor, "`,` or `)` after the argument")) }
}

fn argument(cursor: &mut Cursor<'_>, depth: usize) -> Result<Argument, SyntaxError> {
    match cursor.peek() {
        Some('$') => Path::read(cursor).map(Argument::Path),
        Some('\'') => text(cursor).map(|text| Argument::Literal(text.unescaped.into())),
        _ if cursor.starts_with("States.") => call_at(cursor, depth + 1).map(Argument::Call),
        _ => literal(cursor),
    }
}

fn template(cursor: &mut Cursor<'_>) -> Result<Vec<Piece>, SyntaxError> {
    let start = cursor.clone();
    let text = text(cursor)?;
    let problem = "a template has a single `{` or `}`; write `{}` for a value, and `\\{` or `\\}` for a brace";
    format::pieces(&text.written).ok_or_else(|| error(&start, problem.to_owned()))
}

fn literal(cursor: &mut Cursor<'_>) -> Result<Argument, SyntaxError> {
    let start = cursor.clone();
    let word = cursor.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.'));
    let value = match word {
        "true" => Some(Value::Bool(true)),
        "false" => Some(Value::Bool(false)),
        "null" => Some(Value::Null),
        _ => word.parse::<Number>().ok().map(Value::Number),
    };
    let expected = "a path, a string in single quotes, a number, `true`, `false`, `null` or a call as argument";
    value.map(Argument::Literal).ok_or_else(|| unexpected(&start, expected))
}

/// A string in single quotes: as it is written, and without escapes.
#[derive(Default)]
struct Text {
    written: String,
    unescaped: String,
}

fn text(cursor: &mut Cursor<'_>) -> Result<Text, SyntaxError> {
    let start = cursor.clone();
    cursor.eat("'");
    let mut text = Text::default();
    loop {
        let before = cursor.clone();
        match cursor.next() {
            Some('\'') => return Ok(text),
            Some('\\') => {
                let escaped = cursor.next().filter(|c| matches!(c, '\'' | '{' | '}' | '\\'));
                let problem = "a backslash can escape only `'`, `{`, `}` and `\\`; write other characters without it";
                let escaped = escaped.ok_or_else(|| error(&before, problem.to_owned()))?;
                text.written.extend(['\\', escaped]);
                text.unescaped.push(escaped);
            }
            Some(c) => {
                text.written.push(c);
                text.unescaped.push(c);
            }
            None => {
                return Err(error(&start, "the string that begins here has no closing quote".to_owned()));
            }
        }
    }
}

fn check_kind(start: &Cursor<'_>, call: &Call, argument: &Argument) -> Result<(), SyntaxError> {
    let signature = call.function.signature();
    let at = call.arguments.len() + usize::from(call.template.is_some());
    match (signature.required.iter().chain(signature.optional).nth(at), argument) {
        (Some(kind), Argument::Literal(literal)) if !kind.admits(literal) => {
            let (name, kind) = (call.function.name(), kind.name());
            Err(error(start, format!("argument {} of {name} must be {kind}, not {literal}", at + 1)))
        }
        _ => Ok(()),
    }
}

fn check_count(start: &Cursor<'_>, call: &Call) -> Result<(), SyntaxError> {
    let (name, signature, values) = (call.function.name(), call.function.signature(), call.arguments.len());
    if let Some(pieces) = &call.template {
        let places = format::placeholders(pieces);
        let problem =
            || format!("the template has {places} `{{}}`, but {values} values; write one value for each `{{}}`");
        return if places == values { Ok(()) } else { Err(error(start, problem())) };
    }
    let least = signature.required.len();
    let most = least + signature.optional.len();
    if values >= least && (values <= most || signature.open) {
        return Ok(());
    }
    let range = match (signature.open, least == most) {
        (true, _) => format!("at least {least}"),
        (false, true) => least.to_string(),
        (false, false) => format!("{least} or {most}"),
    };
    Err(error(start, format!("{name} takes {range} arguments, not {values}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Call, SyntaxError> {
        call(&mut Cursor::new(text))
    }

    #[test]
    fn what_is_no_call_is_refused_with_its_place() {
        for (text, column) in [
            ("", 1),
            ("States. ", 1),
            ("JsonToString($)", 1),
            ("States.jsontostring($)", 1),
            ("States.Frobnicate($)", 1),
            ("  States.UUID()", 1),
            ("States\nJsonToString($)", 1),
            ("States.JsonToString($", 22),
            ("States.StringToJson $.escaped)", 20),
            ("States.UUID() x", 15),
            ("States.UUID() ) ", 15),
            ("States.UUID(1)", 1),
            ("States.ArrayLength()", 1),
            ("States.MathRandom(1, 2, 3, 4)", 1),
            ("States.Format()", 1),
            ("States.Format('{}')", 1),
            ("States.Format('{}', 1, 2)", 1),
            ("States.Format('Hello {', $.a)", 15),
            ("States.Format('}')", 15),
            ("States.Format('{{}}', 1)", 15),
            ("States.Format('{}', )", 21),
            ("States.Format('{}' $.a)", 20),
            ("States.Format('abc", 15),
            (r"States.StringToJson('a\nb')", 23),
            ("States.StringToJson('{\"text\":\"An \\\"escaped\\\" here\"}')", 34),
            ("States.MathAdd(1,'-1')", 18),
            ("States.MathAdd(1, 01)", 19),
            ("States.MathAdd(1, \"x\")", 19),
            ("States.ArrayLength('x')", 20),
            ("States.Array($.)", 16),
            ("States.Array($.a[?(@.b == 1])", 28),
            ("States.Array($.a.length())", 18),
        ] {
            let error = read(text).expect_err(text);
            assert_eq!(error.column(), column, "{error}");
        }
    }

    #[test]
    fn blanks_may_follow_every_part_of_a_call() {
        for text in
            ["States.UUID() ", "States.UUID( )\n", "States.Format( '{}' , $.a )\t", "States.Array($.a[?(@.b==1)] , 2) "]
        {
            assert!(read(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn calls_nest_ten_deep() {
        let nested = |depth: usize| format!("{}{}", "States.Array(".repeat(depth), ")".repeat(depth));
        assert!(read(&nested(10)).is_ok());
        assert!(read(&nested(11)).is_err());
        assert!(read(&nested(100_000)).is_err());
    }

    proptest::proptest! {
        #[test]
        fn parser_never_panics(text in "(States\\.(Format|Array|MathAdd|Hash)\\()?[$@.\\[\\]()'{}a0-9, \\\\-]{0,30}") {
            let _ = read(&text);
        }
    }
}
