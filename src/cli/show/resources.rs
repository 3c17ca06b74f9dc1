//! Users, roles and whatever else there is.

use std::io::Write;

use super::{Loaded, finish, footer};
use crate::{
    baton::c1z::Filter,
    cli::{
        print::Trouble,
        sheet::{Cell, Column, Sheet, data, shown},
        view::Facts,
    },
    config::{Format, Show},
    wire::v2,
};

pub(super) const COLUMNS: &[Column] = &[
    shown("type", "Type"),
    shown("id", "Id"),
    shown("name", "Name"),
    shown("email", "E-mail"),
    shown("kind", "Kind"),
    shown("status", "Status"),
    data("status_details"),
    shown("mfa", "MFA"),
    shown("administrator", "Admin"),
    data("login"),
    data("account_type"),
    data("sso"),
    data("description"),
    data("parent"),
    data("created_at"),
    data("last_login"),
    data("profile"),
];

pub(super) fn show(of: &Loaded<'_>, show: &Show, out: &mut dyn Write) -> Result<(), Trouble> {
    let view = &of.view;
    let mut sheet = Sheet::new(out, show.format, COLUMNS)?;
    if of.role.is_none() && of.user.is_none() {
        let filter = of.resource_type.clone().map_or(Filter::All, Filter::Type);
        for resource in view.file.records::<v2::Resource>(&view.sync.id, filter) {
            sheet.row(cells(&resource?, show.format))?;
        }
    }
    for number in of.user.into_iter().chain(of.role).filter(|n| of.fits_type(*n)) {
        if let Some(resource) = view.file.resource(&view.sync.id, &id(of, number))? {
            sheet.row(cells(&resource, show.format))?;
        }
    }
    let counted = finish(sheet, show.format, "resource")?;
    footer(out, counted, view)
}

pub(super) fn id(of: &Loaded<'_>, number: crate::cli::view::Number) -> v2::ResourceId {
    let (resource_type, resource) = of.ids.of(number);
    v2::ResourceId {
        resource_type: resource_type.to_owned(),
        resource: resource.to_owned(),
        ..Default::default()
    }
}

/// A row of [`COLUMNS`].
pub(super) fn cells(resource: &v2::Resource, format: Format) -> Vec<Cell> {
    let facts = Facts::of(resource);
    let (kind, id) = resource.id.as_ref().map_or(("", ""), |id| (&id.resource_type, &id.resource));
    let profile = if format == Format::Table { None } else { facts.profile_json() };
    let words = |text: String| if format == Format::Table { text.replace('_', " ") } else { text };
    vec![
        kind.into(),
        id.into(),
        facts.name().into(),
        facts.email().into(),
        facts.kind().map(words).into(),
        facts.status().into(),
        facts.status_details().into(),
        facts.mfa().into(),
        facts.administrator().into(),
        facts.login().into(),
        facts.account_type().into(),
        facts.sso().into(),
        facts.description().into(),
        facts.parent().into(),
        facts.created_at().into(),
        facts.last_login().into(),
        profile.into(),
    ]
}
