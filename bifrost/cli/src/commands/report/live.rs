//! The current progress, redrawn in place at the bottom of the terminal.

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::cell::RefCell;
use std::env;
use std::io::{self, IsTerminal, stdout};

/// Lines that are redrawn below permanent lines.
pub(super) struct Live {
    area: MultiProgress,
    lines: RefCell<Vec<ProgressBar>>,
}

impl Live {
    /// Whether standard output can be redrawn.
    pub(super) fn is_possible() -> bool {
        stdout().is_terminal() && env::var_os("TERM").is_none_or(|terminal| terminal != "dumb")
    }

    /// The width of the terminal.
    pub(super) fn columns() -> usize {
        terminal_size::terminal_size().map_or(usize::MAX, |(width, _)| usize::from(width.0))
    }

    pub(super) fn new() -> Self {
        let area = MultiProgress::with_draw_target(ProgressDrawTarget::stdout());
        Self { area, lines: RefCell::default() }
    }

    /// Prints permanent lines.
    pub(super) fn print(&self, lines: &[String]) -> io::Result<()> {
        lines.iter().try_for_each(|line| self.area.println(line))
    }

    /// Redraws the progress: the current state, then one line per service.
    pub(super) fn show(&self, now: &str, services: &[String]) {
        let mut lines = self.lines.borrow_mut();
        let wanted = services.len() + 1;
        while lines.len() < wanted {
            lines.push(self.area.add(ProgressBar::no_length().with_style(plain())));
        }
        let texts = std::iter::once(now).chain(services.iter().map(String::as_str));
        for (line, text) in lines.iter().zip(texts.chain(std::iter::repeat(""))) {
            line.set_message(text.to_owned());
        }
    }

    /// Removes the redrawn lines, and prints the last ones permanently.
    pub(super) fn finish(&self, last: &[String]) -> io::Result<()> {
        // A bar that is dropped before it is finished would be drawn again.
        self.lines.borrow_mut().drain(..).for_each(|line| line.finish_and_clear());
        self.area.clear()?;
        last.iter().try_for_each(|line| super::output::print(line))
    }
}

fn plain() -> ProgressStyle {
    // The template is constant and valid; the default would only look different.
    ProgressStyle::with_template("{wide_msg}").unwrap_or_else(|_| ProgressStyle::default_bar())
}
