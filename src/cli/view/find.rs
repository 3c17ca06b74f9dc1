//! From what somebody typed to the one resource that is meant, or to the ones that may be.

use std::{cmp::Reverse, collections::BTreeMap};

use super::{Ids, Number, Thing, View, list};
use crate::cli::error::CliError;

/// Candidates and suggestions at the most.
const NAMED: usize = 8;
/// How alike two words must be to suggest one for the other.
const ALIKE: f64 = 0.83;

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Who {
    User,
    /// Anything but a user: whatever has entitlements.
    Role,
}

impl Who {
    fn fits(self, thing: &Thing) -> bool {
        thing.is_user == (self == Self::User)
    }

    fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Role => "role",
        }
    }
}

/// Whether a resource is what was typed.
type Test<'a> = &'a dyn Fn(Number, &Thing) -> bool;

/// Finds it by `type:id`, else by id, else by e-mail or login without regard to case, else by name without regard to case. The
/// syncs are one world: what only the older one knows is found, too.
pub(in crate::cli) fn find(views: &[&View<'_>], ids: &Ids, text: &str, who: Who) -> Result<Number, CliError> {
    let text = text.trim();
    let folded = text.to_lowercase();
    let candidates = || views.iter().flat_map(|v| v.things()).filter(|(_, thing)| who.fits(thing));
    let same = |other: &str| !other.is_empty() && other.to_lowercase() == folded;
    let tests: [Test<'_>; 4] = [
        &|number, _| ids.text(number) == text,
        &|number, _| ids.of(number).1 == text,
        &|_, thing| same(&thing.email) || thing.aliases.iter().any(|alias| same(alias)),
        &|_, thing| same(&thing.name),
    ];
    for test in tests {
        let found: BTreeMap<Number, &Thing> =
            candidates().filter(|(number, thing)| test(*number, thing)).collect();
        let mut numbers = found.keys();
        match (numbers.next(), found.len()) {
            (Some(number), 1) => return Ok(*number),
            (Some(_), _) => return Err(ambiguous(text, who, &found, ids)),
            (None, _) => {}
        }
    }
    Err(unknown(text, &folded, who, candidates(), ids))
}

fn described(number: Number, thing: &Thing, ids: &Ids) -> String {
    let email = if thing.email.is_empty() { String::new() } else { format!(", {}", thing.email) };
    format!("{} ({}{email})", ids.text(number), thing.name)
}

fn ambiguous(text: &str, who: Who, found: &BTreeMap<Number, &Thing>, ids: &Ids) -> CliError {
    let mut named: Vec<_> = found.iter().take(NAMED).map(|(n, thing)| described(*n, thing, ids)).collect();
    if found.len() > NAMED {
        named.push(format!("{} more", found.len() - NAMED));
    }
    let all = list(&named, "and");
    CliError::new(format!(
        "{text:?} may be any of {} {}s: {all}; name one by its id",
        found.len(),
        who.word()
    ))
}

fn unknown<'a>(
    text: &str,
    folded: &str,
    who: Who,
    candidates: impl Iterator<Item = (Number, &'a Thing)>,
    ids: &Ids,
) -> CliError {
    let alike = |thing: &Thing| {
        let words = [&thing.name, &thing.email].into_iter().chain(&thing.aliases);
        let score = |word: &str| {
            let word = word.to_lowercase();
            if folded.chars().count() > 1 && word.contains(folded) {
                return 1.0;
            }
            let parts = word.split([' ', '@', '.']).chain([word.as_str()]);
            parts.map(|part| strsim::jaro_winkler(part, folded)).fold(0.0, f64::max)
        };
        words.map(|word| score(word)).fold(0.0, f64::max)
    };
    let mut near: BTreeMap<(Reverse<u32>, Number), String> = BTreeMap::new();
    for (number, thing) in candidates {
        let score = alike(thing);
        if score >= ALIKE {
            // Thousandths: a total order.
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // between 0 and 1000
            let rank = (Reverse((score * 1000.0) as u32), number);
            if near.len() < NAMED || near.last_key_value().is_some_and(|(worst, _)| rank < *worst) {
                near.insert(rank, described(number, thing, ids));
                if near.len() > NAMED {
                    near.pop_last();
                }
            }
        }
    }
    let near: Vec<_> = near.into_values().collect();
    let hint = if near.is_empty() {
        format!("name it by its id{} or its name", if who == Who::User { ", its e-mail" } else { "" })
    } else {
        format!("did you mean {}?", list(&near, "or"))
    };
    CliError::new(format!("there is no {} {text:?}; {hint}", who.word()))
}
