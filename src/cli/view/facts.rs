//! What a resource says about itself, whichever connector wrote it: older ones keep profile and status in the trait, newer
//! ones on the resource.

use prost_types::{Struct, Value, value::Kind};
use serde_json::json;

use crate::wire::{
    find,
    v2::{self, status::ResourceStatus, user_trait},
};

/// A resource with its traits read.
pub(in crate::cli) struct Facts<'a> {
    resource: &'a v2::Resource,
    user: Option<v2::UserTrait>,
    /// The profile of a trait, when the resource has none itself.
    older_profile: Option<Struct>,
}

#[allow(deprecated)] // that is where older connectors keep these
impl<'a> Facts<'a> {
    /// Reads the traits.
    pub(in crate::cli) fn of(resource: &'a v2::Resource) -> Self {
        let all = &resource.annotations;
        let mut user = find::<v2::UserTrait>(all);
        let older_profile = if resource.profile.is_some() {
            None
        } else {
            user.as_mut()
                .and_then(|t| t.profile.take())
                .or_else(|| find::<v2::RoleTrait>(all).and_then(|t| t.profile))
                .or_else(|| find::<v2::GroupTrait>(all).and_then(|t| t.profile))
                .or_else(|| find::<v2::AppTrait>(all).and_then(|t| t.profile))
        };
        Self { resource, user, older_profile }
    }

    /// Whether it is a user by its trait.
    pub(in crate::cli) fn is_user(&self) -> bool {
        self.user.is_some()
    }

    /// The name, else the id.
    pub(in crate::cli) fn name(&self) -> &'a str {
        match self.resource.display_name.as_str() {
            "" => self.resource.id.as_ref().map_or("", |id| id.resource.as_str()),
            name => name,
        }
    }

    pub(in crate::cli) fn description(&self) -> Option<&'a str> {
        Some(self.resource.description.as_str()).filter(|d| !d.is_empty())
    }

    /// The primary e-mail, else the first, else what the profile calls one.
    pub(in crate::cli) fn email(&self) -> Option<&str> {
        let emails = self.user.as_ref().map(|u| u.emails.as_slice()).unwrap_or_default();
        let best = emails.iter().find(|e| e.is_primary).or(emails.first());
        best.map(|e| e.address.as_str()).filter(|e| !e.is_empty()).or_else(|| self.profile_text("email"))
    }

    pub(in crate::cli) fn login(&self) -> Option<&str> {
        self.user.as_ref().map(|u| u.login.as_str()).filter(|l| !l.is_empty())
    }

    /// Everything that one might type to mean this user, apart from name, id and e-mail.
    pub(in crate::cli) fn aliases(&self) -> impl Iterator<Item = &str> {
        let user = self.user.as_ref();
        let emails = user.into_iter().flat_map(|u| u.emails.iter().map(|e| e.address.as_str()));
        let logins =
            user.into_iter().flat_map(|u| u.login_aliases.iter().map(String::as_str)).chain(self.login());
        emails.chain(logins).filter(|alias| Some(*alias) != self.email())
    }

    /// `enabled`, `disabled` or `deleted`, when known.
    pub(in crate::cli) fn status(&self) -> Option<&'static str> {
        use user_trait::status::Status;
        match self.resource.status.as_ref().map(v2::Status::status) {
            Some(ResourceStatus::Enabled) => return Some("enabled"),
            Some(ResourceStatus::Disabled) => return Some("disabled"),
            Some(ResourceStatus::Deleted) => return Some("deleted"),
            Some(ResourceStatus::Unspecified) | None => {}
        }
        match self.user.as_ref()?.status.as_ref()?.status() {
            Status::Enabled => Some("enabled"),
            Status::Disabled => Some("disabled"),
            Status::Deleted => Some("deleted"),
            Status::Unspecified => None,
        }
    }

    pub(in crate::cli) fn status_details(&self) -> Option<&str> {
        let newer = self.resource.status.as_ref().map(|s| s.details.as_str());
        let older = self.user.as_ref().and_then(|u| u.status.as_ref()).map(|s| s.details.as_str());
        newer.into_iter().chain(older).find(|d| !d.is_empty())
    }

    /// Whether a second factor is set up, when known.
    pub(in crate::cli) fn mfa(&self) -> Option<bool> {
        Some(self.user.as_ref()?.mfa_status?.mfa_enabled)
    }

    pub(in crate::cli) fn sso(&self) -> Option<bool> {
        Some(self.user.as_ref()?.sso_status?.sso_enabled)
    }

    pub(in crate::cli) fn account_type(&self) -> Option<&'static str> {
        match self.user.as_ref()?.account_type() {
            user_trait::AccountType::Unspecified => None,
            user_trait::AccountType::Human => Some("human"),
            user_trait::AccountType::Service => Some("service"),
            user_trait::AccountType::System => Some("system"),
        }
    }

    /// Technician or end user; for whom a role is.
    pub(in crate::cli) fn kind(&self) -> Option<String> {
        let kind = self.profile_text("user_type").or_else(|| self.profile_text("role_type"))?;
        Some(kind.to_lowercase())
    }

    pub(in crate::cli) fn administrator(&self) -> Option<bool> {
        match self.profile()?.fields.get("administrator")?.kind.as_ref()? {
            Kind::BoolValue(flag) => Some(*flag),
            _ => None,
        }
    }

    pub(in crate::cli) fn parent(&self) -> Option<String> {
        let parent = self.resource.parent_resource_id.as_ref()?;
        (!parent.resource.is_empty()).then(|| format!("{}:{}", parent.resource_type, parent.resource))
    }

    pub(in crate::cli) fn created_at(&self) -> Option<String> {
        let older = self.user.as_ref().and_then(|u| u.created_at.as_ref());
        self.resource.created_at.as_ref().or(older).map(ToString::to_string)
    }

    pub(in crate::cli) fn last_login(&self) -> Option<String> {
        self.user.as_ref()?.last_login.as_ref().map(ToString::to_string)
    }

    fn profile(&self) -> Option<&Struct> {
        self.resource.profile.as_ref().or(self.older_profile.as_ref())
    }

    fn profile_text(&self, key: &str) -> Option<&str> {
        match self.profile()?.fields.get(key)?.kind.as_ref()? {
            Kind::StringValue(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// The profile as JSON.
    pub(in crate::cli) fn profile_json(&self) -> Option<serde_json::Value> {
        self.profile().map(|p| p.fields.iter().map(|(key, value)| (key.clone(), json_of(value))).collect())
    }

    /// Everything that a change would be worth telling, each under a stable key. A profile's value that only repeats
    /// another one is left out, and so is the last sign-in, which changes by itself.
    pub(in crate::cli) fn list(&self) -> Vec<(String, String)> {
        let flag = |flag: Option<bool>| flag.map(|f| f.to_string());
        let text = |text: Option<&str>| text.map(str::to_owned);
        let known = [
            ("name", Some(self.name().to_owned())),
            ("description", text(self.description())),
            ("email", text(self.email())),
            ("login", text(self.login().filter(|l| Some(*l) != self.email()))),
            ("status", text(self.status())),
            ("status_details", text(self.status_details())),
            ("mfa", flag(self.mfa())),
            ("sso", flag(self.sso())),
            ("account_type", text(self.account_type())),
            ("parent", self.parent()),
            ("created_at", self.created_at()),
        ];
        let mut list: Vec<_> =
            known.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect();
        let more: Vec<_> = self.aliases().filter(|a| Some(*a) != self.login()).collect();
        if !more.is_empty() {
            list.push(("aliases".to_owned(), more.join(", ")));
        }
        for (key, value) in self.profile().into_iter().flat_map(|p| &p.fields) {
            let value = match json_of(value) {
                serde_json::Value::Null => continue,
                serde_json::Value::String(text) => text,
                other => other.to_string(),
            };
            match list.iter().find(|(known, _)| known == key) {
                Some((_, same)) if *same == value => {}
                Some(_) => list.push((format!("profile.{key}"), value)),
                None => list.push((key.clone(), value)),
            }
        }
        list
    }
}

fn json_of(value: &Value) -> serde_json::Value {
    match &value.kind {
        None | Some(Kind::NullValue(_)) => serde_json::Value::Null,
        Some(Kind::BoolValue(flag)) => json!(flag),
        Some(Kind::StringValue(text)) => json!(text),
        Some(Kind::NumberValue(number)) => json_number(*number),
        Some(Kind::ListValue(list)) => list.values.iter().map(json_of).collect(),
        Some(Kind::StructValue(object)) => {
            object.fields.iter().map(|(key, value)| (key.clone(), json_of(value))).collect()
        }
    }
}

/// A profile's numbers are all doubles; those that were whole numbers look like it.
#[allow(clippy::cast_possible_truncation)] // within the bounds of exact doubles
fn json_number(number: f64) -> serde_json::Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() < EXACT { json!(number as i64) } else { json!(number) }
}
