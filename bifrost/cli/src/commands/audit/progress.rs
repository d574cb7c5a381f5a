//! Shows the progress of a long command on standard error, if it is a terminal.

use indicatif::{ProgressBar, ProgressStyle};

/// One line that is redrawn, and is removed at the end.
pub(super) struct ProgressLine(ProgressBar);

impl ProgressLine {
    /// `what` is being done, such as `copying`.
    pub(super) fn new(what: &str) -> Self {
        Self(ProgressBar::no_length().with_style(style("{msg} {human_pos} ({per_sec})")).with_message(what.to_owned()))
    }

    pub(super) fn advance(&self) {
        self.0.inc(1);
    }

    /// Sets what is being done, and how much of it is done.
    pub(super) fn set(&self, what: &'static str, done: u64) {
        self.0.set_message(what);
        self.0.set_position(done);
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// The templates are constant and valid.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
