//! Tells a person, or a program, how a deploy goes.

mod dots;
mod live;
mod paint;
mod remediation;
mod text;

pub(super) use paint::Paint;
pub(super) use remediation::next_step;

use super::arguments::{CommandHint, Format};
use super::output;
use crate::client::ClientDeployer;
use crate::client::{Address, DeployEvent};
use bifrost_core::machine::Machine;
use chrono::{DateTime, Utc};
use live::Live;
use std::io;
use std::time::Instant;
use text::Text;

/// Where news go.
pub(super) struct Report {
    writer: Writer,
    hint: CommandHint,
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
    pub(super) fn new<D: ClientDeployer>(format: Format, hint: CommandHint) -> Self {
        let text = || Text::new(D::Machine::STATES, hint.clone(), Paint::for_stdout());
        let writer = match format {
            Format::Json => Writer::Json,
            Format::Text if Live::is_possible() => Writer::Live(text().within(Live::columns()), Live::new()),
            Format::Text => Writer::Lines(text()),
        };
        Self { writer, hint, since: Instant::now(), address: None }
    }

    /// Tells what happened.
    pub(super) fn tell(&mut self, events: &DeployEvent) -> io::Result<()> {
        let seconds = self.since.elapsed().as_secs_f64();
        if let DeployEvent::Start { address, .. } = events {
            self.address.clone_from(address);
        }
        match &mut self.writer {
            Writer::Json => output::print_json(events),
            Writer::Lines(text) => {
                let mut lines = text.lines(events, seconds);
                if let DeployEvent::Progress { .. } = events {
                    lines.extend(text.services());
                }
                lines.iter().try_for_each(|line| output::print(line))
            }
            Writer::Live(text, live) => {
                if let DeployEvent::End(_) = events {
                    let services = text.services();
                    live.finish(&services)?;
                    return text.lines(events, seconds).iter().try_for_each(|line| output::print(line));
                }
                live.print(&text.lines(events, seconds))
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
        let project = self.address.as_ref().map_or_else(|| "RELEASE-FILE".to_owned(), Address::arguments);
        output::note(&format!("{goes_on}\nto stop it: {}", self.hint.line(&format!("halt {project}"))));
        Ok(())
    }
}
