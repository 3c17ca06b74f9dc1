//! A result as rows under headings: a table for people, CSV or JSON for programs.
//!
//! CSV and JSON have every column under a stable key and are written row by row. The table shows those columns that have a
//! title, in as much width as the terminal has. CSV is quoted as RFC 4180 says, lines end with a line feed, and a text that a
//! spreadsheet would take for a formula (it begins with `=`, `+`, `-`, `@`, a tab or a carriage return) gets a `'` in front.

mod table;

use std::io::{self, Write};

use serde_json::Value;

use crate::config::Format;

pub(super) use table::{clean, width};

/// A column of a sheet.
pub(super) struct Column {
    key: &'static str,
    /// None: in CSV and JSON only.
    title: Option<&'static str>,
}

/// A column that every form has.
pub(super) const fn shown(key: &'static str, title: &'static str) -> Column {
    Column { key, title: Some(title) }
}

/// A column of CSV and JSON.
pub(super) const fn data(key: &'static str) -> Column {
    Column { key, title: None }
}

/// What a row has in a column.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell {
    /// Not known, which is neither empty nor false.
    Unknown,
    Text(String),
    Number(u64),
    Flag(bool),
    /// A structure: JSON as it is, in CSV and in a table as JSON text.
    Json(Value),
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<u64> for Cell {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Cell {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<Value> for Cell {
    fn from(value: Value) -> Self {
        Self::Json(value)
    }
}

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(known: Option<T>) -> Self {
        known.map_or(Self::Unknown, Into::into)
    }
}

impl Cell {
    /// A text, unknown when it is empty.
    pub(super) fn unless_empty(text: impl Into<String>) -> Self {
        Some(text.into()).filter(|t| !t.is_empty()).into()
    }

    /// For people.
    fn words(&self) -> String {
        match self {
            Self::Unknown => String::new(),
            Self::Text(text) => clean(text),
            Self::Number(number) => number.to_string(),
            Self::Flag(flag) => if *flag { "yes" } else { "no" }.to_owned(),
            Self::Json(value) => clean(&value.to_string()),
        }
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Unknown => out.write_all(b"null"),
            Self::Text(text) => Ok(serde_json::to_writer(out, text)?),
            Self::Number(number) => write!(out, "{number}"),
            Self::Flag(flag) => write!(out, "{flag}"),
            Self::Json(value) => Ok(serde_json::to_writer(out, value)?),
        }
    }

    fn csv(&self, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Unknown => Ok(()),
            Self::Text(text) => quoted(text, out),
            Self::Number(number) => write!(out, "{number}"),
            Self::Flag(flag) => write!(out, "{flag}"),
            Self::Json(value) => quoted(&value.to_string(), out),
        }
    }
}

fn quoted(text: &str, out: &mut dyn Write) -> io::Result<()> {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    if text.contains(['"', ',', '\n', '\r']) {
        write!(out, "\"{guard}{}\"", text.replace('"', "\"\""))
    } else {
        write!(out, "{guard}{text}")
    }
}

/// A sheet being written.
pub(super) struct Sheet<'o> {
    out: &'o mut dyn Write,
    format: Format,
    columns: &'static [Column],
    rows: u64,
    /// A table needs all rows to know how wide its columns are.
    table: Vec<Vec<Cell>>,
}

impl<'o> Sheet<'o> {
    /// Begins a sheet.
    pub(super) fn new(
        out: &'o mut dyn Write,
        format: Format,
        columns: &'static [Column],
    ) -> io::Result<Self> {
        if format == Format::Csv {
            let keys: Vec<_> = columns.iter().map(|c| c.key).collect();
            writeln!(out, "{}", keys.join(","))?;
        }
        Ok(Self { out, format, columns, rows: 0, table: Vec::new() })
    }

    /// Adds a row: one cell for each column.
    pub(super) fn row(&mut self, cells: Vec<Cell>) -> io::Result<()> {
        debug_assert_eq!(cells.len(), self.columns.len(), "a cell for each column");
        let first = self.rows == 0;
        self.rows += 1;
        match self.format {
            Format::Table => {
                let cells = cells.into_iter().zip(self.columns).filter(|(_, c)| c.title.is_some());
                self.table.push(cells.map(|(cell, _)| cell).collect());
            }
            Format::Json => {
                self.out.write_all(if first { b"[\n  " } else { b",\n  " })?;
                object(self.out, self.columns, &cells)?;
            }
            Format::Csv => {
                for (i, cell) in cells.iter().enumerate() {
                    if i > 0 {
                        self.out.write_all(b",")?;
                    }
                    cell.csv(self.out)?;
                }
                self.out.write_all(b"\n")?;
            }
        }
        Ok(())
    }

    /// Ends it; gives the number of rows.
    pub(super) fn finish(self) -> io::Result<u64> {
        match self.format {
            Format::Table if self.rows == 0 => {}
            Format::Table => {
                let titles: Vec<_> = self.columns.iter().filter_map(|c| c.title).collect();
                table::write(self.out, &titles, &self.table, table::table_width())?;
            }
            Format::Json if self.rows == 0 => self.out.write_all(b"[]\n")?,
            Format::Json => self.out.write_all(b"\n]\n")?,
            Format::Csv => {}
        }
        Ok(self.rows)
    }
}

/// A row as a JSON object on one line.
pub(super) fn object(out: &mut dyn Write, columns: &[Column], cells: &[Cell]) -> io::Result<()> {
    for (i, (column, cell)) in columns.iter().zip(cells).enumerate() {
        write!(out, "{}\"{}\": ", if i == 0 { "{" } else { ", " }, column.key)?;
        cell.json(out)?;
    }
    out.write_all(b"}")
}

#[cfg(test)]
mod tests {
    // A test may panic: that is how it fails.
    #![allow(clippy::unwrap_used)]

    use super::*;

    const COLUMNS: &[Column] = &[shown("name", "Name"), data("more"), shown("count", "Count")];

    fn written(format: Format, rows: &[[Cell; 3]]) -> String {
        let mut out = Vec::new();
        let mut sheet = Sheet::new(&mut out, format, COLUMNS).unwrap();
        for row in rows {
            sheet.row(row.to_vec()).unwrap();
        }
        sheet.finish().unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn csv_quotes_and_disarms_formulas() {
        let row = |text: &str| [text.into(), Cell::Unknown, 7.into()];
        let rows =
            ["plain", "a \"b\", c", "two\nlines", "=1+1", "+15550001", "-x", "@a", "\tx"].map(row).to_vec();
        let expected = "name,more,count\nplain,,7\n\"a \"\"b\"\", c\",,7\n\"two\nlines\",,7\n'=1+1,,7\n'+15550001,,7\n'-x,,7\n\
                        '@a,,7\n'\tx,,7\n";
        assert_eq!(written(Format::Csv, &rows), expected);
    }

    #[test]
    fn json_has_every_key_in_every_row_and_unknown_is_null() {
        let text = written(
            Format::Json,
            &[["a\u{1b}".into(), Cell::Unknown, 1.into()], ["=b".into(), true.into(), 2.into()]],
        );
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            value,
            serde_json::json!([{"name": "a\u{1b}", "more": null, "count": 1}, {"name": "=b", "more": true, "count": 2}])
        );
        assert_eq!(written(Format::Json, &[]), "[]\n");
    }
}
