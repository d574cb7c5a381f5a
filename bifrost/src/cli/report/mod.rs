//! Tells a person, or a program, how a deploy goes.

mod advice;
mod dots;
mod live;
mod paint;
mod text;

pub(super) use paint::Paint;
pub(super) use text::duration;

use super::arguments::Format;
use super::output;
use crate::client::News;
use crate::deployer::Deployer;
use crate::machine::Machine;
use chrono::{DateTime, Utc};
use live::Live;
use std::io::{self, IsTerminal, stdout};
use std::time::Instant;
use text::Text;

/// Where news go.
pub(super) struct Report {
    writer: Writer,
    command: String,
    since: Instant,
}

enum Writer {
    /// One JSON event a line.
    Json,
    /// Lines of text.
    Lines(Text),
    /// Lines of text, and below them what goes on now.
    Live(Text, Live),
}

impl Report {
    /// A report in that format. `command` is the command of the deployer, as a person would type it.
    pub(super) fn new<D: Deployer>(format: Format, command: &str) -> Self {
        let text = || Text::new(D::Machine::STATES, command, Paint::for_stdout());
        let writer = match format {
            Format::Json => Writer::Json,
            Format::Text if stdout().is_terminal() => Writer::Live(text(), Live::new()),
            Format::Text => Writer::Lines(text()),
        };
        Self { writer, command: command.to_owned(), since: Instant::now() }
    }

    /// Tells what happened.
    pub(super) fn tell(&mut self, news: &News) -> io::Result<()> {
        let seconds = self.since.elapsed().as_secs_f64();
        match &mut self.writer {
            Writer::Json => output::print_json(news),
            Writer::Lines(text) => {
                let mut lines = text.lines(news, seconds);
                if let News::Progress { .. } = news {
                    lines.extend(text.services());
                }
                lines.iter().try_for_each(|line| output::print(line))
            }
            Writer::Live(text, live) => {
                if let News::End(_) = news {
                    let services = text.services();
                    live.finish(&services)?;
                    return text.lines(news, seconds).iter().try_for_each(|line| output::print(line));
                }
                live.print(&text.lines(news, seconds))
            }
        }
    }

    /// Shows where the deploy is now, if that can be redrawn.
    pub(super) fn tick(&mut self, now: DateTime<Utc>, deadline: Option<DateTime<Utc>>) {
        if let Writer::Live(text, live) = &self.writer {
            live.show(&text.now(now, deadline), &text.services());
        }
    }

    /// Tells a person who pressed Ctrl-C what goes on without them.
    pub(super) fn interrupted(&mut self, execution: &str, was_engine: bool) -> io::Result<()> {
        if let Writer::Live(text, live) = &self.writer {
            live.finish(&text.services())?;
        }
        let command = &self.command;
        let goes_on = if was_engine {
            format!("{execution} is not over: the next `{command} deploy` in this world goes on with it.")
        } else {
            format!("{execution} goes on without you; `{command} status` tells where it is.")
        };
        output::note(&format!("{goes_on}\nTo stop it: `{command} halt`, with the same release file."));
        Ok(())
    }
}
