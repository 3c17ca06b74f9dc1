//! The table: as wide as its content. On a terminal it is at most as wide as that, and long cells wrap; elsewhere a row is a
//! line, so that it can be searched, unless `COLUMNS` says how wide it may be.
//!
//! Laid out in blocks of rows under one set of column widths, so that a hundred thousand rows cost no more than their text.

use std::io::{self, Write};

use comfy_table::{
    Cell as TableCell, CellAlignment, ColumnConstraint, ContentArrangement, Table, Width, presets,
};
use unicode_width::UnicodeWidthStr as _;

use super::Cell;

/// Rows laid out at once.
const BLOCK: usize = 1000;
/// Where stdout is no terminal.
const USUAL_WIDTH: u16 = 100;
/// The space left and right of a cell's content.
const PADDING: u16 = 2;
/// What each column adds to the width of a table: its padding, and what parts it from the next or from the border.
const AROUND: u16 = PADDING + 1;
/// A column is not made narrower than this, even if the table then is wider than the terminal.
const NARROWEST: u16 = 6;

/// The most that a table may take; elsewhere than on a terminal that is for `COLUMNS` to say.
pub(super) fn table_width() -> u16 {
    let told = || std::env::var("COLUMNS").ok()?.trim().parse().ok();
    Table::new().width().or_else(told).unwrap_or(u16::MAX)
}

/// The width to print sentences in.
pub(in crate::cli) fn width() -> u16 {
    Table::new().width().unwrap_or(USUAL_WIDTH)
}

/// The text on one line and without what a terminal would obey: names come from people whom the reader need not trust.
pub(in crate::cli) fn clean(text: &str) -> String {
    let harmless = |c: char| match c {
        '\n' | '\r' | '\t' => ' ',
        c if c.is_control() => '\u{fffd}',
        // Marks that turn the direction of writing can make one name look like another.
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        c => c,
    };
    text.chars().map(harmless).collect()
}

pub(super) fn write(out: &mut dyn Write, titles: &[&str], rows: &[Vec<Cell>], total: u16) -> io::Result<()> {
    let widths = fit(titles, rows, total);
    let blocks = rows.len().div_ceil(BLOCK);
    for (i, block) in rows.chunks(BLOCK).enumerate() {
        let mut table = Table::new();
        table.load_style(presets::UTF8_BORDERS_ONLY).set_content_arrangement(ContentArrangement::Disabled);
        if i == 0 {
            table.set_header(titles);
        }
        for row in block {
            table.add_row(row.iter().map(|cell| {
                let text = TableCell::new(cell.words());
                if matches!(cell, Cell::Number(_)) { text.set_alignment(CellAlignment::Right) } else { text }
            }));
        }
        table.set_constraints(
            widths.iter().map(|w| ColumnConstraint::Absolute(Width::Fixed(w.saturating_add(PADDING)))),
        );
        // The borders between blocks are no borders of the table.
        let mut lines = table.lines().skip(usize::from(i > 0)).peekable();
        while let Some(line) = lines.next() {
            if i + 1 == blocks || lines.peek().is_some() {
                writeln!(out, "{}", line.trim_end())?;
            }
        }
    }
    Ok(())
}

/// The width of each column's content: what it needs, unless all of that is too much; then the widest give way.
fn fit(titles: &[&str], rows: &[Vec<Cell>], total: u16) -> Vec<u16> {
    let measure = |text: &str| u16::try_from(text.width()).unwrap_or(u16::MAX);
    let mut wanted: Vec<u16> = titles.iter().map(|title| measure(title)).collect();
    for row in rows {
        for (width, cell) in wanted.iter_mut().zip(row) {
            *width = (*width).max(measure(&cell.words()));
        }
    }
    let columns = u16::try_from(wanted.len()).unwrap_or(u16::MAX);
    let room = u32::from(total.saturating_sub(columns.saturating_mul(AROUND).saturating_add(1)));
    let needed = |cap: u16| wanted.iter().map(|w| u32::from(*w.min(&cap))).sum::<u32>();
    let widest = wanted.iter().copied().max().unwrap_or_default();
    let (mut fits, mut too_wide) = (NARROWEST, widest.saturating_add(1));
    while fits.saturating_add(1) < too_wide {
        let middle = fits + (too_wide - fits) / 2;
        if needed(middle) <= room { fits = middle } else { too_wide = middle }
    }
    wanted.iter().map(|w| *w.min(&fits)).collect()
}

#[cfg(test)]
mod tests {
    // A test may panic: that is how it fails.
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn table(rows: &[[&str; 3]], total: u16) -> Vec<String> {
        let rows: Vec<Vec<Cell>> = rows.iter().map(|row| row.map(Cell::from).to_vec()).collect();
        let mut out = Vec::new();
        write(&mut out, &["One", "Two", "Three"], &rows, total).unwrap();
        String::from_utf8(out).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_table_is_as_wide_as_it_must_be_and_never_wider_than_the_terminal() {
        let narrow = table(&[["a", "b", "c"]], 100);
        assert_eq!(narrow[3], "│ a     b     c     │", "{narrow:#?}");
        let long = "word ".repeat(40);
        let wide = table(&[["short", &long, &long], ["übergroß", "日本語", ""]], 60);
        assert!(wide.iter().all(|line| line.width() <= 60), "{wide:#?}");
        assert!(wide.iter().any(|line| line.width() == 60), "{wide:#?}");
        assert!(wide[3].contains("│ short "), "short columns keep their width: {wide:#?}");
        assert_eq!(wide.iter().map(|line| line.matches("word").count()).sum::<usize>(), 80, "nothing is cut");
    }

    #[test]
    fn many_rows_are_one_table() {
        let rows: Vec<_> = (0..2 * BLOCK + 5).map(|_| ["a", "b", "c"]).collect();
        let lines = table(&rows, 100);
        assert_eq!(lines.len(), rows.len() + 4);
        assert!(lines[4..lines.len() - 1].iter().all(|line| *line == lines[3]), "no borders in between");
        assert!(lines.last().unwrap().starts_with('└'));
    }

    #[test]
    fn a_name_cannot_give_orders_to_the_terminal() {
        assert_eq!(clean("a\u{1b}[2Jb\u{7}\nc\u{202e}d"), "a\u{fffd}[2Jb\u{fffd} c\u{fffd}d");
    }
}
