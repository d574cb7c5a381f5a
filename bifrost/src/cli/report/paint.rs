//! Colours, on a terminal that wants them.

use super::live::Live;
use crate::cli::legible::legible;
use crate::deployer::Tone;
use clap::builder::styling::{AnsiColor, Style};
use std::env;

/// Colours text, or leaves it as it is.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct Paint {
    colours: bool,
}

impl Paint {
    /// Colours on a terminal that can be redrawn, unless `NO_COLOR` asks for none.
    pub(in crate::cli) fn for_stdout() -> Self {
        let refused = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { colours: Live::is_possible() && !refused }
    }

    #[cfg(test)]
    pub(in crate::cli) fn none() -> Self {
        Self { colours: false }
    }

    pub(in crate::cli) fn good(self, text: &str) -> String {
        self.with(AnsiColor::Green.on_default(), text)
    }

    pub(in crate::cli) fn busy(self, text: &str) -> String {
        self.with(AnsiColor::Yellow.on_default(), text)
    }

    pub(in crate::cli) fn bad(self, text: &str) -> String {
        self.with(AnsiColor::Red.on_default(), text)
    }

    pub(in crate::cli) fn quiet(self, text: &str) -> String {
        self.with(Style::new().dimmed(), text)
    }

    pub(in crate::cli) fn strong(self, text: &str) -> String {
        self.with(Style::new().bold(), text)
    }

    pub(in crate::cli) fn tone(self, tone: Tone, text: &str) -> String {
        match tone {
            Tone::Plain => legible(text).into_owned(),
            Tone::Good => self.good(text),
            Tone::Warn => self.busy(text),
            Tone::Bad => self.bad(text),
        }
    }

    /// Colours are not nested: what stands in `text` already would be written out.
    fn with(self, style: Style, text: &str) -> String {
        let text = legible(text);
        if self.colours && !text.is_empty() { format!("{style}{text}{style:#}") } else { text.into_owned() }
    }
}
