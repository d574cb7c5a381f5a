//! Reports a deploy, as text or as JSON.

mod dots;
mod live;
mod paint;
mod remediation;
mod text;

pub(super) use paint::Paint;
pub(super) use remediation::{LockAfter, next_step};
pub(super) use text::{failure_text, indented};

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

/// Prints the events of a deploy.
pub(super) struct Report {
    writer: Writer,
    hint: CommandHint,
    started: Instant,
    /// Known after the first event.
    address: Option<Address>,
}

enum Writer {
    /// One JSON event per line.
    Json,
    /// Lines of text.
    Lines(Text),
    /// Lines of text, and below them the current progress.
    Live(Text, Live),
}

impl Report {
    pub(super) fn new<D: ClientDeployer>(format: Format, hint: CommandHint) -> Self {
        let text = || Text::new(D::Machine::STATES, hint.clone(), Paint::for_stdout());
        let writer = match format {
            Format::Json => Writer::Json,
            Format::Text if Live::is_possible() => Writer::Live(text().within(Live::columns()), Live::new()),
            Format::Text => Writer::Lines(text()),
        };
        Self { writer, hint, started: Instant::now(), address: None }
    }

    /// Prints an event.
    pub(super) fn event(&mut self, event: &DeployEvent) -> io::Result<()> {
        let seconds = self.started.elapsed().as_secs_f64();
        if let DeployEvent::Start { address, .. } = event {
            self.address.clone_from(address);
        }
        match &mut self.writer {
            Writer::Json => output::print_json(event),
            Writer::Lines(text) => {
                let mut lines = text.lines(event, seconds);
                if let DeployEvent::Progress { .. } = event {
                    lines.extend(text.services());
                }
                lines.iter().try_for_each(|line| output::print(line))
            }
            Writer::Live(text, live) => {
                if let DeployEvent::End(_) = event {
                    let services = text.services();
                    live.finish(&services)?;
                    return text.lines(event, seconds).iter().try_for_each(|line| output::print(line));
                }
                live.print(&text.lines(event, seconds))
            }
        }
    }

    /// Redraws the current progress, on a terminal.
    pub(super) fn tick(&mut self, now: DateTime<Utc>, deadline: Option<DateTime<Utc>>) {
        if let Writer::Live(text, live) = &self.writer {
            live.show(&text.now(now, deadline), &text.services());
        }
    }

    /// Prints, after Ctrl-C, what happens to the execution.
    pub(super) fn interrupted(&mut self, execution: &str, was_engine: bool) -> io::Result<()> {
        if let Writer::Live(text, live) = &self.writer {
            live.finish(&text.services())?;
        }
        let command = |name: &str| match &self.address {
            Some(address) => self.hint.project(name, address),
            None => self.hint.line(&format!("{name} FILE")),
        };
        let what_happens = if was_engine {
            format!("{execution} is paused: the next `deploy` in this local cloud continues it")
        } else {
            format!("{execution} is still running; follow it with {}", command("status"))
        };
        output::note(&format!("{what_happens}\nto halt it: {}", command("halt")));
        Ok(())
    }
}
