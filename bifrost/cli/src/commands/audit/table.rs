//! Prints rows as a table, as wide as their longest cells.

use crate::commands::escape_control::one_line;
use crate::commands::report::Paint;

/// Two spaces between the columns; no spaces at the end of a line.
pub(super) struct Table<const N: usize> {
    headings: [&'static str; N],
    rows: Vec<[Cell; N]>,
}

/// A cell, in a colour.
pub(super) struct Cell {
    text: String,
    colour: Colour,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Colour {
    Plain,
    Good,
    Busy,
    Bad,
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::new(text, Colour::Plain)
    }
}

impl Cell {
    /// The text is made safe for a terminal, and stays on one line.
    pub(super) fn new(text: impl Into<String>, colour: Colour) -> Self {
        let text: String = text.into();
        let text = if text.is_empty() { "-".to_owned() } else { one_line(&text).into_owned() };
        Self { text, colour }
    }

    fn padded(&self, width: usize, paint: Paint) -> String {
        let space = " ".repeat(width.saturating_sub(self.text.chars().count()));
        let text = match self.colour {
            Colour::Plain => self.text.clone(),
            Colour::Good => paint.good(&self.text),
            Colour::Busy => paint.busy(&self.text),
            Colour::Bad => paint.bad(&self.text),
        };
        format!("{text}{space}")
    }
}

impl<const N: usize> Table<N> {
    pub(super) fn new(headings: [&'static str; N]) -> Self {
        Self { headings, rows: Vec::new() }
    }

    pub(super) fn add(&mut self, row: [Cell; N]) {
        self.rows.push(row);
    }

    /// The lines, with the headings first.
    pub(super) fn lines(&self, paint: Paint) -> Vec<String> {
        let mut widths = self.headings.map(str::len);
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.text.chars().count().max(*width);
            }
        }
        let join = |cells: Vec<String>| cells.join("  ").trim_end().to_owned();
        let headings = self.headings.iter().zip(widths).map(|(heading, width)| format!("{heading:width$}")).collect();
        let rows = self
            .rows
            .iter()
            .map(|row| join(row.iter().zip(widths).map(|(cell, width)| cell.padded(width, paint)).collect()));
        [paint.dim(&join(headings))].into_iter().chain(rows).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_longest_cell() {
        let mut table = Table::new(["NAME", "BY"]);
        table.add(["acme/shop".into(), Cell::new("", Colour::Bad)]);
        table.add(["é\u{1b}[2J".into(), "ada\nbob".into()]);
        let lines = table.lines(Paint::none()).join("\n");
        insta::assert_snapshot!(lines, @r"
        NAME        BY
        acme/shop   -
        é\u{1b}[2J  ada\nbob
        ");
    }
}
