//! Reading the fields of a form one by one; each says what is wrong with it, and none stands in the way of the next.

use std::collections::BTreeSet;

use prost_types::{Value, value::Kind};

use super::fields::FIELDS;
use crate::{
    ninja_one::rest::model::{OrganizationId, RoleId, UserType},
    wire::v2::AccountInfo,
};

/// The longest name that NinjaOne takes, in characters.
const LONGEST_NAME: usize = 150;
/// The longest e-mail address (RFC 5321) and, for want of a published limit, the longest phone number, in bytes.
const LONGEST_EMAIL: usize = 254;

/// A profile being read, and what is wrong with it so far.
pub(super) struct Reader<'a> {
    pub(super) info: &'a AccountInfo,
    pub(super) mistakes: Vec<String>,
}

impl Reader<'_> {
    fn wrong(&mut self, key: &str, what: impl AsRef<str>) {
        self.mistakes.push(format!("{key}: {}", what.as_ref()));
    }

    /// What was given under a key; null and empty text are nothing.
    fn given(&self, key: &str) -> Option<&Kind> {
        let kind = self.info.profile.as_ref()?.fields.get(key)?.kind.as_ref()?;
        match kind {
            Kind::NullValue(_) => None,
            Kind::StringValue(text) if text.trim().is_empty() => None,
            Kind::ListValue(list) if list.values.is_empty() => None,
            kind => Some(kind),
        }
    }

    /// A misspelt key must not silently make another account than was meant. The login may be among the fields: clients repeat
    /// it there.
    pub(super) fn unknown_keys(&mut self) {
        let keys: Vec<_> = self.info.profile.iter().flat_map(|p| p.fields.keys().cloned()).collect();
        let known: Vec<_> = FIELDS.iter().map(|field| field.key).collect();
        for key in keys {
            if key != "login" && !known.contains(&key.as_str()) && self.given(&key).is_some() {
                let what = format!("there is no such field; the fields are {}", known.join(", "));
                self.wrong(&clip(&key), what);
            }
        }
    }

    fn text(&mut self, key: &'static str) -> Option<String> {
        let text = match self.given(key)? {
            Kind::StringValue(text) => Some(text.trim().to_owned()),
            Kind::NumberValue(number) => whole(*number),
            _ => None,
        };
        match text {
            Some(text) if text.chars().any(char::is_control) => {
                self.wrong(key, "must not contain line breaks or control characters");
                None
            }
            Some(text) => Some(text),
            None => {
                self.wrong(key, "must be a text");
                None
            }
        }
    }

    pub(super) fn email(&mut self) -> String {
        let emails = &self.info.emails;
        let primary = emails.iter().find(|e| e.is_primary).or_else(|| emails.first());
        let login = Some(&self.info.login).filter(|login| login.contains('@'));
        let fallback = primary.map(|e| &e.address).or(login).map(|e| e.trim().to_owned());
        let before = self.mistakes.len();
        let email = if self.given("email").is_some() { self.text("email") } else { fallback };
        match email.filter(|e| !e.is_empty()) {
            None if self.mistakes.len() > before => {}
            None => self.wrong("email", "is required"),
            Some(email) if !is_email(&email) => self.wrong("email", "is not an e-mail address"),
            Some(email) => return email,
        }
        String::new()
    }

    pub(super) fn name(&mut self, key: &'static str) -> String {
        let before = self.mistakes.len();
        match self.text(key) {
            None if self.mistakes.len() > before => {}
            None => self.wrong(key, "is required"),
            Some(name) if name.chars().count() > LONGEST_NAME => {
                self.wrong(key, format!("must have at most {LONGEST_NAME} characters"));
            }
            Some(name) => return name,
        }
        String::new()
    }

    pub(super) fn user_type(&mut self) -> Option<UserType> {
        let before = self.mistakes.len();
        let text = self.text("user_type");
        let kind = text.as_deref().map(|text| UserType::from(text.replace(['-', ' '], "_").as_str()));
        match kind {
            Some(kind @ (UserType::Technician | UserType::EndUser)) => return Some(kind),
            None if self.mistakes.len() > before => {}
            None => self.wrong("user_type", "is required: technician or end_user"),
            Some(UserType::Other(_)) => self.wrong("user_type", "must be technician or end_user"),
        }
        None
    }

    pub(super) fn phone(&mut self) -> Option<String> {
        let phone = self.text("phone")?;
        if phone.len() > LONGEST_EMAIL {
            self.wrong("phone", "is too long to be a phone number");
            return None;
        }
        Some(phone)
    }

    pub(super) fn organization(&mut self, kind: Option<&UserType>) -> Option<OrganizationId> {
        let before = self.mistakes.len();
        let text = self.text("organization_id");
        match (text, kind) {
            (None, Some(UserType::EndUser)) if self.mistakes.len() == before => {
                self.wrong("organization_id", "is required for an end user");
                None
            }
            (None, _) => None,
            (Some(_), Some(UserType::Technician)) => {
                self.wrong("organization_id", "is for end users; a technician belongs to no organization");
                None
            }
            (Some(text), _) => {
                let id = number(&text).map(OrganizationId);
                if id.is_none() {
                    self.wrong("organization_id", "must be the numeric id of an organization");
                }
                id
            }
        }
    }

    pub(super) fn end_users_only(&mut self, key: &'static str, kind: Option<&UserType>) -> Option<bool> {
        let flag = match self.given(key)? {
            Kind::BoolValue(flag) => Some(*flag),
            Kind::StringValue(text) => text.trim().to_ascii_lowercase().parse().ok(),
            _ => None,
        };
        match (flag, kind) {
            (None, _) => self.wrong(key, "must be true or false"),
            (Some(true), Some(UserType::Technician)) => self.wrong(key, "is for end users"),
            _ => {}
        }
        flag
    }

    pub(super) fn roles(&mut self) -> Vec<RoleId> {
        let texts: Option<Vec<String>> = match self.given("roles") {
            None => return Vec::new(),
            Some(Kind::StringValue(list)) => Some(list.split(',').map(str::to_owned).collect()),
            Some(Kind::NumberValue(id)) => whole(*id).map(|id| vec![id]),
            Some(Kind::ListValue(list)) => list.values.iter().map(item).collect(),
            Some(_) => None,
        };
        let Some(texts) = texts else {
            self.wrong("roles", "must be a list of role ids");
            return Vec::new();
        };
        let mut ids = BTreeSet::new();
        for text in texts.iter().map(|text| text.trim()).filter(|text| !text.is_empty()) {
            match number(text.strip_prefix("role:").unwrap_or(text)) {
                Some(id) => drop(ids.insert(id)),
                None => self.wrong("roles", format!("{:?} is not the numeric id of a role", clip(text))),
            }
        }
        ids.into_iter().map(RoleId).collect()
    }
}

fn item(value: &Value) -> Option<String> {
    match value.kind.as_ref()? {
        Kind::StringValue(text) => Some(text.clone()),
        Kind::NumberValue(number) => whole(*number),
        _ => None,
    }
}

/// A number of a profile, which is a double, as the id that it is meant to be.
fn whole(number: f64) -> Option<String> {
    (number.fract() == 0.0 && number.abs() <= f64::from(i32::MAX)).then(|| format!("{number:.0}"))
}

/// An id in decimal, written in the one way in which we write it.
fn number(text: &str) -> Option<i32> {
    text.parse().ok().filter(|n: &i32| n.to_string() == text)
}

pub(super) fn is_email(text: &str) -> bool {
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && !"<>(),;:\"[]\\".contains(c);
    let parts = text.split_once('@').filter(|(user, host)| {
        !user.is_empty() && !host.is_empty() && !host.contains('@') && !host.starts_with('.')
    });
    text.len() <= LONGEST_EMAIL && parts.is_some() && text.chars().all(plain)
}

fn clip(text: &str) -> String {
    text.chars().take(60).collect()
}
