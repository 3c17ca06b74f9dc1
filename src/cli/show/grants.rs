//! Who holds what.

use std::io::Write;

use super::{Loaded, finish, footer, resources::id};
use crate::{
    baton::c1z::Filter,
    cli::{
        print::Trouble,
        sheet::{Cell, Column, Sheet, data, shown},
        view::{Held, Ids, View},
    },
    config::{Format, Show},
};

pub(super) const COLUMNS: &[Column] = &[
    data("principal_type"),
    data("principal_id"),
    shown("principal", "Who"),
    shown("email", "E-mail"),
    shown("status", "Status"),
    shown("holds", "Holds"),
    data("resource_type"),
    data("resource_id"),
    data("resource"),
    data("entitlement_id"),
    data("entitlement"),
    data("grant_id"),
    shown("how", "How"),
    data("source"),
    data("through"),
    data("immutable"),
];

pub(super) fn show(mut of: Loaded<'_>, show: &Show, out: &mut dyn Write) -> Result<(), Trouble> {
    let mut sheet = Sheet::new(out, show.format, COLUMNS)?;
    each(&mut of, |held, view, ids| Ok(sheet.row(cells(held, view, ids, show.format))?))?;
    let counted = finish(sheet, show.format, "grant")?;
    footer(out, counted, &of.view)
}

/// Calls with every grant that the filters let through.
pub(super) fn each(
    of: &mut Loaded<'_>,
    mut call: impl FnMut(&Held, &View<'_>, &Ids) -> Result<(), Trouble>,
) -> Result<(), Trouble> {
    let filter = match (of.user, of.role, &of.resource_type) {
        (Some(user), _, _) => Filter::Principal(id(of, user)),
        (None, Some(role), _) => Filter::On(id(of, role)),
        (None, None, Some(kind)) => Filter::Type(kind.clone()),
        (None, None, None) => Filter::All,
    };
    let mut grants = of.view.grants(filter);
    while let Some(held) = grants.next(&mut of.ids) {
        let held = held?;
        if of.role.is_none_or(|role| role == held.on) && of.fits_type(held.on) {
            call(&held, &of.view, &of.ids)?;
        }
    }
    Ok(())
}

/// A row of [`COLUMNS`].
pub(super) fn cells(held: &Held, view: &View<'_>, ids: &Ids, format: Format) -> Vec<Cell> {
    let who = view.thing(held.who);
    let right = view.right(&held.right);
    let (principal_type, principal_id) = ids.of(held.who);
    let (resource_type, resource_id) = ids.of(held.on);
    let through = match format {
        Format::Json => Cell::Json(held.how.through.as_slice().into()),
        _ => Cell::unless_empty(held.how.through.join(" ")),
    };
    vec![
        principal_type.into(),
        principal_id.into(),
        view.name(held.who, ids).into(),
        Cell::unless_empty(who.map_or("", |w| &w.email)),
        who.and_then(|w| w.status).into(),
        right.map_or_else(|| view.name(held.on, ids).to_owned(), |right| view.holding(right, ids)).into(),
        resource_type.into(),
        resource_id.into(),
        view.name(held.on, ids).into(),
        (&*held.right).into(),
        Cell::unless_empty(right.map_or("", |r| &r.slug)),
        (&*held.grant).into(),
        Cell::unless_empty(view.how(&held.how, ids)),
        held.how.source.clone().into(),
        through,
        held.how.immutable.into(),
    ]
}
