//! What can be granted, and how many hold it.

use std::{collections::HashMap, io::Write};

use super::{Loaded, finish, footer, resources::id};
use crate::{
    baton::c1z::Filter,
    cli::{
        print::Trouble,
        sheet::{Cell, Column, Sheet, data, shown},
    },
    config::{Format, Show},
};

const COLUMNS: &[Column] = &[
    shown("resource_type", "Type"),
    data("resource_id"),
    shown("resource", "On"),
    data("entitlement_id"),
    shown("slug", "Entitlement"),
    shown("name", "Name"),
    data("description"),
    shown("purpose", "Purpose"),
    shown("grantable_to", "Grantable to"),
    shown("immutable", "Fixed"),
    shown("holders", "Holders"),
];

pub(super) fn show(mut of: Loaded<'_>, show: &Show, out: &mut dyn Write) -> Result<(), Trouble> {
    let filter = match (of.role, &of.resource_type) {
        (Some(role), _) => Filter::On(id(&of, role)),
        (None, Some(kind)) => Filter::Type(kind.clone()),
        (None, None) => Filter::All,
    };
    let mut holders: HashMap<Box<str>, (u64, bool)> = HashMap::new();
    let mut grants = of.view.grants(filter);
    while let Some(grant) = grants.next(&mut of.ids) {
        let grant = grant?;
        let (count, by_user) = holders.entry(grant.right).or_default();
        *count += 1;
        *by_user |= Some(grant.who) == of.user;
    }
    let mut sheet = Sheet::new(out, show.format, COLUMNS)?;
    for right in &of.view.rights {
        let (count, by_user) = holders.get(&right.id).copied().unwrap_or_default();
        let wanted = of.role.is_none_or(|role| role == right.on) && of.fits_type(right.on);
        if !wanted || (of.user.is_some() && !by_user) {
            continue;
        }
        let (kind, resource) = of.ids.of(right.on);
        let grantable = match show.format {
            Format::Json => Cell::Json(right.grantable_to.as_slice().into()),
            _ => Cell::Text(right.grantable_to.join(" ")),
        };
        sheet.row(vec![
            kind.into(),
            resource.into(),
            of.view.name(right.on, &of.ids).into(),
            (&*right.id).into(),
            Cell::unless_empty(right.slug.as_str()),
            Cell::unless_empty(right.name.as_str()),
            Cell::unless_empty(right.description.as_str()),
            right.purpose.into(),
            grantable,
            right.immutable.into(),
            count.into(),
        ])?;
    }
    let counted = finish(sheet, show.format, "entitlement")?;
    footer(out, counted, &of.view)
}
