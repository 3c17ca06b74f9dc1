//! What a form may hold, and what is said about one that holds something else.

#![allow(clippy::unwrap_used)] // a failing unwrap is a failing test

use prost_types::{ListValue, Struct, Value, value::Kind};

use super::{fields::FIELDS, reader::is_email, *};
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
