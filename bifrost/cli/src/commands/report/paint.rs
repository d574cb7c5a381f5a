//! Colours, on terminals that support them.

use super::live::Live;
use crate::client::LogSeverity;
use bifrost_core::strip_control::escape_control;
use clap::builder::styling::{AnsiColor, Style};
use std::env;

/// Colours text, unless colours are off.
#[derive(Debug, Clone, Copy)]
pub(in crate::commands) struct Paint {
    colours: bool,
}

impl Paint {
    /// Colours if standard output is a terminal and `NO_COLOR` is not set.
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

    pub(in crate::commands) fn severity(self, severity: LogSeverity, text: &str) -> String {
        match severity {
            LogSeverity::Plain => escape_control(text).into_owned(),
            LogSeverity::Good => self.good(text),
            LogSeverity::Warn => self.busy(text),
            LogSeverity::Bad => self.bad(text),
        }
    }

    /// Colours cannot be nested: escape sequences in `text` are escaped.
    fn with(self, style: Style, text: &str) -> String {
        let text = escape_control(text);
        if self.colours && !text.is_empty() { format!("{style}{text}{style:#}") } else { text.into_owned() }
    }
}
