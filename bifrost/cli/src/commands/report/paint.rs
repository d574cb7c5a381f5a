//! Colours, on a terminal that wants them.

use super::live::Live;
use crate::client::LogSeverity;
use crate::commands::escape_control::escape_control;
use clap::builder::styling::{AnsiColor, Style};
use std::env;

/// Colours text, or leaves it as it is.
#[derive(Debug, Clone, Copy)]
pub(in crate::commands) struct Paint {
    colours: bool,
}

impl Paint {
    /// Colours on a terminal that can be redrawn, unless `NO_COLOR` asks for none.
    pub(in crate::commands) fn for_stdout() -> Self {
        let refused = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { colours: Live::is_possible() && !refused }
    }

    #[cfg(test)]
    pub(in crate::commands) fn none() -> Self {
        Self { colours: false }
    }

    pub(in crate::commands) fn good(self, text: &str) -> String {
        self.with(AnsiColor::Green.on_default(), text)
    }

    pub(in crate::commands) fn busy(self, text: &str) -> String {
        self.with(AnsiColor::Yellow.on_default(), text)
    }

    pub(in crate::commands) fn bad(self, text: &str) -> String {
        self.with(AnsiColor::Red.on_default(), text)
    }

    pub(in crate::commands) fn dim(self, text: &str) -> String {
        self.with(Style::new().dimmed(), text)
    }

    pub(in crate::commands) fn strong(self, text: &str) -> String {
        self.with(Style::new().bold(), text)
    }

    pub(in crate::commands) fn tone(self, tone: LogSeverity, text: &str) -> String {
        match tone {
            LogSeverity::Plain => escape_control(text).into_owned(),
            LogSeverity::Good => self.good(text),
            LogSeverity::Warn => self.busy(text),
            LogSeverity::Bad => self.bad(text),
        }
    }

    /// Colours are not nested: what stands in `text` already would be written out.
    fn with(self, style: Style, text: &str) -> String {
        let text = escape_control(text);
        if self.colours && !text.is_empty() { format!("{style}{text}{style:#}") } else { text.into_owned() }
    }
}
