//! Keeps secrets out of what is written.
//!
//! The first defence is the type: a secret is a `SecretString` and has no text form. This is the last one: every value that
//! is registered here is cut out of every rendered log line, also where a library wrote it, in plain, JSON-escaped,
//! URL-encoded or base64 form.

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{LazyLock, PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};

/// What stands where a secret was.
pub const REDACTED: &str = "[redacted]";

/// Shorter texts are no secrets, and cutting them out would make logs unreadable.
const SHORTEST: usize = 6;

static REGISTERED: LazyLock<RwLock<Registry>> = LazyLock::new(Default::default);

/// How many secrets of one source are remembered: those in use, and those before them.
const NEWEST: usize = 8;

/// The forms of each registered value.
#[derive(Default)]
struct Registry {
    forever: Vec<Forms>,
    /// By their source, the newest last: a source that changes often takes no room from another.
    newest: BTreeMap<&'static str, VecDeque<Forms>>,
}

type Forms = Vec<SecretString>;

impl Registry {
    fn forms(&self) -> impl Iterator<Item = &SecretString> {
        self.forever.iter().chain(self.newest.values().flatten()).flatten()
    }

    /// Whether nothing has to be done for this value: it is no secret, or known for good.
    fn is_settled(&self, value: &str) -> bool {
        value.len() < SHORTEST || self.forever.iter().any(|forms| holds(forms, value))
    }
}

fn holds(forms: &Forms, value: &str) -> bool {
    forms.iter().any(|form| form.expose_secret() == value)
}

/// Cuts `secret` out of every log line from now on. For secrets that live as long as the process.
pub fn register_secret(secret: &SecretString) {
    let value = secret.expose_secret();
    let mut registry = REGISTERED.write().unwrap_or_else(PoisonError::into_inner);
    if !registry.is_settled(value) {
        registry.forever.push(forms(value));
    }
}

/// Cuts `secret` out of every log line until some more of the same source have come. For tokens, and for secrets that rotate.
pub fn register_newest(source: &'static str, secret: &SecretString) {
    let value = secret.expose_secret();
    let mut registry = REGISTERED.write().unwrap_or_else(PoisonError::into_inner);
    if registry.is_settled(value) {
        return;
    }
    let newest = registry.newest.entry(source).or_default();
    let known = newest.iter().position(|forms| holds(forms, value)).and_then(|at| newest.remove(at));
    if newest.len() == NEWEST {
        newest.pop_front();
    }
    newest.push_back(known.unwrap_or_else(|| forms(value)));
}

/// `line` without any registered secret.
pub fn scrub(line: &str) -> Cow<'_, str> {
    let registry = REGISTERED.read().unwrap_or_else(PoisonError::into_inner);
    let mut out = Cow::Borrowed(line);
    for form in registry.forms() {
        let form = form.expose_secret();
        if out.contains(form) {
            out = Cow::Owned(out.replace(form, REDACTED));
        }
    }
    out
}

/// The ways in which a value is likely to be written, longest first so that none leaves a rest of another.
fn forms(value: &str) -> Vec<SecretString> {
    let debug = value.escape_debug().to_string();
    let form: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
    // A `Debug` text may have become part of a JSON text.
    let (json, both) = (in_json(value), in_json(&debug));
    let mut forms = vec![value.to_owned(), debug, json, both, form.replace('+', "%20"), form];
    forms.extend(
        [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD].map(|engine| engine.encode(value)),
    );
    forms.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    forms.dedup();
    forms.into_iter().map(SecretString::from).collect()
}

fn in_json(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// Prints as `[redacted]` whatever it holds, for a value that must pass through a `Debug` or `Display`.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Redacted<T>(pub T);

impl<T> fmt::Debug for Redacted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl<T> fmt::Display for Redacted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}
