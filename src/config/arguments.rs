//! Takes the command line apart into flags and words, as the reference's flag parser does.
//!
//! A flag may stand before or after the command's word. `--name value` and `--name=value` mean the same; a bool takes a value
//! only with `=`; short flags cluster (`-pf file`); `--` ends the flags. What a value means is decided later.

use std::ffi::OsString;

use super::failure::{Problems, Stage};
use super::setting::{Kind, Setting, all};

/// The command line in pieces.
#[derive(Default)]
pub(super) struct Arguments {
    /// Name and value of each flag, in order.
    pub(super) flags: Vec<(&'static str, String)>,
    pub(super) words: Vec<String>,
    pub(super) help: bool,
    pub(super) version: bool,
    /// An unknown flag may have left its value among the words.
    pub(super) words_uncertain: bool,
}

/// Splits `args`, which do not include the program's name.
pub(super) fn split(args: impl IntoIterator<Item = OsString>, problems: &mut Problems) -> Arguments {
    let mut rest = Vec::new();
    for (at, argument) in args.into_iter().enumerate() {
        match argument.into_string() {
            Ok(text) => rest.push(text),
            Err(_) => problems.add(Stage::Syntax, format!("argument {} is not valid UTF-8", at + 1)),
        }
    }
    let mut rest = rest.into_iter();
    let mut out = Arguments::default();
    while let Some(argument) = rest.next() {
        if argument == "--" {
            out.words.extend(rest.by_ref());
        } else if let Some(long) = argument.strip_prefix("--") {
            out.long(long, &mut rest, problems);
        } else if argument.len() > 1 && argument.starts_with('-') {
            out.cluster(&argument[1..], &mut rest, problems);
        } else {
            out.words.push(argument);
        }
    }
    out
}

impl Arguments {
    fn long(&mut self, text: &str, rest: &mut impl Iterator<Item = String>, problems: &mut Problems) {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (text, None),
        };
        if name.is_empty() || name.starts_with('-') {
            problems.add(Stage::Syntax, format!("bad flag syntax: --{name}"));
        } else if name == "help" {
            self.help = true;
        } else if name == "version" {
            self.version = true;
        } else if let Some(setting) = all().find(|setting| setting.name == name && setting.is_flag()) {
            match value.or_else(|| given_without_value(setting)).or_else(|| rest.next()) {
                Some(value) => self.flags.push((setting.name, value)),
                None => problems.add(Stage::Syntax, format!("flag needs an argument: --{name}")),
            }
        } else {
            self.words_uncertain |= value.is_none();
            problems.add(Stage::Syntax, format!("unknown flag: --{name}"));
        }
    }

    fn cluster(&mut self, text: &str, rest: &mut impl Iterator<Item = String>, problems: &mut Problems) {
        for (at, letter) in text.char_indices() {
            let after = &text[at + letter.len_utf8()..];
            if letter == 'h' {
                self.help = true;
                continue;
            }
            if letter == 'v' {
                self.version = true;
                continue;
            }
            let Some(setting) = all().find(|setting| setting.short == Some(letter)) else {
                self.words_uncertain = true;
                problems.add(Stage::Syntax, format!("unknown shorthand flag: {letter:?} in -{text}"));
                return;
            };
            if let Some(value) = after.strip_prefix('=') {
                self.flags.push((setting.name, value.to_owned()));
                return;
            }
            if let Some(value) = given_without_value(setting) {
                self.flags.push((setting.name, value));
                continue;
            }
            let value = if after.is_empty() { rest.next() } else { Some(after.to_owned()) };
            match value {
                Some(value) => self.flags.push((setting.name, value)),
                None => {
                    problems.add(Stage::Syntax, format!("flag needs an argument: {letter:?} in -{text}"));
                }
            }
            return;
        }
    }
}

fn given_without_value(setting: &Setting) -> Option<String> {
    (setting.kind == Kind::Bool).then(|| "true".to_owned())
}
