//! Tells a person, or a program, how a deploy goes.

mod advice;
mod dots;
mod live;
mod paint;
mod text;

pub(super) use advice::next_step;
pub(super) use paint::Paint;

use super::arguments::{Format, Hint};
use super::output;
use crate::client::ClientDeployer;
use crate::client::{Address, News};
use bifrost_core::machine::Machine;
use chrono::{DateTime, Utc};
use live::Live;
use std::io;
use std::time::Instant;
use text::Text;

/// Where news go.
pub(super) struct Report {
    writer: Writer,
    hint: Hint,
    since: Instant,
    /// What is deployed, once that is told.
    address: Option<Address>,
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
    /// A report in that format.
    pub(super) fn new<D: ClientDeployer>(format: Format, hint: Hint) -> Self {
        let text = || Text::new(D::Machine::STATES, hint.clone(), Paint::for_stdout());
        let writer = match format {
            Format::Json => Writer::Json,
            Format::Text if Live::is_possible() => Writer::Live(text().within(Live::columns()), Live::new()),
            Format::Text => Writer::Lines(text()),
        };
        Self { writer, hint, since: Instant::now(), address: None }
    }

    /// Tells what happened.
    pub(super) fn tell(&mut self, news: &News) -> io::Result<()> {
        let seconds = self.since.elapsed().as_secs_f64();
        if let News::Start { address, .. } = news {
            self.address.clone_from(address);
        }
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
        let goes_on = if was_engine {
            format!("{execution} is not over: the next deploy in this world goes on with it")
        } else {
            format!("{execution} goes on without you; {} tells where it is", self.hint.line("status"))
        };
        let subject = self.address.as_ref().map_or_else(|| "RELEASE-FILE".to_owned(), Address::arguments);
        output::note(&format!("{goes_on}\nto stop it: {}", self.hint.line(&format!("halt {subject}"))));
        Ok(())
    }
}
