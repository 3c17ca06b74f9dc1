//! What an account is created from: the schema that the metadata shows, and the same fields read from a request. Every mistake
//! that can be seen without asking NinjaOne is found here, all of them at once.

use std::collections::BTreeSet;

use prost_types::{Value, value::Kind};

use super::error::WriteError;
use crate::{
    ninja_one::rest::model::{OrganizationId, RoleId, UserType},
    wire::v2::{
        AccountInfo, ConnectorAccountCreationSchema as Schema,
        connector_account_creation_schema::{self as schema, field::Field as Typed},
    },
};

/// The longest name that NinjaOne takes, in characters.
const LONGEST_NAME: usize = 150;
/// The longest e-mail address (RFC 5321) and, for want of a published limit, the longest phone number, in bytes.
const LONGEST_EMAIL: usize = 254;

#[derive(Clone, Copy)]
enum Kinds {
    Text,
    Flag,
    Texts,
}

struct Field {
    key: &'static str,
    name: &'static str,
    required: bool,
    kind: Kinds,
    placeholder: &'static str,
    description: &'static str,
}

/// In the order in which a form shows them.
const FIELDS: [Field; 9] = [
    Field {
        key: "email",
        name: "E-mail",
        required: true,
        kind: Kinds::Text,
        placeholder: "ada@example.org",
        description: "The login. When it is left out, the account's primary e-mail is taken",
    },
    Field {
        key: "first_name",
        name: "First name",
        required: true,
        kind: Kinds::Text,
        placeholder: "Ada",
        description: "1 to 150 characters",
    },
    Field {
        key: "last_name",
        name: "Last name",
        required: true,
        kind: Kinds::Text,
        placeholder: "Okafor",
        description: "1 to 150 characters",
    },
    Field {
        key: "user_type",
        name: "User type",
        required: true,
        kind: Kinds::Text,
        placeholder: "technician",
        description: "`technician` (staff, tenant-wide) or `end_user` (belongs to one organization)",
    },
    Field {
        key: "phone",
        name: "Phone",
        required: false,
        kind: Kinds::Text,
        placeholder: "+1 555 0100",
        description: "Free text",
    },
    Field {
        key: "organization_id",
        name: "Organization",
        required: false,
        kind: Kinds::Text,
        placeholder: "2",
        description: "The numeric id of the home organization. Required for end users, not for technicians",
    },
    Field {
        key: "full_portal_access",
        name: "Full portal access",
        required: false,
        kind: Kinds::Flag,
        placeholder: "",
        description: "An end user sees the whole organization in the portal",
    },
    Field {
        key: "send_invitation",
        name: "Send invitation",
        required: false,
        kind: Kinds::Flag,
        placeholder: "",
        description: "NinjaOne mails an end user an invitation, which lapses after a day",
    },
    Field {
        key: "roles",
        name: "Roles",
        required: false,
        kind: Kinds::Texts,
        placeholder: "7",
        description: "Numeric ids of the user roles to put the new account in. An account that exists already keeps the roles it has",
    },
];

/// The schema as the metadata shows it.
pub(in crate::ninja_one) fn schema() -> Schema {
    let fields = FIELDS.iter().zip(1..).map(|(field, order)| {
        let typed = match field.kind {
            Kinds::Text => Typed::StringField(schema::StringField::default()),
            Kinds::Flag => Typed::BoolField(schema::BoolField { default_value: Some(false) }),
            Kinds::Texts => Typed::StringListField(schema::StringListField::default()),
        };
        let shown = schema::Field {
            display_name: field.name.to_owned(),
            required: field.required,
            description: field.description.to_owned(),
            placeholder: field.placeholder.to_owned(),
            order,
            field: Some(typed),
            ..Default::default()
        };
        (field.key.to_owned(), shown)
    });
    Schema { field_map: fields.collect() }
}

/// An account to be created, as far as it can be checked here.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Form {
    pub(super) kind: UserType,
    pub(super) email: String,
    pub(super) first_name: String,
    pub(super) last_name: String,
    pub(super) phone: Option<String>,
    pub(super) organization: Option<OrganizationId>,
    pub(super) full_portal_access: Option<bool>,
    pub(super) send_invitation: bool,
    pub(super) roles: Vec<RoleId>,
}

impl Form {
    /// Reads the profile; the e-mail may also come as the account's primary e-mail or as its login.
    pub(super) fn read(info: &AccountInfo) -> Result<Self, WriteError> {
        let mut read = Reader { info, mistakes: Vec::new() };
        read.unknown_keys();
        let email = read.email();
        let first_name = read.name("first_name");
        let last_name = read.name("last_name");
        let kind = read.user_type();
        let phone = read.phone();
        let organization = read.organization(kind.as_ref());
        let full_portal_access = read.end_users_only("full_portal_access", kind.as_ref());
        let send_invitation = read.end_users_only("send_invitation", kind.as_ref()).unwrap_or(false);
        let roles = read.roles();
        if !read.mistakes.is_empty() {
            return Err(WriteError::InvalidAccount(read.mistakes));
        }
        let full_portal_access = full_portal_access.filter(|_| kind == Some(UserType::EndUser));
        // A field that is missing has been noted above.
        Ok(Self {
            kind: kind.unwrap_or(UserType::EndUser),
            email,
            first_name,
            last_name,
            phone,
            organization,
            full_portal_access,
            send_invitation,
            roles,
        })
    }
}

struct Reader<'a> {
    info: &'a AccountInfo,
    mistakes: Vec<String>,
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

    /// A misspelt key must not silently make another account than was meant.
    fn unknown_keys(&mut self) {
        let keys: Vec<_> = self.info.profile.iter().flat_map(|p| p.fields.keys().cloned()).collect();
        let known: Vec<_> = FIELDS.iter().map(|field| field.key).collect();
        for key in keys {
            if !known.contains(&key.as_str()) && self.given(&key).is_some() {
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

    fn email(&mut self) -> String {
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

    fn name(&mut self, key: &'static str) -> String {
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

    fn user_type(&mut self) -> Option<UserType> {
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

    fn phone(&mut self) -> Option<String> {
        let phone = self.text("phone")?;
        if phone.len() > LONGEST_EMAIL {
            self.wrong("phone", "is too long to be a phone number");
            return None;
        }
        Some(phone)
    }

    fn organization(&mut self, kind: Option<&UserType>) -> Option<OrganizationId> {
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

    fn end_users_only(&mut self, key: &'static str, kind: Option<&UserType>) -> Option<bool> {
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

    fn roles(&mut self) -> Vec<RoleId> {
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
pub(super) fn number(text: &str) -> Option<i32> {
    text.parse().ok().filter(|n: &i32| n.to_string() == text)
}

fn is_email(text: &str) -> bool {
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && !"<>(),;:\"[]\\".contains(c);
    let parts = text.split_once('@').filter(|(user, host)| {
        !user.is_empty() && !host.is_empty() && !host.contains('@') && !host.starts_with('.')
    });
    text.len() <= LONGEST_EMAIL && parts.is_some() && text.chars().all(plain)
}

fn clip(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a failing unwrap is a failing test

    use prost_types::{ListValue, Struct};

    use super::*;
    use crate::wire::v2::account_info::Email;

    fn text(text: &str) -> Kind {
        Kind::StringValue(text.to_owned())
    }

    fn info(fields: &[(&str, Kind)]) -> AccountInfo {
        let fields = fields.iter().map(|(key, kind)| ((*key).to_owned(), Value { kind: Some(kind.clone()) }));
        AccountInfo { profile: Some(Struct { fields: fields.collect() }), ..Default::default() }
    }

    fn una() -> Vec<(&'static str, Kind)> {
        vec![
            ("email", text(" una@example.com ")),
            ("first_name", text("Una")),
            ("last_name", text("East")),
            ("user_type", text("end_user")),
            ("organization_id", text("2")),
        ]
    }

    fn mistakes(info: &AccountInfo) -> Vec<String> {
        match Form::read(info) {
            Err(WriteError::InvalidAccount(mistakes)) => mistakes,
            _ => Vec::new(),
        }
    }

    #[test]
    fn a_whole_form_is_read() {
        let mut fields = una();
        fields.extend([
            ("phone", text("+1 555 0100")),
            ("full_portal_access", Kind::BoolValue(true)),
            ("send_invitation", text("True")),
            ("roles", text("role:7, 5,7")),
        ]);
        let form = Form::read(&info(&fields)).unwrap();
        let expected = Form {
            kind: UserType::EndUser,
            email: "una@example.com".into(),
            first_name: "Una".into(),
            last_name: "East".into(),
            phone: Some("+1 555 0100".into()),
            organization: Some(OrganizationId(2)),
            full_portal_access: Some(true),
            send_invitation: true,
            roles: vec![RoleId(5), RoleId(7)],
        };
        assert_eq!(form, expected);
    }

    #[test]
    fn numbers_lists_and_the_accounts_own_email_are_taken() {
        let list = |ids: &[f64]| {
            let values = ids.iter().map(|&id| Value { kind: Some(Kind::NumberValue(id)) }).collect();
            Kind::ListValue(ListValue { values })
        };
        let mut account = info(&[
            ("first_name", text("Una")),
            ("last_name", text("East")),
            ("user_type", text("END-USER")),
            ("organization_id", Kind::NumberValue(2.0)),
            ("roles", list(&[5.0])),
            ("phone", Kind::NullValue(0)),
        ]);
        account.login = "una".into();
        account.emails = vec![
            Email { address: "other@example.com".into(), is_primary: false },
            Email { address: "una@example.com".into(), is_primary: true },
        ];
        let form = Form::read(&account).unwrap();
        assert_eq!((form.email.as_str(), form.roles), ("una@example.com", vec![RoleId(5)]));
        account.emails.clear();
        assert_eq!(mistakes(&account), ["email: is required"]);
        account.login = "login@example.com".into();
        assert_eq!(Form::read(&account).unwrap().email, "login@example.com");
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let wrong = info(&[
            ("email", text("nobody")),
            ("first_name", text(&"x".repeat(151))),
            ("user_type", text("robot")),
            ("organization_id", text("+2")),
            ("full_portal_access", text("perhaps")),
            ("roles", text("7,Helpdesk")),
            ("phone", text("1\n2")),
            ("organisation", text("2")),
            ("unused", Kind::NullValue(0)),
        ]);
        let told = mistakes(&wrong);
        let keys: Vec<_> = told.iter().map(|m| m.split(':').next().unwrap()).collect();
        assert_eq!(
            keys,
            [
                "organisation",
                "email",
                "first_name",
                "last_name",
                "user_type",
                "phone",
                "organization_id",
                "full_portal_access",
                "roles"
            ],
            "{told:#?}"
        );
    }

    #[test]
    fn what_is_for_end_users_is_refused_for_technicians_and_required_of_end_users() {
        let mut fields = una();
        fields[3] = ("user_type", text("technician"));
        fields.push(("send_invitation", Kind::BoolValue(true)));
        assert_eq!(mistakes(&info(&fields)).len(), 2, "organization and invitation");
        fields.retain(|(key, _)| *key != "organization_id" && *key != "send_invitation");
        fields.push(("full_portal_access", Kind::BoolValue(false)));
        let form = Form::read(&info(&fields)).unwrap();
        assert_eq!((form.kind, form.full_portal_access), (UserType::Technician, None));
        fields[3] = ("user_type", text("end_user"));
        assert_eq!(mistakes(&info(&fields)), ["organization_id: is required for an end user"]);
    }

    #[test]
    fn only_an_address_is_an_email() {
        for good in ["a@b", "ada.o+x@example.org", "ünï@example.org"] {
            assert!(is_email(good), "{good}");
        }
        for bad in [
            "",
            "a",
            "@b",
            "a@",
            "a@b@c",
            "a b@c",
            "Ada <a@b>",
            "a@.b",
            "a,b@c",
            &format!("{}@b", "x".repeat(260)),
        ] {
            assert!(!is_email(bad), "{bad}");
        }
    }

    #[test]
    fn the_schema_shows_every_field_that_is_read() {
        let schema = schema();
        assert_eq!(schema.field_map.len(), FIELDS.len());
        let required = schema.field_map.iter().filter(|(_, f)| f.required).count();
        assert_eq!(required, 4);
    }
}
