//! The fields of the form, and the schema that the metadata shows of them.

use crate::wire::v2::{
    ConnectorAccountCreationSchema as Schema,
    connector_account_creation_schema::{self as schema, field::Field as Typed},
};

#[derive(Clone, Copy)]
enum Kinds {
    Text,
    Flag,
    Texts,
}

pub(super) struct Field {
    pub(super) key: &'static str,
    name: &'static str,
    required: bool,
    kind: Kinds,
    placeholder: &'static str,
    description: &'static str,
}

/// In the order in which a form shows them.
pub(super) const FIELDS: [Field; 9] = [
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
