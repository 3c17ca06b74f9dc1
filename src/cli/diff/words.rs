//! A difference as a sentence and as a row.

use std::collections::HashMap;

use super::compare::{Change, Comparison};
use crate::cli::{
    sheet::{Cell, Column, shown},
    view::{Number, list},
};

pub(super) const COLUMNS: &[Column] = &[
    shown("change", "Change"),
    shown("subject_type", "Type"),
    shown("subject_id", "Id"),
    shown("subject", "Who"),
    shown("email", "E-mail"),
    shown("resource_type", "Resource type"),
    shown("resource_id", "Resource id"),
    shown("resource", "Resource"),
    shown("entitlement_id", "Entitlement"),
    shown("field", "Field"),
    shown("before", "Before"),
    shown("after", "After"),
    shown("text", "Text"),
];

/// Puts the differences of a comparison into words.
pub(super) struct Words<'c, 'f> {
    of: &'c Comparison<'f>,
    /// Names that mean one subject, and those that mean several: None.
    names: HashMap<&'c str, Option<Number>>,
}

impl<'c, 'f> Words<'c, 'f> {
    pub(super) fn new(of: &'c Comparison<'f>) -> Self {
        let mut names = HashMap::new();
        for change in &of.changes {
            let number = of.subject(change);
            let known = names.entry(of.name(number)).or_insert(Some(number));
            *known = known.filter(|known| *known == number);
        }
        Self { of, names }
    }

    /// The name, with its id when others are called the same.
    fn name(&self, number: Number) -> String {
        let name = self.of.name(number);
        match self.names.get(name) {
            Some(None) => format!("{name} ({})", self.of.ids.text(number)),
            _ => name.to_owned(),
        }
    }

    /// The difference in words.
    pub(super) fn sentence(&self, change: &Change) -> String {
        let of = self.of;
        let who = self.name(of.subject(change));
        let what =
            |number: Number| if of.is_user(number) { "account" } else { of.ids.of(number).0 }.to_owned();
        match change {
            Change::Created(number) => format!("{who}: {} created", what(*number)),
            Change::Removed(number) => format!("{who}: {} removed", what(*number)),
            Change::Field { of: number, key, before, after } => {
                let former = of.old.thing(*number).filter(|_| &**key == "name");
                let who = former.map_or(who, |former| former.name.to_string());
                format!("{who}{}", field(key, before.as_deref(), after.as_deref()))
            }
            Change::RightCreated(right) => format!("{who}: entitlement {} created", of.rights.get(*right).1),
            Change::RightRemoved(right) => format!("{who}: entitlement {} removed", of.rights.get(*right).1),
            Change::RightField { right, key, before, after } => {
                let key = format!("{key} of entitlement {}", of.rights.get(*right).1);
                format!("{who}{}", field(&key, before.as_deref(), after.as_deref()))
            }
            Change::Gained { right, .. } => format!("{who} gained {}", of.object(*right)),
            Change::Lost { right, .. } => format!("{who} lost {}", of.object(*right)),
            Change::Regranted { right, .. } => {
                let (before, after) = self.before_and_after(change);
                let said = |how: Option<String>| how.unwrap_or_else(|| "unknown".to_owned());
                format!(
                    "{who} holds {} in another way: {}, was {}",
                    of.object(*right),
                    said(after),
                    said(before)
                )
            }
        }
    }

    fn before_and_after(&self, change: &Change) -> (Option<String>, Option<String>) {
        let of = self.of;
        let old = |how: u32| Some(of.old.how(of.hows.get(how), &of.ids)).filter(|t| !t.is_empty());
        let new = |how: u32| Some(of.new.how(of.hows.get(how), &of.ids)).filter(|t| !t.is_empty());
        match change {
            Change::Field { before, after, .. } | Change::RightField { before, after, .. } => {
                (before.clone(), after.clone())
            }
            Change::Gained { how, .. } => (None, new(*how)),
            Change::Lost { how, .. } => (old(*how), None),
            Change::Regranted { before, after, .. } => (old(*before), new(*after)),
            _ => (None, None),
        }
    }

    /// A row of [`COLUMNS`].
    pub(super) fn cells(&self, change: &Change) -> Vec<Cell> {
        let of = self.of;
        let subject = of.subject(change);
        let (subject_type, subject_id) = of.ids.of(subject);
        let thing = of.new.thing(subject).or_else(|| of.old.thing(subject));
        let right = change.right().map(|right| of.rights.get(right));
        let on = right.map(|(on, _)| of.ids.of(*on));
        let field = match change {
            Change::Field { key, .. } => Some(&**key),
            Change::RightField { key, .. } => Some(*key),
            _ => None,
        };
        let (before, after) = self.before_and_after(change);
        vec![
            change.word().into(),
            subject_type.into(),
            subject_id.into(),
            of.name(subject).into(),
            Cell::unless_empty(thing.map_or("", |t| &t.email)),
            on.map(|(kind, _)| kind).into(),
            on.map(|(_, id)| id).into(),
            right.map(|(on, _)| of.name(*on)).into(),
            right.map(|(_, id)| &**id).into(),
            field.into(),
            before.into(),
            after.into(),
            self.sentence(change).into(),
        ]
    }

    /// How much of everything.
    pub(super) fn summary(&self) -> String {
        let counted = |word: &str| self.of.changes.iter().filter(|c| c.word() == word).count();
        let words = [
            ("gained", "gained"),
            ("lost", "lost"),
            ("regranted", "held in another way"),
            ("created", "created"),
            ("removed", "removed"),
            ("changed", "changed"),
            ("entitlement_created", "entitlement# created"),
            ("entitlement_removed", "entitlement# removed"),
            ("entitlement_changed", "entitlement# changed"),
        ];
        let parts: Vec<_> = words
            .into_iter()
            .filter_map(|(word, text)| {
                Some(counted(word))
                    .filter(|&n| n > 0)
                    .map(|n| format!("{n} {}", text.replace('#', if n == 1 { "" } else { "s" })))
            })
            .collect();
        if parts.is_empty() { "no difference".to_owned() } else { list(&parts, "and") }
    }
}

impl Change {
    /// The stable word for the kind of change.
    fn word(&self) -> &'static str {
        match self {
            Self::Created(_) => "created",
            Self::Removed(_) => "removed",
            Self::Field { .. } => "changed",
            Self::RightCreated(_) => "entitlement_created",
            Self::RightRemoved(_) => "entitlement_removed",
            Self::RightField { .. } => "entitlement_changed",
            Self::Gained { .. } => "gained",
            Self::Lost { .. } => "lost",
            Self::Regranted { .. } => "regranted",
        }
    }

    /// The mark in front of a sentence.
    pub(super) fn sign(&self) -> char {
        match self {
            Self::Created(_) | Self::RightCreated(_) | Self::Gained { .. } => '+',
            Self::Removed(_) | Self::RightRemoved(_) | Self::Lost { .. } => '-',
            Self::Field { .. } | Self::RightField { .. } | Self::Regranted { .. } => '~',
        }
    }
}

/// What follows the name of somebody of whom one fact changed.
fn field(key: &str, before: Option<&str>, after: Option<&str>) -> String {
    match (key, before, after) {
        ("status", Some(_), Some("disabled")) => return " was disabled".to_owned(),
        ("status", Some(_), Some("enabled")) => return " was enabled".to_owned(),
        ("status", Some(_), Some("deleted")) => return " was marked as deleted".to_owned(),
        ("administrator", Some("false"), Some("true")) => {
            return " became a System Administrator".to_owned();
        }
        ("administrator", Some("true"), Some("false")) => {
            return " is no longer a System Administrator".to_owned();
        }
        ("mfa", Some(_), Some("true")) => return " has a second factor now".to_owned(),
        ("mfa", Some(_), Some("false")) => return " has no second factor now".to_owned(),
        ("name", _, Some(name)) => return format!(" is called {name} now"),
        _ => {}
    }
    let key = match key {
        "email" => "e-mail".to_owned(),
        key => key.replace('_', " "),
    };
    let value = |value: &str| match value {
        "true" => "yes".to_owned(),
        "false" => "no".to_owned(),
        value => value.to_owned(),
    };
    match (before, after) {
        (Some(before), Some(after)) => format!(": {key} is {}, was {}", value(after), value(before)),
        (None, Some(after)) => format!(": {key} is {}, was not known", value(after)),
        (Some(before), None) => format!(": {key} is not known, was {}", value(before)),
        (None, None) => format!(": {key}"),
    }
}
