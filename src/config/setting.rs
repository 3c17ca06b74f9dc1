//! What there is to know about one setting.
//!
//! The table itself is in `official` and `own`; this file is its vocabulary.

use super::command::Verb;
use super::{official, own};

/// What a setting's text is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Path,
    Secret,
    /// A flag without a value means true.
    Bool,
    /// Read as a bool, but the flag needs a value.
    BoolText,
    Int,
    /// Comma-separated, the flag may be repeated.
    List,
    /// Seconds, or with units: `1500ms`, `30s`, `1h30m`.
    Duration,
    /// `IP:PORT`, `localhost:PORT` or `:PORT`.
    Address,
}

/// What a well-formed value must also obey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    None,
    /// Inclusive; seconds for a duration.
    Range(i64, i64),
    OneOf(&'static [&'static str]),
}

/// Where a setting may be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Everywhere,
    /// An argument of one invocation rather than a setting of a deployment.
    FlagOnly,
    EnvironmentOnly,
}

/// The sections of `--help` and of the reference, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Heading {
    Command,
    NinjaOne,
    Sync,
    Provisioning,
    Service,
    Serve,
    Health,
    Logs,
    Telemetry,
    OneShot,
    Files,
}

impl Heading {
    pub(super) const ALL: [Self; 11] = [
        Self::NinjaOne,
        Self::Sync,
        Self::Provisioning,
        Self::Service,
        Self::Serve,
        Self::Health,
        Self::Logs,
        Self::Telemetry,
        Self::OneShot,
        Self::Files,
        Self::Command,
    ];

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Command => "Options of this command",
            Self::NinjaOne => "NinjaOne",
            Self::Sync => "Sync",
            Self::Provisioning => "Provisioning",
            Self::Service => "Service mode (control plane)",
            Self::Serve => "Serve (gRPC daemon)",
            Self::Health => "Health",
            Self::Logs => "Logs",
            Self::Telemetry => "Telemetry",
            Self::OneShot => "One-shot operations",
            Self::Files => "Files",
        }
    }
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting {
    pub(super) name: &'static str,
    pub(super) short: Option<char>,
    pub(super) kind: Kind,
    pub(super) heading: Heading,
    pub(super) help: &'static str,
    /// As it would be typed; empty for none.
    pub(super) default: &'static str,
    pub(super) value_name: &'static str,
    pub(super) rule: Rule,
    /// A number that is 0 means the default, whatever the rule says: the reference's rules pass over a zero.
    pub(super) zero_is_default: bool,
    pub(super) place: Place,
    /// The commands that take it; none named means all.
    pub(super) only: &'static [Verb],
    /// Hidden from `--help`, not from the reference.
    pub(super) hidden: bool,
    /// Needed by every command that talks to NinjaOne.
    pub(super) required: bool,
    /// The name and the place holder that the control plane's form shows, for a field that the `config` subcommand exports.
    pub(super) form: Option<(&'static str, &'static str)>,
    /// An operations field of the SDK, rather than one of the connector.
    pub(super) ops: bool,
    /// Why it changes nothing here; accepted, and said so.
    pub(super) without_effect: Option<&'static str>,
}

impl Setting {
    const fn new(name: &'static str, kind: Kind, heading: Heading, help: &'static str) -> Self {
        let value_name = match kind {
            Kind::Text => "TEXT",
            Kind::Path => "PATH",
            Kind::Secret => "SECRET",
            Kind::Bool | Kind::BoolText => "BOOL",
            Kind::Int => "N",
            Kind::List => "LIST",
            Kind::Duration => "DURATION",
            Kind::Address => "ADDR",
        };
        Self {
            name,
            short: None,
            kind,
            heading,
            help,
            default: "",
            value_name,
            rule: Rule::None,
            zero_is_default: false,
            place: Place::Everywhere,
            only: &[],
            hidden: false,
            required: false,
            form: None,
            ops: false,
            without_effect: None,
        }
    }

    pub(super) const fn text(name: &'static str, heading: Heading, help: &'static str) -> Self {
        Self::new(name, Kind::Text, heading, help)
    }

    pub(super) const fn path(name: &'static str, heading: Heading, help: &'static str) -> Self {
        Self::new(name, Kind::Path, heading, help)
    }

    pub(super) const fn secret(name: &'static str, heading: Heading, help: &'static str) -> Self {
        Self::new(name, Kind::Secret, heading, help)
    }

    pub(super) const fn bool(name: &'static str, heading: Heading, help: &'static str) -> Self {
        Self::new(name, Kind::Bool, heading, help)
    }

    pub(super) const fn bool_text(name: &'static str, heading: Heading, help: &'static str) -> Self {
        Self::new(name, Kind::BoolText, heading, help)
    }

    pub(super) const fn int(name: &'static str, heading: Heading, help: &'static str) -> Self {
        Self::new(name, Kind::Int, heading, help)
    }

    pub(super) const fn list(name: &'static str, heading: Heading, help: &'static str) -> Self {
        Self::new(name, Kind::List, heading, help)
    }

    pub(super) const fn duration(name: &'static str, heading: Heading, help: &'static str) -> Self {
        Self::new(name, Kind::Duration, heading, help)
    }

    pub(super) const fn address(name: &'static str, heading: Heading, help: &'static str) -> Self {
        Self::new(name, Kind::Address, heading, help)
    }

    pub(super) const fn short(mut self, letter: char) -> Self {
        self.short = Some(letter);
        self
    }

    pub(super) const fn default(mut self, text: &'static str) -> Self {
        self.default = text;
        self
    }

    pub(super) const fn value(mut self, name: &'static str) -> Self {
        self.value_name = name;
        self
    }

    pub(super) const fn range(mut self, least: i64, most: i64) -> Self {
        self.rule = Rule::Range(least, most);
        self
    }

    pub(super) const fn zero_is_default(mut self) -> Self {
        self.zero_is_default = true;
        self
    }

    pub(super) const fn one_of(mut self, values: &'static [&'static str]) -> Self {
        self.rule = Rule::OneOf(values);
        self
    }

    pub(super) const fn hidden(mut self) -> Self {
        self.hidden = true;
        self
    }

    pub(super) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub(super) const fn form(mut self, display_name: &'static str, placeholder: &'static str) -> Self {
        self.form = Some((display_name, placeholder));
        self
    }

    pub(super) const fn ops(mut self, display_name: &'static str) -> Self {
        self.ops = true;
        self.form = Some((display_name, ""));
        self
    }

    pub(super) const fn only(mut self, verbs: &'static [Verb]) -> Self {
        self.only = verbs;
        self
    }

    pub(super) const fn argument_of(mut self, verbs: &'static [Verb]) -> Self {
        self.only = verbs;
        self.place = Place::FlagOnly;
        self
    }

    pub(super) const fn environment_only(mut self) -> Self {
        self.place = Place::EnvironmentOnly;
        self
    }

    pub(super) const fn without_effect(mut self, why: &'static str) -> Self {
        self.without_effect = Some(why);
        self
    }

    /// The environment variable, if the setting may come from there.
    pub(super) fn variable(&self) -> Option<String> {
        (self.place != Place::FlagOnly)
            .then(|| format!("BATON_{}", self.name.to_ascii_uppercase().replace('-', "_")))
    }

    pub(super) fn is_flag(&self) -> bool {
        self.place != Place::EnvironmentOnly
    }

    pub(super) fn serves(&self, verb: Verb) -> bool {
        self.only.is_empty() || self.only.contains(&verb)
    }

    /// The flag as the reference's error texts name it: `-p, --provisioning`.
    pub(super) fn flag(&self) -> String {
        match self.short {
            Some(letter) => format!("-{letter}, --{}", self.name),
            None => format!("--{}", self.name),
        }
    }
}

/// Every setting, official ones first.
pub(super) fn all() -> impl Iterator<Item = &'static Setting> {
    official::SETTINGS.iter().chain(own::SETTINGS)
}

/// The setting of that name as `verb` takes it.
pub(super) fn find(name: &str, verb: Verb) -> Option<&'static Setting> {
    all().find(|setting| setting.name == name && setting.serves(verb))
}
