//! Asks a person for what the arguments do not say.

use super::NewError;
use bifrost_core::error_code::full_message;
use std::io::{self, BufRead, IsTerminal, Write, stderr, stdin};

/// A person at a terminal.
pub(super) struct Person {
    input: Box<dyn BufRead>,
    output: Box<dyn Write>,
}

impl Person {
    /// The person at the terminal of this process. Questions are on standard error: standard output has only what was written.
    pub(super) fn at_terminal() -> Option<Self> {
        let is_there = stdin().is_terminal() && stderr().is_terminal();
        is_there.then(|| Self { input: Box::new(stdin().lock()), output: Box::new(stderr()) })
    }

    /// Asks until `read` accepts the answer. Without an answer the default is taken.
    pub(super) fn ask<T>(
        &mut self,
        question: &str,
        default: Option<&str>,
        read: impl Fn(&str) -> Result<T, NewError>,
    ) -> Result<T, NewError> {
        loop {
            let answer = self.answer(question, default).map_err(NewError::NoAnswer)?;
            match read(&answer) {
                Ok(value) => return Ok(value),
                Err(error) => writeln!(self.output, "  {}", full_message(&error)).map_err(NewError::NoAnswer)?,
            }
        }
    }

    fn answer(&mut self, question: &str, default: Option<&str>) -> io::Result<String> {
        match default {
            Some(default) => write!(self.output, "{question} [{default}]: ")?,
            None => write!(self.output, "{question}: ")?,
        }
        self.output.flush()?;
        let mut line = String::new();
        if self.input.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let answer = line.trim();
        Ok(if answer.is_empty() { default.unwrap_or_default() } else { answer }.to_owned())
    }
}

#[cfg(test)]
impl Person {
    /// A person who gives these answers.
    pub(super) fn who_types(answers: &'static str) -> Self {
        Self { input: Box::new(answers.as_bytes()), output: Box::new(io::sink()) }
    }
}
