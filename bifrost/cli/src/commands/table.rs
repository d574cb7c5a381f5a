//! Prints rows as a table, as wide as their longest cells.

use super::report::Paint;
use crate::client::LogSeverity;
use bifrost_core::strip_control::one_line;

/// Between the columns, and before what is below a row.
const GAP: &str = "  ";

/// Rows with headings. There are no spaces at the end of a line.
pub(super) struct Table<const N: usize> {
    headings: [String; N],
    rows: Vec<[Cell; N]>,
}

/// A cell, in a colour.
pub(super) struct Cell {
    text: String,
    severity: LogSeverity,
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::new(text, LogSeverity::Plain)
    }
}

impl Cell {
    /// The text is made safe for a terminal, and stays on one line.
    pub(super) fn new(text: impl Into<String>, severity: LogSeverity) -> Self {
        let text: String = text.into();
        let text = if text.is_empty() { "-".to_owned() } else { one_line(&text).into_owned() };
        Self { text, severity }
    }

    fn padded(&self, width: usize, paint: Paint) -> String {
        let space = " ".repeat(width.saturating_sub(self.text.chars().count()));
        format!("{}{space}", paint.severity(self.severity, &self.text))
    }
}

impl<const N: usize> Table<N> {
    pub(super) fn new(headings: [&str; N]) -> Self {
        Self { headings: headings.map(|heading| one_line(heading).into_owned()), rows: Vec::new() }
    }

    pub(super) fn add(&mut self, row: [Cell; N]) {
        self.rows.push(row);
    }

    /// The lines, with the headings first. Where a row does not fit into the columns of a terminal, its further cells are on indented lines
    /// below it.
    pub(super) fn lines(&self, paint: Paint, columns: usize) -> Vec<String> {
        let mut widths = self.headings.each_ref().map(|heading| heading.chars().count());
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.text.chars().count().max(*width);
            }
        }
        let breaks = breaks(&widths, columns);
        let headings = self.headings.iter().zip(widths).map(|(heading, width)| format!("{heading:width$}"));
        let headings = broken(headings, &breaks).into_iter().map(|line| paint.dim(&line));
        let row =
            |row: &[Cell; N]| broken(row.iter().zip(widths).map(|(cell, width)| cell.padded(width, paint)), &breaks);
        headings.chain(self.rows.iter().flat_map(row)).collect()
    }
}

/// Before which cells a line ends, so that no line is wider than the terminal. A cell that is wider than that has a line of its own.
fn breaks(widths: &[usize], columns: usize) -> Vec<usize> {
    let (mut breaks, mut end) = (Vec::new(), 0_usize);
    for (place, width) in widths.iter().enumerate() {
        if place > 0 && end + GAP.len() + width > columns {
            breaks.push(place);
            end = GAP.len();
        } else if place > 0 {
            end += GAP.len();
        }
        end += width;
    }
    breaks
}

fn broken(cells: impl Iterator<Item = String>, breaks: &[usize]) -> Vec<String> {
    let mut lines = vec![String::new()];
    for (place, cell) in cells.enumerate() {
        if breaks.contains(&place) {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if place > 0 {
                line.push_str(GAP);
            }
            line.push_str(&cell);
        }
    }
    lines.iter().map(|line| line.trim_end().to_owned()).collect()
}

/// The width of the terminal. What is written to a file or another program has one line for each row, whatever its length.
pub(super) fn columns() -> usize {
    terminal_size::terminal_size_of(std::io::stdout()).map_or(usize::MAX, |(width, _)| usize::from(width.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_longest_cell() {
        let mut table = Table::new(["NAME", "BY"]);
        table.add(["acme/shop".into(), Cell::new("", LogSeverity::Bad)]);
        table.add(["é\u{1b}[2J".into(), "ada\nbob".into()]);
        let lines = table.lines(Paint::none(), usize::MAX).join("\n");
        insta::assert_snapshot!(lines, @r"
        NAME        BY
        acme/shop   -
        é\u{1b}[2J  ada\nbob
        ");
    }

    #[test]
    fn lines_are_broken_at_the_width_of_the_terminal() {
        let mut table = Table::new(["STARTED", "PROJECT", "RELEASE", "BY"]);
        table.add(["2026-11-21".into(), "acme/shop".into(), "release-2026-11-21-abcdefgh".into(), "ada".into()]);
        table.add(["2026-11-22".into(), "a".into(), "x".into(), "bob".into()]);
        insta::assert_snapshot!(table.lines(Paint::none(), 25).join("\n"), @r"
        STARTED     PROJECT
          RELEASE
          BY
        2026-11-21  acme/shop
          release-2026-11-21-abcdefgh
          ada
        2026-11-22  a
          x
          bob
        ");
        for columns in 30..80 {
            let lines = table.lines(Paint::none(), columns);
            assert!(lines.iter().all(|line| line.chars().count() <= columns), "{columns}: {lines:?}");
        }
        assert_eq!(table.lines(Paint::none(), 80).len(), 3, "it fits");
    }
}
