//! docs/configuration.md, written from the table.

use std::fmt::Write as _;

use super::help::under;
use super::setting::{Heading, Kind, Place, Rule, Setting};

const INTRODUCTION: &str = "\
# Configuration

This page is generated from the table of settings; a test compares them.

A setting is looked for in this order, and the first find wins:

1. the flag, before or after the command: `--name value`, `--name=value`; a bool needs no value, and takes one only with `=`;
2. the environment variable; an empty one counts as not set;
3. the config file: a flat YAML map of flag names, `./.baton.yaml` or the file that `BATON_CONFIG_PATH` names (`.yaml` or `.yml`);
4. the default.

A list is comma-separated, and its flag may be repeated. A duration is a number of seconds, or has units: `1500ms`, `30s`, `5m`,
`1h30m`. A secret can be read from a file: put the file's path in the variable with `_FILE` at its end, such as
`BATON_NINJA_ONE_CLIENT_SECRET_FILE`; one final line break is not part of the secret. Setting both is a mistake.

All mistakes that the settings themselves show are reported at once, and the exit code is 2.
";

/// The reference of all settings, in Markdown.
pub fn reference_markdown() -> String {
    let mut out = INTRODUCTION.to_owned();
    for heading in Heading::ALL {
        let title = match heading {
            Heading::Command => "Options of single commands",
            other => other.title(),
        };
        // Writing to a String cannot fail.
        let _ = write!(
            out,
            "\n## {title}\n\n| Flag | Environment | Kind | Default | Meaning |\n| --- | --- | --- | --- | --- |\n"
        );
        for setting in under(heading) {
            let _ = writeln!(
                out,
                "| {} | {} | {} | {} | {} |",
                if setting.is_flag() { code(&setting.flag()) } else { String::new() },
                setting.variable().map(|variable| code(&variable)).unwrap_or_default(),
                kind(setting),
                if setting.default.is_empty() { String::new() } else { code(setting.default) },
                meaning(setting),
            );
        }
    }
    out
}

/// A command by its word; the bare one has none.
fn named(word: &str) -> String {
    if word.is_empty() { "bare command".to_owned() } else { code(word) }
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

fn kind(setting: &Setting) -> String {
    let name = match setting.kind {
        Kind::Text => "text",
        Kind::Path => "path",
        Kind::Secret => "secret",
        Kind::Bool | Kind::BoolText => "bool",
        Kind::Int => "number",
        Kind::List => "list",
        Kind::Duration => "duration",
        Kind::Address => "address",
    };
    let unit = if setting.kind == Kind::Duration { " s" } else { "" };
    match setting.rule {
        Rule::Range(least, most) if setting.zero_is_default => format!("{name}, {least} to {most} or 0"),
        Rule::Range(least, i64::MAX) => format!("{name}, from {least}"),
        Rule::Range(least, most) => format!("{name}, {least} to {most}{unit}"),
        Rule::OneOf(values) => {
            let values: Vec<_> =
                values.iter().filter(|value| !value.is_empty()).map(|value| code(value)).collect();
            values.join(", ")
        }
        Rule::None => name.to_owned(),
    }
}

fn meaning(setting: &Setting) -> String {
    let mut text = String::new();
    if setting.required {
        text.push_str("**Required.** ");
    }
    text.push_str(&setting.help.replace('|', "\\|"));
    if let Some(why) = setting.without_effect {
        let _ = write!(text, ". Accepted without effect: {why}");
    }
    if !setting.only.is_empty() {
        let words: Vec<_> = setting.only.iter().map(|verb| named(verb.word())).collect();
        let _ = write!(text, " ({})", words.join(", "));
    }
    if setting.place == Place::EnvironmentOnly {
        text.push_str(" (environment only)");
    }
    text
}
