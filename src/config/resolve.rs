//! Layers the sources of every setting: flag over environment over config file over default.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::ExposeSecret;

use super::arguments::Arguments;
use super::command::Verb;
use super::environment::Environment;
use super::failure::{Problems, Stage};
use super::file::{ConfigFile, Entry};
use super::secret::Secret;
use super::setting::{Kind, Place, Setting, all, find};
use super::value::Value;

/// The value of every setting that the command takes.
#[derive(Debug)]
pub(super) struct Resolved {
    values: BTreeMap<&'static str, Found>,
    #[cfg(test)]
    pub(super) read: std::cell::RefCell<std::collections::BTreeSet<String>>,
}

#[derive(Debug)]
struct Found {
    value: Value,
    given: bool,
}

/// Where texts come from, and the mistakes found on the way.
pub(super) struct Layers<'a> {
    pub(super) verb: Verb,
    pub(super) arguments: &'a Arguments,
    pub(super) env: &'a dyn Environment,
    pub(super) file: &'a ConfigFile,
    pub(super) cwd: &'a Path,
    pub(super) problems: &'a mut Problems,
    pub(super) warnings: &'a mut Vec<String>,
}

impl Layers<'_> {
    pub(super) fn resolve(mut self) -> Resolved {
        self.refuse_foreign_flags();
        let mut values = BTreeMap::new();
        let verb = self.verb;
        for setting in all().filter(|setting| setting.serves(verb)) {
            if setting.kind == Kind::Secret && !verb.needs_ninja_one() {
                continue;
            }
            if let Some(found) = self.find(setting) {
                values.insert(setting.name, found);
            }
        }
        self.miss_required(&values);
        Resolved {
            values,
            #[cfg(test)]
            read: Default::default(),
        }
    }

    /// A flag of another command is unknown to this one.
    fn refuse_foreign_flags(&mut self) {
        for (name, _) in &self.arguments.flags {
            if find(name, self.verb).is_none() {
                self.problems.add(Stage::Syntax, format!("unknown flag: --{name}"));
            }
        }
    }

    fn find(&mut self, setting: &'static Setting) -> Option<Found> {
        let given = self.given(setting);
        let found = match given {
            Some(None) => return None,
            Some(Some(Value::Int(0))) if setting.zero_is_default => {
                Found { value: Value::read(setting, setting.default).ok()?, given: true }
            }
            Some(Some(value)) => Found { value, given: true },
            None if setting.default.is_empty() => return None,
            None => Found { value: Value::read(setting, setting.default).ok()?, given: false },
        };
        if let Some(broken) = found.value.broken_rule(setting) {
            self.problems.add(Stage::Rule, broken);
        }
        if let (true, Some(why)) = (found.given, setting.without_effect) {
            self.warnings.push(format!("--{} has no effect: {why}", setting.name));
        }
        Some(found)
    }

    /// `None` if no source has it, `Some(None)` if one has and it makes no sense.
    fn given(&mut self, setting: &'static Setting) -> Option<Option<Value>> {
        self.by_flag(setting).or_else(|| self.by_environment(setting)).or_else(|| self.by_file(setting))
    }

    fn by_flag(&mut self, setting: &'static Setting) -> Option<Option<Value>> {
        let arguments = self.arguments;
        let texts = arguments.flags.iter().filter(|(name, _)| *name == setting.name);
        let mut value: Option<Option<Value>> = None;
        for (_, text) in texts {
            let next = self.read(setting, text, None);
            value = match (value, next) {
                (Some(Some(Value::List(mut items))), Some(Value::List(more))) => {
                    items.extend(more);
                    Some(Some(Value::List(items)))
                }
                (_, next) => Some(next),
            };
        }
        if setting.kind == Kind::Secret && value.is_some() {
            let variable = setting.variable().unwrap_or_default();
            self.warnings.push(format!(
                "--{} on the command line can be read by other users of this machine; use {variable} or {variable}_FILE",
                setting.name
            ));
        }
        value
    }

    fn by_environment(&mut self, setting: &'static Setting) -> Option<Option<Value>> {
        let variable = setting.variable()?;
        // An empty variable counts as not set, as in the reference: deployments leave them empty.
        let text = self.env.var(&variable).filter(|text| !text.is_empty());
        if setting.kind == Kind::Secret {
            let by_file = format!("{variable}_FILE");
            if let Some(path) = self.env.var(&by_file).filter(|path| !path.is_empty()) {
                if text.is_some() {
                    self.problems.add(
                        Stage::Source,
                        format!("{variable} and {by_file} are both set; keep one of them"),
                    );
                    return Some(None);
                }
                return Some(match Secret::from_file(&self.cwd.join(path)) {
                    Ok(secret) => {
                        self.warn_of_blanks(&by_file, secret.value.expose_secret());
                        Some(Value::Secret(secret))
                    }
                    Err(error) => {
                        self.problems.add(Stage::Source, format!("{by_file}: {error}"));
                        None
                    }
                });
            }
        }
        let Ok(text) = text?.into_string() else {
            self.problems.add(Stage::Source, format!("{variable} is not valid UTF-8"));
            return Some(None);
        };
        self.warn_of_blanks(&variable, &text);
        Some(self.read(setting, &text, Some(&variable)))
    }

    /// A line break at the end of a mounted or encoded value is the usual reason for refused credentials.
    fn warn_of_blanks(&mut self, variable: &str, text: &str) {
        if text.trim() != text {
            self.warnings.push(format!(
                "{variable} begins or ends with white space, which is taken as part of the value"
            ));
        }
    }

    fn by_file(&mut self, setting: &'static Setting) -> Option<Option<Value>> {
        let file = self.file;
        let at = format!("config file {}", file.path.display());
        match file.get(setting)? {
            Entry::One(text) => Some(self.read(setting, text, Some(&at))),
            Entry::Many(items) if setting.kind == Kind::List => Some(Some(Value::List(items.clone()))),
            Entry::Many(_) => {
                self.problems
                    .add(Stage::Value, format!("{at}: {} takes one value, not a list", setting.name));
                Some(None)
            }
        }
    }

    fn read(&mut self, setting: &'static Setting, text: &str, place: Option<&str>) -> Option<Value> {
        match Value::read(setting, text) {
            Ok(value) => Some(value),
            Err(why) => {
                let place = place.map(|place| format!("{place}: ")).unwrap_or_default();
                let flag = setting.flag();
                self.problems
                    .add(Stage::Value, format!("{place}invalid argument {text:?} for {flag:?} flag: {why}"));
                None
            }
        }
    }

    fn miss_required(&mut self, values: &BTreeMap<&'static str, Found>) {
        if !self.verb.needs_ninja_one() {
            return;
        }
        let mut missing = Vec::new();
        for setting in all().filter(|setting| setting.required) {
            match values.get(setting.name) {
                Some(found) if found.value.is_zero() => self.problems.add(
                    Stage::Rule,
                    format!(
                        "field {} of type string is marked as required but it has a zero-value",
                        setting.name
                    ),
                ),
                Some(_) => {}
                // A value that could not be used has been complained about already.
                None if self.given_at_all(setting) => {}
                None => missing.push(setting),
            }
        }
        if missing.is_empty() {
            return;
        }
        missing.sort_by_key(|setting| setting.name);
        let variables: Vec<_> = missing.iter().filter_map(|setting| setting.variable()).collect();
        self.problems
            .hint(format!("set {}, or their flags, or their keys in the config file", variables.join(", ")));
        let names: Vec<_> = missing.iter().map(|setting| format!("{:?}", setting.name)).collect();
        self.problems.add(Stage::Required, format!("required flag(s) {} not set", names.join(", ")));
    }

    fn given_at_all(&self, setting: &Setting) -> bool {
        let in_environment = setting.variable().is_some_and(|variable| {
            [variable.clone(), format!("{variable}_FILE")]
                .iter()
                .any(|name| self.env.var(name).is_some_and(|value| !value.is_empty()))
        });
        in_environment
            || self.arguments.flags.iter().any(|(name, _)| *name == setting.name)
            || (setting.place == Place::Everywhere && self.file.get(setting).is_some())
    }
}

impl Resolved {
    fn get(&self, name: &str) -> Option<&Found> {
        debug_assert!(all().any(|setting| setting.name == name), "no such setting: {name}");
        #[cfg(test)]
        self.read.borrow_mut().insert(name.to_owned());
        self.values.get(name)
    }

    /// True if a source other than the default gave a value that means something.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.get(name).is_some_and(|found| found.given && !found.value.is_zero())
    }

    pub(super) fn text(&self, name: &str) -> String {
        match self.get(name).map(|found| &found.value) {
            Some(Value::Text(text)) => text.clone(),
            _ => String::new(),
        }
    }

    pub(super) fn optional(&self, name: &str) -> Option<String> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    pub(super) fn path(&self, name: &str) -> Option<PathBuf> {
        self.optional(name).map(PathBuf::from)
    }

    pub(super) fn secret(&self, name: &str) -> Option<Secret> {
        match self.get(name).map(|found| &found.value) {
            Some(Value::Secret(secret)) if !secret.is_empty() => Some(secret.clone()),
            _ => None,
        }
    }

    pub(super) fn bool(&self, name: &str) -> bool {
        matches!(self.get(name).map(|found| &found.value), Some(Value::Bool(true)))
    }

    pub(super) fn int(&self, name: &str) -> i64 {
        match self.get(name).map(|found| &found.value) {
            Some(Value::Int(value)) => *value,
            _ => 0,
        }
    }

    /// An int whose rule keeps it within the target type.
    pub(super) fn number<T: TryFrom<i64> + Default>(&self, name: &str) -> T {
        T::try_from(self.int(name)).unwrap_or_default()
    }

    pub(super) fn list(&self, name: &str) -> Vec<String> {
        match self.get(name).map(|found| &found.value) {
            Some(Value::List(items)) => items.clone(),
            _ => Vec::new(),
        }
    }

    pub(super) fn duration(&self, name: &str) -> Duration {
        match self.get(name).map(|found| &found.value) {
            Some(Value::Duration(value)) => *value,
            _ => Duration::ZERO,
        }
    }

    pub(super) fn address(&self, name: &str) -> SocketAddr {
        match self.get(name).map(|found| &found.value) {
            Some(Value::Address(value)) => *value,
            _ => SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        }
    }
}
