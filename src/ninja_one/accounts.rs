//! Technicians and end users as resources of the type `user`.

use super::{
    capabilities::USER,
    directory::{Account, Fact, Snapshot},
    position,
    rest::model::UserId,
};
use crate::{
    baton::{
        connector::{ConnectorError, Page, PageFill, PageRequest},
        model::{Built, Profile, user},
    },
    wire::{
        Validate as _,
        v2::{self, user_trait},
    },
};

/// A user's id as a resource.
#[must_use]
pub fn resource_id(id: UserId) -> v2::ResourceId {
    v2::ResourceId { resource_type: USER.to_owned(), resource: id.to_string(), ..Default::default() }
}

/// The number in a user's resource id; `None` for what no user of NinjaOne can be.
#[must_use]
pub fn parse_id(id: &str) -> Option<UserId> {
    let number: i32 = id.parse().ok()?;
    (number.to_string() == id).then_some(UserId(number))
}

/// A page of users.
pub(super) fn page(snapshot: &Snapshot, request: &PageRequest) -> Result<Page<v2::Resource>, ConnectorError> {
    let mut accounts = snapshot.accounts_after(position::parse(USER, &request.token)?);
    let mut page = PageFill::new(request, accounts.len());
    let mut last = None;
    for account in &mut accounts {
        if page.push(resource(&account)).is_err() {
            return Ok(page.finish(last.map(|id| position::after(USER, id))));
        }
        last = Some(account.id().0);
    }
    Ok(page.finish(None))
}

/// The user with everything that is known about it, and nothing that is not.
#[must_use]
pub fn resource(account: &Account<'_>) -> v2::Resource {
    let (first, last, email) = (account.first_name(), account.last_name(), account.email());
    let profile = Profile::new()
        .text("user_type", account.kind().map(str::to_lowercase))
        .text("email", email)
        .text("first_name", first)
        .text("last_name", last)
        .text("phone", account.phone())
        .text("uid", account.uid())
        .text("invitation_status", account.invitation().map(str::to_lowercase))
        .text("organization_id", account.organization().map(|id| id.to_string()))
        .text("auth_type", account.sign_in().map(str::to_lowercase))
        .flag("administrator", account.fact(Fact::Administrator))
        .flag("scim_managed", account.fact(Fact::ScimUser))
        .flag("full_portal_access", account.fact(Fact::FullPortalAccess))
        .flag("all_organizations", account.fact(Fact::PermitAllClients))
        .flag("notify_all_organizations", account.fact(Fact::NotifyAllClients))
        .flag("must_change_password", account.fact(Fact::MustChangePassword));
    let address = email.map(|address| user_trait::Email { address: address.to_owned(), is_primary: true });
    let facts = v2::UserTrait {
        // An address that readers would refuse is in the profile, where it cannot fail a sync.
        emails: address.filter(|e| e.validate().is_ok()).into_iter().collect(),
        login: email.unwrap_or_default().to_owned(),
        #[allow(deprecated)] // mirrored onto the resource by the builder
        status: Some(status(account)),
        account_type: user_trait::AccountType::Human.into(),
        mfa_status: account.fact(Fact::MfaConfigured).map(|mfa_enabled| user_trait::MfaStatus { mfa_enabled }),
        sso_status: account.sign_in().and_then(sso).map(|sso_enabled| user_trait::SsoStatus { sso_enabled }),
        structured_name: (first.is_some() || last.is_some()).then(|| user_trait::StructuredName {
            given_name: first.unwrap_or_default().to_owned(),
            family_name: last.unwrap_or_default().to_owned(),
            ..Default::default()
        }),
        ..Default::default()
    };
    user(
        Built {
            id: resource_id(account.id()),
            display_name: name(account),
            profile: profile.build(),
            ..Built::default()
        },
        facts,
    )
}

/// What people call the account: its name, else its e-mail, else its number.
#[must_use]
pub fn name(account: &Account<'_>) -> String {
    let parts: Vec<_> = [account.first_name(), account.last_name()].into_iter().flatten().collect();
    match (parts.is_empty(), account.email()) {
        (false, _) => clip(&parts.join(" "), 1024).to_owned(),
        (true, Some(email)) => clip(email, 1024).to_owned(),
        (true, None) => format!("User {}", account.id()),
    }
}

/// Whether the account may sign in; an open or lapsed invitation is told beside it. What NinjaOne did not say is unspecified.
fn status(account: &Account<'_>) -> user_trait::Status {
    use user_trait::status::Status as S;
    let status = match account.fact(Fact::Enabled) {
        Some(true) => S::Enabled,
        Some(false) => S::Disabled,
        None => S::Unspecified,
    };
    let details = match account.invitation() {
        Some("PENDING") => "invitation pending",
        Some("EXPIRED") => "invitation expired",
        _ => "",
    };
    user_trait::Status { status: status.into(), details: details.to_owned() }
}

/// Whether the account signs in elsewhere; a word we do not know says nothing.
fn sso(sign_in: &str) -> Option<bool> {
    match sign_in.to_ascii_uppercase().as_str() {
        "SSO" => Some(true),
        "NATIVE" => Some(false),
        _ => None,
    }
}

/// The text, cut at a character so that it has at most so many bytes.
pub(super) fn clip(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}
