//! Reads the text of a call.

use serde_json::{Number, Value};

use super::format::{self, Piece};
use super::function::Function;
use super::{Argument, Call};
use crate::path::Path;
use crate::syntax::{Cursor, SyntaxError};

/// How deep AWS lets calls stand inside each other.
const MAX_DEPTH: usize = 10;

pub(super) fn call(cursor: &mut Cursor<'_>) -> Result<Call, SyntaxError> {
    let call = call_at(cursor, 1)?;
    if cursor.at_end() { Ok(call) } else { Err(unexpected(cursor, "the call should end, but")) }
}

fn unexpected(cursor: &Cursor<'_>, wanted: &str) -> SyntaxError {
    cursor.unexpected("intrinsic function", wanted)
}

fn error(cursor: &Cursor<'_>, problem: String) -> SyntaxError {
    cursor.error("intrinsic function", problem)
}

fn call_at(cursor: &mut Cursor<'_>, depth: usize) -> Result<Call, SyntaxError> {
    let start = cursor.clone();
    let name = cursor.take_while(|c| c.is_ascii_alphanumeric() || c == '.');
    let Some(function) = Function::named(name) else {
        return Err(error(&start, format!("one of these names belongs: {}", Function::all_names())));
    };
    if depth > MAX_DEPTH {
        return Err(error(&start, format!("calls stand more than {MAX_DEPTH} deep inside each other: use two states")));
    }
    if !cursor.eat("(") {
        return Err(unexpected(cursor, "`(` belongs after the function's name, but"));
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

/// Whether the argument that was read is the last.
fn end_of_argument(cursor: &mut Cursor<'_>) -> Result<bool, SyntaxError> {
    cursor.skip_blanks();
    let last = cursor.eat(")");
    if last || cursor.eat(",") {
        Ok(last)
    } else {
        Err(unexpected(cursor, "`,` or `)` belongs after an argument, but"))
    }
}

fn argument(cursor: &mut Cursor<'_>, depth: usize) -> Result<Argument, SyntaxError> {
    match cursor.peek() {
        Some('$') => Path::read(cursor).map(Argument::Path),
        Some('\'') => text(cursor).map(|text| Argument::Literal(text.meant.into())),
        _ if cursor.starts_with("States.") => call_at(cursor, depth + 1).map(Argument::Call),
        _ => literal(cursor),
    }
}

fn template(cursor: &mut Cursor<'_>) -> Result<Vec<Piece>, SyntaxError> {
    let start = cursor.clone();
    let text = text(cursor)?;
    let problem = "in a template `{` and `}` stand for a value as `{}`, or for themselves as `\\{` and `\\}`";
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
    let wanted = "an argument is a path, a text in single quotes, a number, `true`, `false`, `null` or a call, but";
    value.map(Argument::Literal).ok_or_else(|| unexpected(&start, wanted))
}

/// A text in single quotes: as it is written, and without its backslashes.
#[derive(Default)]
struct Text {
    written: String,
    meant: String,
}

fn text(cursor: &mut Cursor<'_>) -> Result<Text, SyntaxError> {
    let start = cursor.clone();
    cursor.eat("'");
    let mut text = Text::default();
    loop {
        let here = cursor.clone();
        match cursor.next() {
            Some('\'') => return Ok(text),
            Some('\\') => {
                let escaped = cursor.next().filter(|c| matches!(c, '\'' | '{' | '}' | '\\'));
                let problem =
                    "a backslash belongs only before `'`, `{`, `}` and itself; write other characters as they are";
                let escaped = escaped.ok_or_else(|| error(&here, problem.to_owned()))?;
                text.written.extend(['\\', escaped]);
                text.meant.push(escaped);
            }
            Some(c) => {
                text.written.push(c);
                text.meant.push(c);
            }
            None => {
                return Err(error(&start, "the text that begins here lacks its closing quote".to_owned()));
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
        let problem = || format!("the template has {places} `{{}}`, but {values} values follow it");
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
            ("States.UUID() ", 14),
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
        ] {
            let error = read(text).expect_err(text);
            assert_eq!(error.column(), column, "{error}");
        }
    }

    #[test]
    fn calls_may_stand_ten_deep_inside_each_other() {
        let nested = |depth: usize| format!("{}{}", "States.Array(".repeat(depth), ")".repeat(depth));
        assert!(read(&nested(10)).is_ok());
        assert!(read(&nested(11)).is_err());
        assert!(read(&nested(100_000)).is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "(States\\.(Format|Array|MathAdd|Hash)\\()?[$@.\\[\\]()'{}a0-9, \\\\-]{0,30}") {
            let _ = read(&text);
        }
    }
}
