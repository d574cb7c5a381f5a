//! CSV as RFC 4180 defines it, which spreadsheets open without running anything.

use crate::reader::plain_text::timestamp;
use crate::reader::rows::{Act, Deploy, Review};
use bifrost_core::strip_control::one_line;
use std::borrow::Cow;

const DEPLOYS: [&str; 18] = [
    "release_id",
    "project_name",
    "config_name",
    "aws_account_id",
    "aws_region",
    "deployer",
    "execution",
    "started",
    "ended",
    "duration_s",
    "outcome",
    "code",
    "closed",
    "claimed_started_by",
    "release_sha256",
    "records",
    "start_entry",
    "end_entry",
];

const ACTS: [&str; 16] = [
    "id",
    "time",
    "action",
    "identity",
    "confirmed",
    "reason",
    "ticket",
    "break_glass",
    "done",
    "open",
    "deployer",
    "project_name",
    "config_name",
    "release_id",
    "reviews",
    "entry",
];

/// The deploys as CSV, with a header.
#[must_use]
pub fn deploys_csv(deploys: &[Deploy]) -> String {
    let mut out = String::new();
    row(&mut out, &DEPLOYS.map(Cow::Borrowed));
    for deploy in deploys {
        let seconds = deploy.ended.zip(deploy.started).map(|(ended, started)| (ended - started).num_seconds());
        row(
            &mut out,
            &[
                text(deploy.release_id.as_deref()),
                text(deploy.project_name.as_deref()),
                text(deploy.config_name.as_deref()),
                text(deploy.aws_account_id.as_deref()),
                text(deploy.aws_region.as_deref()),
                Cow::Borrowed(&deploy.deployer),
                text(deploy.execution.as_deref()),
                shown(deploy.started.map(timestamp)),
                shown(deploy.ended.map(timestamp)),
                shown(seconds),
                Cow::Borrowed(deploy.outcome_name()),
                text(deploy.code.as_deref()),
                shown(Some(deploy.closed)),
                text(deploy.started_by.as_deref()),
                shown(deploy.release_sha256),
                Cow::Borrowed(&deploy.records),
                shown(deploy.start_entry),
                shown(deploy.end_entry),
            ],
        );
    }
    out
}

/// The acts of people as CSV, with a header.
#[must_use]
pub fn acts_csv(acts: &[Act]) -> String {
    let mut out = String::new();
    row(&mut out, &ACTS.map(Cow::Borrowed));
    for act in acts {
        let reviews: Vec<String> = act.reviews.iter().map(review).collect();
        row(
            &mut out,
            &[
                Cow::Borrowed(act.id.as_str()),
                Cow::Owned(timestamp(act.time)),
                Cow::Borrowed(&act.action),
                Cow::Borrowed(&act.identity),
                shown(act.confirmed),
                text(act.reason.as_deref()),
                text(act.ticket.as_deref()),
                shown(Some(act.break_glass)),
                shown(act.done),
                shown(Some(act.is_open())),
                Cow::Borrowed(&act.deployer),
                text(act.project_name.as_deref()),
                text(act.config_name.as_deref()),
                text(act.release_id.as_deref()),
                Cow::Owned(reviews.join("; ")),
                shown(Some(act.entry)),
            ],
        );
    }
    out
}

fn review(review: &Review) -> String {
    let counts = if review.counts { "" } else { " (does not count)" };
    format!("{} {}{counts}: {}", timestamp(review.time), review.identity, review.note)
}

fn text(field: Option<&str>) -> Cow<'_, str> {
    field.map_or(Cow::Borrowed(""), Cow::Borrowed)
}

fn shown<'a>(value: Option<impl ToString>) -> Cow<'a, str> {
    value.map_or(Cow::Borrowed(""), |value| Cow::Owned(value.to_string()))
}

fn row(out: &mut String, cells: &[Cow<'_, str>]) {
    for (index, value) in cells.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        cell(out, value);
    }
    out.push_str("\r\n");
}

/// A cell. Text that a spreadsheet reads as a formula gets a quote before it, which spreadsheets do not show.
fn cell(out: &mut String, value: &str) {
    let value = one_line(value);
    let is_formula = value.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    let value = if is_formula { Cow::Owned(format!("'{value}")) } else { value };
    if value.contains([',', '"', '\'', ';']) || value.starts_with(' ') || value.ends_with(' ') {
        out.push('"');
        out.push_str(&value.replace('"', "\"\""));
        out.push('"');
    } else {
        out.push_str(&value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The cells of one row, read as RFC 4180 says.
    fn parse(row: &str) -> Vec<String> {
        let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
        let mut chars = row.strip_suffix("\r\n").unwrap().chars().peekable();
        while let Some(c) = chars.next() {
            match (c, quoted) {
                ('"', true) if chars.peek() == Some(&'"') => cell.extend(chars.next()),
                ('"', _) => quoted = !quoted,
                (',', false) => cells.push(std::mem::take(&mut cell)),
                (c, _) => cell.push(c),
            }
        }
        assert!(!quoted, "{row}");
        cells.push(cell);
        cells
    }

    proptest! {
        #[test]
        fn cells_are_read_as_they_were(cells in prop::collection::vec("[ -~é\"',=+@\n\r\t-]{0,12}", 1..6)) {
            let mut out = String::new();
            row(&mut out, &cells.iter().map(|cell| Cow::Borrowed(cell.as_str())).collect::<Vec<_>>());
            prop_assert_eq!(out.matches(['\r', '\n']).count(), 2);
            for (read, cell) in parse(&out).iter().zip(&cells) {
                let cell = one_line(cell);
                let quote = if cell.trim_start().starts_with(['=', '+', '-', '@']) { "'" } else { "" };
                prop_assert_eq!(read, &format!("{quote}{cell}"));
            }
            prop_assert_eq!(parse(&out).len(), cells.len());
        }

        #[test]
        fn no_cell_is_a_formula(value in any::<String>()) {
            let mut out = String::new();
            cell(&mut out, &value);
            let shown = parse(&format!("{out}\r\n")).concat();
            let shown = shown.trim_start();
            prop_assert!(!shown.starts_with(['=', '+', '-', '@', '\t', '\r']), "{}", shown);
        }
    }

    #[test]
    fn formula_gets_a_quote() {
        for (value, expected) in [
            ("=1+1", "\"'=1+1\""),
            (" @SUM(A1)", "\"' @SUM(A1)\""),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("a\nb", "a\\nb"),
            ("plain", "plain"),
        ] {
            let mut out = String::new();
            cell(&mut out, value);
            assert_eq!(out, expected);
        }
    }
}
