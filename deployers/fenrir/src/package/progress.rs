//! Progress of packaging.

use super::error::ArtifactError;
use super::{Origin, Packaged};
use bifrost::strip_control::is_control;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::HashMap;
use std::env;
use std::io::{IsTerminal, Write, stdout};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The interval at which the line of a running build is redrawn.
const TICK: Duration = Duration::from_millis(100);

/// Receives the progress of several builds at once.
pub trait Progress: Sync {
    /// The build of an artifact starts.
    fn started(&self, logical_id: &str);
    /// The build of an artifact has ended.
    fn finished(&self, logical_id: &str, result: Result<&Packaged, &ArtifactError>, took: Duration);
    /// A problem that does not affect the result.
    fn warn(&self, message: &str);
}

/// Prints progress on standard output: a line for each finished artifact, and on a terminal a line for each running build.
///
/// Does not print errors, which the result of [`run`](super::run) contains.
pub struct Terminal {
    live: Option<Live>,
}

/// The lines of running builds, below the lines of finished ones.
struct Live {
    area: MultiProgress,
    lines: Mutex<HashMap<String, ProgressBar>>,
}

impl Terminal {
    /// Detects whether standard output is a terminal that can redraw lines.
    #[must_use]
    pub fn new() -> Self {
        let can_be_redrawn = stdout().is_terminal() && env::var_os("TERM").is_none_or(|terminal| terminal != "dumb");
        Self { live: can_be_redrawn.then(Live::new) }
    }

    fn print(&self, text: &str) {
        // The files exist even if standard output is closed.
        let _ = match &self.live {
            Some(live) => live.area.println(text),
            None => writeln!(stdout().lock(), "{text}"),
        };
    }
}

impl Default for Terminal {
    fn default() -> Self {
        Self::new()
    }
}

impl Progress for Terminal {
    fn started(&self, logical_id: &str) {
        if let Some(live) = &self.live {
            live.start(logical_id);
        }
    }

    fn finished(&self, logical_id: &str, result: Result<&Packaged, &ArtifactError>, took: Duration) {
        if let Some(live) = &self.live {
            live.finish(logical_id);
        }
        self.print(&line(logical_id, result.map(|packaged| packaged.origin).ok(), took));
    }

    fn warn(&self, message: &str) {
        self.print(&format!("warning: {message}"));
    }
}

impl Live {
    fn new() -> Self {
        let area = MultiProgress::with_draw_target(ProgressDrawTarget::stdout());
        Self { area, lines: Mutex::default() }
    }

    fn start(&self, logical_id: &str) {
        // The constant template is valid; the default would only look different.
        let style = ProgressStyle::with_template("{spinner} {wide_msg} {elapsed}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_spinner());
        let line = self.area.add(ProgressBar::new_spinner().with_style(style).with_message(logical_id.to_owned()));
        line.enable_steady_tick(TICK);
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).insert(logical_id.into(), line);
    }

    fn finish(&self, logical_id: &str) {
        let line = self.lines.lock().unwrap_or_else(PoisonError::into_inner).remove(logical_id);
        line.iter().for_each(ProgressBar::finish_and_clear);
    }
}

fn line(logical_id: &str, origin: Option<Origin>, took: Duration) -> String {
    let outcome = match origin {
        Some(Origin::Built) => "built",
        Some(Origin::Cached) => "unchanged",
        Some(Origin::AsIs) => "as is",
        None => "failed",
    };
    // A name of a template may contain any character.
    let name: String = logical_id.chars().filter(|c| !is_control(*c)).collect();
    format!("{name:<24} {outcome:<14} {:>6.1} s", took.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_has_outcome_and_duration() {
        let took = Duration::from_millis(1250);
        assert_eq!(line("hello", Some(Origin::Built), took), "hello                    built             1.2 s");
        assert_eq!(line("hello", Some(Origin::Cached), took), "hello                    unchanged         1.2 s");
        assert_eq!(line("hello", Some(Origin::AsIs), took), "hello                    as is             1.2 s");
        assert_eq!(line("a\x1b[2J\u{200b}", None, took), "a[2J                     failed            1.2 s");
    }
}
