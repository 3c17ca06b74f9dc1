//! What the doctor saw, line by line: told at once to a person, in the end to a program.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr as _;

use crate::cli::{
    print::Trouble,
    sheet::{Column, Sheet, clean, shown, width},
};
use crate::config::Format;

const COLUMNS: &[Column] = &[
    shown("check", "Check"),
    shown("outcome", "Outcome"),
    shown("saw", "Saw"),
    shown("change", "What to change"),
];

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// As it should be.
    Fine,
    /// A sync works all the same.
    Odd,
    /// A sync cannot work.
    Broken,
    /// Not tried, because of something above.
    Skipped,
}

impl Outcome {
    fn word(self) -> &'static str {
        match self {
            Self::Fine => "ok",
            Self::Odd => "warn",
            Self::Broken => "FAIL",
            Self::Skipped => "skip",
        }
    }
}

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) outcome: Outcome,
    pub(super) saw: String,
    pub(super) change: Option<String>,
}

impl Finding {
    pub(super) fn fine(saw: impl Into<String>) -> Self {
        Self { outcome: Outcome::Fine, saw: saw.into(), change: None }
    }

    pub(super) fn odd(saw: impl Into<String>, change: impl Into<String>) -> Self {
        Self { outcome: Outcome::Odd, saw: saw.into(), change: Some(change.into()) }
    }

    pub(super) fn broken(saw: impl Into<String>, change: impl Into<String>) -> Self {
        Self { outcome: Outcome::Broken, saw: saw.into(), change: Some(change.into()) }
    }

    pub(super) fn skipped(why: impl Into<String>) -> Self {
        Self { outcome: Outcome::Skipped, saw: why.into(), change: None }
    }
}

/// All findings.
pub(super) struct Report {
    json: bool,
    found: Vec<(String, Finding)>,
}

impl Report {
    pub(super) fn new(json: bool) -> Self {
        Self { json, found: Vec::new() }
    }

    /// Adds a finding, and prints it for a person: the next check may take a while.
    pub(super) fn say(&mut self, check: impl Into<String>, finding: Finding) {
        let check = check.into();
        if !self.json {
            // Nobody may be reading any more; the exit code still tells.
            let _ = io::stdout().lock().write_all(line(&check, &finding, width()).as_bytes());
        }
        self.found.push((check, finding));
    }

    /// Whether a sync would work.
    pub(super) fn is_well(&self) -> bool {
        self.found.iter().all(|(_, finding)| finding.outcome != Outcome::Broken)
    }

    /// Prints what is left to print.
    pub(super) fn end(&self, out: &mut dyn Write) -> Result<(), Trouble> {
        if self.json {
            let mut sheet = Sheet::new(out, Format::Json, COLUMNS)?;
            for (check, finding) in &self.found {
                let Finding { outcome, saw, change } = finding;
                let outcome = outcome.word().to_lowercase();
                sheet.row(vec![
                    check.as_str().into(),
                    outcome.into(),
                    saw.as_str().into(),
                    change.clone().into(),
                ])?;
            }
            sheet.finish()?;
            return Ok(());
        }
        let count = |outcome| self.found.iter().filter(|(_, finding)| finding.outcome == outcome).count();
        let (broken, odd) = (count(Outcome::Broken), count(Outcome::Odd));
        let verdict = if broken == 0 { "a sync works" } else { "a sync cannot work like this" };
        writeln!(out, "\n{verdict}: {broken} failed, {odd} to look at, {} in order", count(Outcome::Fine))?;
        Ok(())
    }
}

/// A finding as lines of at most this width.
fn line(check: &str, finding: &Finding, width: u16) -> String {
    const INDENT: usize = 28;
    let head = format!("{:<5} {:<21} ", finding.outcome.word(), clean(check));
    let room = usize::from(width).saturating_sub(INDENT).max(30);
    let mut text = String::new();
    for (i, part) in wrap(&clean(&finding.saw), room).into_iter().enumerate() {
        if i == 0 {
            text.push_str(&head);
        } else {
            text.push_str(&" ".repeat(INDENT));
        }
        text.push_str(&part);
        text.push('\n');
    }
    for (i, part) in finding.change.iter().flat_map(|c| wrap(&clean(c), room)).enumerate() {
        text.push_str(&" ".repeat(INDENT - 3));
        text.push_str(if i == 0 { "-> " } else { "   " });
        text.push_str(&part);
        text.push('\n');
    }
    text
}

/// The text in lines, broken at blanks.
fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.width() + 1 + word.width() <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_was_seen_and_below_it_what_to_change() {
        let finding = Finding::broken("one two three four five six seven eight", "change it");
        let text = line("token", &finding, 60);
        let expected = "FAIL  token                 one two three four five six\n\
                        \x20                           seven eight\n\
                        \x20                        -> change it\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn only_what_stops_a_sync_is_a_failure() {
        let mut report = Report::new(true);
        report.say("a", Finding::odd("x", "y"));
        report.say("b", Finding::skipped("x"));
        assert!(report.is_well());
        report.say("c", Finding::broken("x", "y"));
        assert!(!report.is_well());
    }
}
